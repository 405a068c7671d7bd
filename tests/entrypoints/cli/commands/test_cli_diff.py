"""`foreset diff`: what differs between two training sets."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.entrypoints.cli import main

ROWS = pl.DataFrame({"k": [1, 2], "at": [datetime(2024, 5, 1, tzinfo=UTC)] * 2, "x": [0.5, None]})
LABELS = pl.DataFrame({"k": [1, 2, 3], "event_timestamp": [datetime(2024, 5, 2, tzinfo=UTC)] * 3})


@pytest.fixture
def ids(workspace: Path) -> tuple[str, str]:
    """Two training sets, between which two cells changed."""
    store = FeatureStore.open(workspace / "feature_repo").unwrap()
    store.tables.write(ROWS, "orders").unwrap()
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("orders", "at"), ["x"])).unwrap()
    a = store.training_set(TrainingSetSpec(["v:x"]), LABELS).unwrap().id
    store.tables.write(ROWS.with_columns(x=pl.Series([1.5, 2.5])), "orders").unwrap()
    return a, store.training_set(TrainingSetSpec(["v:x"]), LABELS).unwrap().id


def test_the_difference_is_told(ids: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *(one[:9] for one in ids), "--examples", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"a         {ids[0]}, 3 rows, ")
    assert "table     orders@0 -> @1: 1 commit (1 WRITE)" in lines
    assert "cells     2 cells changed, in 1 column" in lines
    assert "column    x: 2 cells changed (1 from null, 1 to another value)" in lines
    assert lines[-3].startswith("          2 by version 1 of orders (WRITE ")
    assert lines[-1] == "          k=1 at 2024-05-02 00:00:00+00:00: 0.5 -> 1.5"


def test_the_json_form_has_the_causes(ids: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *ids, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["same"], told["changed_cells"]) == (False, 2)
    [column] = told["columns"]
    [cause] = column["causes"][0]["causes"]
    assert (cause["type"], cause["table"], cause["commit"]["version"]) == ("commit", "orders", 1)
    assert len(column["examples"]) == 2


def test_an_unknown_id_is_the_callers_fault(ids: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", ids[0], "ts-nothing"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "There is no training set 'ts-nothing' in this store." in err
