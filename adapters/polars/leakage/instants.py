"""Times as nanoseconds since the epoch, UTC, in 128 bits, so that times of all units are compared exactly."""

from typing import Final

import polars as pl

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.domain.dtypes import NANOSECONDS, column_unit
from foreset.domain.planning.ages import LONGEST_US

_PER_MICROSECOND: Final = NANOSECONDS["us"]


def instants(column: pl.Series, name: str, epoch_unit: str | None = None) -> pl.Series:
    """A column of times, or of dates, or of whole numbers that count `epoch_unit`."""
    step = NANOSECONDS[column_unit(dtype_name(column.dtype), epoch_unit) or ""]
    return column.to_physical().to_frame(name).select(pl.col(name).cast(pl.Int128) * step).to_series()


def instant_of(us: int) -> pl.Expr:
    """A time that is given in microseconds."""
    return pl.lit(us * _PER_MICROSECOND, dtype=pl.Int128)


def apart_us(later: pl.Expr, earlier: pl.Expr) -> pl.Expr:
    """Whole microseconds from one instant to a later one, rounded down; what is beyond 64 bits is the longest."""
    return ((later - earlier) // _PER_MICROSECOND).clip(-LONGEST_US, LONGEST_US).cast(pl.Int64)
