"""How old the values are that serve, counted part by part."""

from typing import Final

import numpy as np

from foreset.adapters.polars.matching.gathered import NO_ROW
from foreset.adapters.polars.matching.labels import Labels
from foreset.adapters.polars.matching.matching import Found
from foreset.adapters.polars.matching.ordering import Int64s
from foreset.adapters.polars.matching.times import elapsed_us
from foreset.domain.planning.ages import AGE_EDGES_US, LONGEST_US, Ages

_HALF: Final = 32


def ages_of(found: Found, labels: Labels, event_unit: str) -> Int64s:
    """The age of each value that serves, in microseconds."""
    event, at = found.event, labels.times
    known = found.position != NO_ROW
    if not known.all():
        event, at = event[known], at[known]
    return elapsed_us(event, event_unit, at, labels.unit)


class AgeCount:
    """The ages of a view's values so far."""

    def __init__(self) -> None:
        """None yet."""
        self._rows = self._total = self._greatest = 0
        self._least = LONGEST_US
        self._counts = np.zeros(len(AGE_EDGES_US), dtype=np.int64)

    def add(self, ages: Int64s) -> None:
        """Some more."""
        if not ages.size:
            return
        self._rows += ages.size
        self._total += _sum(ages)
        self._least, self._greatest = min(self._least, int(ages.min())), max(self._greatest, int(ages.max()))
        beyond = np.array([*(np.count_nonzero(ages >= edge) for edge in AGE_EDGES_US), 0])
        self._counts += beyond[:-1] - beyond[1:]

    def told(self) -> Ages | None:
        """All of them together; None where there are none."""
        if not self._rows:
            return None
        return Ages(
            rows=self._rows,
            least_us=self._least,
            greatest_us=self._greatest,
            mean_us=self._total // self._rows,
            counts=tuple(int(count) for count in self._counts),
        )


def _sum(ages: Int64s) -> int:
    """The sum, which may not fit 64 bits."""
    return (int((ages >> _HALF).sum()) << _HALF) + int((ages & ((1 << _HALF) - 1)).sum())
