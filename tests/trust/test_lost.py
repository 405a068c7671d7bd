"""A set that cannot be rebuilt: which files or versions are gone, since when, and which rows may rest on them."""

import json
import random
import shutil
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from returns.pipeline import is_successful

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, SpineReference, TrainingSetSpec
from foreset.domain.errors.retention import Affected, LostVersion, NotRebuildable
from foreset.domain.errors.retrieval import TableReplaced
from foreset.domain.errors.tables import TableMissing
from tests.handmade import actions, commit, handmade
from tests.trust.conftest import day, rain, spine

RAIN = TrainingSetSpec(["rain:x"])
LABELS = spine((1, 3), (7, 12), (1, 30), (4, 9), (99, 5), (None, 5), (6, 1))


def lost(store: FeatureStore, identifier: str) -> LostVersion:
    error = store.rebuild(identifier).failure()
    assert isinstance(error, NotRebuildable)
    [found] = error.lost
    assert str(found) in str(error)
    return found


def files(store: FeatureStore, version: int | None = None) -> list[Path]:
    return [Path(file.path) for file in store.tables.info("rain", version).unwrap().data_files]


def test_a_file_that_was_deleted_by_hand(store: FeatureStore) -> None:
    made = store.training_set(RAIN, LABELS).unwrap()
    old, _ = files(store)
    old.unlink()
    found = lost(store, made.id)
    assert (found.table, found.version, found.files, found.removals) == ("rain", 1, (str(old),), ())
    assert found.affected == Affected(3, 7, (0, 2, 3))
    assert str(found) == (
        f"Version 1 of the table 'rain' cannot be read: a file of it is gone ({old.name}). "
        "3 of the 7 rows of the spine may rest on that, the first: 0, 2, 3."
    )


def test_only_rows_that_a_missing_file_may_serve_are_told(store: FeatureStore) -> None:
    """The newer file has the keys 5 to 9 from day 10 on."""
    made = store.training_set(RAIN, LABELS).unwrap()
    _, new = files(store)
    new.unlink()
    assert lost(store, made.id).affected == Affected(1, 7, (1,))


def test_the_ttl_bounds_what_a_file_may_serve(store: FeatureStore) -> None:
    made = store.training_set(TrainingSetSpec(["notes:note"]), LABELS).unwrap()
    old, _ = files(store)
    old.unlink()
    assert lost(store, made.id).affected == Affected(2, 7, (0, 3))


def test_without_statistics_all_rows_may_rest_on_a_file(tmp_path: Path) -> None:
    handmade(tmp_path / "bare", [rain(0, 3, range(3))])
    log = tmp_path / "bare" / "_delta_log" / f"{0:020}.json"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        line.get("add", {}).pop("stats", None)
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    view = FeatureViewSpec("bare", ["place"], DeltaSource("bare", "t"), ["x"])
    store.register(EntitySpec("place", ["k"]), view).unwrap()
    made = store.training_set(TrainingSetSpec(["bare:x"]), spine((1, 1), (99, 1))).unwrap()
    (tmp_path / "bare" / "part-00000.parquet").unlink()
    assert "All 2 rows of the spine may rest on that." in str(lost(store, made.id))


