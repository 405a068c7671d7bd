"""Random catalogs of what Feast can hold: its limits are tested elsewhere."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from foreset.domain.definitions.registry import Catalog, EntityRegistered, FeatureViewRegistered, replay
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec
from foreset.domain.facts import Column

KEYS = ("int32", "int64", "uint8", "string", "binary", "bool", "date")
VALUES = (
    *KEYS, "int8", "uint64", "float32", "float64", "timestamp[us]", "timestamp[us, UTC]", "decimal(10,2)",
    "list<float32>", "list<list<string>>", "list<timestamp[us]>", "struct<a: int64>", "map<string, int64>",
)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
LETTERS = st.text("abcDEF_-.09é", min_size=1, max_size=6)
TAGS = st.dictionaries(TEXT, TEXT, max_size=2)
MAYBE = st.none() | TEXT
ENDPOINT = st.sampled_from(
    [
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9000", "AWS_ALLOW_HTTP": "true"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"},
        {"aws_endpoint_url": "https://store.example.com"},
    ]
)


def named(prefix: str, count: int) -> st.SearchStrategy[list[str]]:
    """Some names that are all different, also in lower case."""
    return st.lists(LETTERS, min_size=count, max_size=count).map(
        lambda ends: [f"{prefix}{number}{end}" for number, end in enumerate(ends)]
    )


@st.composite
def entities(draw: st.DrawFn) -> tuple[EntitySpec, ...]:
    """One to three entities of one to three keys each, which they do not share."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    names = draw(named("e", len(sizes)))
    return tuple(
        EntitySpec(name, draw(named(f"k{index}_", size)), draw(MAYBE), draw(TAGS), draw(MAYBE))
        for index, (name, size) in enumerate(zip(names, sizes, strict=True))
    )


@st.composite
def sources(draw: st.DrawFn, columns: tuple[str, ...]) -> DeltaSource:
    """A table that has some of these columns, which may be the event time and the created time, under other names."""
    moved = draw(st.sets(st.sampled_from(columns)))
    created = draw(st.sampled_from([None, "written"]))
    return DeltaSource(
        draw(st.sampled_from(["/data/t", "s3://bucket/t"])),
        "at",
        created,
        {f"stored {name}": name for name in columns if name in moved and name != ("at" if created else "written")},
        draw(ENDPOINT | st.dictionaries(TEXT, TEXT, max_size=2)),
        draw(st.none() | st.sampled_from(["t", "lake.t", 'lake."T 1"', "`a-b`.lake.t"])),
        draw(st.none() | st.just("Europe/Paris")),
        draw(MAYBE),
        draw(MAYBE),
    )


@st.composite
def views(draw: st.DrawFn, name: str, known: tuple[EntitySpec, ...]) -> FeatureViewRegistered:
    """A view of some of the entities, with the columns of its table."""
    used = draw(st.lists(st.sampled_from(known), min_size=1, unique_by=lambda entity: entity.name))
    keys = [key for entity in used for key in entity.join_keys]
    features = draw(named("f", draw(st.integers(1, 4))))
    source = draw(sources((*keys, *features, "at", "written")))
    types = {name: draw(st.sampled_from(KEYS if name in keys else VALUES)) for name in (*keys, *features)}
    types |= dict.fromkeys(("at", "written"), "timestamp[us, UTC]")
    declared = draw(st.sampled_from([st.none(), st.none() | st.sampled_from(VALUES)]))
    fields = [FeatureField(feature, draw(declared), draw(MAYBE), draw(TAGS)) for feature in features]
    options: dict[str, Any] = {"description": draw(MAYBE), "tags": draw(TAGS), "owner": draw(MAYBE)}
    ttl = draw(st.none() | st.timedeltas(timedelta(microseconds=1), timedelta(days=100_000)))
    spec = FeatureViewSpec(name, [entity.name for entity in used], source, fields, ttl, **options)
    columns = tuple(Column(source.column(column), dtype) for column, dtype in types.items())
    return FeatureViewRegistered(spec, draw(st.integers(1, 9)), columns)


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """Entities and views of them."""
    known = draw(entities())
    names = draw(named("v", draw(st.integers(1, 3))))
    events = [EntityRegistered(entity, draw(st.integers(1, 9))) for entity in known]
    return replay([*events, *(draw(views(name, known)) for name in names)])
