"""Keys that are categories of a column's type: of those that no row has nothing may be left after an erasure."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.polars.table_rows.key_search import PolarsKeySearch
from foreset.domain.errors.erasure import TrainingSetErased
from tests.erasing.conftest import ANN, BOB, day, left_in, opened
from tests.erasing.sets import SPEC, build

CYD = "cyd@example.com"
BOTH = pl.Enum([ANN, BOB])
WHEN = [day(3)]
ARROW = pa.DictionaryArray.from_arrays(pa.array([1], pa.int32()), pa.array([ANN, BOB]))
TIMES = pd.Categorical([day(2)], categories=[day(1), day(2)])


def with_bob(**columns: Any) -> pl.DataFrame:
    """Label rows of Bob, or of nobody where another column says who."""
    return pl.DataFrame({"event_timestamp": WHEN, "mail": [BOB], **columns})


def in_pandas(values: Any, **more: Any) -> pd.DataFrame:
    return pd.DataFrame({"event_timestamp": WHEN, "mail": values, **more})


def masked(values: list[str]) -> Any:
    """A null list over values that nobody sees."""
    items = pa.array(values).dictionary_encode()
    return pa.ListArray.from_arrays(pa.array([0, len(values)]), items, mask=pa.array([True]))


NAMED: dict[str, Callable[[], Any]] = {
    "polars Enum": lambda: with_bob(mail=pl.Series([BOB], dtype=BOTH)),
    "pandas category": lambda: in_pandas(pd.Categorical([BOB], categories=[ANN, BOB])),
    "pandas ordered category": lambda: in_pandas(pd.Categorical([BOB], categories=[ANN, BOB], ordered=True)),
    "pandas category of pandas texts": lambda: in_pandas(
        pd.Categorical([BOB], categories=pd.Index([ANN, BOB], dtype="string"))
    ),
    "Enum in a struct": lambda: with_bob(who=pl.Series([{"mail": BOB}], dtype=pl.Struct({"mail": BOTH}))),
    "Enum in lists of structs": lambda: with_bob(
        who=pl.Series([[{"mail": BOB}, {"mail": None}]], dtype=pl.List(pl.Struct({"mail": BOTH})))
    ),
    "Enum in an array": lambda: with_bob(
        who=pl.Series([{"mail": [BOB]}], dtype=pl.Struct({"mail": pl.Array(BOTH, 1)}))
    ),
    "Enum in a map": lambda: with_bob(
        who=pl.Series([{"mail": {"first": BOB}}], dtype=pl.Struct({"mail": pl.Map(pl.String, BOTH)}))
    ),
}
"""Label rows whose types name Ann, and whose rows do not."""
NOT_NAMED: dict[str, Callable[[], Any]] = {
    "polars Categorical": lambda: with_bob(mail=pl.Series([ANN, BOB], dtype=pl.Categorical).tail(1)),
    "named polars Categorical": lambda: with_bob(
        mail=pl.Series([ANN, BOB], dtype=pl.Categorical(pl.Categories("mails"))).tail(1)
    ),
    "Categorical in lists": lambda: with_bob(who=pl.Series([[ANN], [BOB]], dtype=pl.List(pl.Categorical)).tail(1)),
    "Categorical in maps": lambda: with_bob(
        who=pl.Series([{"a": ANN}, {"a": BOB}], dtype=pl.Map(pl.String, pl.Categorical)).tail(1)
    ),
    "Categorical in masked lists of Arrow": lambda: pa.table(
        {"event_timestamp": WHEN, "mail": [BOB], "who": masked([ANN])}
    ),
    "Categorical in inner lists of Arrow": lambda: pa.table(
        {"event_timestamp": WHEN, "mail": [BOB], "who": pa.ListArray.from_arrays(pa.array([0, 1]), masked([ANN]))}
    ),
    "Arrow dictionary": lambda: pa.table({"event_timestamp": WHEN, "mail": ARROW}),
    "Arrow dictionary in a struct": lambda: pa.table(
        {"event_timestamp": WHEN, "mail": [BOB], "who": pa.StructArray.from_arrays([ARROW], ["mail"])}
    ),
    "pandas dictionary of Arrow": lambda: in_pandas(pd.array(ARROW, dtype=pd.ArrowDtype(ARROW.type))),
    "slice of texts": lambda: pa.table({"event_timestamp": WHEN * 2, "mail": [ANN, BOB]}).slice(1),
}
"""Label rows that share a dictionary or a buffer with Ann's, and that name her neither in rows nor in types."""


