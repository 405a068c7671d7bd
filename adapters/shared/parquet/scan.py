"""Parquet files of a table, as one polars scan in the snapshot's order.

The table's schema rules: a column that an old file lacks is null there, one that it has beyond the schema is left out,
one that it holds under another name or in a narrower type is served as the table has it. Partition columns come from
the log, for files do not hold them. Deleted rows are left out. INT96 times are decoded to microseconds at once, for
nanoseconds since 1970 do not hold the years before 1677 or after 2262.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from polars.exceptions import PanicException, PolarsError, SchemaError
from returns.result import Result, Success

from foreset.adapters.shared.files.input_files import require_file
from foreset.adapters.shared.files.object_stores import gone as in_store
from foreset.adapters.shared.files.object_stores import polars_options, store_problem
from foreset.adapters.shared.frames.arrow_types import as_named, dtype_name, polars_dtype
from foreset.adapters.shared.frames.file_types import as_wanted, asked_as, without_arrow_schema
from foreset.adapters.shared.parquet.verifying import verify_files
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.system import or_out_of_reach
from foreset.domain.errors.tables import (
    ColumnUnsupported,
    DataFileGone,
    FileError,
    ObjectStoreFailed,
    PartitionTimeUnclear,
    TableUnreadable,
    UnsupportedTable,
)
from foreset.domain.facts import Column, DataFile, Range, bound

READ_FAULTS = (PolarsError, OSError, PanicException)
"""What polars raises over a missing or broken file; the last is no `Exception`."""

_GONE = re.compile(r"No such file|Object at location .* not found|NoSuchKey")
_PANIC = re.compile(r"JoinError::Panic\(Id\(\d+\), \"(.*)\", \.\.\.\)")
_MISMATCH = re.compile(r"for column (.+?): incoming: (.+?) != target: (.+?)(?:,|$)")
_ROW = "__row"  # keeps the number of rows where no stored column is asked
_CASTS = pl.ScanCastOptions(
    datetime_cast=["nanosecond-downcast", "millisecond-upcast", "convert-timezone"],
    categorical_to_string="allow",
    missing_struct_fields="insert",
    extra_struct_fields="ignore",
)


@dataclass(frozen=True)
class FileScan:
    """Some columns of a table's files, in this order; of a `part`, so many rows of one file from a row.

    `verify`: the checksums of what is read are looked at first.
    """

    table: str
    files: Sequence[DataFile]
    columns: Sequence[Column]
    storage_options: Mapping[str, str] | None = None
    part: tuple[int, int] | None = None
    verify: bool = True

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The columns' types, as the table has them."""
        return {column.name: polars_dtype(column.dtype) for column in self.columns}

    def rows(self, held: "Mapping[str, _Own] | None" = None) -> pl.LazyFrame:
        """The rows. Files in `held`, by their paths, are read by the types that they say they have."""
        if not self.files:
            return pl.LazyFrame(schema=self.schema)
        parts = [
            _run(run, self.schema, self.storage_options or {}, self.part, (held or {}).get(run[0].path))
            for run in _runs(self.files, held or {})
        ]
        return parts[0] if len(parts) == 1 else pl.concat(parts)


