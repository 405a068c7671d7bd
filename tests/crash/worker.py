"""A process that uses a store until it is killed. It prints each thing that was acknowledged to it.

Usage: worker.py STORE DATA JOB, with JOB one of register, retrieve, write, entities-of-NAME.
"""

import itertools
import sys
import time
from datetime import UTC, datetime

import polars as pl
from returns.result import Success

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2, 3], "at": [DAY] * 3, "x": [1.0, 2.0, 3.0]})
ENTITY = EntitySpec("thing", ["k"])


def view(description: str) -> FeatureViewSpec:
    return FeatureViewSpec("things", ["thing"], DeltaSource("things", "at"), ["x"], description=description)


def acknowledge(*words: object) -> None:
    print(*words, flush=True)


def register(store: FeatureStore) -> None:
    for number in itertools.count():
        store.register(ENTITY, view(f"{time.time_ns()} {number}")).unwrap()
        known = store.catalog().unwrap().views["things"]
        acknowledge("view", known.version)


def retrieve(store: FeatureStore) -> None:
    for number in itertools.count():
        spine = pl.DataFrame({"k": [1, number], "event_timestamp": [DAY] * 2, "run": [time.time_ns()] * 2})
        acknowledge("set", store.training_set(TrainingSetSpec(["things:x"]), spine).unwrap().id)


def write(store: FeatureStore) -> None:
    while True:
        acknowledge("table", store.tables.write(ROWS, "things").unwrap().version)


def entities(store: FeatureStore, name: str) -> None:
    """Twenty entities, each registered again as long as another process was faster."""
    for number in range(20):
        while not isinstance(done := store.register(EntitySpec(f"{name}{number}", ["k"])), Success):
            assert done.failure().fault == "conflict", done.failure().message
        acknowledge("entity", f"{name}{number}")


def main(folder: str, data: str, job: str) -> None:
    store = FeatureStore.open(folder, data_dir=data).unwrap()
    acknowledge("open")
    if job.startswith("entities-of-"):
        entities(store, job.removeprefix("entities-of-"))
    else:
        {"register": register, "retrieve": retrieve, "write": write}[job](store)


if __name__ == "__main__":
    main(*sys.argv[1:])