@pytest.mark.parametrize("kind", NAMED)
def test_a_category_without_rows_does_not_survive_an_erasure(store: FeatureStore, tmp_path: Path, kind: str) -> None:
    held = build(store, NAMED[kind]())
    other = build(store, with_bob(late=[1]))
    store.training_sets.pin(held).unwrap()
    store.rebuild(held).unwrap()
    assert left_in(tmp_path / "store", ANN)
    done = store.keys.erase("customer", ANN).unwrap()
    assert [(h.id, h.rows, h.where) for h in done.report.training_sets] == [(held, 0, "category")]
    assert left_in(tmp_path / "store", ANN) == []
    assert isinstance(store.rebuild(held).failure(), TrainingSetErased)
    assert store.rebuild(other).unwrap().frame.height == 1


@pytest.mark.parametrize("kind", NOT_NAMED)
def test_what_only_shared_memory_with_a_key_never_keeps_it(store: FeatureStore, tmp_path: Path, kind: str) -> None:
    held = build(store, NOT_NAMED[kind]())
    assert left_in(tmp_path / "store", ANN) == []
    assert store.keys.erase("customer", ANN).unwrap().report.training_sets == ()
    assert store.rebuild(held).unwrap().frame.height == 1


@pytest.mark.parametrize("kind", [*NAMED, *NOT_NAMED])
def test_tables_are_written_without_the_categories_that_no_row_has(tmp_path: Path, kind: str) -> None:
    store = opened(tmp_path)
    frame = (NAMED | NOT_NAMED)[kind]()
    store.tables.write(frame, "t").unwrap()
    assert left_in(tmp_path / "data", BOB)
    assert left_in(tmp_path / "data", ANN) == []


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (pd.Categorical([72], categories=[71, 72]), 71),
        (pd.Categorical([72], categories=pd.Index([71, 72], dtype="Int8")), "71"),
        (TIMES, day(1)),
        (TIMES, "2024-01-01T00:00:00"),
        (pd.Categorical([True], categories=[False, True]), "false"),
    ],
)
def test_categories_are_compared_as_values_of_their_own_type(tmp_path: Path, values: Any, key: object) -> None:
    store = opened(tmp_path)
    store.tables.write(pd.DataFrame({"k": values.categories, "at": [day(1)] * 2, "x": [1, 2]}), "t").unwrap()
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])).unwrap()
    held = store.training_set(TrainingSetSpec(["v:x"]), pd.DataFrame({"event_timestamp": WHEN, "k": values})).unwrap()
    report = store.keys.find("e", key).unwrap()
    assert [(h.id, h.rows, h.where) for h in report.training_sets] == [(held.id, 0, "category")]


@pytest.mark.parametrize(("mail", "named"), [(ANN, True), (BOB, False), (CYD, True)])
def test_a_part_of_a_key_without_rows_names_it_and_parts_in_other_rows_do_not(mail: str, named: bool) -> None:  # noqa: FBT001
    rows = pl.DataFrame({"mail": pl.Series([BOB], dtype=pl.Enum([ANN, BOB, CYD])), "land": ["NO"]})
    search = PolarsKeySearch()
    assert search.in_categories(rows, [{"mail": mail, "land": "NO"}]) is named
    assert not search.in_categories(rows, [{"mail": mail, "land": "SE"}])


