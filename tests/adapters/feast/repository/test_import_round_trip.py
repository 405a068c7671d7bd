"""From a catalog to Feast and into another store, and from Feast into a store and back: nothing is lost."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import write_deltalake
from feast import Entity, FeatureView
from feast.types import Array, Float64, Int64, Json, UnixTimestamp, Uuid
from feast.value_type import ValueType
from hypothesis import given, settings
from hypothesis import strategies as st

from foreset import DeltaSource, EntitySpec, FeatureField, FeatureStore, FeatureViewSpec
from foreset.application.feast.publish import publish
from foreset.entrypoints.wiring.build import feast_registry
from tests.adapters.feast.repositories import feast_view, opened, write_yaml

DAY = datetime(2024, 1, 1, tzinfo=UTC)
TABLE = pl.DataFrame(
    {
        "k": [1], "kay": ["a"], "id": [7], "at": [DAY], "made": [DAY.replace(tzinfo=None)], "x": [0.5], "n": [1],
        "s": ["a"], "l": [[1.5]], "t": [DAY], "st": [{"a": 1}],
    },
    schema_overrides={"id": pl.Int32, "l": pl.List(pl.Float32), "n": pl.Int8},
)  # fmt: skip
DTYPES: dict[str, tuple[str | None, ...]] = {
    "x": (None, "float64"), "n": (None, "int8", "int64", "float32"), "s": (None, "string"), "l": (None,),
    "t": (None, "timestamp[us, UTC]"), "st": (None,),
}  # fmt: skip
TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
TAGS = st.dictionaries(st.sampled_from(["a", "b"]), st.text("xyz", max_size=3))


@st.composite
def specs(draw: st.DrawFn) -> list[EntitySpec | FeatureViewSpec]:
    """Entities and views over one table."""
    pair = EntitySpec("pair", draw(st.permutations(["k", "kay"])), draw(TEXT), draw(TAGS), draw(TEXT))
    known = [EntitySpec("one", ["k"], draw(TEXT), draw(TAGS), draw(TEXT)), pair, EntitySpec("other", ["id"])]
    return [*known, *(draw(_view(name)) for name in draw(st.sampled_from([["v"], ["v", "w"]])))]


@st.composite
def _view(draw: st.DrawFn, name: str) -> FeatureViewSpec:
    entities = draw(st.sampled_from([["one"], ["pair"], ["other", "pair"], ["one", "other"], ["other"]]))
    names = draw(st.lists(st.sampled_from(list(DTYPES)), min_size=1, unique=True))
    fields = [FeatureField(n, draw(st.sampled_from(DTYPES[n])), draw(TEXT), draw(TAGS)) for n in names]
    renamed = draw(st.sampled_from([{}, {"x": "ex"}, {"at": "when"}]))
    source = DeltaSource(
        "t",
        draw(st.sampled_from(["at", renamed.get("at", "at")])),
        draw(st.sampled_from([None, "made"])),
        renamed,
        warehouse_table=draw(st.none() | st.sampled_from(["t", "lake.t", 'lake."T 1"', "`a-b`.lake.t"])),
        name=draw(TEXT),
        description=draw(TEXT),
    )
    shown = [FeatureField(renamed.get(f.name, f.name), f.dtype, f.description, f.tags) for f in fields]
    ttl = draw(st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=900)))
    return FeatureViewSpec(name, entities, source, shown, ttl, draw(TEXT), draw(TAGS), draw(TEXT))


def defined(store: FeatureStore) -> dict[str, Any]:
    catalog = store.catalog().unwrap()
    return {name: item.spec for group in (catalog.entities, catalog.views) for name, item in group.items()}


@settings(max_examples=12)
@given(specs())
def test_a_catalog_that_is_published_is_imported_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, given_specs: list[EntitySpec | FeatureViewSpec]
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    data = folder / "data"
    write_deltalake(data / "t", TABLE)
    first = FeatureStore.open(folder / "first", data_dir=data).unwrap()
    first.register(*given_specs).unwrap()
    registry = feast_registry(folder / "repo", None, data_dir=data).unwrap()
    publish(first.adapters.events, registry).unwrap()
    second = FeatureStore.open(folder / "second", data_dir=data).unwrap()
    report = second.feast.import_repository(folder / "repo").unwrap()
    assert report.unmapped == ()
    assert defined(second) == defined(first)
    assert publish(second.adapters.events, registry).unwrap().changed == 0


ENTITIES = [
    Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64, description="d", tags={"a": "b"}, owner="o"),
    Entity(name="text", join_keys=["kay"], value_type=ValueType.UUID),
]
RICH = {
    "entities": ENTITIES, "online": False, "offline": True, "org": "sales", "enable_validation": True,
    "description": "d", "ttl": timedelta(hours=7), "tags": {"c": "d"}, "owner": "you", "source_name": "s",
    "source_owner": "so", "source_description": "sd", "source_tags": {"e": "f"},
    "source_created_timestamp_column": "made",
    "source_field_mapping": {"x": "ex"},
}  # fmt: skip
PLAIN = feast_view("plain", "data/t")
FINE = feast_view(
    "fine", "data/t", {"kay": Uuid, "ex": Float64, "s": Json, "id": Int64, "t": UnixTimestamp}, **RICH
)  # fmt: skip


@pytest.mark.parametrize("database", [False, True])
def test_a_repository_that_is_imported_and_published_to_holds_the_same_objects(tmp_path: Path, database: bool) -> None:  # noqa: FBT001  # a case
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    registry = {"registry_type": "sql", "path": url} if database else "registry.db"
    repo = write_yaml(tmp_path / "repo", registry=registry)
    write_deltalake(repo / "data" / "t", TABLE)
    store = FeatureStore.open(tmp_path / "store").unwrap()
    with closing(opened(repo)) as owners:
        owners.store.apply([*ENTITIES, PLAIN, FINE])
        before = {item.name: item for item in (*owners.store.list_entities(), *owners.store.list_feature_views())}
    assert {item.change for item in store.feast.import_repository(repo).unwrap().mapped} == {"new"}
    published = feast_registry(repo, None, any_offline_store=True).unwrap()
    with closing(published) as ours:
        assert publish(store.adapters.events, ours).unwrap().changed == 4
        assert publish(store.adapters.events, ours).unwrap().changed == 0
        after = {item.name: item for item in (*ours.store.list_entities(), *ours.store.list_feature_views())}
    assert after.keys() == before.keys()
    for name, item in after.items():
        item.tags = {tag: value for tag, value in item.tags.items() if not tag.startswith("foreset.")}
        assert item == before[name], name
        if isinstance(item, FeatureView):
            assert item.batch_source == before[name].batch_source
    assert store.feast.import_repository(repo).unwrap().changed == 0


def test_a_view_without_its_own_schema_and_a_list_come_back_too(tmp_path: Path) -> None:
    repo = write_yaml(tmp_path / "repo")
    write_deltalake(repo / "data" / "t", TABLE)
    store = FeatureStore.open(tmp_path / "store").unwrap()
    with closing(opened(repo)) as owners:
        owners.store.apply([ENTITIES[0], feast_view("v", "data/t", {"l": Array(Float64)})])
    (_, view) = store.feast.import_repository(repo).unwrap().mapped
    assert view.notes == ("served in the table's type, which Feast's declared type does not hold: l",)
