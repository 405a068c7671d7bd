"""What stands where a file of a table should be and is not one, or has no end, is refused at once."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from returns.result import Result

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec, write_to_delta_lake
from foreset.domain.errors.problem import Problem

DAY = datetime(2024, 5, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2], "at": [DAY, DAY], "v": [1.0, 2.0]})
SPINE = pl.DataFrame({"k": [1], "event_timestamp": [DAY]})


def pipe(place: Path) -> None:
    os.mkfifo(place)


def device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def link_to_pipe(place: Path) -> None:
    os.mkfifo(place.parent.parent.parent / "elsewhere")
    place.symlink_to(place.parent.parent.parent / "elsewhere")


def endless(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(1 << 42)


KINDS: dict[str, Callable[[Path], None]] = {
    "pipe": pipe,
    "device": device,
    "link to a pipe": link_to_pipe,
    "no end": endless,
}
LOGS = ("00000000000000000001.json", "00000000000000000002.json", "_last_checkpoint")
CALLS: dict[str, Callable[[FeatureStore, str], Result[object, Problem]]] = {
    "retrieve": lambda store, _: store.training_set(TrainingSetSpec(["w:v"]), SPINE),
    "write": lambda store, table: store.tables.write(ROWS, table),
    "vacuum": lambda store, table: store.tables.vacuum(table),
    "changes": lambda store, table: store.tables.changes(table, 0, 1),
    "check": lambda store, table: store.tables.check(table, deep=True),
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    for _ in range(2):
        write_to_delta_lake(ROWS, tmp_path / "t")
    return tmp_path / "t"


@pytest.fixture
def store(tmp_path: Path, table: Path) -> FeatureStore:
    store = FeatureStore.open(tmp_path / "store").unwrap()
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("w", ["e"], DeltaSource(str(table), "at"), ["v"])).unwrap()
    return FeatureStore.open(tmp_path / "store").unwrap()  # which has read nothing


def said(done: Result[object, Problem]) -> str:
    """What a call says is wrong: its error, or what it reports."""
    found = done.swap().value_or(None)  # type: ignore[arg-type]
    return str(found) if found is not None else "\n".join(map(str, getattr(done.unwrap(), "findings", ())))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("call", CALLS)
def test_a_file_of_a_log_that_is_not_one(store: FeatureStore, table: Path, call: str, name: str, kind: str) -> None:
    place = table / "_delta_log" / name
    place.unlink(missing_ok=True)
    KINDS[kind](place)
    text = said(CALLS[call](store, str(table)))
    reasons = ("it is a named pipe", "it is a device", "it is larger than", "is empty")
    assert any(reason in text for reason in reasons), text


@pytest.mark.parametrize("kind", ["pipe", "device", "link to a pipe"])
@pytest.mark.parametrize("call", ["retrieve", "check"])
def test_a_data_file_that_is_not_one(store: FeatureStore, table: Path, call: str, kind: str) -> None:
    place = next(table.glob("*.parquet"))
    place.unlink()
    if kind == "link to a pipe":
        os.mkfifo(table.parent / "elsewhere")
        place.symlink_to(table.parent / "elsewhere")
    else:
        KINDS[kind](place)
    text = said(CALLS[call](store, str(table)))
    assert "it is a named pipe" in text or "it is a device" in text or "has 0 bytes" in text, text
