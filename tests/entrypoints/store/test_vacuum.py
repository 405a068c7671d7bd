"""A vacuum between planning and reading: the error says that files are gone, and nothing is recorded."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
from deltalake import DeltaTable
from msgspec.structs import replace

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TrainingSetSpec,
    read_delta_table,
)
from foreset.domain.errors.retention import NotRebuildable
from foreset.domain.errors.tables import DataFileGone
from foreset.domain.planning.nodes import Passes, Scan
from foreset.domain.planning.plan import RetrievalPlan

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2], "t": [DAY, DAY], "x": [0.5, 1.5]}).with_columns(
    pl.col("t").cast(pl.Datetime("us", "UTC"))
)
SPINE = pl.DataFrame({"k": [2, 1], "event_timestamp": [DAY, DAY]})


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    opened = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    opened.tables.write(ROWS, "t").unwrap()
    opened.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("t", "t"), ["x"])).unwrap()
    return opened


def overwrite_and_vacuum(tmp_path: Path) -> Path:
    """The rows of version 0 leave the table, and then the disk; gives the file that held them."""
    [gone] = (tmp_path / "t").glob("*.parquet")
    FeatureStore.open(tmp_path / "other", data_dir=tmp_path).unwrap().tables.write(ROWS, "t", mode="overwrite").unwrap()
    DeltaTable(str(tmp_path / "t")).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    assert not gone.exists()
    return gone


def test_a_rebuild_from_files_that_are_gone(store: FeatureStore, tmp_path: Path) -> None:
    identifier = store.training_set(TrainingSetSpec(["v:x"]), SPINE).unwrap().id
    gone = overwrite_and_vacuum(tmp_path)
    before = store.log.events().unwrap()
    error = store.rebuild(identifier).failure()
    assert isinstance(error, NotRebuildable)
    assert f"Version 0 of the table 't' cannot be read: a file of it is gone ({gone.name}); " in str(error)
    assert "removed from the table by version 1 (WRITE at " in str(error)
    assert "All 2 rows of the spine may rest on that." in str(error)
    assert store.log.events().unwrap() == before
    assert store.training_set(TrainingSetSpec(["v:x"]), SPINE).unwrap().frame["x"].to_list() == [1.5, 0.5]


@pytest.mark.parametrize("passes", get_args(Passes))
def test_a_plan_that_is_run_after_a_vacuum(store: FeatureStore, tmp_path: Path, passes: Passes) -> None:
    plan = store.plan(TrainingSetSpec(["v:x"]), SPINE).unwrap()
    gone = overwrite_and_vacuum(tmp_path)
    with pytest.raises(ForesetError) as refused:
        list(store.adapters.executor.execute(with_passes(plan, passes), SPINE).unwrap().parts)
    assert isinstance(refused.value.error, DataFileGone)
    assert gone.name in str(refused.value)


def with_passes(plan: RetrievalPlan, passes: Passes) -> RetrievalPlan:
    return RetrievalPlan(
        tuple(
            replace(node, how=replace(node.how, passes=passes)) if isinstance(node, Scan) and node.how else node
            for node in plan.nodes
        )
    )


def test_a_snapshot_that_is_read_after_a_vacuum(store: FeatureStore, tmp_path: Path) -> None:
    seen = store.adapters.tables.observe("t").unwrap()
    gone = overwrite_and_vacuum(tmp_path)
    error = seen.read(("k",)).failure()
    assert isinstance(error, DataFileGone)
    assert str(gone) in str(error)
    assert read_delta_table(tmp_path / "t").height == 2
