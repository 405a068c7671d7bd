"""What tables keep of older versions: the contract that all table stores keep. A new store is one more in FACTORIES."""

import time
from pathlib import Path

import pytest

from foreset.application.ports.tables import TableStore
from foreset.domain.errors.tables import DataFileGone, TableMissing
from foreset.domain.retention.vacuum_rule import expired
from tests.contracts.table_stores import FACTORIES, FIRST, SECOND, rows


@pytest.fixture(params=FACTORIES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TableStore:
    made = FACTORIES[request.param](tmp_path)
    made.write("weather", FIRST).unwrap()
    made.write("weather", SECOND, "overwrite").unwrap()
    return made


def test_files_of_older_versions_are_told(store: TableStore) -> None:
    stored = store.stored("weather", [0, 1]).unwrap()
    assert (stored.version, stored.hours) == (1, 168)
    [old] = stored.others
    assert old.removed
    assert old.size_bytes > 0
    assert stored.versions[0].files == (old.path,)
    assert old.path not in stored.versions[1].files
    assert not stored.versions[0].missing
    assert stored.removals[old.path].version == 1
    now = time.time_ns() // 1_000_000
    assert expired(stored, 0, now + 1) == (old,)
    assert expired(stored, 1, now) == ()


def test_what_is_deleted_is_the_older_versions_alone(store: TableStore) -> None:
    before = rows(store)
    [old] = store.stored("weather").unwrap().others
    live = store.stored("weather", [1]).unwrap().versions[1].files
    assert store.delete("weather", [old.path, *live, "elsewhere"]).unwrap() == (old.path,)
    assert rows(store).equals(before)
    gone = store.observe("weather", 0).bind(lambda snapshot: snapshot.read(("k",)))
    assert isinstance(gone.failure(), DataFileGone)
    stored = store.stored("weather", [0]).unwrap()
    assert (stored.others, stored.versions[0].missing) == ((), frozenset({old.path}))
    assert store.delete("weather", [old.path]).unwrap() == ()


def test_a_version_that_there_is_not_is_told(store: TableStore) -> None:
    assert store.stored("weather", [0, 9]).unwrap().versions[9].problem is not None


def test_a_table_that_there_is_not_has_no_files(store: TableStore) -> None:
    assert isinstance(store.stored("whether").failure(), TableMissing)
    assert isinstance(store.delete("whether", ["x"]).failure(), TableMissing)


def test_a_place_tells_tables_apart(store: TableStore) -> None:
    assert store.place("weather") == store.place("weather")
    assert store.place("weather") != store.place("whether")
