"""Connections have an owner that closes them, also those that Feast opens for us: no file stays open behind."""

import gc
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import psutil
import pytest

from foreset import EntitySpec, FeatureStore
from foreset.adapters.feast.repository.registry import FeastRegistry
from foreset.entrypoints.feast.manager import FeastManager
from tests.adapters.feast.online_views import Views, view
from tests.adapters.feast.online_views import opened as online_views
from tests.adapters.feast.repositories import SAMPLE, feast_view, opened, write_yaml
from tests.adapters.feast.stores import STORE

Leave = Callable[[FeastManager], object]


def files_open(folder: Path) -> set[str]:
    """The databases in a folder that this process has open, without the files that SQLite has beside them."""
    there = [Path(file.path) for file in psutil.Process().open_files()]
    return {file.name for file in there if file.is_relative_to(folder) and file.suffix == ".db"}


@pytest.fixture
def registry(tmp_path: Path) -> FeastRegistry:
    """A registry in SQLite, which Feast applied a view to, that its online store in SQLite heard of too."""
    in_database = {"registry_type": "sql", "path": f"sqlite:///{tmp_path / 'registry.db'}"}
    online = {"type": "sqlite", "path": "online.db"}
    made = opened(write_yaml(tmp_path / "repo", registry=in_database, online_store=online))
    made.store.apply([SAMPLE, feast_view("view", str(tmp_path / "table"))])
    assert files_open(tmp_path) == {"registry.db", "online.db"}
    return made


def test_a_registry_that_is_closed_has_nothing_open_and_still_serves(registry: FeastRegistry, tmp_path: Path) -> None:
    registry.close()
    assert files_open(tmp_path) == set()
    assert registry.entity("sample") is not None
    registry.close()
    assert files_open(tmp_path) == set()


def test_the_last_holder_of_a_registry_leaves_nothing_open(tmp_path: Path) -> None:
    in_database = {"registry_type": "sql", "path": f"sqlite:///{tmp_path / 'registry.db'}"}
    held = [opened(write_yaml(tmp_path / "repo", registry=in_database))]
    assert files_open(tmp_path) == {"registry.db"}
    held.clear()
    gc.collect()
    assert files_open(tmp_path) == set()


@pytest.fixture
def loaded(tmp_path: Path) -> list[Views]:
    """Views that were loaded into an online store, in a list that alone holds them."""
    views = online_views(tmp_path)
    rows = pl.DataFrame(
        {"k": [1], "at": [datetime(2024, 1, 1, tzinfo=UTC)], "made": [datetime(2024, 1, 1, tzinfo=UTC)], "x": [1.0]}
    )
    views.store.tables.write(rows, "things").unwrap()
    views.store.register(EntitySpec("thing", ["k"]), view()).unwrap()
    views.load()
    assert "online_store.db" in files_open(tmp_path)
    return [views]


def test_online_views_that_are_closed_have_nothing_open(loaded: list[Views], tmp_path: Path) -> None:
    loaded[0].online.close()
    loaded[0].registry.close()
    loaded[0].store.close()
    assert files_open(tmp_path) == set()
    assert loaded[0].values(1) == [1.0]


def test_the_last_holder_of_online_views_leaves_nothing_open(loaded: list[Views], tmp_path: Path) -> None:
    loaded.clear()
    gc.collect()
    assert files_open(tmp_path) == set()


def forget(manager: FeastManager) -> None:
    """Do nothing: the manager is not held any more."""


@pytest.mark.parametrize("leave", [FeastManager.cleanup, forget])
def test_a_manager_leaves_nothing_open(leave: Leave, tmp_path: Path) -> None:
    manager = FeastManager(tmp_path / "repo")
    manager.initialize()
    manager.store.list_entities()
    assert "events.db" in files_open(tmp_path)
    leave(manager)
    del manager
    gc.collect()
    assert files_open(tmp_path) == set()


def test_a_store_is_open_within_its_block_and_serves_afterwards(tmp_path: Path) -> None:
    with FeatureStore.open(tmp_path / "store").unwrap() as store:
        store.register(EntitySpec("thing", ["k"])).unwrap()
        assert files_open(tmp_path) == {"events.db"}
    assert files_open(tmp_path) == set()
    assert list(store.catalog().unwrap().entities) == ["thing"]


def test_moving_a_log_leaves_the_new_place_closed(tmp_path: Path) -> None:
    with FeatureStore.open(tmp_path / "old").unwrap() as store:
        store.register(EntitySpec("thing", ["k"])).unwrap()
        store.log.move(tmp_path / "new").unwrap()
        assert files_open(tmp_path / "new") == set()


LEFT = """
import sys
from pathlib import Path
from foreset.entrypoints.feast.manager import FeastManager
manager = FeastManager(Path(sys.argv[1]))
manager.initialize()
assert type(manager.store.registry).__name__ == "SqlRegistry"
left = manager.store
del manager
"""


def test_a_process_that_leaves_all_as_it_is_gets_no_warning(tmp_path: Path) -> None:
    in_database = {"registry_type": "sql", "path": f"sqlite:///{tmp_path / 'registry.db'}"}
    write_yaml(tmp_path / "repo", project="ml_workflow", registry=in_database, offline_store={"type": STORE})
    run = [sys.executable, "-W", "always::ResourceWarning", "-c", LEFT, str(tmp_path / "repo")]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert "ResourceWarning" not in done.stderr
