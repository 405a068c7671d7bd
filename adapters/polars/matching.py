"""Find, for each spine row, the position of the table row that serves it.

Only keys, times and positions are looked at: no feature column is carried through a join or a sort. A table row is
an interval of the spine's time, from when it holds to when it expires, and a rank among rows that hold at the
same time: its event time, then its created time, then its position.

`join_asof` is used with care: with `by`, polars does not check that its inputs are sorted, gives later rows to
earlier times when the left one is not, and the streaming engine does so without a word. So it is used without `by`,
over one number made of key and time, on sides that are sorted here, and in memory.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from foreset.adapters.arrow_types import dtype_name, polars_dtype
from foreset.adapters.polars.source import POSITION, Engine, Source
from foreset.adapters.polars.times import OLDEST, expiry, rescaled, rescaled_tick, ticks
from foreset.domain.dtypes import time_unit
from foreset.domain.plan import EVENT_TIME, KeyPair, Match, Strategy

ROW, TIME = "__row", "__time"
EVENT, CREATED = "__event", "__created"
TIED = "__tied"
_CODE, _FOUND, _ORDER, _RANK = "__code", "__found", "__order", "__rank"
_GREATEST = 2**63 - 1


@dataclass(frozen=True)
class Candidates:
    """The table rows that may serve some spine row.

    `rows` has the keys, the times and POSITION; `times` are the columns by which rows are ranked, in the table's own
    units. `start` is from when a row holds, `end` until when (None: for ever), both in the spine's unit. `in_order`:
    of two rows, the one of the higher rank holds no sooner.
    """

    rows: pl.LazyFrame
    keys: list[str]
    times: list[str]
    start: pl.Expr
    end: pl.Expr | None
    in_order: bool
    engine: Engine

    def serving(self) -> list[pl.Expr]:
        """That the spine's TIME lies within the row's interval."""
        return [self.start <= pl.col(TIME), *([] if self.end is None else [pl.col(TIME) <= self.end])]

    def best(self) -> list[pl.Expr]:
        """Of a group, the last position of the best rank, and whether another position has the same times."""
        position = pl.col(POSITION).cast(pl.Int64)
        last = position.max_by(pl.struct(*self.times, position))
        first = position.max_by(pl.struct(*self.times, -position))
        return [last.alias(POSITION), (first != last).alias(TIED)]


def find_rows(match: Match, spine: pl.DataFrame, time: str, source: Source) -> pl.DataFrame:
    """Columns `POSITION` (null: no row serves) and `TIED` (only the position decided), a row per spine row."""
    if spine.is_empty():
        return pl.DataFrame(schema={POSITION: pl.Int64, TIED: pl.Boolean})
    unit = time_unit(dtype_name(spine.schema[time])) or ""
    labels = spine.select(
        *(pl.col(key.spine).cast(polars_dtype(key.dtype)).alias(name) for key, name in _named_keys(match)),
        ticks(time).alias(TIME),
    ).with_row_index(ROW)
    found = _STRATEGIES[match.strategy](labels, candidates(match, source, unit))
    joined = labels.select(ROW).join(found, on=ROW, how="left", maintain_order="left")
    return joined.select(POSITION, pl.col(TIED).fill_null(value=False))


def _named_keys(match: Match) -> Iterator[tuple[KeyPair, str]]:
    return ((key, f"__key{index}") for index, key in enumerate(match.keys))


def candidates(match: Match, source: Source, unit: str) -> Candidates:
    """The rows of the match's table that may serve, for a spine whose times are in `unit`."""
    time_columns = {EVENT: match.event_time} | ({CREATED: match.created_time} if match.created_time else {})
    rows = source.lazy(list(dict.fromkeys([*(key.table for key in match.keys), *time_columns.values()])))
    schema = rows.collect_schema()
    units = {name: time_unit(dtype_name(schema[column])) or "" for name, column in time_columns.items()}
    known = [pl.col(match.event_time).is_not_null(), *(pl.col(key.table).is_not_null() for key in match.keys)]
    rows = rows.filter(*known).select(
        POSITION,
        *(pl.col(key.table).cast(polars_dtype(key.dtype)).alias(name) for key, name in _named_keys(match)),
        *(ticks(column).fill_null(OLDEST).alias(name) for name, column in time_columns.items()),
    )
    start = rescaled(pl.col(EVENT), units[EVENT], unit, "up")
    if match.known_at == EVENT_TIME:
        start = pl.max_horizontal(start, _known_from(units[CREATED], unit))
    elif match.known_at is not None and match.created_time:
        rows = rows.filter(pl.col(CREATED) <= rescaled_tick(int(match.known_at), "us", units[CREATED], "down"))
    end = None if match.ttl_us is None else expiry(pl.col(EVENT), units[EVENT], match.ttl_us, unit)
    keys = [name for _, name in _named_keys(match)]
    return Candidates(rows, keys, list(time_columns), start, end, match.known_at != EVENT_TIME, source.engine)


