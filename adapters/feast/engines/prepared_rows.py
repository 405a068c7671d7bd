"""The rows of a snapshot that a plan may use, told so that a plain as-of join finds the one that serves.

The laws 2, 4, 5 and 6 are in the rows themselves. A row stands at the time from which it holds: its event time (with
`closed="left"` the nanosecond after it), or with
`known_at="event_time"` its created time if that is later. A row that holds only when a better one (by event time, then
created time, then the snapshot's order) holds already never serves, and is left out. So is what no spine row can use:
other keys, later times, rows that were not known.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from foreset.adapters.feast.engines.label_batch import AT, LABEL, Asked, key_columns, nanoseconds
from foreset.adapters.shared.frames.epochs import as_times
from foreset.domain.planning.nodes import Match

FROM: Final = "holds_from"
"""From when a row holds: int64, in the store's ticks, rounded up."""
POSITION: Final = "position"
"""Where a row is in the snapshot."""
_EVENT, _CREATED, _RANK, _UNTIL = "event", "created", "rank", "until"


@dataclass(frozen=True)
class ServingRows:
    """The rows, by key and time: `keys`, `FROM` and `POSITION`, no two of the same key and time.

    `event` has the event time of each row of the snapshot in nanoseconds. `tied` has the `POSITION` of each row with a
    full tie, and the number of its `group`. `finer` is whether rounding lost anything.
    """

    keys: tuple[str, ...]
    frame: pl.DataFrame
    event: pl.Series
    tied: pl.DataFrame
    finer: bool

    def mistakes(self, labels: pl.DataFrame, answer: pl.DataFrame) -> int:
        """How many labels an answer (`LABEL`, `POSITION`) serves otherwise than these rows say."""
        keys = list(self.keys)
        until = self.frame.with_columns(pl.col(FROM).shift(-1).over(keys).alias(_UNTIL))
        told = labels.join(answer, on=LABEL, how="left").join(
            until.rename({key: f"its {key}" for key in keys}), on=POSITION, how="left"
        )
        of_key = pl.all_horizontal(pl.col(key).eq_missing(pl.col(f"its {key}")) for key in keys)
        serves = of_key & (pl.col(FROM) <= pl.col(AT)) & (pl.col(_UNTIL).is_null() | (pl.col(_UNTIL) > pl.col(AT)))
        first = self.frame.group_by(keys).agg(pl.col(FROM).min().alias("first"))
        none = told.filter(pl.col(POSITION).is_null()).join(first, on=keys).filter(pl.col("first") <= pl.col(AT))
        return none.height + told.filter(pl.col(POSITION).is_not_null() & ~serves.fill_null(value=False)).height


def serving_rows(match: Match, table: pl.DataFrame, asked: Asked, name: str) -> ServingRows:
    """The rows of a table of this name, with the columns that a match looks at, for what is asked. Something is.

    Rows of the match have no ends of validity. Raises `ForesetError` for whole numbers that are no times.
    """
    columns = key_columns([table[key.table] for key in match.keys], match, table.height)
    event = _instants(table, match.event_time, match, name).alias(_EVENT)
    created = pl.repeat(None, table.height, dtype=pl.Int128, eager=True)
    if match.created_time is not None:
        created = _instants(table, match.created_time, match, name)
    rows = pl.DataFrame([*columns, event, created.alias(_CREATED)]).with_row_index(POSITION)
    known = rows.filter(pl.col(_EVENT).is_not_null(), _known(match)).with_columns(_holds(match).alias(FROM))
    near = known.filter(pl.col(FROM) < pl.lit(asked.end, dtype=pl.Int128))
    near = near.join(asked.labels.select(asked.keys).unique(), on=asked.keys, how="semi")
    finer = not near.filter(pl.col(FROM) % asked.tick != 0).is_empty()
    ticks = near.with_columns((pl.col(FROM) + (asked.tick - 1)) // asked.tick)
    return ServingRows(asked.keys, _serving(ticks, list(asked.keys)), event, _tied(near, list(asked.keys)), finer)


def _instants(table: pl.DataFrame, column: str, match: Match, name: str) -> pl.Series:
    return nanoseconds(as_times(table[column], match.epoch_unit, name))


def _known(match: Match) -> pl.Expr:
    """Whether a row was written by the time that the match names."""
    if match.known_by_us is None:
        return pl.lit(value=True)
    return pl.col(_CREATED).is_null() | (pl.col(_CREATED) <= pl.lit(match.known_by_us * 1_000, dtype=pl.Int128))


def _holds(match: Match) -> pl.Expr:
    begins = pl.col(_EVENT) + 1 if match.closed == "left" else pl.col(_EVENT)
    return pl.max_horizontal(begins, _CREATED) if match.known_by_each_row else begins


def _serving(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The best row from each time on."""
    ranked = rows.sort(_EVENT, _CREATED, POSITION, nulls_last=False).with_row_index(_RANK).sort(*keys, FROM, _RANK)
    best = ranked.filter(pl.col(_RANK) == pl.col(_RANK).cum_max().over(keys))
    serving = best.unique([*keys, FROM], keep="last", maintain_order=True)
    return serving.select(*keys, FROM, pl.col(POSITION).cast(pl.Int64))


def _tied(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    same = [*keys, _EVENT, _CREATED]
    tied = rows.filter(pl.len().over(same) > 1)
    return tied.select(pl.col(POSITION).cast(pl.Int64), group=pl.struct(same).rank("dense"))
