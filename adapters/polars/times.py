"""Times of different units compared without losing precision.

Every comparison is made in the spine's unit, in whole numbers. A table row holds from its event time, rounded
up to that unit, to its expiry, rounded down: for whole numbers `s`, `t <= s` is the same as `ceil(t) <= s`, and
`s <= e` the same as `s <= floor(e)`. What does not fit 64 bits is set to the end of their range.
"""

from typing import Final, Literal

import polars as pl

from foreset.domain.dtypes import NANOSECONDS

_LEAST: Final = -(2**63)
_GREATEST: Final = 2**63 - 1
OLDEST: Final = _LEAST
"""Stands for a created time that is null, which is older than any other."""


def ticks(column: str) -> pl.Expr:
    """A time column as whole numbers of its own unit."""
    return pl.col(column).to_physical().cast(pl.Int64)


def rescaled(time: pl.Expr, unit: str, to: str, rounding: Literal["up", "down"]) -> pl.Expr:
    """Ticks of one unit in another."""
    if unit == to:
        return time
    if NANOSECONDS[unit] > NANOSECONDS[to]:
        factor = NANOSECONDS[unit] // NANOSECONDS[to]
        return time.clip(-(_GREATEST // factor), _GREATEST // factor) * factor
    factor = NANOSECONDS[to] // NANOSECONDS[unit]
    return time.floordiv(factor) if rounding == "down" else -((-time).floordiv(factor))


def rescaled_tick(tick: int, unit: str, to: str, rounding: Literal["up", "down"]) -> int:
    """One tick of one unit in another."""
    nanoseconds = tick * NANOSECONDS[unit]
    return nanoseconds // NANOSECONDS[to] if rounding == "down" else -(-nanoseconds // NANOSECONDS[to])


def expiry(time: pl.Expr, unit: str, ttl_us: int, to: str) -> pl.Expr:
    """The last tick of `to` at which a row of this event time still serves."""
    fine = "ns" if unit == "ns" else "us"
    ttl = rescaled_tick(ttl_us, "us", fine, "down")
    aged = rescaled(time, unit, fine, "down").clip(_LEAST, _GREATEST - ttl) + ttl
    return rescaled(aged, fine, to, "down")
