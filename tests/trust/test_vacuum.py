"""After a vacuum the pinned sets rebuild, those that were named as lost are lost, and no others."""

import time
from pathlib import Path

import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal
from returns.pipeline import is_successful

from foreset.domain.errors.retention import NotRebuildable, WouldLose
from foreset.domain.event_log.receipts import TrainingSetRebuilt
from tests.trust.histories import TABLE, History, history

SEEDS = range(100, 106)


@pytest.fixture(params=SEEDS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> History:
    one = history(tmp_path / "h", request.param, sets=8)
    time.sleep(0.005)  # what was removed in this millisecond is not removed before it
    return one


def check_sets(made: History, lost: set[str], pinned: set[str]) -> None:
    """Every set rebuilds as it was but for the lost ones; by their pins alone those that are pinned and need it."""
    for identifier, frame in made.sets.items():
        rebuilt = made.store.rebuild(identifier)
        if identifier in lost:
            assert isinstance(rebuilt.failure(), NotRebuildable)
            assert f"of the table '{TABLE}' cannot be read: " in str(rebuilt.failure())
        else:
            again = rebuilt.unwrap()
            assert_frame_equal(again.frame, frame, check_exact=True)
            assert again.rebuilt_from_pin == (identifier in pinned)


def test_what_retention_names_is_lost_and_nothing_else(made: History) -> None:
    for identifier in list(made.sets)[::3]:
        made.store.training_sets.pin(identifier).unwrap()
    told = made.store.tables.retention(TABLE, hours=0).unwrap()
    assert {found.id for found in told.sets} == set(made.sets)
    lost, pinned = ({found.id for found in told.of(fate)} for fate in ("lost", "pinned"))
    assert lost
    assert not lost & set(list(made.sets)[::3])
    newest = made.store.tables.info(TABLE).unwrap()

    refused = made.store.tables.vacuum(TABLE, hours=0, force=True).failure()
    assert isinstance(refused, WouldLose)
    assert set(refused.sets) == lost
    dry = made.store.tables.vacuum(TABLE, hours=0, force=True, lose=lost, dry_run=True).unwrap()
    assert not dry.deleted
    check_sets(made, set(), set())

    done = made.store.tables.vacuum(TABLE, hours=0, force=True, lose=lost).unwrap()
    assert set(done.deleted) == {file.path for file in told.files} == {file.path for file in dry.retention.files}
    assert set(done.lost) == lost
    check_sets(made, lost, pinned)
    after = made.store.tables.info(TABLE).unwrap()
    assert (after.version, after.data_files) == (newest.version, newest.data_files)
    assert not [f for f in made.store.tables.check(TABLE, deep=True).unwrap().findings if f.severity == "error"]
    assert not made.store.tables.vacuum(TABLE, hours=0, force=True, lose=lost).unwrap().deleted


def test_with_pin_first_nothing_is_lost(made: History) -> None:
    before = made.store.tables.retention(TABLE, hours=0).unwrap()
    done = made.store.tables.vacuum(TABLE, hours=0, force=True, pin_first=True).unwrap()
    assert set(done.pinned) == {found.id for found in before.of("lost")}
    assert done.deleted
    check_sets(made, set(), set(done.pinned))


def test_it_holds_vacuum_after_vacuum(made: History) -> None:
    """What was lost stays lost, what was pinned stays, and what is built later is held to the same."""
    lost: set[str] = set()
    pinned: set[str] = set()
    for _ in range(3):
        for found in made.store.tables.retention(TABLE, hours=0).unwrap().of("lost"):
            if made.chance.random() < 0.5:
                made.store.training_sets.pin(found.id).unwrap()
        told = made.store.tables.retention(TABLE, hours=0).unwrap()
        lost |= {found.id for found in told.of("lost")}
        pinned |= {found.id for found in told.of("pinned")}
        made.store.tables.vacuum(TABLE, hours=0, force=True, lose=lost).unwrap()
        check_sets(made, lost, pinned)
        for _ in range(2):
            made.step()
            made.build()
        time.sleep(0.005)  # as above
    assert lost
    assert pinned


def test_a_vacuum_of_deltalake_loses_what_retention_names(made: History) -> None:
    told = made.store.tables.retention(TABLE, hours=0).unwrap()
    DeltaTable(made.place).vacuum(0, dry_run=False, enforce_retention_duration=False)
    lost = {found.id for found in told.of("lost")}
    check_sets(made, lost, set())
    after = made.store.tables.retention(TABLE, hours=0).unwrap()
    assert {found.id for found in after.of("gone")} == lost
    assert not after.files


def test_a_rebuild_says_what_it_was_made_of(made: History) -> None:
    [identifier, *_] = made.sets
    made.store.training_sets.pin(identifier).unwrap()
    made.store.rebuild(identifier).unwrap()
    made.store.rebuild(identifier, from_pin=True).unwrap()
    made.store.tables.vacuum(TABLE, hours=0, force=True, pin_first=True).unwrap()
    assert is_successful(made.store.rebuild(identifier))
    rebuilt = [r.event for r in made.store.log.events().unwrap() if isinstance(r.event, TrainingSetRebuilt)]
    assert [(event.source, event.why is None) for event in rebuilt] == [
        ("tables", True),
        ("pin", True),
        ("pin", False),
    ]
