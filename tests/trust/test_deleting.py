"""What a vacuum asks for before it deletes, and what it leaves."""

import time
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from returns.pipeline import is_successful

from foreset import FeatureStore
from foreset.domain.errors.retention import (
    NothingToVacuum,
    PinBroken,
    RetentionTooShort,
    VacuumFailed,
    WouldLose,
)
from foreset.domain.errors.specs import InvalidSpec, UnknownTrainingSet
from foreset.domain.errors.tables import TableMissing
from foreset.domain.event_log.pins import TableVacuumed
from tests.handmade import commit
from tests.trust.conftest import rain
from tests.trust.retained import LABELS, RAIN, overwritten, told


def test_a_vacuum_that_would_lose_sets_is_refused_with_their_names(store: FeatureStore) -> None:
    made = store.training_set(RAIN, LABELS).unwrap()
    other = store.training_set(RAIN, LABELS.head(1)).unwrap()
    overwritten(store)
    before = store.log.events().unwrap()
    found = told(store)
    refused = store.tables.vacuum("rain", hours=0, force=True).failure()
    assert isinstance(refused, WouldLose)
    assert f"could not be rebuilt any more: {made.id}, {other.id}. Nothing was deleted." in str(refused)
    part = store.tables.vacuum("rain", hours=0, force=True, lose=[made.id]).failure()
    assert isinstance(part, WouldLose)
    assert part.sets == (other.id,)
    assert told(store).files == found.files
    assert store.log.events().unwrap() == before


def test_what_was_deleted_is_recorded(store: FeatureStore) -> None:
    made = store.training_set(RAIN, LABELS).unwrap()
    other = store.training_set(RAIN, LABELS.head(1)).unwrap()
    store.training_sets.pin(other.id).unwrap()
    overwritten(store)
    found = told(store)
    done = store.tables.vacuum("rain", hours=0, force=True, lose=[made.id[:9]]).unwrap()
    assert done.lost == (made.id,)
    assert store.log.events().unwrap()[-1].event == TableVacuumed(
        table="rain",
        version=2,
        hours=0,
        files=2,
        size_bytes=found.size_bytes,
        lost=(made.id,),
        pinned=(other.id,),
    )


def test_who_gave_a_set_up_is_told(store: FeatureStore) -> None:
    made = store.training_set(RAIN, LABELS).unwrap()
    overwritten(store)
    time.sleep(0.003)
    store.tables.vacuum("rain", hours=0, force=True, lose=[made.id]).unwrap()
    vacuumed = store.log.events(training_set=made.id).unwrap()[-1]
    assert isinstance(vacuumed.event, TableVacuumed)
    gave_up = f"{vacuumed.actor} gave it up when vacuuming 'rain' at {vacuumed.at.isoformat()}."
    assert gave_up in str(store.rebuild(made.id).failure())


def test_fewer_hours_than_the_table_asks_for_need_a_word(store: FeatureStore) -> None:
    overwritten(store)
    refused = store.tables.vacuum("rain", hours=24).failure()
    assert isinstance(refused, RetentionTooShort)
    assert "asks to keep removed files for 168 hours, and this vacuum would keep 24" in str(refused)
    assert store.tables.vacuum("rain", hours=24, force=True).unwrap().deleted == ()
    assert store.tables.vacuum("rain").unwrap().deleted == ()


@pytest.mark.parametrize("harm", ["gone", "other"])
def test_nothing_is_deleted_where_a_pin_is_not_whole(store: FeatureStore, tmp_path: Path, harm: str) -> None:
    made = store.training_set(RAIN, LABELS).unwrap()
    store.training_sets.pin(made.id).unwrap()
    overwritten(store)
    file = tmp_path / "store" / "pins" / made.id / "0.parquet"
    if harm == "gone":
        file.unlink()
    else:
        rain(0, 1, range(1)).write_parquet(file)
    found = told(store)
    refused = store.tables.vacuum("rain", hours=0, force=True).failure()
    assert isinstance(refused, WouldLose if harm == "gone" else PinBroken)
    assert told(store).files == found.files
    assert store.rebuild(made.id).unwrap().frame.equals(made.frame)
    again = store.tables.vacuum("rain", hours=0, force=True, pin_first=True)
    assert is_successful(again) == (harm == "gone")  # a pin of which nothing is there is made anew


