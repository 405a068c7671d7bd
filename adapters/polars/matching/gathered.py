"""Rows that were gathered: each once, and which of them each spine row has, so that they need not all be spread out."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from foreset.adapters.polars.matching.ordering import Int64s
from foreset.adapters.polars.matching.widths import frame_bytes, is_open_ended

NO_ROW: Final = -1
_PICKED: Final = 4
"""How many columns to bring into the spine's order together."""


class Room(NamedTuple):
    """How many bytes the values that serve may take, each row once, and the values of one row."""

    most_bytes: int
    row_bytes: int


class TooWideError(Exception):
    """The values that serve some spine rows take more memory than they may: read about this `share` of them."""

    def __init__(self, share: float) -> None:
        """Stop when so much of them was read."""
        super().__init__(share)
        self.share = share


class Places:
    """Places in a column, some of them NO_ROW."""

    def __init__(self, places: Int64s) -> None:
        """At these places."""
        known = places != NO_ROW
        self._all = bool(known.all())
        self._count = places.size
        self._index = pl.Series(places if self._all else np.where(known, places, 0), dtype=pl.UInt32)
        self._there = pl.Series(known)
        self._with_nulls = self._index if self._all else self._index.set(~self._there, None)

    def pick(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows at the places, null where there is none."""
        if frame.is_empty():
            return frame.clear(self._count)
        if self._all:
            return frame.select(pl.all().gather(self._index))
        # An index with nulls is several times slower to gather by than nulls are to set afterwards.
        return frame.select(
            pl.col(name).gather(self._with_nulls)
            if dtype.is_nested()
            else pl.when(self._there).then(pl.col(name).gather(self._index))
            for name, dtype in frame.schema.items()
        )


class Gathered:
    """The rows of a source at some positions, in the order of these."""

    def __init__(self, frame: pl.DataFrame, places: Int64s, workers: Executor | None = None) -> None:
        """Rows of `frame` at `places`; those that are taken whole are picked by `workers`."""
        self._held = [frame.drop_in_place(name) for name in frame.columns]
        self._places, self._workers = places, workers

    @property
    def rows(self) -> int:
        """How many positions there are."""
        return int(self._places.size)

    def widths(self) -> Int64s | None:
        """About what the values of no fixed width take at each position; None where there are no such columns."""
        wide = [column for column in self._held if is_open_ended(column.dtype)]
        if not wide:
            return None
        known = np.append(frame_bytes(pl.DataFrame(wide)), 0)  # the last one is that of no row
        found: Int64s = known[np.where(self._places == NO_ROW, -1, self._places)]
        return found

    def slice(self, start: int, stop: int) -> pl.DataFrame:
        """The rows at some of the positions."""
        # Rows are gathered from one chunk several times faster than from many.
        self._held = [column.rechunk() if column.n_chunks() > 1 else column for column in self._held]
        return Places(self._places[start:stop]).pick(pl.DataFrame(self._held))

    def whole(self) -> pl.DataFrame:
        """The rows at all positions. What is held goes as it is picked from, so this is the last that is taken."""
        place = Places(self._places)

        def pick(first: int) -> pl.DataFrame:
            some = pl.DataFrame([column.rechunk() for column in self._held[first : first + _PICKED]])
            self._held[first : first + _PICKED] = [pl.Series()] * some.width  # they go when they are picked from
            return place.pick(some)

        every: Callable[[Callable[[int], pl.DataFrame], range], Iterator[pl.DataFrame]] = (
            map if self._workers is None else self._workers.map
        )
        return pl.concat(every(pick, range(0, len(self._held), _PICKED)), how="horizontal")


def widths_of(gathered: Sequence[Gathered], row_bytes: int) -> Int64s:
    """About what the values at each position take together; `row_bytes` is what those of fixed width do."""
    rows = max((values.rows for values in gathered), default=0)
    known = [widths for values in gathered if (widths := values.widths()) is not None]
    return sum(known, np.full(rows, row_bytes, dtype=np.int64))


def runs(widths: Int64s, most_bytes: int) -> Iterator[tuple[int, int]]:
    """Positions, from each up to another, whose values together take `most_bytes` at the most, or one position.

    >>> list(runs(np.array([3, 3, 3, 9, 1]), 6))
    [(0, 2), (2, 3), (3, 4), (4, 5)]
    """
    ends = np.cumsum(widths)
    start = 0
    while start < widths.size:
        before = int(ends[start - 1]) if start else 0
        stop = max(int(np.searchsorted(ends, before + most_bytes, side="right")), start + 1)
        yield start, stop
        start = stop
