"""Training sets that were built amid all kinds of writes are rebuilt, bit for bit, wherever that is done."""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from foreset import FeatureStore
from tests.trust import histories
from tests.trust.histories import History, history, open_store

HISTORIES = 20
SETS = 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[History]:
    root = tmp_path_factory.mktemp("histories")
    return [history(root / f"h{seed}", seed, SETS) for seed in range(HISTORIES)]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> "Told":
    return Told(capsys)


class Told:
    """Says how many were the same, also where output is captured."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, where: str, same: int, of: int) -> None:
        with self._capsys.disabled():
            print(f"\nrebuilt identical {where}: {same} of {of}")


def same(store: FeatureStore, sets: dict[str, pl.DataFrame]) -> int:
    """How many sets the store rebuilds as they were; each is proved by its fingerprint, and here by its rows."""
    for identifier, frame in sets.items():
        assert_frame_equal(store.rebuild(identifier).unwrap().frame, frame, check_exact=True)
    return len(sets)


def test_in_the_same_process(made: list[History], told: Told) -> None:
    count = sum(same(one.store, one.sets) for one in made)
    told("in the same process", count, HISTORIES * SETS)
    assert count == HISTORIES * SETS


def rebuilt_elsewhere(folders: list[Path]) -> list[str]:
    command = [sys.executable, histories.__file__, *map(str, folders)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def test_in_another_process(made: list[History], told: Told) -> None:
    identical = rebuilt_elsewhere([one.folder for one in made])
    told("in another process", len(identical), HISTORIES * SETS)
    assert sorted(identical) == sorted(identifier for one in made for identifier in one.sets)


def test_from_another_folder(made: list[History], told: Told, tmp_path: Path) -> None:
    """The tables and the store are copied, and the first folder is out of the way."""
    moved = [Path(shutil.copytree(one.folder, tmp_path / one.folder.name)) for one in made]
    away = [one.folder.rename(one.folder.with_name(f"away {one.folder.name}")) for one in made]
    try:
        count = sum(same(open_store(place), one.sets) for place, one in zip(moved, made, strict=True))
    finally:
        for place, one in zip(away, made, strict=True):
            place.rename(one.folder)
    told("from another folder", count, HISTORIES * SETS)
    assert count == HISTORIES * SETS


def test_from_pins_alone(made: list[History], told: Told, tmp_path: Path) -> None:
    """Each set is pinned; then there are no tables any more."""
    count = 0
    for one in made:
        place = Path(shutil.copytree(one.folder, tmp_path / one.folder.name))
        store = open_store(place)
        for identifier in one.sets:
            store.training_sets.pin(identifier).unwrap()
        for table in (histories.TABLE, "costs", "labels"):
            shutil.rmtree(place / table)
        count += same(open_store(place), one.sets)
    told("from pins alone", count, HISTORIES * SETS)
    assert count == HISTORIES * SETS
