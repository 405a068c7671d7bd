from pathlib import Path

import pytest
from feast import Entity, FeatureStore
from feast.value_type import ValueType

from foreset.adapters.feast.registry import FeastRegistry
from foreset.domain.facts import Column
from foreset.domain.feast_tags import POSITION
from foreset.domain.registry import (
    Catalog,
    EntityRegistered,
    EntityRemoved,
    FeatureViewRegistered,
    FeatureViewRemoved,
    replay,
)
from foreset.domain.spec import DeltaSource, EntitySpec, FeatureViewSpec

COLUMNS = (Column("k", "int64"), Column("at", "timestamp[us, UTC]"), Column("x", "float64"), Column("y", "float64"))


def view(name: str, *features: str) -> FeatureViewSpec:
    return FeatureViewSpec(name, ["sample"], DeltaSource(name, "at"), features)


TWO = replay(
    [
        EntityRegistered(EntitySpec("sample", ["k"]), 1),
        FeatureViewRegistered(view("one", "x"), 1, COLUMNS),
        FeatureViewRegistered(view("two", "x"), 1, COLUMNS),
    ]
)


@pytest.fixture
def registry(tmp_path: Path) -> FeastRegistry:
    return FeastRegistry.open(tmp_path, "project", "local", lambda table: f"/data/{table}").unwrap()


def published(registry: FeastRegistry) -> tuple[list[str], list[str], list[str]]:
    """Entities, views and sources, as another process reads them."""
    store = FeatureStore(repo_path=str(registry.store.repo_path))
    found = (store.list_entities(), store.list_feature_views(), store.list_data_sources())
    entities, views, sources = (sorted(item.name for item in items) for items in found)
    return [name for name in entities if not name.startswith("__")], views, sources


def test_publishing_brings_feast_to_the_catalog_and_again_changes_nothing(registry: FeastRegistry) -> None:
    assert registry.publish(TWO, 3).unwrap() == 3
    assert published(registry) == (["sample"], ["one", "two"], ["/data/one", "/data/two"])
    place = Path(registry.store.repo_path) / "data" / "registry.db"
    content = place.read_bytes()
    assert registry.publish(TWO, 3).unwrap() == 0
    assert place.read_bytes() == content


def test_the_project_has_the_position(registry: FeastRegistry) -> None:
    for position in (3, 7):
        registry.publish(TWO, position).unwrap()
        assert registry.store.get_project("project").tags == {POSITION: str(position)}


def test_a_changed_view_is_changed_alone(registry: FeastRegistry) -> None:
    registry.publish(TWO, 3).unwrap()
    changed = replay([FeatureViewRegistered(view("two", "x", "y"), 2, COLUMNS)], TWO)
    assert registry.publish(changed, 4).unwrap() == 1
    assert [field.name for field in registry.store.get_feature_view("two").features] == ["x", "y"]


def test_what_is_removed_goes_and_takes_its_source_along(registry: FeastRegistry) -> None:
    registry.publish(TWO, 3).unwrap()
    assert registry.publish(replay([FeatureViewRemoved("one")], TWO), 4).unwrap() == 1
    assert published(registry) == (["sample"], ["two"], ["/data/two"])
    nothing = replay([FeatureViewRemoved("one"), FeatureViewRemoved("two"), EntityRemoved("sample")], TWO)
    assert registry.publish(nothing, 6).unwrap() == 2
    assert published(registry) == ([], [], [])


def test_what_others_applied_stays_unless_it_has_the_name_of_ours(registry: FeastRegistry) -> None:
    theirs = [Entity(name=name, join_keys=["q"], value_type=ValueType.INT64) for name in ("sample", "theirs")]
    registry.store.apply(theirs)
    registry.publish(TWO, 3).unwrap()
    assert registry.store.get_entity("sample").join_key == "k"
    registry.publish(Catalog(), 4).unwrap()
    assert published(registry)[0] == ["theirs"]
    registry.publish(TWO, 5).unwrap()
    registry.store.apply(theirs[:1])
    assert registry.publish(TWO, 5).unwrap() == 1
    assert registry.store.get_entity("sample").join_key == "k"


@pytest.mark.parametrize("damage", [None, b"", b"garbage"])
def test_a_registry_that_is_lost_while_in_use_is_built_again(registry: FeastRegistry, damage: bytes | None) -> None:
    registry.publish(TWO, 3).unwrap()
    place = Path(registry.store.repo_path) / "data" / "registry.db"
    place.unlink()
    if damage is not None:
        place.write_bytes(damage)
    registry.publish(TWO, 3).unwrap()
    assert published(registry)[:2] == (["sample"], ["one", "two"])


def test_a_moved_data_folder_is_published_anew(registry: FeastRegistry) -> None:
    registry.publish(TWO, 3).unwrap()
    moved = FeastRegistry.open(
        Path(registry.store.repo_path), "project", "local", lambda table: f"/moved/{table}"
    ).unwrap()
    assert moved.publish(TWO, 3).unwrap() == 2
    assert moved.store.get_feature_view("one").batch_source.path == "/moved/one"
