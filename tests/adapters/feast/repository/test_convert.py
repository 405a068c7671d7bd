from datetime import timedelta
from pathlib import Path

import pytest
from feast import Entity, FeatureView, Field, FileSource, PushSource
from feast.data_format import DeltaFormat
from feast.types import Array, Decimal, Float64, Int64, Map, String, UnixTimestamp
from feast.value_type import ValueType

from foreset.adapters.feast.repository.dtypes import dtype_of, feast_type
from foreset.adapters.feast.repository.from_proto import Places, entity_seen, view_seen
from foreset.adapters.feast.repository.to_feast import feast_entities, feast_view
from foreset.domain.definitions.registry import Catalog, EntityRegistered, FeatureViewRegistered, replay
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec
from foreset.domain.facts import Column
from foreset.domain.feast.mapping import entities_of, entity_specs, source_of, view_spec

SAMPLE = EntitySpec("sample", ["k"], description="a thing", tags={"a": "b"}, owner="me")
PAIR = EntitySpec("pair", ["left", "right"])
SOURCE = DeltaSource("/data/t", "at", "written", {"kay": "k"}, name="t_source", description="all of it")
VIEW = FeatureViewSpec(
    "v",
    ["sample"],
    SOURCE,
    [FeatureField("x", "float64", "ex", {"u": "m"}), "y"],
    timedelta(days=2),
    "view",
    {"c": "d"},
    "you",
)
COLUMNS = tuple(
    Column(*c)
    for c in (
        ("kay", "int64"),
        ("at", "timestamp[us, UTC]"),
        ("written", "timestamp[us]"),
        ("x", "float32"),
        ("y", "string"),
    )
)
CATALOG = replay([EntityRegistered(SAMPLE, 1), FeatureViewRegistered(VIEW, 3, COLUMNS)])
PLACES = Places(Path("/repo"), lambda place: place)


def published(view: str = "v", catalog: Catalog = CATALOG) -> FeatureView:
    spec = catalog.views[view].spec
    return feast_view(catalog.views[view], catalog, spec.source.table).unwrap()


def test_a_view_in_feast_names_its_entity_column() -> None:
    view = published()
    assert [(field.name, field.dtype) for field in view.entity_columns] == [("k", Int64)]
    assert view.tags == {"c": "d", "foreset.version": "3", "foreset.dtypes": '{"y":null}'}


def test_an_entity_in_feast_has_the_type_of_its_key() -> None:
    (entity,) = feast_entities(CATALOG).unwrap()
    assert (entity.value_type, entity.tags) == (ValueType.INT64, {"a": "b", "foreset.version": "1"})


def test_an_entity_of_two_keys_becomes_two_in_feast() -> None:
    columns = (Column("left", "int64"), Column("right", "string"), Column("at", "date"), Column("x", "float64"))
    spec = FeatureViewSpec("w", ["pair"], DeltaSource("t", "at"), ["x"])
    catalog = replay([EntityRegistered(PAIR, 1), FeatureViewRegistered(spec, 1, columns)])
    assert [(e.name, e.join_key, e.value_type) for e in feast_entities(catalog).unwrap()] == [
        ("pair__left", "left", ValueType.INT64),
        ("pair__right", "right", ValueType.STRING),
    ]
    assert published("w", catalog).entities == ["pair__left", "pair__right"]


def test_a_part_of_an_entity_whose_other_part_is_gone_is_an_entity_of_its_own() -> None:
    parts = [entity_seen(e.to_proto()) for e in feast_entities(replay([EntityRegistered(PAIR, 1)])).unwrap()]
    assert [spec.unwrap() for spec in entity_specs(parts).values()] == [PAIR, PAIR]
    assert entity_specs(parts[:1])["pair__left"].unwrap() == EntitySpec("pair__left", ["left"])


def test_a_key_of_two_types_leaves_the_entitys_type_open() -> None:
    other = FeatureViewSpec("w", ["sample"], DeltaSource("u", "at"), ["x"])
    columns = (Column("k", "int32"), Column("at", "date"), Column("x", "float64"))
    catalog = replay([FeatureViewRegistered(other, 1, columns)], CATALOG)
    assert feast_entities(catalog).unwrap()[0].value_type == ValueType.UNKNOWN
    assert [published(name, catalog).entity_columns[0].dtype.name for name in catalog.views] == ["INT64", "INT32"]


def test_a_view_of_no_features_takes_all_columns_beside_keys_and_times() -> None:
    entity = Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64)
    mapping = {"kay": "k", "written": "made"}
    delta = FileSource(
        path="/data/t",
        timestamp_field="at",
        created_timestamp_column="made",
        field_mapping=mapping,
        file_format=DeltaFormat(),
    )
    view = view_seen(FeatureView(name="v", entities=[entity], source=delta).to_proto(), PLACES)
    assert [field.name for field in view_spec(view, [SAMPLE], COLUMNS).unwrap().fields] == ["x", "y"]


