"""Publishing an event log that others write to meanwhile."""

from contextlib import closing
from pathlib import Path

from returns.result import Result

from foreset import EntitySpec, FeatureStore
from foreset.adapters.feast.repository.registry import FeastRegistry
from foreset.application.feast.publish import publish
from foreset.domain.definitions.registry import Catalog
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.feast import PublishError
from tests.adapters.feast.repositories import opened


class SlowRegistry:
    """A registry to which another process publishes while this one is about to, and then registers more."""

    def __init__(self, registry: FeastRegistry, store: FeatureStore) -> None:
        self._registry, self._store = registry, store
        self.positions: list[int] = []

    def publish(self, catalog: Catalog, position: int) -> Result[int, StoreError | PublishError]:
        if not self.positions:
            self._store.register(EntitySpec("later", ["k"])).unwrap()
            publish(self._store.adapters.events, self._registry).unwrap()
        self.positions.append(position)
        return self._registry.publish(catalog, position)


def test_what_is_registered_meanwhile_is_published_too_and_nothing_newer_is_taken_back(tmp_path: Path) -> None:
    store = FeatureStore.open(tmp_path / "store").unwrap()
    store.register(EntitySpec("sample", ["k"])).unwrap()
    with closing(opened(tmp_path / "repo")) as registry:
        slow = SlowRegistry(registry, store)
        published = publish(store.adapters.events, slow).unwrap()
        assert slow.positions == [1, 2]
        assert published.position == 2
        assert sorted(entity.name for entity in registry.store.list_entities())[-2:] == ["later", "sample"]
        assert registry.store.get_project(registry.store.project).tags["foreset.position"] == "2"


def test_an_empty_log_is_published_as_nothing(tmp_path: Path) -> None:
    store = FeatureStore.open(tmp_path / "store").unwrap()
    with closing(opened(tmp_path / "repo")) as registry:
        done = publish(store.adapters.events, registry).unwrap()
        assert (done.changed, done.position) == (0, 0)
        assert publish(store.adapters.events, registry).unwrap().changed == 0
