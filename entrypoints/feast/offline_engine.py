"""The engine behind `DeltaOfflineStore`: what Feast asks for, planned and run as any training set, and recorded."""

from collections.abc import Mapping, Sequence
from functools import cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from returns.result import Success

from foreset.application.ports.engine import Adapters
from foreset.application.ports.tables import Snapshot, TableStore
from foreset.application.tables.write import write_table
from foreset.application.training_sets.plan import version_of
from foreset.application.training_sets.retrieve import retrieve
from foreset.domain.definitions.registry import Catalog, Register, decide, replay
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.event_log import StoreUnwritable
from foreset.domain.errors.feast import NotRecorded, ResultNotHeld
from foreset.domain.errors.files import FilesChanged, ParquetMissing
from foreset.domain.errors.problem import ForesetError, because, raised
from foreset.domain.errors.retrieval import ResultTooLarge
from foreset.domain.errors.tables import TableMissing
from foreset.domain.facts import Column, TableFacts
from foreset.domain.planning.row_query import Pull
from foreset.domain.safe_text.addresses import without_secrets
from foreset.domain.tables.write_options import WriteMode, WriteOptions
from foreset.entrypoints.store.feature_rows import arrow_of
from foreset.entrypoints.store.frames import frame_to_write, spine_frame
from foreset.entrypoints.store.training_set import TrainingSet
from foreset.entrypoints.wiring.build import data_directory, local_store, table_store, unrecorded
from foreset.entrypoints.wiring.raising import given

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


class FeastEngine:
    """What an offline store of one configuration does. Whatever fails raises `ForesetError`."""

    def __init__(
        self, folder: str | PathLike[str] | None, memory: int | str | None = None, threads: int | None = None
    ) -> None:
        """Record in the store in `folder`, or at that URL, nowhere where it is None; keep to `memory` and `threads`."""
        self._folder = folder
        self._memory = memory
        self._threads = threads

    def training_set(
        self,
        specs: Sequence[EntitySpec | FeatureViewSpec],
        spec: TrainingSetSpec,
        spine: object,  # a frame of any library
    ) -> Any:  # a pyarrow table, without stubs
        """The rows of the spine with the features, a pyarrow table; its metadata has the types of a pandas spine."""
        from foreset.adapters.shared.frames.pandas_rows import NOTES, encoded, types_of

        adapters = self._adapters()
        catalog = _catalog(specs, spec.versions, adapters.tables)
        retrieval = given(retrieve(spec, spine_frame(spine), adapters, catalog, keep_spine=self._folder is not None))
        try:
            table = arrow_table(TrainingSet(retrieval).frame)
            types = types_of(retrieval.frame)
            return table.replace_schema_metadata({**(table.schema.metadata or {}), NOTES: encoded(types)})
        except ForesetError as fault:
            if not isinstance(fault.error, ResultTooLarge):
                raise
            raise raised(ResultNotHeld(needs=fault.error.needs, budget=fault.error.budget)) from fault

    def training_set_between(
        self,
        specs: Sequence[EntitySpec | FeatureViewSpec],
        spec: TrainingSetSpec,
        since_us: int,
        until_us: int,
    ) -> Any:  # as above
        """The same for every key at every time, of those asked for, at which a view has a row of that key.

        Both ends are inclusive. The rows come by time, then by key. Views without entities give no rows of their own,
        unless all are such.
        """
        from foreset.adapters.polars.table_rows.row_query import moments

        adapters = self._adapters()
        catalog = _catalog(specs, spec.versions, adapters.tables)
        views = [view.spec for view in catalog.views.values()]
        versions = {view.source.table: _seen(view.source, spec, adapters).facts.version for view in views}
        pinned = replace(spec, versions=versions)
        asking = [view for view in views if view.entities] or views
        found = [(_pull_of(view, catalog, since_us, until_us), _seen(view.source, pinned, adapters)) for view in asking]
        keys = [catalog.join_keys(view) for view in asking]
        spine = given(moments(found, keys, spec.timestamp_field))
        return self.training_set(specs, pinned, spine)

    def pull(self, pull: Pull, source: DeltaSource) -> "pa.Table":  # pyright: ignore[reportUnknownParameterType]  # as above
        """Rows of a table as they are."""
        from foreset.adapters.polars.table_rows.row_query import pulled

        tables = self._adapters().tables
        snapshot = _observed(source, pull.version, tables)
        frame = given(pulled(pull, snapshot))
        if _observed(source, pull.version, tables).facts.table_id != snapshot.facts.table_id:
            raise raised(FilesChanged(place=source.table))
        return arrow_table(frame)

    def facts(self, source: DeltaSource) -> TableFacts:
        """What is known of a table now."""
        return _observed(source, None, self._adapters().tables).facts

    def columns(self, source: DeltaSource) -> list[tuple[str, str]]:
        """The names of a table's columns and of their types, as pyarrow calls them."""
        import polars as pl

        from foreset.adapters.shared.frames.arrow_types import polars_dtype

        dtypes = {column.name: polars_dtype(column.dtype) for column in self.facts(source).columns}
        return [(field.name, str(field.type)) for field in arrow_table(pl.DataFrame(schema=dtypes)).schema]

    def is_there(self, source: DeltaSource) -> bool:
        """Whether there is such a table."""
        return isinstance(self._adapters().tables.observe(source.table, None, source.storage_options), Success)

    def write(
        self,
        source: DeltaSource,
        frame: Any,  # pyarrow, polars or pandas
        mode: WriteMode,
        options: WriteOptions,
    ) -> None:
        """Write rows to a table, each column in the table's type where its values allow, and record it."""
        from foreset.adapters.shared.frames.fitting_by_value import by_value

        adapters = self._adapters()
        rows = given(frame_to_write(frame, source.table))
        known = _columns_or_none(source, adapters.tables) if mode == "append" else None
        fitted = rows if known is None else given(by_value(source.table, rows, known))
        given(
            write_table(
                source.table, fitted, adapters, mode=mode, options=options, storage_options=source.storage_options
            )
        )

    def _adapters(self) -> Adapters:
        tables = _tables(data_directory())
        if self._folder is None:
            return given(unrecorded(self._memory, self._threads, tables=tables))
        opened = local_store(self._folder, None, self._memory, self._threads, tables=tables)
        match opened.swap():
            case Success(StoreUnwritable() as error):
                unkept = NotRecorded(path=without_secrets(str(self._folder)), problem=error.problem)
                raise raised(unkept if error.cause is None else because(unkept, error.cause))
            case _:
                return given(opened)


