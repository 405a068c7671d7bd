"""What a vacuum would delete, and what it means to training sets."""

from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from deltalake import DeltaTable
from returns.pipeline import is_successful

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, SpineReference
from foreset.domain.definitions.models import ModelTrained
from foreset.domain.errors.tables import UnsupportedTable
from foreset.domain.event_log.receipts import training_set_stream
from foreset.domain.retention.vacuum_rule import hours_of
from tests.handmade import DAY_MS, actions, commit, handmade
from tests.trust.conftest import rain, spine
from tests.trust.retained import LABELS, RAIN, aged, names, overwritten, told


def test_the_newest_version_stays_whole(store: FeatureStore) -> None:
    store.training_set(RAIN, LABELS).unwrap()
    found = told(store)
    assert (found.files, found.size_bytes) == ((), 0)
    assert [s.fate for s in found.sets] == ["stays"]


def test_a_set_is_told_with_its_version_files_pin_and_models(store: FeatureStore) -> None:
    made = store.training_set(RAIN, spine((1, 3), (2, 4))).unwrap()
    old, _ = (file.path for file in store.tables.info("rain").unwrap().data_files)
    trained = ModelTrained(
        training_set_id=made.id,
        estimator="sklearn.linear_model.Ridge",
        params={},
        metrics={},
        rows_train=1,
        rows_test=1,
        fingerprint="f",
        saved_to="models/weekly.skops",
    )
    adapters = store.adapters
    stream = training_set_stream(made.id)
    adapters.events.append(stream, (trained,), expected=None, at=adapters.clock.now(), actor="me").unwrap()
    overwritten(store)
    [found] = told(store).sets
    assert (found.id, found.name, found.version, found.fate) == (made.id, "weekly", 1, "lost")
    assert found.files == (old,)
    assert found.models == ("sklearn.linear_model.Ridge (models/weekly.skops)",)
    assert found.pin_bytes is None
    pin = store.training_sets.pin(made.id).unwrap().pin
    [found] = told(store).sets
    assert (found.fate, found.pin_bytes) == ("pinned", pin.size_bytes)


def test_files_stay_for_the_hours(store: FeatureStore) -> None:
    store.training_set(RAIN, LABELS).unwrap()
    overwritten(store)
    assert [s.fate for s in told(store, hours=1).sets] == ["stays"]
    assert [s.fate for s in told(store, hours=0).sets] == ["lost"]


def test_the_hours_are_by_default_those_that_the_table_asks_for(store: FeatureStore, tmp_path: Path) -> None:
    assert told(store, hours=None).hours == 168
    table = DeltaTable(tmp_path / "rain")
    table.alter.set_table_properties({"delta.deletedFileRetentionDuration": "interval 36 hours"})
    overwritten(store)
    found = told(store, hours=None)
    assert (found.hours, found.table_hours, found.files) == (36, 36, ())


@pytest.mark.parametrize("text", ["interval nan days", "interval 1e999 days", "interval -3 days", "a week"])
def test_a_setting_that_is_no_duration_is_as_none(text: str) -> None:
    setting = "delta.deletedFileRetentionDuration"
    assert hours_of({setting: text}, setting, 168) == 168


def test_sets_whose_spine_is_read_from_the_table(store: FeatureStore, tmp_path: Path) -> None:
    store.tables.write(LABELS, "labels").unwrap()
    by_name = store.training_set(RAIN, SpineReference("labels")).unwrap()
    by_path = store.training_set(RAIN, SpineReference(str(tmp_path / "labels"), filter="k > 1")).unwrap()
    store.tables.write(LABELS.head(1), "labels", mode="overwrite").unwrap()
    assert {s.id: s.fate for s in told(store, "labels").sets} == {by_name.id: "lost", by_path.id: "lost"}
    assert {s.fate for s in told(store, str(tmp_path / "labels")).sets} == {"lost"}
    assert {s.fate for s in told(store).sets} == {"stays"}


def test_a_table_is_the_same_by_name_path_and_link(store: FeatureStore, tmp_path: Path) -> None:
    store.training_set(RAIN, LABELS).unwrap()
    overwritten(store)
    (tmp_path / "link").symlink_to(tmp_path / "rain")
    for table in ("rain", str(tmp_path / "rain"), str(tmp_path / "link"), "link"):
        assert [s.fate for s in told(store, table).sets] == ["lost"]


