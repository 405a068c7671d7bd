"""Foreset itself: through its facade, in a store folder of its own, with the receipt written at each call."""

import itertools
from pathlib import Path
from typing import Any

import polars as pl
from cases import CREATED, KEY, TARGET, TIME, Case
from ready import Ready, nothing, rows_of

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec


def ready(case: Case, home: Path, *, new_spine: bool) -> Ready:
    """A registered view, a spine in memory, and one call that gives X and y, or the frame."""
    store = FeatureStore.open(home / "store", data_dir=case.folder).unwrap()
    source = DeltaSource(case.table.name, TIME, CREATED) if case.created else DeltaSource(case.table.name, TIME)
    view = FeatureViewSpec("view", [KEY], source, list(case.asked), ttl=case.ttl)
    store.register(EntitySpec(KEY, [KEY]), view).unwrap()
    spec = TrainingSetSpec(["view:*"])
    first = pl.read_parquet(case.spine)
    spine = [first]
    turns = itertools.count(1)

    def turn() -> None:
        # The same rows in another order: a spine whose content the store has not kept.
        by = next(turns)
        spine[0] = pl.concat([first[by:], first[:by]])

    def call() -> Any:
        made = store.training_set(spec, spine[0]).unwrap()
        return (made.frame, *made.X_y(TARGET)) if case.target else (made.frame, None, None)

    return Ready(call, rows_of, turn if new_spine else nothing)
