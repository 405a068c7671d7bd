"""Delta tables by dataset name or path: read, write, look, and load as X and y. What fails raises `ForesetError`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from foreset.adapters.shared.processes.fork_guard import needs_threads
from foreset.domain.definitions.field_types import shown
from foreset.domain.dtypes import time_unit
from foreset.domain.errors.problem import raised
from foreset.domain.facts import TableFacts
from foreset.domain.tables.write_options import TARGET_BYTES, SchemaMode, Untouched, WriteMode, contradiction
from foreset.entrypoints.store.frames import frame_to_write
from foreset.entrypoints.store.write_arguments import write_options
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.build import data_directory, files_from
from foreset.entrypoints.wiring.limits import size_of
from foreset.entrypoints.wiring.raising import given, reject

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from foreset.adapters.delta.tables import DeltaTables

    NameOrPath: TypeAlias = str | PathLike[str]
else:
    NameOrPath = object  # left as it is given, for a path is not the name of its text

SAMPLE_INDEX = "sample_index"
"""The column that numbers the rows of a sample: a join key, never a feature of `load_data`."""
_NUMBERS = ("int", "uint", "float", "bool", "decimal")


class TableInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a table's log says of its newest version.

    `path` is its folder or URL; `num_rows` is None where the log does not count rows; `columns` maps names to dtypes in
    the table's order; `modified` is the time of its last commit, in UTC, None where the log does not say.
    """

    path: str
    version: int
    num_rows: int | None
    num_files: int
    size_bytes: int
    columns: dict[str, str]
    partition_columns: tuple[str, ...]
    modified: datetime | None


class UntouchedTable(TableInfo, frozen=True, kw_only=True):
    """A table that a write left as it is, for it was made before: the table has its app_version."""


def tables_in(data_dir: Path) -> "DeltaTables":
    """The tables of a data folder. Kept, so that a second read of a table does not replay its log."""
    return _tables_in(data_dir, files_from())


@cache
def _tables_in(data_dir: Path, places: tuple[str, ...]) -> "DeltaTables":
    from foreset.adapters.delta.tables import DeltaTables  # kept off the import of foreset

    return DeltaTables(data_dir, places)


@fitted_arguments
def get_delta_path(name: str) -> Path:
    """Where the dataset `name` is or would be: FORESET_DATA_DIR, or `data/delta_lake` under the working directory.

    A name that is a path, or that leaves the data folder, raises.
    """
    from foreset.adapters.delta.log.paths import dataset_path

    return given(dataset_path(name, data_directory()))


@needs_threads
@fitted_arguments
def read_delta_table(  # noqa: PLR0913  # what a reading may ask
    name_or_path: NameOrPath,
    *,
    version: int | None = None,
    timestamp: datetime | str | None = None,
    columns: Iterable[str] | None = None,
    partition_time_zone: str | None = None,
    storage_options: Mapping[str, str] | None = None,
) -> "pl.DataFrame":
    """The rows of a table, in the snapshot's order, as a polars frame.

    At a `version`, or as it was at a `timestamp` (a datetime or ISO 8601 text; UTC where it has no zone; outside the
    table's history is an error), by default the newest. `columns` are those to read, in that order; by default all.
    `partition_time_zone` is that of a `DeltaSource`: in which zone to read times of partitions that have none.
    `storage_options` are those of the object store, for a table by URL; later calls of this process reuse them.
    """
    import polars as pl

    table, tables = _table(name_or_path), tables_in(data_directory())
    if version is not None and timestamp is not None:
        reject(f"read_delta_table({table!r})", "version and timestamp are both given", "give one of them")
    if timestamp is not None:
        version = given(tables.version_at(table, _instant(table, timestamp), storage_options))
    snapshot = given(tables.observe(table, version, storage_options, partition_time_zone=partition_time_zone))
    known = [column.name for column in snapshot.facts.columns]
    return pl.DataFrame(given(snapshot.read(_wanted(table, known, columns))))


def _instant(table: str, timestamp: datetime | str) -> datetime:
    if isinstance(timestamp, datetime):
        return timestamp.replace(tzinfo=UTC) if timestamp.tzinfo is None else timestamp
    try:
        return _instant(table, datetime.fromisoformat(timestamp))
    except (TypeError, ValueError):
        remedy = "give a datetime, or a time in ISO 8601 such as '2025-10-01T12:00:00Z'"
        reject(f"read_delta_table({table!r})", f"timestamp is {timestamp!r}", remedy)


def _wanted(table: str, known: list[str], columns: Iterable[str] | None) -> tuple[str, ...]:
    wanted = tuple(known if columns is None else [columns] if isinstance(columns, str) else columns)
    strange = [name for name in wanted if name not in known]
    if strange or not wanted or len(set(wanted)) < len(wanted):
        problem = f"the table has no column {strange[0]!r}" if strange else "columns is empty or names one twice"
        reject(f"read_delta_table({table!r})", problem, f"name some of {', '.join(known)}")
    return wanted


