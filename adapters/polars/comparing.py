"""Columns of different types side by side, in a type in which equal values mean the same."""

import polars as pl

from foreset.adapters.polars.instants import instants


def comparable(left: pl.Series, right: pl.Series) -> tuple[pl.Series, pl.Series] | None:
    """Two columns in one type; None where their types have nothing in common.

    A boolean is 0 or 1 beside numbers, a category its text, a time without a zone in UTC; NaN is null, as in pandas.
    The type that is found depends on the types of the columns alone.
    """
    left, right = _plain(left), _plain(right)
    if left.dtype == right.dtype:
        return left, right
    if left.dtype == pl.Null:
        return left.cast(right.dtype), right
    if right.dtype == pl.Null:
        return left, right.cast(left.dtype)
    if all(isinstance(column.dtype, pl.Datetime | pl.Date) for column in (left, right)):
        return instants(left, left.name), instants(right, right.name)
    if not all(column.dtype.is_numeric() or column.dtype == pl.Boolean for column in (left, right)):
        return None
    wanted = pl.Float64 if left.dtype.is_float() or right.dtype.is_float() else pl.Int128
    return left.cast(wanted), right.cast(wanted)


def without_nan(column: pl.Series) -> pl.Series:
    """The column with nulls in place of NaN."""
    return column.fill_nan(None) if column.dtype.is_float() else column


def _plain(column: pl.Series) -> pl.Series:
    return column.cast(pl.String) if isinstance(column.dtype, pl.Categorical | pl.Enum) else without_nan(column)
