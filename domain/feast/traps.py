"""Which silent traps a Feast repository has today: pure decisions on what was seen of it, its tables and its rows."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from foreset.domain.dtypes import time_unit
from foreset.domain.facts import TableFacts
from foreset.domain.feast.findings import (
    DeletedRowsServed,
    EntityUnknown,
    ExtensionNeeded,
    FeastFinding,
    FeatureNamedAsKey,
    JoinedOnNothing,
    LateRowsMissed,
    LateRowsWouldBeMissed,
    LogIgnored,
    LogRead,
    NamesClash,
    NotLookedAt,
    NullKeysMatch,
    NullTimesServed,
    PathOfWorkingDirectory,
    RelativeDatabase,
    RowsBroughtBack,
    RowsTwice,
    SupersededServed,
    TiesByChance,
    TimesWithoutZone,
)
from foreset.domain.feast.folder_facts import FolderFacts
from foreset.domain.feast.mapping import DUMMY
from foreset.domain.feast.repository import FeastRepository, FeastView
from foreset.domain.feast.row_facts import RowFacts
from foreset.domain.table_health.findings import SEVERITIES

OURS: Final = "DeltaOfflineStore"
READ_BY_FOLDER: Final = ("dask", "file")
"""The stores that read every Parquet file under a table."""
_TIME: Final = "event_timestamp"


class ViewLook(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of a view's table, None where it was not looked at; `problem` says why, if it should have been."""

    table: TableFacts | None = None
    folder: FolderFacts | None = None
    rows: RowFacts | None = None
    problem: str | None = None


def traps(repository: FeastRepository, looks: Mapping[str, ViewLook]) -> tuple[FeastFinding, ...]:
    """The traps, worst first. `looks` are by the names of views."""
    store, views = repository.offline_store, repository.views
    found: list[FeastFinding] = list(_of_repository(repository))
    if store in READ_BY_FOLDER:
        found += (*_of_folders(views, looks), *_named_as_keys(views))
        found += (f for view in views for f in _of_dask(view, looks.get(view.name, ViewLook())))
    elif store == "duckdb":
        found += _of_duckdb(views, looks)
    if not store.endswith(OURS):
        found += (f for view in views for f in _of_stock(view, looks.get(view.name, ViewLook()), repository))
    found += (f for view in views for f in _of_any(view, looks.get(view.name, ViewLook())))
    found += _of_times(views, looks)
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


# === The repository ===


def _of_repository(repository: FeastRepository) -> Iterator[FeastFinding]:
    plain = _plain(repository.views)
    if repository.relative_database is not None:
        yield RelativeDatabase(path=repository.relative_database)
    holders: dict[str, list[str]] = {}
    for view in plain:
        for field in view.features:
            holders.setdefault(field.name, []).append(view.name)
    clashes: dict[tuple[str, ...], list[str]] = {}
    for feature, names in holders.items():
        clashes.setdefault(tuple(names), []).append(feature)
    for views, features in clashes.items():
        if len(views) > 1:
            yield NamesClash(features=tuple(features), views=views)
    online = [view for view in plain if view.online and view.source is not None and (view.ttl or view.loaded_until)]
    if online and repository.online_store is not None:
        yield LateRowsWouldBeMissed(views=tuple(view.name for view in online))


def _plain(views: Iterable[FeastView]) -> list[FeastView]:
    return [view for view in views if view.kind == "feature view"]


# === By store ===


def _of_folders(views: Iterable[FeastView], looks: Mapping[str, ViewLook]) -> Iterator[FeastFinding]:
    """What the dask store reads of tables' folders."""
    folders: dict[str, tuple[FolderFacts, list[str]]] = {}
    for view in views:
        look = looks.get(view.name)
        if look is not None and look.folder is not None:
            folders.setdefault(look.folder.table, (look.folder, []))[1].append(view.name)
    if folders:
        yield LogIgnored(views=tuple(sorted(name for _, names in folders.values() for name in names)))
    for folder, names in folders.values():
        yield from _of_folder(folder, tuple(names))


def _of_folder(folder: FolderFacts, views: tuple[str, ...]) -> Iterator[FeastFinding]:
    table = folder.table
    if folder.brought_back:
        rows = "" if folder.rows is None else f", rows: {folder.rows:,}"
        yield RowsBroughtBack(table=table, views=views, files=len(folder.brought_back), rows=rows)
    if folder.deleted_rows:
        yield DeletedRowsServed(table=table, views=views, rows=folder.deleted_rows)
    if folder.of_the_log:
        yield LogRead(table=table, views=views, files=folder.of_the_log)
    if folder.rewritten:
        yield RowsTwice(table=table, views=views, files=len(folder.rewritten))