def _known_from(created_unit: str, unit: str) -> pl.Expr:
    known = rescaled(pl.col(CREATED), created_unit, unit, "up")
    return pl.when(pl.col(CREATED) == OLDEST).then(OLDEST).otherwise(known)


def _by_join(labels: pl.DataFrame, given: Candidates) -> pl.DataFrame:
    """Pair the rows of equal keys, keep the pairs that serve, and take the best of each spine row."""
    pairs = given.rows.join(labels.lazy(), on=given.keys).filter(given.serving())
    return pairs.group_by(ROW).agg(given.best()).collect(engine=given.engine)


def _by_latest(labels: pl.DataFrame, given: Candidates) -> pl.DataFrame:
    """All spine rows have one time: the best row of each asked key, given to all spine rows of the key."""
    asked = labels.lazy().select(given.keys).unique()
    held = given.rows.with_columns(pl.lit(labels[TIME].first(), pl.Int64).alias(TIME)).filter(given.serving())
    grouped = held.join(asked, on=given.keys, how="semi").group_by(given.keys)
    best = grouped.agg(given.best()).collect(engine=given.engine)
    return labels.join(best, on=given.keys).select(ROW, POSITION, TIED)


def _by_asof(labels: pl.DataFrame, given: Candidates) -> pl.DataFrame:
    """Sort both sides by key and time, as one number, and merge: for many spine rows per key.

    The best row at a time is the best of all that hold by then. Where rows hold from their event time on, their rank
    is their order; where it is their created time that counts, ranks run on as a maximum over the start. Of the best
    row alone the end is asked: no other that holds has a later event time.
    """
    codes = labels.select(given.keys).unique().drop_nulls().with_row_index(_CODE)
    order = _order(codes.height, labels[TIME])
    by_rank = [_ORDER if given.in_order else _CODE, *given.times, POSITION]
    rows = given.rows.filter(given.start <= labels[TIME].max()).join(codes.lazy(), on=given.keys)
    rows = rows.select(_CODE, *given.times, POSITION, order(given.start).alias(_ORDER))
    ranked = rows.collect().sort(by_rank).with_row_index(_RANK)  # a lazy sort after a join costs five times as much
    starts = ranked.select(_ORDER, _RANK)
    if not given.in_order:
        starts = starts.sort(_ORDER, _RANK).with_columns(pl.col(_RANK).cum_max())
    asked = labels.join(codes, on=given.keys).select(ROW, TIME, _CODE, order(pl.col(TIME)).alias(_ORDER)).sort(_ORDER)
    found = asked.join_asof(starts, on=_ORDER, check_sortedness=False).drop_nulls(_RANK)
    served = ranked.select(pl.all().exclude(_RANK, _ORDER).gather(found[_RANK])).rename({_CODE: _FOUND})
    earlier = found.select(pl.when(pl.col(_RANK) > 0).then(pl.col(_RANK) - 1)).to_series()
    before = ranked.select(pl.col(_CODE, *given.times).gather(earlier))
    tied = pl.all_horizontal(pl.col(name) == before[name] for name in before.columns).fill_null(value=False)
    served = pl.concat([found.select(ROW, TIME, _CODE), served], how="horizontal").with_columns(tied.alias(TIED))
    same = served.filter(pl.col(_CODE) == pl.col(_FOUND), *given.serving())
    return same.select(ROW, pl.col(POSITION).cast(pl.Int64), TIED)


def _order(codes: int, times: pl.Series) -> Callable[[pl.Expr], pl.Expr]:
    """A number that sorts by key code, then by time: 64 bits where the span of `times` leaves room for the codes.

    Times too early for the room count as the earliest that fits; none of them is later than any of `times`.
    """
    first, last = int(times.min()), int(times.max())  # type: ignore[arg-type]  # whole numbers, and there are some
    room = _GREATEST // max(codes, 1)
    if room > last - first:
        return lambda time: pl.col(_CODE).cast(pl.Int64) * room + (time.clip(last - room + 1) - (last - room + 1))
    return lambda time: pl.col(_CODE).cast(pl.Int128) * (2 * _GREATEST) + time.cast(pl.Int128)


_STRATEGIES: dict[Strategy, Callable[[pl.DataFrame, Candidates], pl.DataFrame]] = {
    "join": _by_join,
    "latest": _by_latest,
    "as-of": _by_asof,
}