@needs_threads
@fitted_arguments
def write_to_delta_lake(  # noqa: PLR0913  # what a write may ask
    frame: Any,  # polars, pandas or pyarrow
    name_or_path: NameOrPath,
    *,
    mode: WriteMode = "append",
    partition_by: Iterable[str] | None = None,
    schema_mode: SchemaMode | None = None,
    replace_where: str | None = None,
    merge_on: Iterable[str] | None = None,
    expected_version: int | None = None,
    app_id: str | None = None,
    app_version: int | None = None,
    storage_options: Mapping[str, str] | None = None,
) -> TableInfo:
    """Commit the frame's rows, in their order, as one commit, making the table where it is missing. All or nothing.

    `frame` is polars, pandas (its index is left out) or pyarrow. It must fit the table's columns and types without
    loss.

    - `mode`: "append"; "overwrite", which replaces all rows; "error", which only makes a new table; "merge", by which
      rows of the frame replace the rows with equal keys, and the others are added.
    - `partition_by`: the columns by which a new table is partitioned.
    - `schema_mode`: "merge" adds the frame's new columns (null in older rows), and fills with nulls those that it
      lacks; "overwrite", with mode="overwrite", gives the table the frame's schema.
    - `replace_where`: with mode="overwrite", an SQL condition such as `"day = '2024-01-01'"`: only the rows for which
      it is true are replaced, and it must be true for every row of the frame.
    - `merge_on`: the key columns of mode="merge". A null or repeated key in the frame is refused.
    - `expected_version`: write only if this is the newest version; otherwise `ConflictError`.
    - `app_id`, `app_version`: who writes, and a number that this writer counts up. Where the table has the number or a
      later one from this writer already, nothing is written, and an `UntouchedTable` is given.
    - `storage_options`: of the object store, for a table by URL; later calls of this process reuse them.
    """
    table, data_dir = _table(name_or_path), data_directory()
    options = given(
        write_options(
            partition_by=partition_by,
            schema_mode=schema_mode,
            replace_where=replace_where,
            merge_on=merge_on,
            expected_version=expected_version,
            app_id=app_id,
            app_version=app_version,
        )
    )
    contradicted = contradiction(table, mode, options)
    if contradicted is not None:
        raise raised(contradicted)
    taken = given(frame_to_write(frame, table))
    facts = given(tables_in(data_dir).write(table, taken, mode, options, storage_options))
    info = _info(table, data_dir, facts)
    return UntouchedTable(**msgspec.structs.asdict(info)) if isinstance(facts, Untouched) else info


@needs_threads
@fitted_arguments
def optimize_table(
    name_or_path: NameOrPath,
    *,
    target_size: int | str = TARGET_BYTES,
    storage_options: Mapping[str, str] | None = None,
) -> TableInfo:
    """Put small files together, up to about `target_size` (bytes, or text such as `"256MB"`) each.

    The rows, their order and the older versions stay. Files are put together that are neighbours in the snapshot's
    order and of one partition. One process of a machine at a time: for the others it is `ConflictError`.
    """
    table, data_dir = _table(name_or_path), data_directory()
    size = given(size_of("target_size", target_size))
    return _info(table, data_dir, given(tables_in(data_dir).optimize(table, size, storage_options)).facts)


@needs_threads
@fitted_arguments
def get_table_info(name_or_path: NameOrPath, *, storage_options: Mapping[str, str] | None = None) -> TableInfo:
    """What the table's log says of its newest version; no data file is opened.

    `storage_options` are those of the object store, for a table by URL; later calls of this process reuse them.
    """
    table, data_dir = _table(name_or_path), data_directory()
    return _info(table, data_dir, given(tables_in(data_dir).observe(table, storage_options=storage_options)).facts)


def _info(table: str, data_dir: Path, facts: TableFacts) -> TableInfo:
    from foreset.adapters.delta.log.paths import table_uri

    return TableInfo(
        path=given(table_uri(table, data_dir)),
        version=facts.version,
        num_rows=facts.rows,
        num_files=facts.files,
        size_bytes=facts.size_bytes,
        columns={column.name: column.dtype for column in facts.columns},
        partition_columns=facts.partition_columns,
        modified=given(tables_in(data_dir).committed_at(table)),
    )


@needs_threads
@fitted_arguments
def load_data(name: NameOrPath, *, target: str = "target") -> "tuple[pd.DataFrame, pd.Series[Any]]":
    """Features X, shape (rows, features), and target y, shape (rows,), of a whole table, as pandas.

    The features are all columns of numbers and booleans but the target and `sample_index`, in the table's order: times,
    texts and nested columns are left out. Types are those of `TrainingSet.X_y`: float64 with NaN where numbers have
    nulls, and a `CallerError` for a whole number that this would round.
    """
    from foreset.adapters.shared.interchange.to_pandas import features_and_target

    table = _table(name)
    facts = given(tables_in(data_directory()).observe(table)).facts
    if facts.dtype(target) is None:
        remedy = f"name the target: load_data({table!r}, target=...), one of {', '.join(c.name for c in facts.columns)}"
        reject(f"load_data({table!r})", f"the table has no column {target!r}", remedy)
    features = [c.name for c in facts.columns if c.name not in {target, SAMPLE_INDEX} and _is_number(c.dtype)]
    if not features:
        remedy = "read it with read_delta_table(...) and choose the columns"
        reject(f"load_data({table!r})", "the table has no column of numbers or booleans beside the target", remedy)
    frame = read_delta_table(name, version=facts.version, columns=[*features, target])
    return features_and_target(frame, features, target, "load_data")


def _is_number(dtype: str) -> bool:
    return dtype.startswith(_NUMBERS) and time_unit(dtype) is None


def _table(name_or_path: NameOrPath) -> str:
    """A name, URL or path as the table store takes it; a `Path` is a path even when it has one part."""
    if isinstance(name_or_path, str):
        return name_or_path
    try:
        return str(Path(name_or_path).absolute())
    except TypeError:
        reject("A table", f"name_or_path is {shown(name_or_path)}, which is not a text or a path", "give one of them")
