"""A log is moved with what was erased from it: no key comes back, and nothing goes that is not the store's."""

from collections.abc import Callable
from pathlib import Path

from returns.result import Result, Success

from foreset import EntitySpec, FeatureStore, write_to_delta_lake
from foreset.adapters.polars.frames.kept import ParquetFrames
from foreset.adapters.postgres import Database, PostgresBlobs
from foreset.adapters.shared.files.blobs import Blobs, FolderBlobs
from foreset.application.event_log.move import move_log
from foreset.application.ports.tables import ArrowStream
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.errors.event_log import StoreError
from foreset.entrypoints.wiring.locations import location
from tests.entrypoints.store.test_event_log import ROWS, SPEC, SPINE, filled

NAMED = SpineReference(path="labels", filter="k = 2")


def holding_a_key(place: str) -> FeatureStore:
    """A store that has a key in a spine and in an event."""
    store, _ = filled(place)
    write_to_delta_lake(SPINE, "labels")
    store.training_set(SPEC, NAMED).unwrap()
    return store


def holds_no_key(place: str) -> bool:
    store = FeatureStore.open(place).unwrap()
    redacted = store.keys.find("thing", 2).unwrap().redactable == ()
    return redacted and store.log.verify().unwrap().whole and store.adapters.kept.names("spines/") == Success(())


def test_what_was_erased_stays_so_when_the_log_is_moved_back(place: str, other: str) -> None:
    store = holding_a_key(place)
    store.log.move(other).unwrap()
    there = FeatureStore.open(other).unwrap()
    there.keys.erase("thing", 2).unwrap()
    there.log.move(place).unwrap()
    assert holds_no_key(place)
    assert store.register(EntitySpec("late", ["k"])).unwrap().changed == 1


class During(ParquetFrames):
    """Kept frames; something is done when one has been kept."""

    def __init__(self, blobs: Blobs, then: Callable[[], object]) -> None:
        super().__init__(blobs)
        self._then = then

    def keep(self, name: str, frame: ArrowStream) -> Result[None, StoreError]:
        kept = super().keep(name, frame)
        self._then()
        return kept


def blobs_of(place: str) -> Blobs:
    return PostgresBlobs(Database.open(place).unwrap()) if "://" in place else FolderBlobs(Path(place), ".parquet")


def test_what_is_erased_during_a_move_is_not_moved(place: str, other: str) -> None:
    store, to = holding_a_key(place).adapters, location(other).unwrap()
    frames = During(blobs_of(other), lambda: FeatureStore.open(place).unwrap().keys.erase("thing", 2).unwrap())
    move_log(store.events, store.kept, to.events, frames).unwrap()
    assert holds_no_key(other)


def test_files_of_others_in_the_folder_of_a_store_are_not_moved(workspace: Path) -> None:
    store, _ = filled("store")
    (workspace / "store" / "data").mkdir()
    ROWS.write_parquet("store/data/drivers.parquet")
    assert store.log.move("b").unwrap().copied_frames == 1
    assert not (workspace / "b" / "data").exists()
