"""The library's facade over real Delta tables and a real event log."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, SpineReference, TrainingSetSpec
from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.polars.frames.fingerprint import fingerprint
from foreset.domain.errors.event_log import LogCorrupt, LogTooNew, StoreUnwritable
from foreset.domain.errors.retention import NotRebuildable
from foreset.domain.errors.retrieval import KnownInFuture, SpineDiffers, SpineNotKept, TableReplaced
from foreset.domain.errors.specs import UnknownTrainingSet
from foreset.domain.errors.tables import BeforeFirstVersion


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2024, 5, number, hour, tzinfo=UTC)


RAIN = pl.DataFrame(
    {
        "city": ["Rome", "Rome", "Oslo"],
        "at": [day(1), day(3), day(2)],
        "made": [day(1), day(4), day(2)],
        "mm": [2.0, 9.0, 5.0],
    }
)
CITY = EntitySpec("city", ["city"])
VIEW = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at", created_timestamp_field="made"), ["mm"])
SPEC = TrainingSetSpec(["rain:mm"])
LABELS = pl.DataFrame(
    {"city": ["Rome", "Oslo", "Bern", "Rome"], "event_timestamp": [day(3), day(1), day(5), day(2)], "y": [1, 0, 1, 0]}
)
EXPECTED = [9.0, None, None, 2.0]


@pytest.fixture
def tables(tmp_path: Path) -> DeltaTables:
    tables = DeltaTables(tmp_path / "lake")
    tables.write("rain", RAIN).unwrap()
    return tables


@pytest.fixture
def store(tables: DeltaTables, tmp_path: Path) -> FeatureStore:
    assert tables.observe("rain").unwrap().facts.version == 0
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "lake").unwrap()
    store.register(CITY, VIEW).unwrap()
    return store


# === Definitions ===


def test_registering_again_is_no_event_and_a_change_is_a_new_version(store: FeatureStore) -> None:
    assert store.register(CITY, VIEW).unwrap().changed == 0
    changed = FeatureViewSpec("rain", ["city"], VIEW.source, ["mm"], ttl=timedelta(days=1))
    assert store.register(changed).unwrap().changed == 1
    assert [r.position for r in store.log.events().unwrap()] == [1, 2, 3]
    assert store.catalog().unwrap().views["rain"].version == 2
    assert store.at(2).unwrap().catalog().unwrap().views["rain"].spec == VIEW
    assert store.at(1).unwrap().catalog().unwrap().views == {}
    assert store.remove(views=["rain"]).unwrap().changed == 1
    assert store.catalog().unwrap().views == {}


def test_another_store_in_the_folder_sees_the_definitions(store: FeatureStore, tmp_path: Path) -> None:
    other = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "lake").unwrap()
    assert other.catalog().unwrap() == store.catalog().unwrap()
    assert other.training_set(SPEC, LABELS).unwrap().id == store.training_set(SPEC, LABELS).unwrap().id


# === Training sets ===


def test_a_training_set_and_its_receipt(store: FeatureStore) -> None:
    made = store.training_set(SPEC, LABELS).unwrap()
    assert made.frame.equals(LABELS.with_columns(mm=pl.Series(EXPECTED)))
    receipt = made.receipt
    assert (receipt.versions, receipt.rows, receipt.columns) == ({"rain": 0}, 4, ("city", "event_timestamp", "y", "mm"))
    assert (receipt.spec, receipt.ties, receipt.semantics) == (SPEC, {"rain": 0}, 1)
    assert (receipt.spine.kept, receipt.spine.fingerprint) == (True, fingerprint(LABELS))
    assert receipt.fingerprint == fingerprint(made.frame)
    assert set(receipt.libraries) == {"foreset", "polars", "deltalake"}
    assert store.receipt(made.id).unwrap() == store.receipt(made.id[:8]).unwrap() == receipt
    assert repr(made) == f"TrainingSet({made.id}, 4 rows, 1 features, from rain@0)"


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "split", "categorical", "Tokyo"])
def test_the_kind_of_the_spine_does_not_change_what_is_served(store: FeatureStore, kind: str) -> None:
    spines: dict[str, Any] = {
        "pandas": LABELS.to_pandas(),
        "pyarrow": LABELS.to_arrow(),
        "split": pl.concat([LABELS[:1], LABELS[1:]], rechunk=False),
        "categorical": LABELS.with_columns(pl.col("city").cast(pl.Categorical)),
        "Tokyo": LABELS.with_columns(pl.col("event_timestamp").dt.convert_time_zone("Asia/Tokyo")),
    }
    made = store.training_set(SPEC, spines[kind]).unwrap()
    assert made.frame["mm"].to_list() == EXPECTED
    if kind in {"pyarrow", "split"}:
        assert made.id == store.training_set(SPEC, LABELS).unwrap().id
    assert store.rebuild(made.id).unwrap().frame.equals(made.frame)


def test_dates_are_midnight_in_utc(store: FeatureStore) -> None:
    spine = pl.DataFrame({"city": ["Rome", "Rome"], "event_timestamp": [date(2024, 5, 2), date(2024, 5, 3)]})
    assert store.training_set(SPEC, spine).unwrap().frame["mm"].to_list() == [2.0, 9.0]


def test_a_spine_of_no_rows_and_a_table_of_no_rows(store: FeatureStore, tables: DeltaTables) -> None:
    empty = store.training_set(SPEC, LABELS.clear()).unwrap()
    assert empty.frame.schema == {**LABELS.schema, "mm": pl.Float64}
    assert (empty.frame.height, empty.receipt.rows) == (0, 0)
    assert store.rebuild(empty.id).unwrap().id == empty.id
    tables.write("rain", RAIN.clear(), "overwrite").unwrap()
    assert store.training_set(SPEC, LABELS).unwrap().frame["mm"].to_list() == [None] * 4


def test_versions_full_names_and_known_at(store: FeatureStore, tables: DeltaTables) -> None:
    before = datetime.now(UTC)
    tables.write("rain", RAIN.with_columns(pl.col("mm") * 10), "overwrite").unwrap()
    assert store.training_set(SPEC, LABELS).unwrap().receipt.versions == {"rain": 1}
    pinned = TrainingSetSpec(["rain:mm"], versions={"rain": 0}, full_feature_names=True)
    assert store.training_set(pinned, LABELS).unwrap().frame["rain__mm"].to_list() == EXPECTED
    for when, version in ((before, 0), (datetime.now(UTC), 1)):
        known = store.training_set(TrainingSetSpec(["rain:mm"], known_at=when), LABELS).unwrap()
        assert known.receipt.versions == {"rain": version}
    by_row = store.training_set(TrainingSetSpec(["rain:mm"], known_at="event_time"), LABELS).unwrap()
    assert by_row.frame["mm"].to_list() == [20.0, None, None, 20.0]
    future = store.training_set(TrainingSetSpec(["rain:mm"], known_at=datetime(2999, 1, 1, tzinfo=UTC)), LABELS)
    assert isinstance(future.failure(), KnownInFuture)
    past = store.training_set(TrainingSetSpec(["rain:mm"], known_at=datetime(1999, 1, 1, tzinfo=UTC)), LABELS)
    assert isinstance(past.failure(), BeforeFirstVersion)


def test_it_goes_to_other_libraries_and_files(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(SPEC, LABELS).unwrap()
    assert made.to_arrow().equals(made.frame.to_arrow())
    assert made.to_numpy().shape == (4, 1)
    features, target = made.X_y("y")
    assert (list(features.columns), target.tolist()) == (["mm"], [1, 0, 1, 0])
    with pytest.raises(ValueError, match=r"has no column 'z'\. Next: name one of city"):
        made.X_y("z")
    assert pl.read_parquet(made.write_parquet(tmp_path / "out" / "t.parquet")).equals(made.frame)
    for _ in range(2):
        place = made.write_delta(tmp_path / "out" / "t")
    assert DeltaTable(str(place)).version() == 1
    assert pl.read_delta(str(place)).equals(made.frame)


# === Rebuilding ===


def test_a_rebuild_is_the_same_after_the_table_went_on(
    store: FeatureStore, tables: DeltaTables, tmp_path: Path
) -> None:
    made = store.training_set(SPEC, LABELS).unwrap()
    tables.write("rain", RAIN.with_columns(mm=pl.lit(0.0))).unwrap()
    DeltaTable(str(tmp_path / "lake" / "rain")).optimize.compact()
    tables.write("rain", RAIN.head(1), "overwrite").unwrap()
    for again in (store, FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "lake").unwrap()):
        rebuilt = again.rebuild(made.id).unwrap()
        assert (rebuilt.id, rebuilt.receipt.fingerprint) == (made.id, made.receipt.fingerprint)
        assert rebuilt.frame.equals(made.frame)
    assert isinstance(store.rebuild("ts-0000").failure(), UnknownTrainingSet)


def test_the_beginning_of_several_ids_is_not_guessed(store: FeatureStore) -> None:
    made = [store.training_set(SPEC, LABELS.head(rows)).unwrap() for rows in (1, 2)]
    assert store.receipt(made[0].id[:-1]).unwrap().id == made[0].id
    assert str(store.receipt("ts-").failure()) == (
        f"Several training sets of this store have ids that begin with 'ts-': {made[1].id}, {made[0].id}. "
        "Next: give more of the id; `foreset log` lists all of them."
    )


def test_a_table_is_asked_for_no_partition_where_no_row_has_a_key(tmp_path: Path) -> None:
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    table = pl.DataFrame({"place": ["u", "v"], "at": [noon, noon], "x": [1.0, 2.0]})
    store.tables.write(table, "places", partition_by=["place"]).unwrap()
    view = FeatureViewSpec("places", ["place"], DeltaSource("places", "at"), ["x"])
    store.register(EntitySpec("place", ["place"]), view).unwrap()
    for rows in (0, 1):
        spine = pl.DataFrame({"place": [None], "event_timestamp": [noon]}, schema_overrides={"place": pl.String})
        made = store.training_set(TrainingSetSpec(["places:x"]), spine.head(rows)).unwrap()
        assert made.frame["x"].to_list() == [None] * rows


def test_a_table_that_was_replaced_or_vacuumed_is_told(
    store: FeatureStore, tables: DeltaTables, tmp_path: Path
) -> None:
    made = store.training_set(SPEC, LABELS).unwrap()
    position = len(store.log.events().unwrap())
    tables.write("rain", RAIN, "overwrite").unwrap()
    DeltaTable(str(tmp_path / "lake" / "rain")).vacuum(0, dry_run=False, enforce_retention_duration=False)
    vacuumed = store.rebuild(made.id).failure()
    assert isinstance(vacuumed, NotRebuildable)
    assert "Version 0 of the table 'rain' cannot be read: a file of it is gone (" in str(vacuumed)
    shutil.rmtree(tmp_path / "lake" / "rain")
    tables.write("rain", RAIN).unwrap()
    replaced = store.rebuild(made.id).failure()
    assert isinstance(replaced, TableReplaced)
    assert str(replaced).startswith("The table 'rain' is another one now: its id is ")
    assert len(store.log.events().unwrap()) == position


def test_a_spine_that_is_not_kept_is_asked_for_and_checked(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(SPEC, LABELS, keep_spine=False).unwrap()
    assert not (tmp_path / "store" / "spines").exists()
    missing = store.rebuild(made.id).failure()
    assert isinstance(missing, SpineNotKept)
    assert "Next: give it again: store.rebuild(id, spine=frame)" in str(missing)
    differs = store.rebuild(made.id, spine=LABELS.reverse()).failure()
    assert isinstance(differs, SpineDiffers)
    assert str(differs).startswith(f"This is not the spine of {made.id}: its fingerprint is ")
    assert store.rebuild(made.id, spine=LABELS).unwrap().frame.equals(made.frame)


def test_a_spine_in_a_delta_table_is_read_again_at_its_version(
    store: FeatureStore, tables: DeltaTables, tmp_path: Path
) -> None:
    tables.write("labels", LABELS).unwrap()
    made = store.training_set(SPEC, SpineReference("labels", filter="y = 1")).unwrap()
    assert made.receipt.spine.reference == SpineReference("labels", version=0, filter="y = 1")
    assert not made.receipt.spine.kept
    assert not (tmp_path / "store" / "spines").exists()
    tables.write("labels", LABELS).unwrap()
    assert store.rebuild(made.id).unwrap().frame.equals(made.frame)


def test_the_number_of_threads_does_not_change_a_training_set(store: FeatureStore, tmp_path: Path) -> None:
    LABELS.write_parquet(tmp_path / "labels.parquet")
    code = """