def test_it_is_told_which_commits_removed_the_files(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(RAIN, LABELS).unwrap()
    store.tables.write(rain(0, 1, range(1)).clear(), "rain", mode="overwrite", replace_where="k > 4").unwrap()
    DeltaTable(tmp_path / "rain").delete("k = 1")
    DeltaTable(tmp_path / "rain").vacuum(0, dry_run=False, enforce_retention_duration=False)
    found = lost(store, made.id)
    assert [(removal.version, removal.operation) for removal in found.removals] == [(2, "WRITE"), (3, "DELETE")]
    assert all(removal.at is not None for removal in found.removals)
    assert "2 of its files are gone (" in str(found)
    assert "; removed from the table by version 2 (WRITE at 20" in str(found)


def test_a_version_whose_log_was_cleaned_away(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(RAIN, LABELS).unwrap()
    store.tables.write(rain(20, 21, range(1)), "rain").unwrap()
    DeltaTable(tmp_path / "rain").create_checkpoint()
    for version in (0, 1):
        (tmp_path / "rain" / "_delta_log" / f"{version:020}.json").unlink()
    found = lost(FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap(), made.id)
    assert found.problem == "the commit of version 0 is missing from its log"
    assert "Version 1 of the table 'rain' cannot be opened: the commit of version 0 is missing" in str(found)
    assert "All 7 rows of the spine may rest on that." in str(found)


def test_a_table_that_the_spine_is_read_from(store: FeatureStore, tmp_path: Path) -> None:
    store.tables.write(LABELS, "labels").unwrap()
    made = store.training_set(RAIN, SpineReference("labels")).unwrap()
    for file in (tmp_path / "labels").glob("*.parquet"):
        file.unlink()
    found = lost(store, made.id)
    assert (found.table, found.version, found.affected) == ("labels", 0, Affected(7, 7, ()))


def test_all_tables_that_have_lost_something_are_told(store: FeatureStore, tmp_path: Path) -> None:
    store.tables.write(rain(0, 2, range(2)).rename({"x": "y"}), "wind").unwrap()
    store.register(FeatureViewSpec("wind", ["place"], DeltaSource("wind", "t"), ["y"])).unwrap()
    made = store.training_set(TrainingSetSpec(["rain:x", "wind:y"]), LABELS).unwrap()
    for table in ("rain", "wind"):
        for file in (tmp_path / table).glob("*.parquet"):
            file.unlink()
    error = store.rebuild(made.id).failure()
    assert isinstance(error, NotRebuildable)
    assert [found.table for found in error.lost] == ["rain", "wind"]


def test_files_that_no_row_needs_may_be_gone(store: FeatureStore) -> None:
    made = store.training_set(RAIN, spine((1, 3), (2, 5))).unwrap()
    _, new = files(store)
    new.unlink()
    assert store.rebuild(made.id).unwrap().frame.equals(made.frame)


@pytest.mark.parametrize("removed", [True, False])
def test_a_deletion_vector_that_is_gone(tmp_path: Path, removed: bool) -> None:  # noqa: FBT001
    handmade(tmp_path / "dv", [rain(0, 3, range(3))], deletion_vectors={0: [1]}, vectors_in="file")
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    view = FeatureViewSpec("dv", ["place"], DeltaSource("dv", "t"), ["x"])
    store.register(EntitySpec("place", ["k"]), view).unwrap()
    made = store.training_set(TrainingSetSpec(["dv:x"]), spine((1, 1))).unwrap()
    [vector] = (tmp_path / "dv").glob("deletion_vector_*.bin")
    vector.unlink()
    [add] = actions(tmp_path / "dv", 0, "add")
    if removed:
        gone = {
            "path": add["path"],
            "deletionTimestamp": 1,
            "dataChange": True,
            "deletionVector": add["deletionVector"],
        }
        commit(tmp_path / "dv", {"remove": gone})
    fresh = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    found = lost(fresh, made.id)
    assert found.files == (str(vector),)
    assert found.affected == Affected(1, 1, ())
    assert [removal.version for removal in found.removals] == ([1] if removed else [])


def test_what_is_no_loss_of_a_version_is_told_as_before(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(RAIN, LABELS).unwrap()
    shutil.move(tmp_path / "rain", tmp_path / "moved")
    assert isinstance(store.rebuild(made.id).failure(), TableMissing)
    store.tables.write(rain(0, 1, range(1)), "rain").unwrap()
    store.tables.write(rain(0, 1, range(1)), "rain").unwrap()
    assert isinstance(store.rebuild(made.id).failure(), TableReplaced)


@pytest.mark.parametrize("seed", range(12))
def test_every_row_that_a_missing_file_served_is_told(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # cases, not secrets
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    for number in range(4):
        rows = [(chance.randrange(6), day(chance.randrange(9)), 100 * number + n) for n in range(6)]
        store.tables.write(pl.DataFrame(rows, schema=["k", "t", "x"], orient="row"), "rain").unwrap()
    ttl = timedelta(days=chance.randrange(4))
    view = FeatureViewSpec("rain", ["place"], DeltaSource("rain", "t"), ["x"], ttl=ttl)
    store.register(EntitySpec("place", ["k"]), view).unwrap()
    made = store.training_set(
        RAIN, spine(*((chance.randrange(7), chance.randrange(-1, 10)) for _ in range(10)))
    ).unwrap()
    served = made.frame["x"].to_list()
    for number, file in enumerate(files(store)):
        content = file.read_bytes()
        file.unlink()
        of_file = {row for row, x in enumerate(served) if x is not None and x // 100 == number}
        told = Affected(0, 10, ()) if is_successful(store.rebuild(made.id)) else lost(store, made.id).affected
        assert told is not None
        assert of_file <= set(told.first)
        assert told.rows == len(told.first)
        file.write_bytes(content)


@pytest.mark.parametrize("dtype", [pl.Date, pl.Datetime("ns"), pl.Datetime("ms", "Asia/Tokyo")])
def test_times_of_all_kinds_are_held_against_the_log(store: FeatureStore, dtype: pl.DataType) -> None:
    labels = spine((7, 12), (7, 9), (1, 12)).with_columns(
        pl.col("event_timestamp").dt.convert_time_zone("Asia/Tokyo").cast(dtype)
        if dtype == pl.Datetime("ms", "Asia/Tokyo")
        else pl.col("event_timestamp").dt.replace_time_zone(None).cast(dtype)
    )
    made = store.training_set(RAIN, labels).unwrap()
    _, new = files(store)
    new.unlink()
    assert lost(store, made.id).affected == Affected(1, 3, (0,))


def test_partitions_tell_which_keys_a_file_has(tmp_path: Path) -> None:
    rows = rain(0, 4, range(3)).with_columns(city=pl.concat_str(pl.lit("c"), pl.col("k").cast(pl.String))).drop("k")
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    store.tables.write(rows, "rain", partition_by=["city"]).unwrap()
    view = FeatureViewSpec("rain", ["place"], DeltaSource("rain", "t"), ["x"])
    store.register(EntitySpec("place", ["city"]), view).unwrap()
    labels = pl.DataFrame({"city": ["c0", "c1", "c2", "c1"], "event_timestamp": [day(2) + timedelta(hours=1)] * 4})
    made = store.training_set(RAIN, labels).unwrap()
    [gone] = (tmp_path / "rain" / "city=c1").glob("*.parquet")
    gone.unlink()
    assert lost(store, made.id).affected == Affected(2, 4, (1, 3))
