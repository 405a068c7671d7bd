"""The spine's side of a match: keys as codes, times as whole numbers, and the rows in the order of both."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl

from foreset.adapters.polars.matching.keys import KeyCodes, key_codes, shared_key, whole_numbers
from foreset.adapters.polars.matching.ordering import Int64s, column_of, order_by
from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.adapters.shared.rows.key_values import key_values
from foreset.domain.dtypes import time_unit
from foreset.domain.planning.nodes import Match

_ROOM: Final = 1 << 63


@dataclass(frozen=True)
class Labels:
    """Spine rows: their times are in `unit`, `first` to `last`; there is at least one."""

    keys: KeyCodes
    times: Int64s
    unit: str
    first: int
    last: int

    @cached_property
    def asking(self) -> Int64s:
        """The rows with a key, by key and time."""
        codes = self.keys.spine
        known = np.flatnonzero(codes >= 0)
        every = known.size == codes.size
        by_key, by_time = (values if every else values[known] for values in (codes, self.times))
        order = order_by(known.size, [column_of(by_key), column_of(by_time)]).rows
        return order if every else known[order]

    @cached_property
    def moments(self) -> Int64s | None:
        """The distinct times, in order, where key and time do not fit one number side by side; None where they do."""
        fits = self.keys.size * (self.last - self.first + 1) < _ROOM
        return None if fits else np.unique(self.times)

    @cached_property
    def places(self) -> Int64s:
        """A number for each row of `asking` that grows with key and time."""
        return self.place(self.keys.spine[self.asking], self._asking_times)

    @cached_property
    def _asking_times(self) -> Int64s:
        return self.times[self.asking]

    def between(self, first: int, last: int | None) -> tuple[Int64s, Int64s]:
        """The rows of `asking` with a time from `first` to `last` (None: any later), and their `places`."""
        if first <= self.first and (last is None or last >= self.last):
            return self.asking, self.places
        inside = self._asking_times >= first
        if last is not None:
            inside &= self._asking_times <= last
        near = np.flatnonzero(inside)
        return self.asking[near], self.places[near]

    @cached_property
    def counts(self) -> Int64s:
        """How many rows ask for each key."""
        return np.asarray(np.bincount(self.keys.spine[self.asking], minlength=self.keys.size), dtype=np.int64)

    def place(self, codes: Int64s, times: Int64s) -> Int64s:
        """Where rows of these keys and times belong among `places`; `times` are none later than `last`.

        A row belongs before the spine rows of its key whose times are its own or later.
        """
        if self.moments is None:
            steps: Int64s = np.maximum(times, self.first) - self.first
            return codes * (self.last - self.first + 1) + steps
        return codes * len(self.moments) + np.searchsorted(self.moments, times, side="left")

    def spans(self, codes: Int64s, first: Int64s, last: Int64s) -> tuple[Int64s, Int64s]:
        """Which of `asking` have these keys and a time from `first` to `last`: where they begin, and where they end.

        `first` is none later than the last of all labels, `last` none earlier than the first; where no label is in
        between, the end is not behind the beginning.
        """
        begin = np.searchsorted(self.places, self.place(codes, first), side="left")
        ends = np.minimum(last, self.last)
        if self.moments is None:
            behind = self.place(codes, ends)
        else:
            behind = codes * len(self.moments) + np.searchsorted(self.moments, ends, side="right") - 1
        return begin, np.searchsorted(self.places, behind, side="right")


def labels_of(match: Match, spine: pl.DataFrame, time: str) -> Labels:
    """The labels of a spine. Where it has no rows, no time lies between `first` and `last`."""
    keys = [key_values(spine[key.spine], key.dtype) for key in match.keys] or [shared_key(spine.height)]
    times, _ = whole_numbers(spine[time])
    unit = time_unit(dtype_name(spine.schema[time])) or ""
    first, last = (int(times.min()), int(times.max())) if times.size else (0, -1)
    return Labels(key_codes(keys), times, unit, first, last)
