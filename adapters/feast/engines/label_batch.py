"""What a plan asks of a store: each key and time once, whatever the spine holds, in types that every store takes.

Times are whole numbers: nanoseconds (128 bits, so that none overflows), or ticks of the store's unit. Keys are whole
numbers or texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.adapters.shared.rows.key_values import key_values
from foreset.domain.dtypes import NANOSECONDS, column_unit
from foreset.domain.planning.nodes import Match

AT: Final = "event_timestamp"
"""The time column of an entity frame, by Feast's convention."""
LABEL: Final = "label"
"""Our row id, which the store carries through."""


@dataclass(frozen=True)
class Asked:
    """The distinct keys and times of a spine.

    `labels` has the `keys`, `AT` (int64, in ticks of `tick` nanoseconds, rounded down) and `LABEL`, counted from 0.
    `label` is that of each spine row, null where a key is, and `times` are the spine's times in nanoseconds. `finer` is
    whether rounding lost anything.
    """

    keys: tuple[str, ...]
    labels: pl.DataFrame
    label: pl.Series
    times: pl.Series
    tick: int
    finer: bool

    @property
    def end(self) -> int:
        """The first nanosecond that is after all that is asked."""
        times = self.labels[AT].sort()
        return (int(times[-1]) + 1) * self.tick if len(times) else -(2**63)


def asked_of(match: Match, spine: pl.DataFrame, time: str, unit: str) -> Asked:
    """What a match asks for these spine rows of a store that compares times in this unit."""
    tick = NANOSECONDS[unit]
    keys = key_columns([spine[key.spine] for key in match.keys], match, spine.height)
    times = nanoseconds(spine[time])
    rows = pl.DataFrame([*keys, times.alias(AT)]).with_columns(pl.col(AT) // tick)
    names = [key.name for key in keys]
    distinct = rows.drop_nulls().unique(maintain_order=True)
    labels = distinct.with_columns(pl.int_range(pl.len()).alias(LABEL))
    label = rows.join(labels, on=[*names, AT], how="left", maintain_order="left")[LABEL]
    finer = not times.to_frame().filter(pl.first() % tick != 0).is_empty()
    return Asked(tuple(names), labels, label, times, tick, finer)


def key_columns(columns: Sequence[pl.Series], match: Match, rows: int) -> list[pl.Series]:
    """Join keys as they are sent, `key_0` and so on; one key that all rows have where a match has none."""
    if not columns:
        return [pl.repeat(0, rows, dtype=pl.Int64, eager=True).alias("key_0")]
    pairs = zip(columns, match.keys, strict=True)
    return [_sent(column, key.dtype).alias(f"key_{index}") for index, (column, key) in enumerate(pairs)]


def _sent(column: pl.Series, dtype: str) -> pl.Series:
    """Key values as numbers or texts, different ones staying different."""
    values = key_values(column, dtype)
    if dtype == "binary":
        return values.bin.encode("hex")
    if dtype in {"string", "uint64"} or dtype.startswith("decimal"):  # larger than the int64 that stores have
        return values.cast(pl.String)
    return values.to_physical().cast(pl.Int64)


def nanoseconds(column: pl.Series, epoch_unit: str | None = None) -> pl.Series:
    """Times in nanoseconds since the epoch, UTC; `epoch_unit` is what whole numbers count."""
    step = NANOSECONDS[column_unit(dtype_name(column.dtype), epoch_unit) or ""]
    return column.to_physical().to_frame().select(pl.first().cast(pl.Int128) * step).to_series()