def deleted_rows(
    file: DataFile, start: int = 0, rows: int | None = None
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Which of `rows` rows of a file from row `start` are deleted, counted from `start`, in order."""
    held = np.frombuffer(file.deleted, dtype=np.uint8)[start // 8 : None if rows is None else -(-(start + rows) // 8)]
    found = np.flatnonzero(np.unpackbits(held, bitorder="little")) - start % 8
    return found[(found >= 0) & (found < rows)] if rows is not None else found[found >= 0]


def statistics_range(statistics: Any) -> Range | None:  # pyarrow's, or None
    """The range of a column in a row group; None where its statistics tell none, or of values that are not compared."""
    if statistics is None or not statistics.has_min_max:
        return None
    try:
        least, greatest = map(bound, (statistics.min, statistics.max))
    except (OverflowError, ValueError):  # a time that Python does not have
        return None
    if least is None or greatest is None:
        return None
    return least, greatest + isinstance(statistics.max, datetime)  # rounded down to microseconds


@dataclass(frozen=True)
class _Own:
    """A file by itself: its columns with the types that it says they have, and where its bytes are, or they."""

    schema: pl.Schema
    source: str | bytes


def _runs(files: Sequence[DataFile], held: Mapping[str, _Own]) -> Iterator[list[DataFile]]:
    """Neighbouring files that are read alike together, so that the order stays; one with deleted rows by itself."""

    def alike(at: tuple[int, DataFile]) -> tuple[object, ...]:
        number, file = at
        own = held.get(file.path)
        alone = bool(file.deleted) or (own is not None and isinstance(own.source, bytes))
        return file.partition, file.stored, number if alone else -1, own.schema if own else None

    for _, run in groupby(enumerate(files), alike):
        yield [file for _, file in run]


def _run(
    run: Sequence[DataFile],
    schema: Mapping[str, pl.DataType],
    storage_options: Mapping[str, str],
    part: tuple[int, int] | None,
    own: _Own | None,
) -> pl.LazyFrame:
    first = run[0]
    inside = _inside(first, schema)
    held = _held(inside, schema)
    asked = _asked(held, own.schema if own else None)
    places: list[str] | bytes = own.source if own and isinstance(own.source, bytes) else [file.path for file in run]
    scan = _scan(places, asked, storage_options)
    if part is not None:
        scan = scan.slice(*part)
    if first.deleted:
        scan = _without(scan, deleted_rows(first, *(part or ())))
    if own is not None:
        scan = scan.with_columns(
            value.alias(name)
            for name, dtype in held.items()
            if (value := as_wanted(pl.col(name), asked[name], dtype)) is not None
        )
    if held == schema:
        return scan
    values = (
        as_named(pl.col(inside[name].name), held[inside[name].name], dtype).alias(name)
        if name in inside
        else _literal(first.partition[name], dtype).alias(name)
        for name, dtype in schema.items()
    )
    return scan.with_row_index(_ROW).with_columns(values).select(list(schema))


def _inside(file: DataFile, names: Iterable[str]) -> dict[str, Column]:
    """How a file calls and holds those of the columns that are not of its partition."""
    return {name: file.stored.get(name, Column(name, "")) for name in names if name not in file.partition}


def _held(inside: Mapping[str, Column], schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """The types of a file's columns by its names for them, as the table's log has it."""
    return {c.name: polars_dtype(c.dtype) if c.dtype else schema[name] for name, c in inside.items()}


def _asked(held: Mapping[str, pl.DataType], own: pl.Schema | None) -> dict[str, pl.DataType]:
    """The types to ask a scan for: those of the log, or, where they are known, those that the file says it has."""
    known: Mapping[str, pl.DataType] = own or {}
    return {name: asked_as(known[name], dtype) if name in known else dtype for name, dtype in held.items()}


def _without(scan: pl.LazyFrame, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> pl.LazyFrame:
    gone = pl.Series(rows, dtype=pl.UInt32)
    return scan.with_row_index(_ROW).filter(~pl.col(_ROW).is_in(gone.implode())).drop(_ROW)


def _scan(
    paths: list[str] | bytes, schema: Mapping[str, pl.DataType], storage_options: Mapping[str, str]
) -> pl.LazyFrame:
    return pl.scan_parquet(
        paths,
        schema=schema,
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=_CASTS,
        glob=False,
        hive_partitioning=False,
        storage_options=polars_options(storage_options),
    )


def _literal(value: str | None, dtype: pl.DataType) -> pl.Expr:
    """A partition's value, which the log holds as text."""
    text = pl.lit(value, pl.String)
    if dtype == pl.Boolean:
        return pl.lit(None if value is None else value == "true", pl.Boolean)
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        return text.str.to_datetime(time_unit="us", time_zone=dtype.time_zone)
    return text.cast(dtype)


def read_files(
    table: str,
    files: Sequence[DataFile],
    columns: Sequence[Column],
    storage_options: Mapping[str, str] | None = None,
) -> Result[pl.DataFrame, FileError]:
    """The rows of the files, in memory. Columns are those that `unreadable_column` found nothing against."""
    scan = FileScan(table, files, columns, storage_options)
    return collected(scan).bind(lambda frame: as_many_rows(frame, table, files))


def _all(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows


def require_files(files: Sequence[DataFile]) -> None:
    """Raise `OSError` for the first local file that is a pipe, a socket or a device, which is not opened."""
    for file in files:
        if "://" not in file.path:
            require_file(file.path)


def collected(scan: FileScan, ask: Callable[[pl.LazyFrame], pl.LazyFrame] = _all) -> Result[pl.DataFrame, FileError]:
    """What is asked of a scan's rows.

    Where a file says that a column has another type than the log says, the log counts: files are asked for what they
    have, and that is read as the log's type if it means the same. This is looked at where it was needed, for it takes a
    look into each file. A file that is damaged is not read.
    """
    damage = verify_files(scan.table, scan.files, [c.name for c in scan.columns], scan.part) if scan.verify else None
    if damage is not None:
        return refuse(damage)
    try:
        require_files(scan.files)
        return Success(ask(scan.rows()).collect())
    except READ_FAULTS as fault:
        return _by_own_types(scan, ask, fault)


def _by_own_types(
    scan: FileScan, ask: Callable[[pl.LazyFrame], pl.LazyFrame], first: BaseException
) -> Result[pl.DataFrame, FileError]:
    if not isinstance(first, SchemaError | PanicException):
        return refuse(unreadable(scan.table, first, scan.files, scan.storage_options))
    try:
        own = {file.path: _own(file, scan.storage_options or {}) for file in scan.files}
        strange = next(filter(None, (_unlike(scan, file, own[file.path].schema) for file in scan.files)), None)
        if strange is not None:
            return refuse(because(strange, first))
        return Success(ask(scan.rows(own)).collect())
    except SchemaError as fault:
        return refuse(because(_mismatched(scan, fault), fault))
    except READ_FAULTS as fault:
        return refuse(unreadable(scan.table, fault, scan.files, scan.storage_options))


def _own(file: DataFile, storage_options: Mapping[str, str]) -> _Own:
    """A file as it describes itself; where its Arrow schema cannot be read, which panics, as Parquet alone has it."""
    options = polars_options(storage_options)
    try:
        schema = pl.scan_parquet(
            file.path, glob=False, hive_partitioning=False, storage_options=options
        ).collect_schema()
    except PanicException:
        content = without_arrow_schema(Path(file.path).read_bytes())
        return _Own(pl.scan_parquet(content).collect_schema(), content)
    return _Own(schema, file.path)


def _unlike(scan: FileScan, file: DataFile, own: pl.Schema) -> ColumnUnsupported | None:
    """The first column that a file has in a type which does not mean the table's."""
    inside = _inside(file, scan.schema)
    held = _held(inside, scan.schema)
    asked = _asked(held, own)
    for name, column in inside.items():
        value = pl.col(column.name)
        if column.name in own and as_wanted(value, asked[column.name], held[column.name]) is None:
            dtype, kept = dtype_name(scan.schema[name]), dtype_name(own[column.name])
            return ColumnUnsupported(table=scan.table, column=name, dtype=dtype, held=kept, path=file.path)
    return None


def _mismatched(scan: FileScan, fault: SchemaError) -> ColumnUnsupported:
    """The error for a type that a scan does not decode as another one."""
    found = _MISMATCH.search(str(fault))
    column, held, dtype = found.groups() if found else ("?", told(fault), "another one")
    return ColumnUnsupported(table=scan.table, column=column, dtype=dtype, held=held, path=scan.files[0].path)


def as_many_rows(frame: pl.DataFrame, table: str, files: Sequence[DataFile]) -> Result[pl.DataFrame, FileError]:
    """The rows read from files, if they are as many as the log says: a file may have been put in another's place."""
    said = [file.rows for file in files]
    if not frame.width or None in said or frame.height == sum(rows for rows in said if rows is not None):
        return Success(frame)
    problem = f"its files have {frame.height} rows, and its log says {sum(rows for rows in said if rows is not None)}"
    return refuse(TableUnreadable(table=table, problem=problem))


def unreadable_column(
    table: str, files: Sequence[DataFile], columns: Sequence[Column], zone: str | None = None
) -> UnsupportedTable | PartitionTimeUnclear | None:
    """Why a column's values cannot be told, although its files can be read; None where all can."""
    for column in columns:
        if column.dtype == "binary" and _partition_texts(files, column):
            feature = (
                f"the partition column {column.name!r} of type binary, whose values the log does not hold as bytes"
            )
            return UnsupportedTable(table=table, feature=feature)
        if column.dtype == "timestamp[us, UTC]":
            unclear = {text for text in _partition_texts(files, column) if not text.endswith("Z")}
            if unclear:
                named = {} if zone is None else {"named": f"in {zone} that is no single moment"}
                return PartitionTimeUnclear(table=table, column=column.name, value=min(unclear), **named)
        if not _is_dtype(column.dtype):
            feature = f"the column {column.name!r} of type {column.dtype}"
            return UnsupportedTable(table=table, feature=feature)
    return None


def _partition_texts(files: Sequence[DataFile], column: Column) -> set[str]:
    """The values of a partition column; none for a column that files hold."""
    return {text for file in files if (text := file.partition.get(column.name)) is not None}


def _is_dtype(name: str) -> bool:
    try:
        polars_dtype(name)
    except ValueError:
        return False
    return True


def unreadable(
    table: str,
    fault: BaseException,
    files: Sequence[DataFile] = (),
    storage_options: Mapping[str, str] | None = None,
) -> FileError:
    """The error for what polars raised over a table's files; polars seldom says which file it was."""
    away = store_problem(fault)
    if away is not None:
        return because(ObjectStoreFailed(table=table, place=files[0].path if files else table, problem=away), fault)
    problem = _said(fault)
    if isinstance(fault, FileNotFoundError) or _GONE.search(problem):
        problem = in_store(fault) or problem
        gone = next((file.path for file in files if "://" not in file.path and not Path(file.path).exists()), problem)
        return because(DataFileGone(table=table, problem=gone), fault)
    path = files[0].path if len(files) == 1 else _broken(files, storage_options or {})
    error = TableUnreadable(table=table, problem=f"{problem} ({path})" if path else problem)
    return or_out_of_reach(error, f"The table {table!r}", fault)


def _said(fault: BaseException) -> str:
    text = told(fault, place=True).partition(" (set POLARS_VERBOSE")[0]
    if isinstance(fault, PanicException):
        inner = _PANIC.search(text)
        return f"its bytes cannot be decoded: {inner[1] if inner else text}"
    return text


def _broken(files: Sequence[DataFile], storage_options: Mapping[str, str]) -> str | None:
    """The first of several files that cannot be read, by reading each, in little memory."""
    for file in files:
        scan = pl.scan_parquet(file.path, glob=False, storage_options=polars_options(storage_options))
        try:
            require_files([file])
            scan.select(pl.all().null_count()).collect(engine="streaming")
        except READ_FAULTS:
            return file.path
    return None
