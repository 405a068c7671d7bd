from datetime import timedelta

import pytest
from feast import Entity, FeatureView, Field, FileSource, PushSource
from feast.data_format import DeltaFormat
from feast.types import Array, Decimal, Float64, Int64, Map, String, UnixTimestamp
from feast.value_type import ValueType

from foreset.adapters.feast.convert import entities_of, entity_spec, feast_entities, feast_view, source_of, view_spec
from foreset.adapters.feast.dtypes import dtype_of, feast_type
from foreset.domain.facts import Column
from foreset.domain.registry import Catalog, EntityRegistered, FeatureViewRegistered, replay
from foreset.domain.spec import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec

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


def test_a_view_survives_the_way_to_feast_and_back() -> None:
    view = feast_view(CATALOG.views["v"], CATALOG, "/data/t")
    entities = entities_of(view, {"sample": SAMPLE}.get).unwrap()
    back = view_spec(view, "/data/t", entities, ()).unwrap()
    typed = (*VIEW.fields[:1], FeatureField("y", "string"))
    assert back == FeatureViewSpec("v", ["sample"], SOURCE, typed, VIEW.ttl, "view", {"c": "d"}, "you")


def test_an_entity_survives_the_way_to_feast_and_back() -> None:
    (entity,) = feast_entities(CATALOG)
    assert entity_spec(entity) == SAMPLE
    assert entity.value_type == ValueType.INT64


def test_a_view_in_feast_names_its_entity_column() -> None:
    view = feast_view(CATALOG.views["v"], CATALOG, "/data/t")
    assert [(field.name, field.dtype) for field in view.entity_columns] == [("k", Int64)]
    assert view.tags == {"c": "d", "foreset.version": "3"}


def test_an_entity_of_two_keys_becomes_two_in_feast() -> None:
    columns = (Column("left", "int64"), Column("right", "string"), Column("at", "date"), Column("x", "float64"))
    spec = FeatureViewSpec("w", ["pair"], DeltaSource("t", "at"), ["x"])
    catalog = replay([EntityRegistered(PAIR, 1), FeatureViewRegistered(spec, 1, columns)])
    assert [(e.name, e.join_key, e.value_type) for e in feast_entities(catalog)] == [
        ("pair__left", "left", ValueType.INT64),
        ("pair__right", "right", ValueType.STRING),
    ]
    assert feast_view(catalog.views["w"], catalog, "/t").entities == ["pair__left", "pair__right"]


def test_a_key_of_two_types_leaves_the_entitys_type_open() -> None:
    other = FeatureViewSpec("w", ["sample"], DeltaSource("u", "at"), ["x"])
    columns = (Column("k", "int32"), Column("at", "date"), Column("x", "float64"))
    catalog = replay([FeatureViewRegistered(other, 1, columns)], CATALOG)
    assert feast_entities(catalog)[0].value_type == ValueType.UNKNOWN
    assert [feast_view(v, catalog, "/t").entity_columns[0].dtype.name for v in catalog.views.values()] == [
        "INT64",
        "INT32",
    ]


def test_a_view_of_no_features_takes_all_columns_beside_keys_and_times() -> None:
    entity = Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64)
    source = FileSource(
        path="/data/t",
        timestamp_field="at",
        created_timestamp_column="written",
        field_mapping={"kay": "k"},
        file_format=DeltaFormat(),
    )
    view = FeatureView(name="v", entities=[entity], source=source)
    assert [field.name for field in view_spec(view, "t", [SAMPLE], COLUMNS).unwrap().fields] == ["x", "y"]


def test_entities_are_found_by_the_views_own_column() -> None:
    entity = Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64)
    view = FeatureView(name="v", entities=[entity], source=source(), schema=[Field(name="k", dtype=Int64)])
    assert entities_of(view, lambda _: None).unwrap() == (EntitySpec("sample", ["k"]),)


def test_two_unknown_entities_are_told_apart_by_their_names_or_not_at_all() -> None:
    entities = [Entity(name=n, join_keys=[k], value_type=ValueType.INT64) for n, k in (("a", "a"), ("b", "other"))]
    view = FeatureView(
        name="v", entities=entities, source=source(), schema=[Field(name=k, dtype=Int64) for k in ("a", "other")]
    )
    assert "the join key of its entity 'b' is not known" in entities_of(view, lambda _: None).failure().message
    found = entities_of(view, {"b": EntitySpec("b", ["other"])}.get).unwrap()
    assert [spec.join_keys for spec in found] == [("a",), ("other",)]


def test_a_stream_source_is_refused() -> None:
    push = PushSource(name="p", batch_source=source())
    entity = Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64)
    view = FeatureView(name="v", entities=[entity], source=push, schema=[Field(name="x", dtype=Float64)])
    assert "a PushSource, which is no FileSource over a Delta table" in source_of(view).failure().message


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
    assert feast_entities(Catalog()) == ()


def source() -> FileSource:
    return FileSource(path="/data/t", timestamp_field="at", file_format=DeltaFormat())
