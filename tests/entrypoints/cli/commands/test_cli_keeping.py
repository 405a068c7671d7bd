"""Pins, retention and vacuum on the command line."""

import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, SpineReference, TrainingSetSpec
from foreset.entrypoints.cli import main

DAY = datetime(2024, 1, 1, tzinfo=UTC)
RAIN = pl.DataFrame({"city": ["Rome", "Oslo", "Bern"], "at": [DAY] * 3, "mm": [2.0, 9.0, 4.0]})
LABELS = pl.DataFrame({"city": ["Rome", "Oslo", "Rome"], "event_timestamp": [DAY] * 3})
SPEC = TrainingSetSpec(["rain:mm"], name="weekly")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two training sets of a version that the table has left behind; their ids."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORESET_STORE", "store")
    monkeypatch.setenv("FORESET_DATA_DIR", "data")
    store = FeatureStore.open("store").unwrap()
    store.tables.write(RAIN, "rain").unwrap()
    view = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
    store.register(EntitySpec("city", ["city"]), view).unwrap()
    built = [store.training_set(SPEC, labels).unwrap().id for labels in (LABELS, LABELS.head(1))]
    store.tables.write(RAIN.head(1), "rain", mode="overwrite").unwrap()
    time.sleep(0.003)  # what was removed in this millisecond is not removed before it
    return built


def said(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> str:
    assert main(argv) == code
    out, err = capsys.readouterr()
    assert bool(err) == bool(code)
    return err if code else out


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    return json.loads(said(capsys, *argv, "--json"))


def test_a_pin_is_made_once_and_given_up(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = made
    assert said(capsys, "pins") == "No training set is pinned. Next: `foreset pin ID`.\n"
    assert said(capsys, "pin", first).startswith(f"Pinned {first}: 2 rows (2 of rain), ")
    assert said(capsys, "pin", first).startswith(f"{first} has a pin, which is whole: 2 rows (2 of rain), ")
    assert said(capsys, "pins").splitlines()[1].split()[:2] == [first, "2"]
    [pin] = told(capsys, "pins")
    assert (pin["id"], pin["rows"], pin["frames"][0]["table"]) == (first, 2, "rain")
    assert said(capsys, "unpin", first) == f"Unpinned {first}: what was kept of it is gone.\n"
    assert said(capsys, "unpin", first, code=2).startswith(f"error: {first} has no pin.")


def test_a_rebuild_says_that_it_was_from_the_pin(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = made
    assert said(capsys, "rebuild", first, "--from-pin", code=2).startswith(f"error: {first} has no pin.")
    said(capsys, "pin", first)
    assert said(capsys, "rebuild", first).startswith(f"Rebuilt, identical: {first}: 3 rows")
    assert said(capsys, "rebuild", first, "--from-pin").startswith(f"Rebuilt from its pin, identical: {first}: 3 rows")
    shutil.rmtree("data/rain")
    lines = said(capsys, "rebuild", first).splitlines()
    assert lines[0].startswith(f"Rebuilt from its pin, identical: {first}")
    assert lines[1].startswith("The tables did not serve it: Delta Lake table not found: 'rain' would be at ")
    assert told(capsys, "rebuild", first)["from_pin"]
    assert said(capsys, "unpin", first, code=2).startswith(f"error: Without its pin {first} could not be rebuilt")
    assert said(capsys, "unpin", first, "--force")


def test_retention_tells_what_each_set_would_be(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    first, second = made
    said(capsys, "pin", first)
    lines = said(capsys, "retention", "rain", "--hours", "0").splitlines()
    assert lines[0].startswith("A vacuum of rain@1 that keeps 0 hours deletes 1 files, ")
    assert lines[0].endswith("The table itself asks for 168 hours.")
    assert lines[2].startswith(f"{first}  weekly        0  can be rebuilt from its pin alone ")
    assert lines[3].startswith(f"{second}  weekly        0  LOST: could not be rebuilt ")
    assert lines[4] == "Of 2 training sets 1 could not be rebuilt any more."
    document = told(capsys, "retention", "rain", "--hours", "0")
    assert {found["id"]: found["fate"] for found in document["sets"]} == {first: "pinned", second: "lost"}
    assert len(document["files"]) == 1
    assert said(capsys, "retention", "rain").splitlines()[2].split()[3:8] == ["can", "be", "rebuilt", "from", "the"]


def test_a_table_that_no_set_reads(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert made
    FeatureStore.open("store").unwrap().tables.write(RAIN, "wind").unwrap()
    assert said(capsys, "retention", "wind").splitlines()[1] == "No training set of this store reads the table."


def test_a_vacuum_loses_no_set_by_accident(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    first, second = made
    short = said(capsys, "vacuum", "rain", "--hours", "0", code=2)
    assert short.startswith("error: The table 'rain' asks to keep removed files for 168 hours")
    refused = said(capsys, "vacuum", "rain", "--hours", "0", "--force", code=2)
    assert f"could not be rebuilt any more: {first}, {second}. Nothing was deleted." in refused
    dry = said(capsys, "vacuum", "rain", "--hours", "0", "--dry-run", "--lose", first, "--lose", second)
    assert dry.splitlines()[-1] == "Nothing was deleted: this was a dry run."
    said(capsys, "pin", first)
    done = said(capsys, "vacuum", "rain", "--hours", "0", "--force", "--lose", second).splitlines()
    assert done[0].startswith("Vacuumed rain@1: 1 files are gone, ")
    assert done[1] == f"Lost, as you said: {second}."
    gone = said(capsys, "rebuild", second, code=1)
    assert gone.startswith(f"error: {second} cannot be rebuilt. Version 0 of the table 'rain' cannot be read: ")
    assert said(capsys, "rebuild", first).startswith("Rebuilt from its pin")


def test_a_vacuum_pins_first_where_that_is_asked(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    document = told(capsys, "vacuum", "rain", "--hours", "0", "--force", "--pin-first")
    assert (document["pinned"], document["lost"], len(document["deleted"])) == (made, [], 1)


def test_without_a_store_nothing_is_told_or_deleted(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert made
    for command in (["retention", "rain"], ["vacuum", "rain", "--hours", "0", "--force"]):
        refused = said(capsys, *command, "--store", "elsewhere", code=2)
        assert refused.startswith("error: No store is at elsewhere, so it cannot be told which training sets rest on")
    said(capsys, "pin", made[0], "--store", "elsewhere", code=2)
    assert not Path("elsewhere").exists()


def test_a_spine_that_was_not_kept_is_given_to_the_pin(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert made
    store = FeatureStore.open("store").unwrap()
    LABELS.tail(2).write_parquet("labels.parquet")
    spine = SpineReference("labels.parquet")
    other = store.training_set(SPEC, spine, keep_spine=False).unwrap().id
    assert "was not kept" in said(capsys, "pin", other, code=2)
    pinned = said(capsys, "pin", other, "--spine", "labels.parquet")
    assert "(1 of rain, 2 of the spine)" in pinned
    assert said(capsys, "rebuild", other).startswith("Rebuilt from its pin, identical: ")
