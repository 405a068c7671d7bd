"""Tables in S3 keep training sets rebuildable as local ones do."""

import time
from pathlib import Path

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.delta.log.folders import folder
from foreset.domain.errors.retention import NotRebuildable, WouldLose
from tests.s3.conftest import S3
from tests.trust.conftest import rain, spine

RAIN = TrainingSetSpec(["rain:x"])


@pytest.fixture
def store(s3: S3, table: str, tmp_path: Path) -> FeatureStore:
    opened = FeatureStore.open(tmp_path / "store").unwrap()
    opened.tables.write(rain(0, 4, range(3)), table, storage_options=s3.options).unwrap()
    source = DeltaSource(table, "t", storage_options=s3.options)
    opened.register(EntitySpec("place", ["k"]), FeatureViewSpec("rain", ["place"], source, ["x"])).unwrap()
    return opened


def data_files(s3: S3, table: str) -> set[str]:
    return {path for path in folder(table, s3.options).listing() if path.endswith(".parquet")}


def test_pins_retention_and_vacuum(store: FeatureStore, s3: S3, table: str) -> None:
    kept = store.training_set(RAIN, spine((1, 2))).unwrap()
    lost = store.training_set(RAIN, spine((2, 2))).unwrap()
    store.training_sets.pin(kept.id).unwrap()
    [old] = data_files(s3, table)
    store.tables.write(rain(4, 5, range(3)), table, mode="overwrite").unwrap()
    time.sleep(0.003)
    told = store.tables.retention(table, hours=0).unwrap()
    assert {found.id: found.fate for found in told.sets} == {kept.id: "pinned", lost.id: "lost"}
    assert [file.path for file in told.files] == [f"{table}/{old}"]
    assert isinstance(store.tables.vacuum(table, hours=0, force=True).failure(), WouldLose)
    assert store.tables.vacuum(table, hours=0, force=True, lose=[lost.id]).unwrap().deleted == (f"{table}/{old}",)
    assert old not in data_files(s3, table)
    assert store.rebuild(kept.id).unwrap().frame.equals(kept.frame)
    error = store.rebuild(lost.id).failure()
    assert isinstance(error, NotRebuildable)
    assert error.lost[0].files == (f"{table}/{old}",)
    assert pl.DataFrame(store.training_set(RAIN, spine((1, 9))).unwrap().frame)["x"].to_list() == [104.0]


def test_what_no_commit_names_stays_while_it_may_be_of_a_write(store: FeatureStore, s3: S3, table: str) -> None:
    s3.put(f"{table}/part-new.parquet", b"being written")
    assert store.tables.retention(table, hours=0).unwrap().files == ()


def test_files_in_folders_of_any_name(s3: S3, table: str, tmp_path: Path) -> None:
    store = FeatureStore.open(tmp_path / "store").unwrap()
    rows = rain(0, 3, range(3)).with_columns(city=pl.lit("a b/c%20:ü"))
    store.tables.write(rows, table, partition_by=["city"], storage_options=s3.options).unwrap()
    source = DeltaSource(table, "t", storage_options=s3.options)
    store.register(EntitySpec("place", ["k"]), FeatureViewSpec("rain", ["place"], source, ["x"])).unwrap()
    made = store.training_set(RAIN, spine((1, 1))).unwrap()
    [old] = data_files(s3, table)
    store.tables.write(rows.head(1), table, mode="overwrite").unwrap()
    time.sleep(0.003)
    [found] = store.tables.retention(table, hours=0).unwrap().sets
    assert (found.fate, found.files) == ("lost", (f"{table}/{old}",))
    assert store.tables.vacuum(table, hours=0, force=True, lose=[made.id]).unwrap().deleted == found.files
    assert old not in data_files(s3, table)
