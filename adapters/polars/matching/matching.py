"""Find, for each spine row, the position of the table row that serves it: one number a spine row.

Keys and times alone are looked at. A table row is an interval of the spine's time, from when it holds to when it
expires, and a rank among rows that hold at the same time: its event time, then its created time, then its position.
Ranks are totally ordered, so the best row of all batches is the best of each batch's best, whatever the batches.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from foreset.adapters.polars.matching.gathered import NO_ROW
from foreset.adapters.polars.matching.keys import Mask
from foreset.adapters.polars.matching.labels import Labels
from foreset.adapters.polars.matching.ordering import Int64s, column_of, order_by
from foreset.adapters.polars.matching.rows import Rows, Sides, Terms
from foreset.adapters.polars.matching.times import NEVER, OLDEST
from foreset.domain.planning.nodes import Strategy


@dataclass(frozen=True)
class Found:
    """For each spine row the position of the row that serves it (NO_ROW: none), and whether only its position decided.

    `event` has the event times of the rows that serve, in the table's unit, OLDEST where none does. Where there is a
    ttl or an end of validity, `expired` counts the spine rows that nothing serves and that a row would serve but for
    its age or its end, `unreached` those with a key that no row would serve at any age. `pairs` is how many pairs of a
    spine row and a table row have the same key, `rows` how many table rows came near.
    """

    position: Int64s
    tied: Mask
    event: Int64s
    expired: int = 0
    unreached: int = 0
    pairs: int = 0
    rows: int = 0


class Hit(NamedTuple):
    """Spine rows, and for each the batch's best row and whether another has its times."""

    labels: Int64s
    rows: Int64s
    tied: Mask


def find_rows(sides: Sides) -> Found:
    """The rows that serve a spine."""
    match, labels = sides.match, sides.labels
    best = _Best(labels.times.size)
    unending = match.ttl_us is None and match.ends is None
    begins = None if unending else np.full(labels.keys.size, NEVER, dtype=np.int64)
    pairs = rows_seen = 0
    strategy = _STRATEGIES[match.how.strategy if match.how else "as-of"]
    for rows in sides.batches():
        pairs += int(labels.counts.take(rows.code).sum())
        rows_seen += rows.code.size
        if begins is not None:
            for code, start in ((rows.code, rows.start), rows.too_old):
                np.minimum.at(begins, code, start)
        if rows.code.size:
            best.take(rows, strategy(rows, labels, sides.terms))
    expired, unreached = (0, 0) if begins is None else unserved(best.position, begins, labels)
    return Found(best.position, best.tied, best.event, expired, unreached, pairs, rows_seen)


def unserved(position: Int64s, begins: Int64s, labels: Labels) -> tuple[int, int]:
    """How many spine rows with a key are not served though a row of theirs has begun to hold, and though none has."""
    codes = labels.keys.spine
    asking = np.flatnonzero((position == NO_ROW) & (codes >= 0))
    reached = int(np.count_nonzero(begins.take(codes[asking]) <= labels.times[asking]))
    return reached, asking.size - reached


class _Best:
    """The best row of each spine row so far."""

    def __init__(self, labels: int) -> None:
        self.position = np.full(labels, NO_ROW, dtype=np.int64)
        self.tied = np.zeros(labels, dtype=np.bool_)
        self._ranks: list[Int64s] = []

    @property
    def event(self) -> Int64s:
        """The event times of the best rows, OLDEST where there is none."""
        return self._ranks[0] if self._ranks else np.full(self.position.size, OLDEST, dtype=np.int64)

    def take(self, rows: Rows, hit: Hit) -> None:
        """Take over what is better. Batches come in the snapshot's order, so of equal ranks the new row is."""
        ranks = [rank[hit.rows] for rank in rows.ranks]
        if self._ranks:
            behind, equal = _compared([rank[hit.labels] for rank in self._ranks], ranks)
            had = self.position[hit.labels] != NO_ROW
            better = behind | equal | ~had
            hit = Hit(hit.labels[better], hit.rows[better], (hit.tied | (equal & had))[better])
            ranks = [rank[better] for rank in ranks]
        else:
            self._ranks = [np.full(self.position.size, OLDEST, dtype=np.int64) for _ in ranks]
        self.position[hit.labels] = rows.positions(hit.rows)
        self.tied[hit.labels] = hit.tied
        for kept, rank in zip(self._ranks, ranks, strict=True):
            kept[hit.labels] = rank


def _compared(old: list[Int64s], new: list[Int64s]) -> tuple[Mask, Mask]:
    """Where the old ranks are lower than the new ones, and where they are equal."""
    lower = np.zeros(new[0].size, dtype=np.bool_)
    equal = np.ones(new[0].size, dtype=np.bool_)
    for before, now in zip(old, new, strict=True):
        lower |= equal & (before < now)
        equal &= before == now
    return lower, equal


# === Strategies: the best row of a batch for each spine row ===