@cache
def _tables(data_dir: Path) -> TableStore:
    """Kept, so that a second read of a table does not replay its log."""
    return table_store(data_dir)


def _observed(source: DeltaSource, version: int | None, tables: TableStore) -> Snapshot:
    return given(
        tables.observe(source.table, version, source.storage_options, partition_time_zone=source.partition_time_zone)
    )


def _seen(source: DeltaSource, spec: TrainingSetSpec, adapters: Adapters) -> Snapshot:
    return _observed(source, given(version_of(spec, source, adapters)), adapters.tables)


def _columns_or_none(source: DeltaSource, tables: TableStore) -> tuple[Column, ...] | None:
    """The columns of a table that is to be written, None where it is to be made."""
    found = tables.observe(source.table, None, source.storage_options)
    match found.swap():
        case Success(TableMissing() | ParquetMissing()):
            return None
        case _:
            return given(found).facts.columns


def _catalog(specs: Sequence[EntitySpec | FeatureViewSpec], versions: Mapping[str, int], tables: TableStore) -> Catalog:
    """A catalog of these alone: Feast's registry is where they are defined, and not the store's log.

    A column that is mapped to another name and that its table has not is not mapped, as in Feast.
    """
    views: list[FeatureViewSpec] = []
    known: dict[str, tuple[Column, ...]] = {}
    for view in (spec for spec in specs if isinstance(spec, FeatureViewSpec)):
        source = view.source
        facts = _observed(source, versions.get(source.table), tables).facts
        known[source.table] = facts.columns
        mapping = {c: name for c, name in source.field_mapping.items() if facts.dtype(c) is not None}
        views.append(replace(view, source=replace(source, field_mapping=mapping)))
    entities = tuple(spec for spec in specs if isinstance(spec, EntitySpec))
    return replay(given(decide(Register(entities, tuple(views), known), Catalog())))


def _pull_of(view: FeatureViewSpec, catalog: Catalog, since_us: int, until_us: int) -> Pull:
    """The keys and times of a view's rows."""
    source = view.source
    keys = tuple(source.column(key) for key in catalog.join_keys(view))
    time = source.column(source.timestamp_field)
    return Pull(
        of=view.name,
        table=source.table,
        columns=(*keys, time),
        keys=keys,
        event_time=time,
        time_unit=source.timestamp_unit,
        since_us=since_us,
        until_us=until_us,
    )


def arrow_table(frame: "pl.DataFrame") -> "pa.Table":  # pyright: ignore[reportUnknownParameterType]  # pyarrow has no stubs
    """A pyarrow table of the types that Feast knows: `string`, `binary` and `list`, unless they do not hold so much."""
    import pyarrow as pa

    table = arrow_of(frame)
    if table.nbytes >= 2**31:
        return table
    return table.cast(pa.schema([field.with_type(_plain(field.type)) for field in table.schema]))


def _plain(dtype: Any) -> Any:  # pyarrow's types, without stubs
    import pyarrow as pa

    if pa.types.is_large_string(dtype):
        return pa.string()
    if pa.types.is_large_binary(dtype):
        return pa.binary()
    if pa.types.is_large_list(dtype):
        return pa.list_(_plain(dtype.value_type))
    if pa.types.is_struct(dtype):
        return pa.struct([field.with_type(_plain(field.type)) for field in dtype])
    if pa.types.is_map(dtype):
        return pa.map_(_plain(dtype.key_type), _plain(dtype.item_type))
    return dtype
