"""Parquet files of a table, as one polars scan in the snapshot's order.

The table's schema rules: a column that an old file lacks is null there, one that it has beyond the schema is
left out, and partition columns come from the log, for files do not hold them.
"""

from collections.abc import Sequence

import polars as pl
from polars.exceptions import PanicException, PolarsError
from returns.result import Result, Success

from foreset.adapters.arrow_types import polars_dtype
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.tables import TableUnreadable, UnsupportedTable
from foreset.domain.facts import Column, DataFile

READ_FAULTS = (PolarsError, OSError, PanicException)
"""What polars raises over a missing or broken file; the last is no `Exception`."""

_ROW = "__row"  # keeps the number of rows where no stored column is asked
_CASTS = pl.ScanCastOptions(datetime_cast=["nanosecond-downcast", "convert-timezone"])


def scan_files(files: Sequence[DataFile], columns: Sequence[Column]) -> pl.LazyFrame:
    """A scan of the files in their order, with these columns in this order."""
    schema = {column.name: polars_dtype(column.dtype) for column in columns}
    if not files:
        return pl.LazyFrame(schema=schema)
    partitioned = [name for name in schema if name in files[0].partition]
    if not partitioned:
        return _scan([file.path for file in files], schema)
    stored = {name: dtype for name, dtype in schema.items() if name not in partitioned}
    return pl.concat([_partition(run, stored, schema) for run in _runs(files)])


def _scan(paths: list[str], schema: dict[str, pl.DataType]) -> pl.LazyFrame:
    return pl.scan_parquet(
        paths,
        schema=schema,
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=_CASTS,
        glob=False,
        hive_partitioning=False,
    )


def _runs(files: Sequence[DataFile]) -> list[list[DataFile]]:
    """Neighbouring files of the same partition together, so that the order stays."""
    runs: list[list[DataFile]] = []
    for file in files:
        if runs and runs[-1][-1].partition == file.partition:
            runs[-1].append(file)
        else:
            runs.append([file])
    return runs


def _partition(run: list[DataFile], stored: dict[str, pl.DataType], schema: dict[str, pl.DataType]) -> pl.LazyFrame:
    values = run[0].partition
    literals = [_literal(values[name], dtype).alias(name) for name, dtype in schema.items() if name not in stored]
    scan = _scan([file.path for file in run], stored).with_row_index(_ROW)
    return scan.with_columns(literals).select(list(schema))


def _literal(value: str | None, dtype: pl.DataType) -> pl.Expr:
    """A partition's value, which the log holds as text."""
    text = pl.lit(value, pl.String)
    if dtype == pl.Boolean:
        return pl.lit(None if value is None else value == "true", pl.Boolean)
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        return text.str.to_datetime(time_unit="us")
    return text.cast(dtype)


def read_files(
    table: str, files: Sequence[DataFile], columns: Sequence[Column]
) -> Result[pl.DataFrame, TableUnreadable | UnsupportedTable]:
    """The rows of the files, in memory."""
    ambiguous = ambiguous_partition(files, columns)
    if ambiguous is not None:
        return refuse(UnsupportedTable(table=table, feature=ambiguous))
    try:
        frame = scan_files(files, columns).collect()
    except READ_FAULTS as fault:
        return refuse(unreadable(table, fault))
    return as_many_rows(frame, table, files)


def as_many_rows(frame: pl.DataFrame, table: str, files: Sequence[DataFile]) -> Result[pl.DataFrame, TableUnreadable]:
    """The rows read from files, if they are as many as the log says: a file may have been put in another's place."""
    said = [file.rows for file in files]
    if not frame.width or None in said or frame.height == sum(rows for rows in said if rows is not None):
        return Success(frame)
    problem = f"its files have {frame.height} rows, and its log says {sum(rows for rows in said if rows is not None)}"
    return refuse(TableUnreadable(table=table, problem=problem))


def ambiguous_partition(files: Sequence[DataFile], columns: Sequence[Column]) -> str | None:
    """A partition column whose text in the log does not tell its values: an instant without zone, or bytes."""
    partitions = files[0].partition if files else {}
    for column in columns:
        if column.name in partitions and column.dtype.startswith("timestamp") and "," in column.dtype:
            return f"the partition column {column.name!r} of type timestamp, whose values have no time zone in the log"
        if column.name in partitions and column.dtype == "binary":
            return f"the partition column {column.name!r} of type binary, whose values the log does not hold as bytes"
    return None


def unreadable(table: str, fault: BaseException) -> TableUnreadable:
    """The error for what polars raised over a table's files."""
    return because(TableUnreadable(table=table, problem=told(fault, place=True)), fault)
