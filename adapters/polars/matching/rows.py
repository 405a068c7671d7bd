"""The table's side of a match: the rows that may serve, as whole columns of numbers.

Of a match only keys and times are looked at, in batches of rows in the snapshot's order; a feature column is never
carried through a sort or a search.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl

from foreset.adapters.polars.matching.keys import Mask, both, shared_key, whole_numbers
from foreset.adapters.polars.matching.labels import Labels
from foreset.adapters.polars.matching.ordering import Int64s
from foreset.adapters.polars.matching.source import Source
from foreset.adapters.polars.matching.times import (
    NEVER,
    OLDEST,
    expiry,
    first_after,
    last_before,
    rescaled,
    rescaled_tick,
)
from foreset.adapters.shared.frames.epochs import as_times, held_unit
from foreset.adapters.shared.rows.key_values import key_values
from foreset.domain.planning.nodes import Match

NO_ROWS: Final = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Rows:
    """Rows of asked keys that some spine row's time may lie in, in the snapshot's order.

    `ranks` are the times by which rows are preferred, in the table's own units: the event time, then the created time
    if there is one. `start`, from when a row holds, is in the spine's unit. `kept` are the places of the rows behind
    `offset` in the source; None where none was left out. `too_old` has the codes and starts of rows that are left out
    for their age or their end alone. `until`, the last time at which a row is valid, is in the spine's unit; None where
    rows have no end of validity.
    """

    code: Int64s
    ranks: tuple[Int64s, ...]
    start: Int64s
    offset: int
    kept: Int64s | None
    too_old: tuple[Int64s, Int64s] = NO_ROWS
    until: Int64s | None = None

    @property
    def event(self) -> Int64s:
        """The event times."""
        return self.ranks[0]

    def positions(self, rows: Int64s) -> Int64s:
        """Where some of the rows are in the source."""
        return self.offset + (rows if self.kept is None else self.kept[rows])


@dataclass(frozen=True)
class Terms:
    """What a match asks of times, in the units of a table's columns and of the spine."""

    match: Match
    event_unit: str
    created_unit: str
    end_unit: str
    unit: str

    @property
    def in_order(self) -> bool:
        """Whether of two rows the one of the later event time holds no sooner."""
        return not self.match.known_by_each_row

    def start(self, event: Int64s, created: Int64s | None) -> Int64s:
        """From when rows hold, in the spine's unit."""
        if self.match.closed == "left":
            holds = first_after(event, self.event_unit, self.unit)
        else:
            holds = rescaled(event, self.event_unit, self.unit, "up")
        if self.in_order or created is None:
            return holds
        return np.maximum(holds, self.written(created))

    def written(self, created: Int64s) -> Int64s:
        """The first time by which rows were written, in the spine's unit; OLDEST where that is unknown."""
        known = rescaled(created, self.created_unit, self.unit, "up")
        return known if self.created_unit == self.unit else np.where(created == OLDEST, OLDEST, known)

    def ends(self, event: Int64s) -> Int64s | None:
        """The last time at which rows of these event times serve, in the spine's unit; None where there is no end."""
        if self.match.ttl_us is None:
            return None
        return expiry(event, self.event_unit, self.match.ttl_us, self.unit)

    def until(self, end: Int64s, known: Mask | None) -> Int64s:
        """The last time at which rows with these ends of validity are valid, in the spine's unit."""
        last = last_before(end, self.end_unit, self.unit)
        return last if known is None else np.where(known, last, NEVER)

    def known(self, created: Int64s | None) -> Mask | None:
        """Whether rows were written by the time that the match names; None where it names none."""
        at = self.match.known_by_us
        if at is None or created is None:
            return None
        return created <= rescaled_tick(at, "us", self.created_unit, "down")


@dataclass(frozen=True)
class Sides:
    """A match between a spine's labels and a table's rows, of which about `batch_rows` are looked at together."""

    match: Match
    labels: Labels
    source: Source
    batch_rows: int
    table: str

    @cached_property
    def terms(self) -> Terms:
        """What is asked of times."""
        match, dtypes = self.match, self.source.dtypes

        def unit(name: str | None) -> str:
            return "" if name is None else held_unit(dtypes[name], match.epoch_unit)

        return Terms(match, unit(match.event_time), unit(match.created_time), unit(match.ends), self.labels.unit)

    def batches(self) -> Iterator[Rows]:
        """The rows that may serve, in the snapshot's order."""
        columns = list(dict.fromkeys([*(key.table for key in self.match.keys), *self.match.times]))
        for offset, frame in self.source.batches(columns, self.batch_rows):
            yield self._rows(frame, offset)

    def _rows(self, frame: pl.DataFrame, offset: int) -> Rows:
        match = self.match
        keys = [key_values(frame[key.table], key.dtype) for key in match.keys] or [shared_key(frame.height)]
        codes, asked = self.labels.keys.of(keys)
        event, dated = whole_numbers(self._times(frame, match.event_time))
        created = None if match.created_time is None else _created(self._times(frame, match.created_time))
        until = None if match.ends is None else self.terms.until(*whole_numbers(self._times(frame, match.ends)))
        start = self.terms.start(event, created)
        wanted = self._begun(created, start)
        for mask in (asked, dated):
            wanted = wanted if mask is None else both(wanted, mask)
        young = self._lasting(event, until)
        too_old = NO_ROWS
        if young is not None:
            code, begin = _filtered([codes, start], both(wanted, ~young))
            too_old = code, begin
            wanted = both(wanted, young)
        ranks = (event,) if created is None else (event, created)
        if wanted is None:
            return Rows(codes, ranks, start, offset, None, until=until)
        code, begin, *rest = _filtered([codes, start, *ranks, *([] if until is None else [until])], wanted)
        ends = None if until is None else rest.pop()
        return Rows(code, tuple(rest), begin, offset, np.flatnonzero(wanted), too_old, ends)

    def _times(self, frame: pl.DataFrame, column: str) -> pl.Series:
        return as_times(frame[column], self.match.epoch_unit, self.table)

    def _lasting(self, event: Int64s, until: Int64s | None) -> Mask | None:
        """Which rows are neither too old nor ended at the first time of the spine; None: all."""
        young = self._young(event)
        if until is None or not until.size or until.min() >= self.labels.first:
            return young
        return both(young, until >= self.labels.first)

    def _begun(self, created: Int64s | None, start: Int64s) -> Mask | None:
        """Which rows are known, and hold from some time before the last of the spine on; None: all."""
        wanted = self.terms.known(created)
        if start.size and start.max() > self.labels.last:
            wanted = both(wanted, start <= self.labels.last)
        return wanted

    def _young(self, event: Int64s) -> Mask | None:
        """Which rows still serve at the first time of the spine; None: all."""
        first_end = self.terms.ends(event.min(keepdims=True)) if event.size else None
        if first_end is None or first_end[0] >= self.labels.first:
            return None
        ends = self.terms.ends(event)
        return None if ends is None else ends >= self.labels.first


def _created(times: pl.Series) -> Int64s:
    """The created times, OLDEST where one is unknown."""
    created, known = whole_numbers(times)
    return created if known is None else np.where(known, created, OLDEST)


def _filtered(columns: Sequence[Int64s], wanted: Mask) -> list[Int64s]:
    """The columns where `wanted`. polars filters a column several times faster than numpy."""
    frame = pl.DataFrame({str(index): column for index, column in enumerate(columns)})
    return [column.to_numpy() for column in frame.filter(pl.Series(wanted)).get_columns()]