def test_a_pin_without_its_spine_is_not_whole(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(RAIN, LABELS).unwrap()
    store.training_sets.pin(made.id).unwrap()
    overwritten(store)
    time.sleep(0.003)
    (tmp_path / "store" / "spines" / f"{made.receipt.spine.fingerprint}.parquet").unlink()
    refused = store.tables.vacuum("rain", hours=0, force=True).failure()
    assert "which the store keeps, cannot be read" in str(refused)
    assert told(store).files


def test_a_dry_run_with_pins_first_pins_nothing(store: FeatureStore) -> None:
    store.training_set(RAIN, LABELS).unwrap()
    overwritten(store)
    time.sleep(0.003)
    done = store.tables.vacuum("rain", hours=0, pin_first=True, dry_run=True).unwrap()
    assert (done.deleted, done.pinned, len(done.retention.files)) == ((), (), 2)
    assert store.training_sets.pins().unwrap() == ()


def test_files_that_cannot_be_deleted(store: FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may delete all, so the file system is made to refuse the second file."""
    overwritten(store)
    found = told(store)
    second = Path(found.files[1].path)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002  # as pathlib has it
        if path == second:
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    failed = store.tables.vacuum("rain", hours=0, force=True).failure()
    assert isinstance(failed, VacuumFailed)
    assert f"Of 2 files of the table 'rain' that were to be deleted 1 were: Permission denied: {second}." in str(failed)
    monkeypatch.undo()
    assert store.tables.vacuum("rain", hours=0, force=True).unwrap().deleted == (str(second),)


def test_what_is_live_is_never_deleted(store: FeatureStore, tmp_path: Path) -> None:
    """Another writer brings a file back between the look and the deletion."""
    overwritten(store)
    found = told(store)
    DeltaTable(tmp_path / "rain").restore(1)
    newest = [file.path for file in store.tables.info("rain").unwrap().data_files]
    outside = tmp_path / "precious.parquet"
    outside.write_bytes(b"x")
    done = store.adapters.tables.delete("rain", [file.path for file in found.files] + [str(outside)]).unwrap()
    assert done == ()
    assert all(Path(path).exists() for path in [*newest, str(outside)])


@pytest.mark.parametrize(
    ("hours", "problem"),
    [
        (-1, "-1 hours are no duration"),
        (float("nan"), "hours is nan (float), which is not a number that is finite"),
        (float("inf"), "hours is inf (float), which is not a number that is finite"),
    ],
)
def test_hours_that_are_no_duration(store: FeatureStore, hours: float, problem: str) -> None:
    for refused in (store.tables.retention("rain", hours=hours), store.tables.vacuum("rain", hours=hours, force=True)):
        assert isinstance(refused.failure(), NothingToVacuum if hours < 0 else InvalidSpec)
        assert problem in str(refused.failure())


def test_tables_and_sets_that_there_are_not(store: FeatureStore, tmp_path: Path) -> None:
    assert isinstance(store.tables.retention("wind").failure(), TableMissing)
    assert isinstance(store.tables.vacuum("wind").failure(), TableMissing)
    assert isinstance(store.tables.vacuum("rain", lose=["ts-0"]).failure(), UnknownTrainingSet)
    pl.DataFrame({"k": [1]}).write_parquet(tmp_path / "loose.parquet")
    loose = store.tables.vacuum(f"parquet:{tmp_path / 'loose.parquet'}").failure()
    assert isinstance(loose, NothingToVacuum)


def test_a_set_that_is_gone_already_holds_nothing_up(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(RAIN, LABELS).unwrap()
    overwritten(store)
    time.sleep(0.003)
    DeltaTable(tmp_path / "rain").vacuum(0, dry_run=False, enforce_retention_duration=False)
    store.tables.write(rain(0, 2, range(1)), "rain", mode="overwrite").unwrap()
    [found] = told(store).sets
    assert (found.id, found.fate) == (made.id, "gone")
    assert store.tables.vacuum("rain", hours=0, dry_run=True, lose=[made.id]).unwrap().lost == (made.id,)
    assert store.tables.vacuum("rain", hours=0, force=True).unwrap().lost == ()


@pytest.mark.parametrize(
    ("protocol", "named"),
    [
        ({"minReaderVersion": 1, "minWriterVersion": 8}, "writer version 8"),
        ({"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": ["newest"]}, "the table feature newest"),
    ],
)
def test_a_table_that_asks_writers_for_what_is_not_known_is_left_as_it_is(
    store: FeatureStore, tmp_path: Path, protocol: dict[str, object], named: str
) -> None:
    store.training_set(RAIN, LABELS).unwrap()
    overwritten(store)
    commit(tmp_path / "rain", {"protocol": protocol})
    found = told(store)
    before = store.log.events().unwrap()
    refused = store.tables.vacuum("rain", hours=0, force=True, pin_first=True).failure()
    assert isinstance(refused, NothingToVacuum)
    assert f"it uses {named}, and which files it needs with that is not known here. Nothing" in str(refused)
    assert all(Path(file.path).exists() for file in found.files)
    assert store.log.events().unwrap() == before
