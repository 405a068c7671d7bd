"""Write frames to Delta tables without harming them: no lossy cast, no silent change of schema."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import polars as pl
from deltalake import DeltaTable, Schema, write_deltalake
from deltalake.transaction import AddAction, create_table_with_add_actions
from returns.result import Result, Success

from foreset.adapters.arrow_types import dtype_name, polars_dtype
from foreset.adapters.delta.faults import WRITE_FAULTS, writing
from foreset.adapters.delta.names import is_url
from foreset.adapters.parquet_writing import ParquetFileWriter
from foreset.application.ports import ArrowStream, WriteMode
from foreset.domain.dtypes import widens
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.tables import SchemaMismatch, TableWriteError, WriteFailed
from foreset.domain.facts import TableFacts

_FILE_BYTES: Final = 256_000_000
"""How large a file grows before another is begun."""
_SIGNED: dict[pl.DataType, pl.DataType] = {
    pl.UInt8(): pl.Int16(),
    pl.UInt16(): pl.Int32(),
    pl.UInt32(): pl.Int64(),
    pl.UInt64(): pl.Int64(),
}


def write_frame(  # noqa: PLR0913  # what deltalake asks of a write
    table: str,
    uri: str,
    frame: pl.DataFrame,
    mode: WriteMode,
    *,
    known: TableFacts | None,
    partition_by: tuple[str, ...],
    storage_options: dict[str, str] | None,
    overwrite_schema: bool,
) -> Result[None, TableWriteError]:
    """Commit the frame's rows, in their order, as one commit. `known` is the table whose schema must hold."""
    if mode == "error" and known is not None:
        return refuse(WriteFailed(table=table, problem="it exists, and mode='error' only makes new tables"))
    fitted = _fitted(table, frame, known)
    if not isinstance(fitted, Success):
        return refuse(fitted.failure())
    unfit = _unfit_partition(fitted.unwrap(), known.partition_columns if known else partition_by)
    if unfit is not None:
        return refuse(SchemaMismatch(table=table, problem=unfit))
    fresh = not is_url(uri) and not Path(uri).exists()
    try:
        if fresh:
            Path(uri).parent.mkdir(parents=True, exist_ok=True)
        write_deltalake(
            uri,
            fitted.unwrap().rechunk(),
            mode=mode,
            partition_by=list(partition_by) or None,
            schema_mode="overwrite" if overwrite_schema and mode == "overwrite" else None,
            storage_options=storage_options,
        )
    except WRITE_FAULTS as fault:
        if fresh:
            with suppress(OSError):  # only an empty folder goes
                Path(uri).rmdir()
        return refuse(writing(table, fault))
    return Success(None)


def write_parts(
    table: str, uri: str, parts: Iterator[ArrowStream], known: TableFacts | None
) -> Result[None, WriteFailed]:
    """Replace a local table, or make it, with rows that come part by part, in their order, as one commit.

    deltalake's own writer orders the rows of several batches as it likes, so the files are written here.
    """
    files: list[ParquetFileWriter] = []
    try:
        Path(uri).mkdir(parents=True, exist_ok=True)
        schema = _write_files(Path(uri), parts, files)
        _commit(uri, files, schema, known)
    except WRITE_FAULTS as fault:
        for file in files:
            file.discard()
        return refuse(because(WriteFailed(table=table, problem=told(fault, place=True)), fault))
    return Success(None)


def _write_files(place: Path, parts: Iterator[ArrowStream], files: list[ParquetFileWriter]) -> Schema:
    """Write the rows to files, which are told in `files`; gives their schema."""
    stored = pl.DataFrame()
    for part in parts:
        if not files or files[-1].size_bytes >= _FILE_BYTES:
            if files:
                files[-1].close()
            files.append(ParquetFileWriter(place / f"part-{len(files):05}-{uuid4()}.parquet"))
        rows = pl.DataFrame(part)
        stored = pl.DataFrame([column.cast(_stored_as(column.dtype)) for column in rows.get_columns()])
        files[-1].write(stored)
        stored = stored.clear()
        del part, rows  # they are not needed while the next part is read
    files[-1].close()
    return Schema.from_arrow(stored.to_arrow().schema)