def test_a_store_in_memory_forgets_categories_too() -> None:
    people = pl.DataFrame({"mail": [ANN, BOB], "at": [day(1)] * 2, "age": [1, 2]})
    store = FeatureStore.in_memory({"customers": people})
    view = FeatureViewSpec("ages", ["customer"], DeltaSource("customers", "at"), ["age"])
    store.register(EntitySpec("customer", ["mail"]), view).unwrap()
    for kind in NAMED.values():
        store.training_set(SPEC, kind()).unwrap()
    done = store.keys.erase("customer", ANN).unwrap()
    assert len(done.removed) == len(NAMED)
    assert store.adapters.kept.names("").unwrap() == ()


# === Generated frames, by a search in plain Python ===

TEXTS = st.sampled_from(["a", "b", "c", "d"])
NAMES = st.sampled_from(["k", "key", "value", "x"])
LEAVES = st.lists(TEXTS, unique=True, min_size=1).map(pl.Enum) | st.sampled_from([pl.String(), pl.Categorical()])
TYPES = st.recursive(
    LEAVES,
    lambda inner: (
        inner.map(pl.List)
        | inner.map(lambda dtype: pl.Array(dtype, 2))
        | inner.map(lambda dtype: pl.Map(pl.String(), dtype))
        | st.dictionaries(NAMES, inner, min_size=1, max_size=2).map(pl.Struct)
    ),
    max_leaves=3,
)


def values_of(dtype: Any) -> st.SearchStrategy[Any]:
    match dtype:
        case pl.Enum(categories=categories):
            known: st.SearchStrategy[Any] = st.sampled_from(categories.to_list())
        case pl.List(inner=inner):
            known = st.lists(values_of(inner), max_size=2)
        case pl.Array(inner=inner):
            known = st.lists(values_of(inner), min_size=2, max_size=2)
        case pl.Map(value=inner):
            known = st.dictionaries(st.sampled_from("ab"), values_of(inner), max_size=2)
        case pl.Struct(fields=fields):
            known = st.fixed_dictionaries({field.name: values_of(field.dtype) for field in fields})
        case _:
            known = TEXTS
    return known | st.none()


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    height = draw(st.integers(0, 3))
    columns = draw(st.dictionaries(NAMES, TYPES, min_size=1, max_size=3))
    drawn = {n: draw(st.lists(values_of(t), min_size=height, max_size=height)) for n, t in columns.items()}
    return pl.DataFrame([pl.Series(n, drawn[n], dtype=t) for n, t in columns.items()])


def in_value(value: Any, dtype: Any, *, named: bool) -> Iterator[Any]:
    """The values in parts of the name `k`."""
    match dtype:
        case pl.Struct(fields=fields):
            for field in fields:
                yield from in_value((value or {}).get(field.name), field.dtype, named=named or field.name == "k")
        case pl.Map(key=key, value=inner):
            for first, second in dict(value or {}).items():
                yield from in_value(first, key, named=named)
                yield from in_value(second, inner, named=named)
        case pl.List(inner=inner) | pl.Array(inner=inner):
            for item in value or []:
                yield from in_value(item, inner, named=named)
        case _ if named:
            yield value
        case _:
            return


def in_type(dtype: Any, *, named: bool) -> Iterator[str]:
    """The categories in parts of the name `k`."""
    match dtype:
        case pl.Enum(categories=categories) if named:
            yield from categories
        case pl.Struct(fields=fields):
            for field in fields:
                yield from in_type(field.dtype, named=named or field.name == "k")
        case pl.Map(value=inner) | pl.List(inner=inner) | pl.Array(inner=inner):
            yield from in_type(inner, named=named)
        case _:
            return


@settings(max_examples=60)
@given(frame=frames(), key=TEXTS)
def test_rows_and_categories_of_every_shape_are_found(frame: pl.DataFrame, key: str) -> None:
    rows = [
        key in {v for n, t in frame.schema.items() for v in in_value(row[n], t, named=n == "k")}
        for row in frame.iter_rows(named=True)
    ]
    categories = {c for n, t in frame.schema.items() for c in in_type(t, named=n == "k")}
    search = PolarsKeySearch()
    assert search.in_frame(frame, [{"k": key}]) == sum(rows)
    assert search.in_categories(frame, [{"k": key}]) == (key in categories and not any(rows))
