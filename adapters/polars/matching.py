"""Find, for each spine row, the position of the table row that serves it.

Only keys, times and positions are looked at: no feature column is carried through a join or a sort. A table row is
an interval of the spine's time, from when it holds to when it expires, and a rank among rows that hold at the
same time: its event time, then its created time, then its position.

`join_asof` is used with care: with `by`, polars does not check that its inputs are sorted, gives later rows to
earlier times when the left one is not, and the streaming engine does so without a word. So both sides are sorted
here, just before, and joined in memory.
"""

from collections.abc import Callable

import polars as pl

from foreset.adapters.arrow_types import dtype_name, polars_dtype
from foreset.adapters.polars.source import POSITION, Source
from foreset.adapters.polars.times import OLDEST, expiry, rescaled, rescaled_tick, ticks
from foreset.domain.dtypes import time_unit
from foreset.domain.plan import EVENT_TIME, Match, Strategy

ROW, TIME = "__row", "__time"
FROM, UNTIL, EVENT, CREATED = "__from", "__until", "__event", "__created"
TIED = "__tied"


def key_names(match: Match) -> list[str]:
    """The names of the key columns while matching."""
    return [f"__key{index}" for index in range(len(match.keys))]


def find_rows(match: Match, spine: pl.DataFrame, time: str, source: Source) -> pl.DataFrame:
    """Columns `POSITION` (null: no row serves) and `TIED` (only the position decided), a row per spine row."""
    unit = time_unit(dtype_name(spine.schema[time])) or ""
    labels = spine.select(
        *(pl.col(key.spine).cast(polars_dtype(key.dtype)).alias(name) for key, name in _keys(match)),
        ticks(time).alias(TIME),
    ).with_row_index(ROW)
    found = _STRATEGIES[match.strategy](labels, candidates(match, source, unit), key_names(match))
    joined = labels.select(ROW).join(found, on=ROW, how="left", maintain_order="left")
    return joined.select(POSITION, pl.col(TIED).fill_null(value=False))


def _keys(match: Match) -> zip:  # type: ignore[type-arg]
    return zip(match.keys, key_names(match), strict=True)


def candidates(match: Match, source: Source, unit: str) -> pl.LazyFrame:
    """The rows that may serve some spine row: keys, FROM, UNTIL (where there is a ttl), EVENT, CREATED, POSITION.

    FROM and UNTIL are in the spine's unit; EVENT and CREATED in the table's own.
    """
    columns = [key.table for key in match.keys] + [match.event_time]
    columns += [match.created_time] if match.created_time else []
    rows = source.lazy(list(dict.fromkeys(columns)))
    schema = rows.collect_schema()
    event_unit = time_unit(dtype_name(schema[match.event_time])) or ""
    rows = rows.filter(pl.col(match.event_time).is_not_null(), *(pl.col(k.table).is_not_null() for k in match.keys))
    rows = rows.select(
        POSITION,
        *(pl.col(key.table).cast(polars_dtype(key.dtype)).alias(name) for key, name in _keys(match)),
        ticks(match.event_time).alias(EVENT),
        (ticks(match.created_time) if match.created_time else pl.lit(OLDEST, pl.Int64))
        .fill_null(OLDEST)
        .alias(CREATED),
    )
    holds = rescaled(pl.col(EVENT), event_unit, unit, "up")
    if match.created_time and match.known_at is not None:
        created_unit = time_unit(dtype_name(schema[match.created_time])) or ""
        if match.known_at == EVENT_TIME:
            holds = pl.max_horizontal(holds, _known_from(created_unit, unit))
        else:
            rows = rows.filter(pl.col(CREATED) <= rescaled_tick(int(match.known_at), "us", created_unit, "down"))
    until = [expiry(pl.col(EVENT), event_unit, match.ttl_us, unit).alias(UNTIL)] if match.ttl_us is not None else []
    return rows.with_columns(holds.alias(FROM), *until)


def _known_from(created_unit: str, unit: str) -> pl.Expr:
    known = rescaled(pl.col(CREATED), created_unit, unit, "up")
    return pl.when(pl.col(CREATED) == OLDEST).then(OLDEST).otherwise(known)


def _serves(rows: pl.LazyFrame) -> list[pl.Expr]:
    """That the spine's time lies within the row's interval."""
    until = [pl.col(TIME) <= pl.col(UNTIL)] if UNTIL in rows.collect_schema() else []
    return [pl.col(FROM) <= pl.col(TIME), *until]


def _best() -> list[pl.Expr]:
    """The last position of the best rank, and whether another position has the same times."""
    position = pl.col(POSITION).cast(pl.Int64)
    last = position.max_by(pl.struct(EVENT, CREATED, position))
    first = position.max_by(pl.struct(EVENT, CREATED, -position))
    return [last.alias(POSITION), (first != last).alias(TIED)]


def _by_join(labels: pl.DataFrame, rows: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
    """Pair the rows of equal keys, keep the pairs that serve, and take the best of each spine row."""
    pairs = rows.join(labels.lazy(), on=keys).filter(_serves(rows))
    return pairs.group_by(ROW).agg(_best()).collect(engine="streaming")


def _by_latest(labels: pl.DataFrame, rows: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
    """All spine rows have one time: the best row of each asked key, given to all spine rows of the key."""
    asked = labels.lazy().select(keys).unique()
    time = labels[TIME].first()
    held = rows.with_columns(pl.lit(time, pl.Int64).alias(TIME)).filter(_serves(rows))
    best = held.join(asked, on=keys, how="semi").group_by(keys).agg(_best()).collect(engine="streaming")
    return labels.join(best, on=keys).select(ROW, POSITION, TIED)


def _by_asof(labels: pl.DataFrame, rows: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
    """Sort both sides by time and merge: for many spine rows per key.

    The best row at a time is the best of all that hold by then, so ranks run on as a maximum over FROM. Of the best
    row alone the expiry is asked: no other that holds has a later event time.
    """
    asked = labels.lazy().select(keys).unique()
    ranked = rows.join(asked, on=keys, how="semi").collect().sort(EVENT, CREATED, POSITION).with_row_index("__rank")
    by_start = ranked.sort(FROM, "__rank").with_columns(pl.col("__rank").cum_max().over(keys))
    joined = labels.sort(TIME).join_asof(
        by_start.select(*keys, FROM, "__rank"), left_on=TIME, right_on=FROM, by=keys, check_sortedness=False
    )
    found = joined.select(ROW, TIME, "__rank").drop_nulls()
    served = ranked.with_columns(_tied(ranked, keys)).select(pl.all().gather(found["__rank"]))
    found = pl.concat([found.drop("__rank"), served.drop("__rank", *keys)], how="horizontal")
    return found.filter(_serves(rows)).select(ROW, pl.col(POSITION).cast(pl.Int64), TIED)


def _tied(ranked: pl.DataFrame, keys: list[str]) -> pl.Series:
    """Which rows have a rival of equal key and times. Rivals have equal times, so few rows need the keys' look."""
    same = pl.struct(EVENT, CREATED)
    near = ranked.select(
        (same == same.shift(1)).fill_null(value=False) | (same == same.shift(-1)).fill_null(value=False)
    )
    few = ranked.filter(near.to_series())
    rivals = few.filter(pl.len().over(*keys, EVENT, CREATED) > 1)["__rank"]
    return pl.Series(TIED, ranked["__rank"].is_in(rivals.implode()))


_STRATEGIES: dict[Strategy, Callable[[pl.DataFrame, pl.LazyFrame, list[str]], pl.DataFrame]] = {
    "join": _by_join,
    "latest": _by_latest,
    "as-of": _by_asof,
}