def _commit(uri: str, files: list[ParquetFileWriter], schema: Schema, known: TableFacts | None) -> None:
    """Add the files, and remove all others. A table of another schema is replaced, for it may need another protocol."""
    actions = [
        AddAction(
            path=file.path.name,
            size=file.size_bytes,
            partition_values={},
            modification_time=int(file.path.stat().st_mtime * 1000),
            data_change=True,
            stats=json.dumps({"numRecords": file.rows}),
        )
        for file in files
    ]
    if known is not None and not known.partition_columns and DeltaTable(uri).schema() == schema:
        DeltaTable(uri).create_write_transaction([*actions], mode="overwrite", schema=schema)
    else:
        create_table_with_add_actions(uri, schema, actions, mode="overwrite")


def _fitted(table: str, frame: pl.DataFrame, known: TableFacts | None) -> Result[pl.DataFrame, SchemaMismatch]:
    """The frame in the table's types, or in those in which Delta stores a new table."""
    if known is None:
        wanted = {name: _stored_as(dtype) for name, dtype in frame.schema.items()}
    else:
        wanted = {column.name: polars_dtype(column.dtype) for column in known.columns}
    if set(wanted) != set(frame.columns):
        strange = [name for name in frame.columns if name not in wanted]
        absent = [name for name in wanted if name not in frame.columns]
        return refuse(SchemaMismatch(table=table, problem=f"beyond the table: {strange}; not in the frame: {absent}"))
    columns: list[pl.Series] = []
    for name, dtype in wanted.items():
        column = _cast(frame[name], dtype)
        if column is None:
            given, held = dtype_name(frame[name].dtype), dtype_name(dtype)
            problem = f"column {name!r} is {given}, and the table's {held} does not hold it"
            return refuse(SchemaMismatch(table=table, problem=problem))
        columns.append(column)
    return Success(pl.DataFrame(columns))


def _stored_as(dtype: pl.DataType) -> pl.DataType:
    """The type in which Delta stores a type."""
    match dtype:
        case pl.Datetime(time_zone=zone):
            return pl.Datetime("us", "UTC" if zone else None)
        case pl.Categorical() | pl.Enum():
            return pl.String()
        case pl.List(inner=pl.DataType() as inner) | pl.Array(inner=pl.DataType() as inner):
            return pl.List(_stored_as(inner))
        case pl.Map(key=pl.DataType() as key, value=pl.DataType() as value):
            return pl.Map(_stored_as(key), _stored_as(value))
        case pl.Struct(fields=fields):
            inner_types = {f.name: f.dtype for f in fields}
            return pl.Struct({n: _stored_as(t) if isinstance(t, pl.DataType) else t for n, t in inner_types.items()})
        case _:
            return _SIGNED.get(dtype, dtype)


def _cast(column: pl.Series, target: pl.DataType) -> pl.Series | None:
    """The column in another type, None where a value would be lost."""
    given = column.dtype
    if given == target:
        return column
    if given != pl.Null and not widens(dtype_name(given), dtype_name(target)) and _stored_as(given) != target:
        return None
    cast = column.cast(target, strict=False)
    return cast if cast.cast(given, strict=False).eq_missing(column).all() else None


def _unfit_partition(frame: pl.DataFrame, partitions: tuple[str, ...]) -> str | None:
    """What Delta's log, which holds the values of partitions as text, would not give back as it was written."""
    if strange := [name for name in partitions if name not in frame.columns]:
        return f"it has no column to partition by: {strange}"
    if set(frame.columns) == set(partitions):
        return "it has no column beside those to partition by" if frame.columns else "it has no columns"
    for name in partitions:
        dtype = frame.schema[name]
        if dtype == pl.Binary or dtype.is_nested() or (isinstance(dtype, pl.Datetime) and dtype.time_zone):
            return f"column {name!r} is {dtype_name(dtype)}, which cannot be partitioned by without loss"
        if dtype == pl.String and (frame[name] == "").any():
            return f"column {name!r} holds an empty text, which a partition cannot tell from a null"
    return None
