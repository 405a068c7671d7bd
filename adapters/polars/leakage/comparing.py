"""Columns of different types side by side, in a type in which equal values mean the same."""

import polars as pl

from foreset.adapters.polars.leakage.instants import instants
from foreset.adapters.shared.frames.arrow_types import plain_dtype
from foreset.domain.dtypes import NANOSECONDS


def comparable(  # noqa: PLR0911  # one for each kind of types
    left: pl.Series, right: pl.Series
) -> tuple[pl.Series, pl.Series] | None:
    """Two columns in one type; None where their types have nothing in common.

    A boolean is 0 or 1 beside numbers, a category its text, a time without a zone in UTC; NaN is null, as in pandas.
    Decimals are compared digit by digit, beside floats as floats; where one of two fractions has 32 bits, both are
    rounded to these. The type that is found depends on the types of the columns alone.
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
    if all(column.dtype == pl.Duration for column in (left, right)):
        return _nanoseconds(left), _nanoseconds(right)
    if not all(column.dtype.is_numeric() or column.dtype == pl.Boolean for column in (left, right)):
        return None
    return _numbers(left, right)


def _numbers(left: pl.Series, right: pl.Series) -> tuple[pl.Series, pl.Series]:
    dtypes = left.dtype, right.dtype
    if any(dtype.is_float() for dtype in dtypes):
        narrow = pl.Float32 in dtypes and not any(dtype.is_integer() or dtype == pl.Boolean for dtype in dtypes)
        wanted = pl.Float32 if narrow else pl.Float64
        return left.cast(wanted), right.cast(wanted)
    if any(dtype.is_decimal() for dtype in dtypes):
        return _digits(left), _digits(right)
    return left.cast(pl.Int128), right.cast(pl.Int128)


def _nanoseconds(column: pl.Series) -> pl.Series:
    assert isinstance(column.dtype, pl.Duration)  # noqa: S101  # for the type checkers
    step = pl.lit(NANOSECONDS[column.dtype.time_unit], dtype=pl.Int128)
    return column.to_physical().to_frame().select(pl.all().cast(pl.Int128) * step).to_series()


def _digits(column: pl.Series) -> pl.Series:
    """Whole numbers and decimals as texts, without zeros that say nothing: no decimal type holds all of both."""
    whole = column.cast(pl.Int8) if column.dtype == pl.Boolean else column
    return whole.cast(pl.String).str.replace(r"(\.\d*?)0*$", "${1}").str.strip_suffix(".")


def without_nan(column: pl.Series) -> pl.Series:
    """The column with nulls in place of NaN."""
    return column.fill_nan(None) if column.dtype.is_float() else column


def _plain(column: pl.Series) -> pl.Series:
    return without_nan(column.cast(plain_dtype(column.dtype)))
