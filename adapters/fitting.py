"""A frame in a table's columns and types, where no value is lost by it.

A cast is allowed where the wider type holds every value of the narrower one, or where the table's type is the one in
which a table stores the frame's; and only if each value comes back as it was.
"""

from collections.abc import Callable, Iterable, Mapping

import polars as pl
from polars.exceptions import PanicException, PolarsError
from returns.result import Result, Success

from foreset.adapters.arrow_types import dtype_name
from foreset.domain.dtypes import widens
from foreset.domain.errors.problem import listed, refuse
from foreset.domain.errors.tables import SchemaMismatch

Stored = Callable[[pl.DataType], pl.DataType]
"""The type in which a table stores a type."""
_LONGEST = 80


def as_new(table: str, frame: pl.DataFrame, stored: Stored) -> Result[pl.DataFrame, SchemaMismatch]:
    """The frame in the types of a new table."""
    if not frame.width:
        return refuse(SchemaMismatch(table=table, problem="it has no columns"))
    return _cast(table, frame, {name: stored(dtype) for name, dtype in frame.schema.items()}, stored)


def as_known(
    table: str, frame: pl.DataFrame, known: Mapping[str, pl.DataType], stored: Stored, *, widen: bool
) -> Result[pl.DataFrame, SchemaMismatch]:
    """The frame with the columns of a table, in their order and types.

    With `widen` columns that the frame lacks are nulls, and those that it has beyond the table come last.
    """
    strange = [name for name in frame.columns if name not in known]
    absent = [name for name in known if name not in frame.columns]
    if (strange or absent) and not widen:
        beyond = f"the table has no column {listed(strange)}" if strange else ""
        lacking = f"the frame has no column {listed(absent)}" if absent else ""
        problem = ", and ".join(filter(None, (beyond, lacking)))
        return refuse(SchemaMismatch(table=table, problem=problem))
    wanted = {**known, **{name: stored(frame.schema[name]) for name in strange}}
    whole = frame.with_columns(pl.lit(None, pl.Null).alias(name) for name in absent)
    return _cast(table, whole, wanted, stored)


def _cast(
    table: str, frame: pl.DataFrame, wanted: Mapping[str, pl.DataType], stored: Stored
) -> Result[pl.DataFrame, SchemaMismatch]:
    columns: list[pl.Series] = []
    for name, dtype in wanted.items():
        given = frame[name].dtype
        allowed = given == pl.Null or widens(dtype_name(given), dtype_name(dtype)) or stored(given) == dtype
        column = frame[name] if given == dtype else _in_type(frame[name], dtype)
        lossy = None if column is None else _first_other(frame[name], column)
        if column is None or not allowed or lossy is not None:
            return refuse(SchemaMismatch(table=table, problem=_unfit(frame[name], dtype, lossy)))
        columns.append(column)
    return Success(pl.DataFrame(columns))


def _in_type(column: pl.Series, dtype: pl.DataType) -> pl.Series | None:
    """The column in another type, null where a value has no place in it; None where no value has."""
    try:
        return column.cast(dtype, strict=False)
    except PolarsError:
        return None


def _first_other(column: pl.Series, cast: pl.Series) -> int | None:
    """The first row whose value does not come back from the cast as it was."""
    if cast.dtype == column.dtype:
        return None
    back = _in_type(cast, column.dtype)
    if back is None:
        return 0 if len(column) else None
    same = back.eq_missing(column)
    return None if same.all() else same.arg_min()


def _unfit(column: pl.Series, dtype: pl.DataType, lossy: int | None) -> str:
    where = "" if lossy is None else f": {shown(column, lossy)} at row {lossy}"
    given, held = dtype_name(column.dtype), dtype_name(dtype)
    return f"column {column.name!r} is {given}, and the table's {held} does not hold it{where}"


def shown(column: pl.Series, row: int) -> str:
    """A value for a message, cut where it is long."""
    try:
        value: object = column[row]
    except (PanicException, OverflowError, ValueError):  # a time that no calendar has
        value = column.to_physical()[row]
    text = repr(value.to_list()) if isinstance(value, pl.Series) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def first_null(frame: pl.DataFrame, names: Iterable[str]) -> tuple[str, int] | None:
    """The first column of these that has a null, and the row of its first one."""
    for name in names:
        if frame[name].null_count():
            return name, int(frame[name].is_null().arg_max() or 0)
    return None


def row_shown(frame: pl.DataFrame, row: int, names: Iterable[str]) -> str:
    """Some values of a row for a message.

    >>> row_shown(pl.DataFrame({"k": [1, 2], "s": ["a", "b"]}), 1, ["s", "k"])
    "s='b', k=2"
    """
    return ", ".join(f"{name}={shown(frame[name], row)}" for name in names)