def _of_dask(view: FeastView, look: ViewLook) -> Iterator[FeastFinding]:
    """What the dask store makes of a view's rows."""
    if look.rows is None or look.table is None:
        return
    rows, name, table, looked = look.rows, view.name, look.table.table, _looked(look.rows)
    if rows.superseded:
        yield SupersededServed(view=name, table=table, count=rows.superseded, looked=looked)
    if rows.null_times:
        yield NullTimesServed(view=name, table=table, count=rows.null_times, looked=looked)
    if rows.null_keys:
        yield NullKeysMatch(view=name, table=table, count=rows.null_keys, looked=looked)


def _named_as_keys(views: Iterable[FeastView]) -> Iterator[FeastFinding]:
    """Features with the name of a column of entity frames."""
    plain = _plain(views)
    keys = {field.name for view in plain for field in view.keys} | {_TIME}
    for view in plain:
        for field in view.features:
            if field.name in keys:
                yield FeatureNamedAsKey(view=view.name, feature=field.name)


def _of_duckdb(views: Iterable[FeastView], looks: Mapping[str, ViewLook]) -> Iterator[FeastFinding]:
    sources = {view.name: view.source for view in views if view.source is not None and view.name in looks}
    if relative := tuple(name for name, source in sources.items() if source.path != source.place):
        yield PathOfWorkingDirectory(views=relative)
    if delta := tuple(name for name, source in sources.items() if source.format == "delta"):
        yield ExtensionNeeded(views=delta)


# === Each view ===


def _of_stock(view: FeastView, look: ViewLook, repository: FeastRepository) -> Iterator[FeastFinding]:
    """What goes wrong on any store but Foreset's."""
    if view.kind == "feature view":
        yield from _of_entities(view, repository)
    if look.rows is not None and look.table is not None and look.rows.ties:
        looked = _looked(look.rows)
        yield TiesByChance(view=view.name, table=look.table.table, count=look.rows.ties, looked=looked)


def _of_any(view: FeastView, look: ViewLook) -> Iterator[FeastFinding]:
    """What goes wrong on any store."""
    if look.problem is not None:
        yield NotLookedAt(view=view.name, problem=look.problem)
    if look.table is None:
        return
    table = look.table.table
    if look.rows is not None and look.rows.late and view.loaded_until is not None:
        until, looked = view.loaded_until.isoformat(), _looked(look.rows)
        yield LateRowsMissed(view=view.name, table=table, count=look.rows.late, until=until, looked=looked)


def _of_entities(view: FeastView, repository: FeastRepository) -> Iterator[FeastFinding]:
    """Whether Feast joins the view on the keys of its entities."""
    names = tuple(name for name in view.entities if name != DUMMY)
    if not names:
        yield JoinedOnNothing(view=view.name)
        return
    known = {entity.name: entity.join_key for entity in repository.entities}
    columns = tuple(field.name for field in view.keys)
    absent = any(name not in known for name in names)
    if absent or sorted(known[name] for name in names) != sorted(columns):
        yield EntityUnknown(view=view.name, entities=names, columns=columns)


def _of_times(views: Iterable[FeastView], looks: Mapping[str, ViewLook]) -> Iterator[FeastFinding]:
    """Times without a zone, by table."""
    bare: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for view in views:
        table = looks.get(view.name, ViewLook()).table
        if table is not None:
            columns = tuple(name for name in _times(view) if _zoneless(table.dtype(name) or ""))
            bare.setdefault((table.table, columns), []).append(view.name)
    for (name, columns), names in bare.items():
        if columns:
            yield TimesWithoutZone(table=name, columns=columns, views=tuple(names))


def _times(view: FeastView) -> Iterator[str]:
    """The table's columns of event time and created time."""
    source = view.source
    if source is not None:
        stored = {mapped: column for column, mapped in source.field_mapping.items()}
        named = (source.timestamp_field, source.created_timestamp_column)
        yield from (stored.get(name, name) for name in named if name)


def _zoneless(dtype: str) -> bool:
    return time_unit(dtype) not in {None, "day"} and "," not in dtype


def _looked(rows: RowFacts) -> str:
    return "" if rows.whole else f", among the first {rows.rows:,} rows, which alone were looked at"
