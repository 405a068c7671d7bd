"""A pin or a vacuum that is killed at any moment leaves nothing half done that the next one does not complete.

FORESET_KILLS sets how often.
"""

import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.retention import NotRebuildable
from foreset.domain.event_log.pins import TableVacuumed
from tests.crash import keeping

KILLS = int(os.environ.get("FORESET_KILLS", "2"))
DAY = datetime(2024, 1, 1, tzinfo=UTC)
SETS = 12
FILES = 24


def rows(first: int) -> pl.DataFrame:
    return pl.DataFrame({"k": range(first, first + FILES), "at": [DAY] * FILES, "x": [float(first)] * FILES})


@pytest.fixture
def made(tmp_path: Path) -> dict[str, pl.DataFrame]:
    """Training sets of a table of many files, by their ids."""
    store = keeping.open_store(tmp_path)
    store.tables.write(rows(0), "things", partition_by=["k"]).unwrap()
    view = FeatureViewSpec("things", ["thing"], DeltaSource("things", "at"), ["x"])
    store.register(EntitySpec("thing", ["k"]), view).unwrap()
    spines = (pl.DataFrame({"k": range(n, FILES), "event_timestamp": [DAY] * (FILES - n)}) for n in range(SETS))
    built = [store.training_set(TrainingSetSpec(["things:x"]), spine).unwrap() for spine in spines]
    return {one.id: one.frame for one in built}


def killed(tmp_path: Path, job: str, moment: float, files: int | None = None) -> list[str]:
    """What was acknowledged before the kill, which comes after a time, or when the table has lost so many files."""
    command = [sys.executable, keeping.__file__, str(tmp_path), job]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        deadline = time.monotonic() + moment
        while time.monotonic() < deadline and (files is None or remaining(tmp_path) > FILES - files):
            time.sleep(0 if files else 0.001)
        process.kill()
        lines += process.stdout.readlines()
    assert lines[0] == "open\n"
    return [line.split()[1] for line in lines[1:] if line.endswith("\n")]


def remaining(tmp_path: Path) -> int:
    """How many of the first version's files are there."""
    return (
        sum(1 for _ in (tmp_path / "things").glob("k=*/*.parquet")) - FILES * (tmp_path / "things" / "k=100").exists()
    )


def check_rebuilds(store: FeatureStore, made: dict[str, pl.DataFrame], *, from_pin: bool = False) -> None:
    for identifier, frame in made.items():
        assert_frame_equal(store.rebuild(identifier, from_pin=from_pin).unwrap().frame, frame, check_exact=True)


def check_pins(folder: Path, made: dict[str, pl.DataFrame], told: list[str]) -> None:
    """What was acknowledged stands, and what stands rebuilds."""
    store = keeping.open_store(folder)
    standing = {pin.id for pin in store.training_sets.pins().unwrap()}
    assert set(told) <= standing
    check_rebuilds(store, {identifier: made[identifier] for identifier in standing}, from_pin=True)


def test_pins_that_are_killed_are_completed(tmp_path: Path, made: dict[str, pl.DataFrame]) -> None:
    chance = random.Random(1)  # noqa: S311  # moments, not secrets
    for _ in range(KILLS):
        check_pins(tmp_path, made, killed(tmp_path, "pin", chance.uniform(0, 0.3)))
    store = keeping.open_store(tmp_path)
    for identifier in made:
        store.training_sets.pin(identifier).unwrap()
    check_rebuilds(store, made, from_pin=True)


def pin_and_overwrite(folder: Path, pinned: list[str]) -> None:
    store = keeping.open_store(folder)
    for identifier in pinned:
        store.training_sets.pin(identifier).unwrap()
    store.tables.write(rows(100), "things", mode="overwrite").unwrap()


@pytest.mark.parametrize("run", range(KILLS))
def test_a_vacuum_that_is_killed_is_completed(tmp_path: Path, made: dict[str, pl.DataFrame], run: int) -> None:
    pinned, lost = list(made)[::2], list(made)[1::2]
    pin_and_overwrite(tmp_path, pinned)
    chance = random.Random(run)  # noqa: S311  # as above
    killed(tmp_path, "vacuum", 20, chance.randrange(FILES)) if run else killed(tmp_path, "vacuum", 0.1)
    store = keeping.open_store(tmp_path)
    assert store.adapters.spines.read("things").unwrap().frame is not None
    check_rebuilds(store, {identifier: made[identifier] for identifier in pinned})
    vacuumed = [r.event for r in store.log.events().unwrap() if isinstance(r.event, TableVacuumed)]
    left = len(store.tables.retention("things", hours=0).unwrap().files)
    assert left == FILES or vacuumed  # no file goes unrecorded
    store.tables.vacuum("things", hours=0, force=True, lose=lost).unwrap()
    assert not store.tables.retention("things", hours=0).unwrap().files
    check_rebuilds(store, {identifier: made[identifier] for identifier in pinned})
    for identifier in lost:
        assert isinstance(store.rebuild(identifier).failure(), NotRebuildable)
    assert store.tables.info("things").unwrap().rows == FILES
