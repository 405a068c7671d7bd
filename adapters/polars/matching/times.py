"""Times of different units compared without losing precision.

Every comparison is made in the spine's unit, in whole numbers. A table row holds from its event time, rounded
up to that unit, to its expiry, rounded down: for whole numbers `s`, `t <= s` is the same as `ceil(t) <= s`, and
`s <= e` the same as `s <= floor(e)`. What does not fit 64 bits is set to the end of their range.
"""

from typing import Final, Literal

import numpy as np

from foreset.adapters.polars.matching.ordering import Int64s
from foreset.domain.dtypes import NANOSECONDS

_LEAST: Final = -(2**63)
_GREATEST: Final = 2**63 - 1
OLDEST: Final = _LEAST
"""Stands for a created time that is null, which is older than any other."""
NEVER: Final = _GREATEST
"""Stands for a time that does not come."""


def rescaled(times: Int64s, unit: str, to: str, rounding: Literal["up", "down"]) -> Int64s:
    """Ticks of one unit in another.

    >>> rescaled(np.array([1_500, -1_500]), "us", "ms", "up")
    array([ 2, -1])
    """
    if unit == to:
        return times
    if NANOSECONDS[unit] > NANOSECONDS[to]:
        factor = NANOSECONDS[unit] // NANOSECONDS[to]
        return np.clip(times, -(_GREATEST // factor), _GREATEST // factor) * factor
    whole, rest = np.divmod(times, NANOSECONDS[to] // NANOSECONDS[unit])
    return whole if rounding == "down" else whole + (rest > 0)


def first_after(times: Int64s, unit: str, to: str) -> Int64s:
    """The first tick of another unit that is later than each time.

    >>> first_after(np.array([1_500, 2_000]), "us", "ms")
    array([2, 3])
    """
    return np.minimum(rescaled(times, unit, to, "down"), _GREATEST - 1) + 1


def last_before(times: Int64s, unit: str, to: str) -> Int64s:
    """The last tick of another unit that is earlier than each time.

    What is later than the other unit can say is no end there: far in the future is how tables say that there is none.

    >>> last_before(np.array([1_500, 2_000]), "us", "ms")
    array([1, 1])
    """
    ticks = np.maximum(rescaled(times, unit, to, "up"), _LEAST + 1) - 1
    factor = NANOSECONDS[unit] // NANOSECONDS[to]
    return np.where(times > _GREATEST // factor, NEVER, ticks) if factor > 1 else ticks


def rescaled_tick(tick: int, unit: str, to: str, rounding: Literal["up", "down"]) -> int:
    """One tick of one unit in another."""
    nanoseconds = tick * NANOSECONDS[unit]
    return nanoseconds // NANOSECONDS[to] if rounding == "down" else -(-nanoseconds // NANOSECONDS[to])


def elapsed_us(event: Int64s, event_unit: str, at: Int64s, unit: str) -> Int64s:
    """Whole microseconds from each event time to a later time, rounded down.

    >>> elapsed_us(np.array([1_999]), "ns", np.array([5]), "us")
    array([3])
    """
    earlier, rest = _microseconds(event, event_unit)
    later, later_rest = _microseconds(at, unit)
    whole = later.view(np.uint64) - earlier.view(np.uint64)  # which holds every difference of two 64-bit numbers
    if rest is not None or later_rest is not None:
        whole -= (0 if rest is None else rest) > (0 if later_rest is None else later_rest)
    return np.minimum(whole, np.uint64(_GREATEST)).view(np.int64)


def _microseconds(times: Int64s, unit: str) -> tuple[Int64s, Int64s | None]:
    """Times in microseconds, rounded down, and what is left over of finer ones."""
    if unit != "ns":
        return rescaled(times, unit, "us", "down"), None
    whole, rest = np.divmod(times, NANOSECONDS["us"])
    return whole, rest


def expiry(times: Int64s, unit: str, ttl_us: int, to: str) -> Int64s:
    """The last tick of `to` at which rows of these event times still serve; NEVER where it is later than `to` can say.

    >>> expiry(np.array([1_999]), "ns", 5, "us"), expiry(np.array([0]), "ns", 10**17, "us")
    (array([6]), array([100000000000000000]))
    """
    whole, rest = _microseconds(times, unit)
    ttl = min(ttl_us, _GREATEST)
    aged = np.minimum(whole, _GREATEST - ttl) + ttl
    if to != "ns":
        return rescaled(aged, "us", to, "down")
    last = rescaled(aged, "us", "ns", "down") + (0 if rest is None else rest)
    return np.where(aged >= _GREATEST // NANOSECONDS["us"], NEVER, last)
