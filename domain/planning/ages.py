"""How old values were when they were served: spine time less event time."""

from collections.abc import Sequence
from typing import Final

import msgspec

_SECOND: Final = 1_000_000
_HOUR: Final = 3600 * _SECOND
_DAY: Final = 24 * _HOUR

LONGEST_US: Final = 2**63 - 1
"""Ages beyond this, 292,000 years, are told as this."""
AGE_EDGES_US: Final = (
    0,
    _SECOND,
    60 * _SECOND,
    600 * _SECOND,
    _HOUR,
    6 * _HOUR,
    _DAY,
    7 * _DAY,
    30 * _DAY,
    90 * _DAY,
    365 * _DAY,
    3650 * _DAY,
)
"""Where the bars of a histogram of ages begin, in microseconds. A bar ends before the next begins, the last never."""


class Ages(msgspec.Struct, frozen=True, kw_only=True):
    """The ages of the values that served, in whole microseconds, rounded down; one for each spine row served.

    `counts` has the rows in each bar of `AGE_EDGES_US`.
    """

    rows: int
    least_us: int
    greatest_us: int
    mean_us: int
    counts: tuple[int, ...]


def ages_of(ages: Sequence[int]) -> Ages | None:
    """The ages of values, in microseconds, put together; None where there are none.

    >>> ages_of([5, 61_000_000]).mean_us
    30500002
    """
    if not ages:
        return None
    least = [sum(age >= edge for age in ages) for edge in AGE_EDGES_US]
    counts = tuple(here - beyond for here, beyond in zip(least, [*least[1:], 0], strict=True))
    return Ages(
        rows=len(ages),
        least_us=min(*ages, LONGEST_US),
        greatest_us=min(max(ages), LONGEST_US),
        mean_us=min(sum(ages) // len(ages), LONGEST_US),
        counts=counts,
    )


class AgeQuantile(msgspec.Struct, frozen=True):
    """The least age that is not exceeded in `share` of the rows served (0 to 1), in microseconds."""

    share: float
    age_us: int


QUANTILES: Final = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
"""The shares of which a report tells the ages: 0 is the youngest value, 1 the oldest."""


def span(us: int) -> str:
    """A length of time for people, its two largest units.

    >>> span(0), span(90_000_000), span(26 * 3600 * 1_000_000), span(-1_500)
    ('0 s', '1 min 30 s', '1 d 2 h', '-1.5 ms')
    """
    if us < 0:
        return f"-{span(-us)}"
    if 0 < us < _SECOND:
        return f"{us / 1000:g} ms"
    left, parts = us // _SECOND, list[str]()
    for name, length in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count or parts:
            parts.append(f"{count:,} {name}" if count else "")
    return " ".join(part for part in parts[:2] if part) or "0 s"
