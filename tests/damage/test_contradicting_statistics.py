"""Statistics that contradict each other are reported where files are skipped by them, and skip nothing."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec, write_to_delta_lake
from foreset.domain.errors.tables import StatisticsContradict, TableUnreadable
from foreset.domain.facts import DataFile
from foreset.domain.planning.data_skipping import contradiction, may_serve
from foreset.domain.planning.nodes import Bounds

TIME = pl.Datetime("us", "UTC")


def features(first: int) -> pl.DataFrame:
    return pl.DataFrame({"k": [1, 2], "at": pl.Series([first, first + 10**7]).cast(TIME), "v": [first, None]})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A table of two files, and a store in whose folder it is."""
    for first in (0, 10**9):
        write_to_delta_lake(features(first), tmp_path / "t", mode="append")
    with FeatureStore.open(tmp_path / "store").unwrap() as store:
        source = DeltaSource(str(tmp_path / "t"), "at")
        store.register(EntitySpec("e", ["k"]), FeatureViewSpec("w", ["e"], source, ["v"])).unwrap()
    return tmp_path


def claim(place: Path, version: int, edit: dict[str, Any]) -> str:
    """Let the log say other things of the file of a version; gives the file."""
    commit = place / "t" / "_delta_log" / f"{version:020}.json"
    lines = [json.loads(line) for line in commit.read_text().splitlines()]
    [add] = [line["add"] for line in lines if "add" in line]
    stats = json.loads(add["stats"])
    for name, value in edit.items():
        stats[name] = stats[name] | value if isinstance(value, dict) else value
    add["stats"] = json.dumps(stats)
    commit.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return str(add["path"])


def asked(place: Path) -> Any:
    with FeatureStore.open(place / "store").unwrap() as store:
        spine = pl.DataFrame({"k": [1], "event_timestamp": pl.Series([2 * 10**9]).cast(TIME)})
        return store.training_set(TrainingSetSpec(["w:v"]), spine)


@pytest.mark.parametrize("version", [0, 1])
def test_bounds_of_times_the_wrong_way_round_are_reported(place: Path, version: int) -> None:
    file = claim(place, version, {"minValues": {"at": "2031-01-01T00:00:00Z"}})
    refused = asked(place).failure()
    assert isinstance(refused, StatisticsContradict)
    assert (refused.where, refused.column, refused.file.endswith(file)) == ("log", "at", True)
    assert refused.least > refused.greatest
    assert "Next: see by `foreset check --deep`" in refused.message


def test_bounds_of_keys_the_wrong_way_round_are_reported(place: Path) -> None:
    claim(place, 1, {"minValues": {"k": 99}, "maxValues": {"k": -99}})
    refused = asked(place).failure()
    assert isinstance(refused, StatisticsContradict)
    assert (refused.column, refused.least, refused.greatest) == ("k", 99, -99)


def test_bounds_of_what_nothing_is_skipped_by_do_not_count(place: Path) -> None:
    claim(place, 1, {"minValues": {"v": 99}, "maxValues": {"v": -99}})
    assert asked(place).unwrap().frame["v"].to_list() == [10**9]


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        ({"numRecords": -2}, "fewer than none"),
        ({"nullCount": {"v": 3}}, "its log counts 3 nulls in the column 'v'"),
        ({"nullCount": {"v": -1}}, "its log counts -1 nulls in the column 'v'"),
        ({"numRecords": 0}, "nulls in the column"),
    ],
)
def test_counts_that_contradict_each_other_are_reported(place: Path, edit: dict[str, Any], problem: str) -> None:
    claim(place, 1, edit)
    refused = asked(place).failure()
    assert isinstance(refused, TableUnreadable)
    assert problem in refused.message


def test_a_merge_finds_rows_in_files_whose_bounds_contradict(place: Path) -> None:
    claim(place, 0, {"minValues": {"k": 99}, "maxValues": {"k": -99}})
    changed = features(0).with_columns(v=pl.lit(7, pl.Int64))
    write_to_delta_lake(changed, place / "t", mode="merge", merge_on=["k", "at"])
    found = pl.read_delta(str(place / "t")).sort("at", "k")
    assert found["v"].to_list() == [7, 7, 10**9, None]


def test_what_contradicts_itself_excludes_nothing() -> None:
    file = DataFile(path="f", rows=1, size_bytes=1, modified_ms=0, ranges={"a": (5, 4), "b": (1, 2)})
    low = Bounds(column="a", greatest=-9)
    assert may_serve(file, [low])
    assert contradiction([file], [low]) == (file, "a")
    assert contradiction([file], [low, Bounds(column="b", least=3)]) is None
