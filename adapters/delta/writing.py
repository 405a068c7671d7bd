"""Write frames to Delta tables without harming them: no lossy cast, no silent change of schema."""

from pathlib import Path

import polars as pl
from deltalake import write_deltalake
from returns.result import Result, Success

from foreset.adapters.arrow_types import dtype_name, polars_dtype
from foreset.adapters.delta.faults import WRITE_FAULTS, writing
from foreset.adapters.delta.names import is_url
from foreset.application.ports import WriteMode
from foreset.domain.dtypes import widens
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import SchemaMismatch, TableWriteError, WriteFailed
from foreset.domain.facts import TableFacts

_STORED_AS = {
    "uint8": "int16",
    "uint16": "int32",
    "uint32": "int64",
    "timestamp[ms]": "timestamp[us]",
    "timestamp[ns]": "timestamp[us]",
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
    try:
        if not is_url(uri):
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
        return refuse(writing(table, fault))
    return Success(None)


def _fitted(table: str, frame: pl.DataFrame, known: TableFacts | None) -> Result[pl.DataFrame, SchemaMismatch]:
    """The frame in the table's types, or in those in which Delta stores a new table."""
    if known is None:
        wanted = {name: _stored_as(dtype_name(dtype)) for name, dtype in frame.schema.items()}
    else:
        wanted = {column.name: column.dtype for column in known.columns}
    if set(wanted) != set(frame.columns):
        strange = [name for name in frame.columns if name not in wanted]
        absent = [name for name in wanted if name not in frame.columns]
        return refuse(SchemaMismatch(table=table, problem=f"beyond the table: {strange}; not in the frame: {absent}"))
    columns: list[pl.Series] = []
    for name, dtype in wanted.items():
        column = _cast(frame[name], dtype)
        if column is None:
            problem = f"column {name!r} is {dtype_name(frame[name].dtype)}, and the table's {dtype} does not hold it"
            return refuse(SchemaMismatch(table=table, problem=problem))
        columns.append(column)
    return Success(pl.DataFrame(columns))


def _stored_as(dtype: str) -> str:
    if dtype.startswith(("timestamp[ms, ", "timestamp[ns, ", "timestamp[us, ")):
        return "timestamp[us, UTC]"
    return _STORED_AS.get(dtype, dtype)


def _cast(column: pl.Series, dtype: str) -> pl.Series | None:
    """The column in another type, None where a value would be lost."""
    given = dtype_name(column.dtype)
    target = polars_dtype(dtype)
    if given == dtype or column.dtype == target:
        return column.cast(target)
    if column.dtype == pl.Null or widens(given, dtype):
        return column.cast(target)
    if isinstance(column.dtype, pl.Datetime) and _stored_as(given) == dtype:
        exact = column.dtype.time_unit != "ns" or bool((column.to_physical() % 1_000 == 0).all())
        return column.cast(target) if exact else None
    return None