def _by_asof(rows: Rows, labels: Labels, terms: Terms) -> Hit:
    """Sort the table's rows by key and time, as one number, and look up the spine's in it.

    The best row at a time is the last of those that hold by then, in the order of their ranks. Where rows hold from
    their event time on, that is also the order in which they begin; where it is their created time that counts, the
    best rank runs on as a maximum over rows as they begin. Rows that end by themselves are looked up by their spans.
    """
    if rows.until is not None:
        return _by_spans(rows, rows.until, labels, terms)
    count = rows.code.size
    ranked, repeats = order_by(count, [column_of(rows.code), *map(column_of, rows.ranks)])
    begun, best = ranked, None
    if not terms.in_order:
        rank = np.empty(count, dtype=np.int64)
        rank[ranked] = np.arange(count)
        begun = order_by(count, [column_of(rows.code), column_of(rows.start), column_of(rank)]).rows
        best = np.maximum.accumulate(rank[begun])
    places = taken(labels.place(rows.code, rows.start), begun)
    last_end = terms.ends(rows.event.max(keepdims=True))
    asking, wanted = labels.between(int(rows.start.min()), None if last_end is None else int(last_end[0]))
    last = np.searchsorted(places, wanted, side="right") - 1
    at = last if best is None else best[last]  # where `last` is -1, no row's key is found below
    row = ranked[at]
    hits = np.flatnonzero((last >= 0) & (rows.code[row] == labels.keys.spine[asking]))
    return _alive(Hit(asking[hits], row[hits], _among(at[hits], repeats)), rows, labels, terms)


def _alive(hit: Hit, rows: Rows, labels: Labels, terms: Terms) -> Hit:
    """What has not expired. The best row alone is asked: no other that holds has a later event time."""
    ends = terms.ends(rows.event[hit.rows])
    if ends is None:
        return hit
    alive = ends >= labels.times[hit.labels]
    return Hit(hit.labels[alive], hit.rows[alive], hit.tied[alive])


def _by_spans(rows: Rows, until: Int64s, labels: Labels, terms: Terms) -> Hit:
    """Give each spine row the best of the rows whose span, from beginning to end, its time is in.

    Spine rows are in the order of key and time, so the span of a row is a run of them. A run is two runs of a power of
    two, which may overlap (as in a sparse table for range queries), so the best of all runs goes down from the longest
    runs to single spine rows in as many steps as there are powers: no row is asked twice, however many ends there are.
    """
    expiry = terms.ends(rows.event)
    begin, end = labels.spans(rows.code, rows.start, until if expiry is None else np.minimum(until, expiry))
    ranked, repeats = order_by(rows.code.size, [column_of(rows.code), *map(column_of, rows.ranks)])
    rank = np.empty(ranked.size, dtype=np.int64)
    rank[ranked] = np.arange(ranked.size)
    wide = np.flatnonzero(end > begin)
    best = _best_of_runs(begin[wide], end[wide], rank[wide], labels.asking.size)
    hits = np.flatnonzero(best != NO_ROW)
    return Hit(labels.asking[hits], ranked[best[hits]], _among(best[hits], repeats))


def _best_of_runs(begin: Int64s, end: Int64s, rank: Int64s, places: int) -> Int64s:
    """The highest rank of the runs that each place is in, NO_ROW where it is in none."""
    best = np.full(places, NO_ROW, dtype=np.int64)
    powers = np.frexp((end - begin).astype(np.float64))[1] - 1
    for power in range(int(powers.max(initial=0)), -1, -1):
        length, of_length = 1 << power, np.flatnonzero(powers == power)
        np.maximum.at(best, begin[of_length], rank[of_length])
        np.maximum.at(best, end[of_length] - length, rank[of_length])
        if power:
            half = length >> 1
            best[half:] = np.maximum(best[half:], best[:-half])
    return best


def _by_latest(rows: Rows, labels: Labels, _terms: Terms) -> Hit:
    """All spine rows have one time, at which all of `rows` hold: the best row of each key, whoever asks for it.

    No row is sorted but those that tie on the latest event time of their key.
    """
    latest = np.full(labels.keys.size, OLDEST, dtype=np.int64)
    np.maximum.at(latest, rows.code, rows.event)
    last = np.flatnonzero(rows.event == latest.take(rows.code))
    order, repeats = order_by(last.size, [column_of(ranks[last]) for ranks in (rows.code, *rows.ranks[1:])])
    ranked = last[order]
    codes = rows.code[ranked]
    ends = np.flatnonzero(np.append(codes[1:] != codes[:-1], True))
    end_of = np.full(labels.keys.size, NO_ROW, dtype=np.int64)
    end_of[codes[ends]] = ends
    at = end_of[labels.keys.spine[labels.asking]]
    hits = np.flatnonzero(at != NO_ROW)
    return Hit(labels.asking[hits], ranked[at[hits]], _among(at[hits], repeats))


def _among(places: Int64s, repeats: Int64s) -> Mask:
    """Which places hold a row that has the key and times of the row before."""
    return np.isin(places, repeats) if repeats.size else np.zeros(places.size, dtype=np.bool_)


def taken(values: Int64s, rows: Int64s) -> Int64s:
    """The values of some rows. polars gathers many values twice as fast as numpy."""
    return pl.Series(values).gather(pl.Series(rows)).to_numpy()


_STRATEGIES: dict[Strategy, Callable[[Rows, Labels, Terms], Hit]] = {"latest": _by_latest, "as-of": _by_asof}
