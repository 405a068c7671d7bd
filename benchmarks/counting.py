"""The counters of a retrieval by themselves: ages of the values that serve, and rows that only their age left out."""

from collections.abc import Callable

import numpy as np
import polars as pl

from foreset import FeatureStore, TrainingSet
from foreset.adapters.polars.matching.labels import labels_of
from foreset.adapters.polars.matching.matching import find_rows, unserved
from foreset.adapters.polars.matching.rows import Sides
from foreset.adapters.polars.matching.served_ages import AgeCount, ages_of
from foreset.adapters.polars.matching.source import FrameSource
from foreset.adapters.polars.matching.times import NEVER


def counters(store: FeatureStore, made: TrainingSet, spine: pl.DataFrame) -> Callable[[], None]:
    """A call that counts what a retrieval counts of each view, over its rows, which are matched before."""
    calls: list[Callable[[], None]] = []
    for _, match, scan in made.receipt.plan.gathers:
        times = [name for name in (match.event_time, match.created_time) if name is not None]
        columns = tuple(dict.fromkeys([*(key.table for key in match.keys), *times]))
        rows = pl.DataFrame(store.adapters.tables.observe(scan.table, scan.version).unwrap().read(columns).unwrap())
        labels = labels_of(match, spine, made.receipt.plan.spine.time)
        sides = Sides(match, labels, FrameSource(rows), rows.height)
        calls.append(_of_view(sides))

    def count() -> None:
        for call in calls:
            call()

    return count


def _of_view(sides: Sides) -> Callable[[], None]:
    found, batches, labels = find_rows(sides), list(sides.batches()), sides.labels

    def count() -> None:
        AgeCount().add(ages_of(found, labels, sides.terms.event_unit))
        if sides.match.ttl_us is None:
            return
        begins = np.full(labels.keys.size, NEVER, dtype=np.int64)
        for rows in batches:
            np.minimum.at(begins, rows.code, rows.start)
            np.minimum.at(begins, *rows.too_old)
        unserved(found.position, begins, labels)

    return count