def test_files_that_no_row_needs_cost_no_set(store: FeatureStore) -> None:
    """The newer file has the keys 5 to 9 only."""
    made = store.training_set(RAIN, spine((1, 3), (2, 4))).unwrap()
    store.tables.write(rain(0, 1, range(1)).clear(), "rain", mode="overwrite", replace_where="k > 4").unwrap()
    found = told(store)
    assert len(found.files) == 1
    assert [s.fate for s in found.sets] == ["stays"]
    assert len(store.tables.vacuum("rain", hours=0, force=True).unwrap().deleted) == 1
    assert store.rebuild(made.id).unwrap().frame.equals(made.frame)


def test_files_that_no_commit_names(store: FeatureStore, tmp_path: Path) -> None:
    """Those of writes that were cut short go after the hours, those that may be of one that goes on stay."""
    place = tmp_path / "rain"
    for folder in ("_hidden", ".git", "_change_data", "_day=1", "sub"):
        (place / folder).mkdir()
    shown = place / "part-left.parquet"
    for path in (
        shown,
        place / "_change_data" / "cdc-1.parquet",
        place / "_day=1" / "part-1.parquet",
        place / "deletion_vector_1.bin",
        place / "_hidden" / "part-2.parquet",
        place / ".git" / "part-3.parquet",
        place / "sub" / "notes.txt",
        place / "README.parquet.md",
    ):
        path.write_bytes(b"left")
        aged(path, 5)
    (place / "part-now.parquet").write_bytes(b"being written")
    assert names(told(store, hours=6)) == []
    assert names(told(store, hours=4)) == ["cdc-1.parquet", "deletion_vector_1.bin", "part-1.parquet", shown.name]
    assert "part-now.parquet" not in names(told(store, hours=0))
    aged(place / "part-now.parquet", 1.1)
    assert "part-now.parquet" in names(told(store, hours=0))
    assert len(store.tables.vacuum("rain", hours=4, force=True).unwrap().deleted) == 4
    assert (place / "_hidden" / "part-2.parquet").exists()
    assert store.tables.info("rain").unwrap().rows == 100


def dv_table(tmp_path: Path) -> FeatureStore:
    """A table with a deletion vector in a file; the next version has another in its place."""
    handmade(tmp_path / "dv", [rain(0, 3, range(3))], deletion_vectors={0: [1]}, vectors_in="file")
    [add] = actions(tmp_path / "dv", 0, "add")
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    view = FeatureViewSpec("rain", ["place"], DeltaSource("dv", "t"), ["x"])
    store.register(EntitySpec("place", ["k"]), view).unwrap()
    store.training_set(RAIN, spine((1, 1))).unwrap()
    handmade(tmp_path / "other", [rain(0, 3, range(3))], deletion_vectors={0: [1, 2]}, vectors_in="file")
    [second] = actions(tmp_path / "other", 0, "add")
    [vector] = (tmp_path / "other").glob("deletion_vector_*.bin")
    vector.rename(tmp_path / "dv" / vector.name)
    remove = {name: add[name] for name in ("path", "dataChange", "deletionVector")}
    replaced = {**add, "deletionVector": second["deletionVector"]}
    commit(tmp_path / "dv", {"remove": {**remove, "deletionTimestamp": DAY_MS}}, {"add": replaced})
    return store


def test_a_deletion_vector_that_was_replaced_is_needed_by_the_version_before(tmp_path: Path) -> None:
    store = dv_table(tmp_path)
    found = told(store, "dv")
    assert [path.startswith("deletion_vector_") for path in names(found)] == [True]
    [lost] = found.sets
    assert (lost.fate, lost.files) == ("lost", (found.files[0].path,))
    done = store.tables.vacuum("dv", hours=0, force=True, lose=[lost.id]).unwrap()
    assert done.deleted == lost.files
    fresh = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    assert fresh.training_set(RAIN, spine((1, 1))).unwrap().frame["x"].to_list() == [101.0]
    assert "of the table 'dv' cannot be read: a file of it is gone (deletion_vector_" in str(
        fresh.rebuild(lost.id).failure()
    )


@pytest.mark.parametrize("mapping", ["id", "name"])
def test_where_only_footers_tell_the_columns_all_files_are_needed(
    tmp_path: Path, mapping: Literal["id", "name"]
) -> None:
    """A set that one of two files serves; the other is removed. By name the log tells the columns of both."""
    place = handmade(tmp_path / "mapped", [rain(0, 3, range(3)), rain(0, 3, range(5, 9))], mapping=mapping)
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    view = FeatureViewSpec("rain", ["place"], DeltaSource("mapped", "t"), ["x"])
    store.register(EntitySpec("place", ["k"]), view).unwrap()
    made = store.training_set(RAIN, spine((1, 1))).unwrap()
    [_, other] = actions(place, 0, "add")
    commit(place, {"remove": {"path": other["path"], "deletionTimestamp": DAY_MS, "dataChange": True}})
    fate = {"id": "lost", "name": "stays"}[mapping]
    assert [s.fate for s in told(store, "mapped").sets] == [fate]
    assert store.tables.vacuum("mapped", hours=0, force=True, lose=[made.id]).unwrap().deleted
    fresh = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    assert is_successful(fresh.rebuild(made.id)) == (fate == "stays")