import sys, foreset
store = foreset.FeatureStore.open(sys.argv[1] + "/store", data_dir=sys.argv[1] + "/lake").unwrap()
print(store.training_set(foreset.TrainingSetSpec(["rain:mm"]), sys.argv[1] + "/labels.parquet").unwrap().id)
"""
    environment = os.environ | {"POLARS_MAX_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=environment, check=True, capture_output=True, text=True
    )
    assert run.stdout.split()[-1] == store.training_set(SPEC, LABELS).unwrap().id


# === Opening ===


def test_a_place_that_is_no_folder_or_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "x", Path("/proc/none/x")):
        error = FeatureStore.open(place).failure()
        assert isinstance(error, StoreUnwritable), place
        assert str(error).startswith(f"The store cannot write {place}")
        assert " Next: give a folder that you may write" in str(error)
    assert (tmp_path / "file").read_text() == "mine"
    assert "only folders and databases of PostgreSQL are known" in str(FeatureStore.open("s3://bucket/x").failure())


def test_a_corrupt_log_and_one_of_a_newer_foreset_are_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "events.db"
    log.write_bytes(b"not a database" * 100)
    corrupt = FeatureStore.open(tmp_path).failure()
    assert isinstance(corrupt, LogCorrupt)
    assert f"The event log {log} is damaged" in str(corrupt)
    header = b"SQLite format 3\x00" + bytes(44) + (99).to_bytes(4, "big") + bytes(4) + b"Fset"
    log.write_bytes(header)
    newer = FeatureStore.open(tmp_path).failure()
    assert isinstance(newer, LogTooNew)
    assert "it has format 99, and this one knows format 2. Next: upgrade foreset" in str(newer)
    assert log.read_bytes() == header


def test_a_view_without_entities_serves_every_row() -> None:
    rates = pl.DataFrame({"at": [day(1), day(3)], "rate": [1.5, 2.5]})
    store = FeatureStore.in_memory({"rates": rates})
    store.register(FeatureViewSpec("rates", [], DeltaSource("rates", "at"), ["rate"])).unwrap()
    spine = pl.DataFrame({"who": ["a", None, "b"], "event_timestamp": [day(4), day(2), day(1) - timedelta(1)]})
    found = store.training_set(TrainingSetSpec(["rates:rate"]), spine).unwrap()
    assert found.frame["rate"].to_list() == [2.5, 1.5, None]
    assert "rates v1 of rates for every row: rate" in found.explain()
