"""What planning needs to know of a spine."""

from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
import polars as pl
from msgspec.structs import replace

from foreset.adapters.polars.matching.keys import range_of, whole_numbers
from foreset.adapters.polars.matching.times import rescaled_tick
from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.domain.dtypes import time_unit
from foreset.domain.facts import Column, KeyFacts, Range, SpineFacts

_DENSE: Final = 4
"""How many numbers there may be to each spine row for counting by number to be cheaper than hashing."""
_FEW: Final = 64
"""So many texts of a key are told."""


def profile(
    spine: pl.DataFrame, time: str, keys: Iterable[tuple[str, ...]], partitions: Collection[str] = ()
) -> SpineFacts:
    """The facts of a spine. Columns that are missing or unfit are left to the planner to refuse."""
    facts = SpineFacts(
        columns=tuple(Column(name, dtype_name(dtype)) for name, dtype in spine.schema.items()),
        rows=spine.height,
        keys=tuple(_key_facts(spine, k, partitions) for k in keys if set(k) <= set(spine.columns)),
        row_bytes=int(spine.estimated_size()) // max(spine.height, 1),
    )
    unit = time_unit(facts.dtype(time) or "")
    if unit is None:
        return facts
    times = spine[time]
    nulls = times.null_count()
    whole = times.to_physical()
    least, greatest = whole.min(), whole.max()
    return replace(
        facts,
        null_times=nulls,
        first_null_time=times.is_null().arg_max() if nulls else None,
        time_range=_range(least, greatest, unit),
        one_time=least is not None and least == greatest,
    )


def _range(least: object, greatest: object, unit: str) -> Range | None:
    if not isinstance(least, int) or not isinstance(greatest, int):
        return None
    return rescaled_tick(least, unit, "us", "down"), rescaled_tick(greatest, unit, "us", "up")


def _key_facts(spine: pl.DataFrame, keys: tuple[str, ...], partitions: Collection[str]) -> KeyFacts:
    if not keys:
        return KeyFacts((), min(spine.height, 1), spine.height)
    ranges = tuple(_key_range(spine[key]) for key in keys)
    values = tuple(_values(spine[key]) if key in partitions else None for key in keys)
    only = ranges[0]
    if (
        len(keys) == 1
        and only is not None
        and not spine[keys[0]].dtype.is_temporal()
        and only[1] - only[0] < max(_DENSE * spine.height, 1)
    ):
        distinct, most = _counted(spine[keys[0]], only[0])
    else:
        counts = spine.lazy().group_by(keys).len().select(pl.len(), pl.col("len").max().alias("most")).collect()
        distinct, most = int(counts["len"].item()), int(counts["most"].item() or 0)
    return KeyFacts(keys, distinct, most, ranges, values)


def _key_range(column: pl.Series) -> Range | None:
    """The range of a key: of times in microseconds, of whole numbers and dates as they are."""
    if not isinstance(column.dtype, pl.Datetime):
        return range_of(column)
    physical = column.to_physical()
    return _range(physical.min(), physical.max(), column.dtype.time_unit)


def _counted(column: pl.Series, least: int) -> tuple[int, int]:
    """Distinct values, null being one, and rows of the most frequent."""
    values, known = whole_numbers(column)
    counts = np.bincount((values if known is None else values[known]) - least)
    nulls = column.null_count()
    return int(np.count_nonzero(counts)) + bool(nulls), max(int(counts.max()), nulls)


def _values(column: pl.Series) -> tuple[str, ...] | None:
    """The texts of a column of few."""
    if column.dtype != pl.String:
        return None
    distinct = column.unique().drop_nulls()
    return tuple(distinct.sort().to_list()) if distinct.len() <= _FEW else None