def test_entities_are_found_by_the_views_own_column() -> None:
    entity = Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64)
    view = FeatureView(name="v", entities=[entity], source=source(), schema=[Field(name="k", dtype=Int64)])
    seen = view_seen(view.to_proto(), PLACES)
    assert entities_of(seen, lambda _: None).unwrap() == (EntitySpec("sample", ["k"]),)
    moved = entities_of(seen, {"sample": EntitySpec("sample", ["j"])}.get).failure().message
    assert "Feast joins it on k, and its entities have the join keys j. Next: apply the view again" in moved


def test_two_unknown_entities_are_told_apart_by_their_names_or_not_at_all() -> None:
    entities = [Entity(name=n, join_keys=[k], value_type=ValueType.INT64) for n, k in (("a", "a"), ("b", "other"))]
    view = FeatureView(
        name="v", entities=entities, source=source(), schema=[Field(name=k, dtype=Int64) for k in ("a", "other")]
    )
    seen = view_seen(view.to_proto(), PLACES)
    assert "the join key of its entity 'b' is not known" in entities_of(seen, lambda _: None).failure().message
    found = entities_of(seen, {"b": EntitySpec("b", ["other"])}.get).unwrap()
    assert [spec.join_keys for spec in found] == [("a",), ("other",)]


def test_a_stream_source_is_refused() -> None:
    push = PushSource(name="p", batch_source=source())
    entity = Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64)
    view = FeatureView(name="v", entities=[entity], source=push, schema=[Field(name="x", dtype=Float64)])
    refused = source_of(view_seen(view.to_proto(), PLACES)).failure().message
    assert "a PushSource, which is no FileSource over a Delta table" in refused


@pytest.mark.parametrize(
    ("dtype", "feast", "back"),
    [
        ("int8", "Int32", "int32"),
        ("uint32", "Int64", "int64"),
        ("binary", "Bytes", "binary"),
        ("date", "UnixTimestamp", None),
        ("timestamp[ns, UTC]", "UnixTimestamp", None),
        ("decimal(10,2)", "Decimal", None),
        ("list<list<string>>", "Array(Array(String))", "list<list<string>>"),
        ("struct<a: int64>", "Map", None),
        ("map<string, int64>", "Map", None),
    ],
)
def test_types_both_ways(dtype: str, feast: str, back: str | None) -> None:
    assert str(feast_type(dtype)) == feast
    assert dtype_of(feast_type(dtype)) == back


def test_feast_types_without_a_dtype_leave_the_tables() -> None:
    assert [dtype_of(t) for t in (Decimal, UnixTimestamp, Map, Array(UnixTimestamp))] == [None] * 4
    assert dtype_of(String) == "string"


def test_an_empty_catalog_is_nothing_in_feast() -> None:
    assert feast_entities(Catalog()).unwrap() == ()


def unfit(*features: object, entities: tuple[str, ...] = ("sample",), **options: object) -> Catalog:
    columns = (*COLUMNS, Column("k", "int64"), Column("j", "int64"))
    events = [EntityRegistered(EntitySpec(name, ["k"]), 1) for name in entities]
    source = DeltaSource("t", **{"timestamp_field": "at", **options})  # type: ignore[arg-type]  # wrong on purpose
    spec = FeatureViewSpec("v", entities, source, features or ("x",))  # type: ignore[arg-type]  # as above
    return replay([*events, FeatureViewRegistered(spec, 1, columns)])


@pytest.mark.parametrize(
    ("catalog", "problem"),
    [
        (unfit("k"), "its feature 'k' has the name of a join key"),
        (unfit(entities=("sample", "other")), "should not have entities that share a join key"),
        (unfit(created_timestamp_field="at"), "Please do not use the same column for 'timestamp_field'"),
        (unfit(field_mapping={"x": "z"}), "The field x is mapped to z for this data source"),
        (unfit(FeatureField("x", tags={"foreset.dtypes": "1"})), "its tag 'foreset.dtypes' begins as those"),
    ],
)
def test_what_feast_cannot_hold_is_refused_with_the_reason(catalog: Catalog, problem: str) -> None:
    refused = feast_view(catalog.views["v"], catalog, "/t").failure().message
    assert refused.startswith("The feature view 'v' cannot be published to Feast: ")
    assert problem in refused


def test_two_entities_that_feast_would_not_tell_apart_are_refused() -> None:
    both = replay([EntityRegistered(PAIR, 1), EntityRegistered(EntitySpec("pair__left", ["left"]), 1)])
    assert "entity 'pair__left' cannot be published" in feast_entities(both).failure().message


def source() -> FileSource:
    return FileSource(path="/data/t", timestamp_field="at", file_format=DeltaFormat())
