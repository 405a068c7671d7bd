"""A training set of a table, and what a vacuum of it would delete."""

import os
import time
from pathlib import Path

from foreset import FeatureStore, TrainingSetSpec
from foreset.domain.retention.vacuum_rule import Retention
from tests.trust.conftest import rain, spine

RAIN = TrainingSetSpec(["rain:x"], name="weekly")
LABELS = spine((1, 3), (7, 12))
HOUR = 3_600


def told(store: FeatureStore, table: str = "rain", hours: float | None = 0) -> Retention:
    time.sleep(0.003)  # what was removed in this millisecond is not removed before it
    return store.tables.retention(table, hours=hours).unwrap()


def names(found: Retention) -> list[str]:
    return sorted(Path(file.path).name for file in found.files)


def aged(path: Path, hours: float) -> Path:
    then = time.time() - hours * HOUR
    os.utime(path, (then, then))
    return path


def overwritten(store: FeatureStore) -> None:
    store.tables.write(rain(0, 1, range(1)), "rain", mode="overwrite").unwrap()
