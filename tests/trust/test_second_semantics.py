"""A store of an older Foreset opens, and all of its sets are rebuilt by their own semantics."""

import shutil
from pathlib import Path

import pytest

from foreset import FeatureStore
from foreset.domain.unreadable import UnreadableEvent

STORE = Path(__file__).parent / "second_semantics"
SETS = {
    "latest": "ts-e07cedec745053f7",
    "event_time": "ts-c17d60b2d5cbe165",
    "as_of": "ts-1c32f4abe0faba1b",
    "both": "ts-1e766917259cf96b",
    "older_version": "ts-7d036ff5bc837dc8",
    "left": "ts-4b88c8c4f4a1c887",
    "valid": "ts-6fa59b29b590301b",
    "epochs": "ts-843665c93b85ab5f",
    "full_names": "ts-995d88df76d5a316",
}
PINNED = ("event_time", "full_names")
EVENTS = 25


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    shutil.copytree(STORE, tmp_path, dirs_exist_ok=True)
    return FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "data").unwrap()


def test_its_log_is_whole_and_all_of_its_events_are_read(store: FeatureStore) -> None:
    assert store.log.verify().unwrap().whole
    events = [recorded.event for recorded in store.log.events().unwrap()]
    assert len(events) == EVENTS
    assert not any(isinstance(event, UnreadableEvent) for event in events)


@pytest.mark.parametrize("name", SETS)
def test_each_of_its_sets_is_rebuilt_as_it_was(store: FeatureStore, name: str) -> None:
    rebuilt = store.rebuild(SETS[name]).unwrap()
    assert (rebuilt.id, rebuilt.frame.height) == (SETS[name], 4)
    assert store.diff(SETS[name], rebuilt.id).unwrap().explain()


@pytest.mark.parametrize("name", PINNED)
def test_its_pins_serve_without_its_tables(store: FeatureStore, tmp_path: Path, name: str) -> None:
    whole = store.rebuild(SETS[name]).unwrap().frame
    shutil.rmtree(tmp_path / "data")
    assert store.rebuild(SETS[name], from_pin=True).unwrap().frame.equals(whole)


def test_its_definitions_are_those_that_it_ended_with(store: FeatureStore) -> None:
    catalog = store.catalog().unwrap()
    assert sorted(catalog.views) == ["epochs", "rain", "valid", "week"]
    assert catalog.views["week"].version == 2