@pytest.mark.parametrize("text", ["a b/c", "%20%3A", "2024-01-01 00:00:00", "ü=&?#+"])
def test_files_in_folders_of_any_name(tmp_path: Path, text: str) -> None:
    """The log has their paths encoded, and the folders are named by encoded texts."""
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    rows = rain(0, 3, range(3)).with_columns(city=pl.lit(text))
    store.tables.write(rows, "rain", partition_by=["city"]).unwrap()
    view = FeatureViewSpec("rain", ["place"], DeltaSource("rain", "t"), ["x"])
    store.register(EntitySpec("place", ["k"]), view).unwrap()
    made = store.training_set(RAIN, spine((1, 1))).unwrap()
    [old] = (tmp_path / "rain").glob("*/*.parquet")
    store.tables.write(rows.head(1), "rain", mode="overwrite").unwrap()
    [found] = told(store).sets
    assert (found.fate, found.files) == ("lost", (str(old),))
    assert store.tables.vacuum("rain", hours=0, force=True, lose=[made.id]).unwrap().deleted == (str(old),)
    assert not old.exists()
    assert f"a file of it is gone ({old.name}); removed" in str(store.rebuild(made.id).failure())


def test_a_file_that_came_back_stays(store: FeatureStore, tmp_path: Path) -> None:
    store.training_set(RAIN, LABELS).unwrap()
    overwritten(store)
    DeltaTable(tmp_path / "rain").restore(1)
    found = told(store)
    assert [s.fate for s in found.sets] == ["stays"]
    assert len(found.files) == 1
    assert store.tables.vacuum("rain", hours=0, force=True).unwrap().deleted
    assert store.training_set(RAIN, LABELS).unwrap().frame.height == 2


def test_a_version_that_is_not_read_for_another_reason_is_not_given_up(tmp_path: Path) -> None:
    """A newer commit asked readers for what this Foreset does not do; the version before it is whole."""
    handmade(tmp_path / "mapped", [rain(0, 3, range(3))])
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    view = FeatureViewSpec("rain", ["place"], DeltaSource("mapped", "t"), ["x"])
    store.register(EntitySpec("place", ["k"]), view).unwrap()
    made = store.training_set(RAIN, spine((1, 1))).unwrap()
    log = tmp_path / "mapped" / "_delta_log" / f"{0:020}.json"
    plain = log.read_text()
    [add] = actions(tmp_path / "mapped", 0, "add")
    commit(tmp_path / "mapped", {"remove": {"path": add["path"], "deletionTimestamp": DAY_MS, "dataChange": True}})
    asked = '"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["strange"], "writerFeatures": ["strange"]'
    log.write_text(plain.replace('"minReaderVersion": 1, "minWriterVersion": 2', asked))
    later = '{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}\n'
    second = tmp_path / "mapped" / "_delta_log" / f"{1:020}.json"
    second.write_text(second.read_text() + later)
    fresh = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    assert isinstance(fresh.rebuild(made.id).failure(), UnsupportedTable)
    assert [s.fate for s in told(fresh, "mapped").sets] == ["lost"]


def test_it_holds_after_a_checkpoint(store: FeatureStore, tmp_path: Path) -> None:
    store.training_set(RAIN, LABELS).unwrap()
    overwritten(store)
    DeltaTable(tmp_path / "rain").create_checkpoint()
    assert [s.fate for s in told(store).sets] == ["lost"]
    DeltaTable(tmp_path / "rain").cleanup_metadata()
    assert [s.fate for s in told(store).sets] == ["lost"]


def test_a_log_that_other_writers_may_clean_away_is_told(store: FeatureStore, tmp_path: Path) -> None:
    store.training_set(RAIN, LABELS).unwrap()
    table = DeltaTable(tmp_path / "rain")
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 2 days"})
    assert [s.log_expires for s in told(store).sets] == [False]
    aged(tmp_path / "rain" / "_delta_log" / f"{0:020}.json", 49)
    assert [s.log_expires for s in told(store).sets] == [True]
    table.alter.set_table_properties({"delta.enableExpiredLogCleanup": "false"})
    assert [s.log_expires for s in told(store).sets] == [False]
