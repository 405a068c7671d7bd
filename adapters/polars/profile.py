"""What planning needs to know of a spine."""

from collections.abc import Iterable

import polars as pl

from foreset.adapters.arrow_types import dtype_name
from foreset.adapters.polars.times import rescaled_tick
from foreset.domain.dtypes import time_unit
from foreset.domain.facts import Column, KeyFacts, Range, SpineFacts


def profile(spine: pl.DataFrame, time: str, keys: Iterable[tuple[str, ...]]) -> SpineFacts:
    """The facts of a spine. Columns that are missing or unfit are left to the planner to refuse."""
    columns = tuple(Column(name, dtype_name(dtype)) for name, dtype in spine.schema.items())
    facts = SpineFacts(
        columns=columns,
        rows=spine.height,
        keys=tuple(_key_facts(spine, k) for k in keys if set(k) <= set(spine.columns)),
    )
    unit = time_unit(facts.dtype(time) or "")
    if unit is None:
        return facts
    times = spine[time]
    nulls = times.null_count()
    return SpineFacts(
        columns=columns,
        rows=spine.height,
        null_times=nulls,
        first_null_time=times.is_null().arg_max() if nulls else None,
        time_range=_range(times, unit),
        distinct_times=times.n_unique() if spine.height else 0,
        keys=facts.keys,
    )


def _range(times: pl.Series, unit: str) -> Range | None:
    whole = times.to_physical().cast(pl.Int64)
    least, greatest = whole.min(), whole.max()
    if not isinstance(least, int) or not isinstance(greatest, int):
        return None
    return rescaled_tick(least, unit, "us", "down"), rescaled_tick(greatest, unit, "us", "up")


def _key_facts(spine: pl.DataFrame, keys: tuple[str, ...]) -> KeyFacts:
    counts = spine.lazy().group_by(keys).len().select(pl.len(), pl.col("len").max().alias("most")).collect()
    return KeyFacts(keys, int(counts["len"].item()), int(counts["most"].item() or 0))
