"""A frame in a table's types wherever its values allow: for callers whose types say less than their values.

pandas makes 64-bit numbers of what a table holds in 32 bits, numbers with a fraction of whole ones with gaps, and
nanoseconds of any time. Whole numbers and times are cast where every value comes back as it was; numbers with a
fraction are rounded to the table's precision, as any writer of such a column does.
"""

from collections.abc import Sequence

import polars as pl
from polars.exceptions import PolarsError
from returns.result import Result, Success

from foreset.adapters.arrow_types import dtype_name, polars_dtype
from foreset.adapters.fitting import shown
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import SchemaMismatch
from foreset.domain.facts import Column


def by_value(table: str, frame: pl.DataFrame, columns: Sequence[Column]) -> Result[pl.DataFrame, SchemaMismatch]:
    """The frame with those of the table's columns that it has in the table's types; other columns stay as they are."""
    fitted: dict[str, pl.Series] = {}
    for column in columns:
        if column.name not in frame.columns:
            continue
        given, target = frame[column.name], polars_dtype(column.dtype)
        made = given if given.dtype == target else _cast(given, target)
        if made is None:
            return refuse(_unfit(table, given, column.dtype))
        lossy = _first_lost(given, made)
        if lossy is not None:
            return refuse(_unfit(table, given, column.dtype, f": {shown(given, lossy)} at row {lossy}"))
        fitted[column.name] = made
    return Success(frame.with_columns(fitted.values()))


def _unfit(table: str, column: pl.Series, dtype: str, where: str = "") -> SchemaMismatch:
    problem = f"column {column.name!r} is {dtype_name(column.dtype)}, and the table's {dtype} does not hold it{where}"
    return SchemaMismatch(table=table, problem=problem)


def _cast(column: pl.Series, target: pl.DataType) -> pl.Series | None:
    """The column in another type, null where a value has no place in it; None where types have nothing in common."""
    given = column.dtype
    if given.is_temporal() != target.is_temporal() and given != pl.Null:
        return None
    if (given == pl.String) != (target == pl.String) and pl.Null not in {given, target}:
        return None
    try:
        return _in_zone(column, target).cast(target, strict=False)
    except PolarsError:
        return None


def _in_zone(column: pl.Series, target: pl.DataType) -> pl.Series:
    """Times with a zone where the other type has one, and without where it has none; without one they are UTC."""
    if not isinstance(column.dtype, pl.Datetime) or not isinstance(target, pl.Datetime):
        return column
    moments = column.dt.replace_time_zone("UTC") if column.dtype.time_zone is None else column
    return moments.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if target.time_zone is None else moments


def _first_lost(given: pl.Series, made: pl.Series) -> int | None:
    """The first row whose value is another one now."""
    if given.dtype == made.dtype:
        return None
    if given.dtype.is_float() and made.dtype.is_float():
        same = given.is_infinite().fill_null(value=False) == made.is_infinite().fill_null(value=False)
    else:
        back = _cast(made, given.dtype)
        if back is None:
            return 0 if len(given) else None
        same = back.eq_missing(given)
    return None if same.all() else same.arg_min()
