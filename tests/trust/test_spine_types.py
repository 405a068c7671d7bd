"""Spines that differ in their types alone are different spines, and each is rebuilt as it was."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.polars.frames.fingerprint import column_digest, fingerprint
from foreset.adapters.polars.frames.spines import PolarsSpines
from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.entrypoints.wiring.build import table_store

OLDER = Path(__file__).parent / "first_identity"
"""A store of a Foreset that took categories for texts and arrays for lists, with one spine of each kind."""
SETS = {
    "plain": "ts-7a72b11f8685fbae",
    "enum": "ts-d19afcfe58d62c84",
    "categorical": "ts-6f97122b233a367c",
    "array": "ts-a578293812aab911",
    "nested": "ts-1f755e75ea90848f",
}
SIZES = pl.Enum(["small", "medium", "large"])
SPEC = TrainingSetSpec(["v:x"])
REBUILD = """
import sys
from foreset import FeatureStore
store = FeatureStore.open(sys.argv[1], data_dir=sys.argv[2]).unwrap()
for identifier in sys.argv[4:]:
    store.rebuild(identifier).unwrap().write_parquet(f"{sys.argv[3]}/{identifier}.parquet")
"""


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def spine(column: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"k": [1, 2], "event_timestamp": [day(2)] * 2, "size": column})


def open_store(folder: Path) -> FeatureStore:
    return FeatureStore.open(folder / "store", data_dir=folder / "data").unwrap()


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    store = open_store(tmp_path)
    store.tables.write(pl.DataFrame({"k": [1, 2], "at": [day(1)] * 2, "x": [1, 2]}), "t").unwrap()
    store.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], DeltaSource("t", "at"), ["x"])).unwrap()
    return store


@pytest.fixture
def older(tmp_path: Path) -> FeatureStore:
    shutil.copytree(OLDER, tmp_path, dirs_exist_ok=True)
    return open_store(tmp_path)


RISK = pl.Categories("risk", "of-loans", pl.UInt8)
ALIKE = [
    pl.Series(["small", "large"]),
    pl.Series(["small", "large"], dtype=pl.Categorical),
    pl.Series(["small", "large"], dtype=pl.Categorical(RISK)),
    pl.Series(["small", "large"], dtype=pl.Enum(["small", "large"])),
    pl.Series(["small", "large"], dtype=pl.Enum(["large", "small"])),
    pl.Series(["small", "large"], dtype=SIZES),
    pl.Series([["small"], ["large"]]),
    pl.Series([["small"], ["large"]], dtype=pl.List(SIZES)),
    pl.Series([["small"], ["large"]], dtype=pl.Array(pl.String, 1)),
    pl.Series([["small"], ["large"]], dtype=pl.Array(SIZES, 1)),
    pl.Series([[["small"]], [["large"]]], dtype=pl.Array(SIZES, (1, 1))),
    pl.Series([[["small"]], [["large"]]], dtype=pl.List(pl.Array(SIZES, 1))),
    pl.Series([{"a": "small"}, {"a": "large"}]),
    pl.Series([{"a": "small"}, {"a": "large"}], dtype=pl.Struct({"a": pl.Categorical})),
    pl.Series([{"a": ["small"]}, {"a": ["large"]}], dtype=pl.Struct({"a": pl.List(SIZES)})),
    pl.Series([1, 2]),
    pl.Series([1, 2], dtype=pl.Int128),
    pl.Series([1, 2], dtype=pl.Decimal(10, 0)),
    pl.Series([1, 2], dtype=pl.Decimal(11, 0)),
    pl.Series([1, 2], dtype=pl.Datetime("us")),
    pl.Series([1, 2], dtype=pl.Datetime("us", "UTC")),
    pl.Series([1, 2], dtype=pl.Datetime("us", "Asia/Tokyo")),
    pl.Series([1, 2], dtype=pl.Duration("us")),
    pl.Series([1, 2], dtype=pl.Time),
]
"""Columns of equal values, as far as their types allow."""


def test_spines_that_differ_in_type_alone_are_each_rebuilt_as_they_were(store: FeatureStore, tmp_path: Path) -> None:
    made = [store.training_set(SPEC, spine(column)).unwrap() for column in ALIKE]
    frames = {one.id: one.frame for one in made}
    assert len(frames) == len(ALIKE)
    command = [sys.executable, "-c", REBUILD, tmp_path / "store", tmp_path / "data", tmp_path, *frames]
    subprocess.run([str(part) for part in command], check=True)
    for identifier, frame in frames.items():
        again = store.rebuild(identifier).unwrap().frame
        elsewhere = pl.read_parquet(tmp_path / f"{identifier}.parquet")
        for rows in (again, elsewhere):
            assert rows.schema == frame.schema
            assert_frame_equal(rows, frame, categorical_as_str=True)
            assert rows.sort("size").equals(frame.sort("size"))


def test_a_pin_and_a_spine_that_is_given_again_keep_the_types(store: FeatureStore) -> None:
    for column in ALIKE[:9]:
        made = store.training_set(SPEC, spine(column)).unwrap()
        store.training_sets.pin(made.id).unwrap()
        assert store.rebuild(made.id, from_pin=True).unwrap().frame.schema == made.frame.schema
        other = next(one for one in ALIKE if one.dtype != column.dtype)
        assert "This is not the spine of" in store.rebuild(made.id, spine=spine(other)).failure().message


def test_a_reordered_category_is_a_difference_of_type(store: FeatureStore) -> None:
    first, second = (store.training_set(SPEC, spine(ALIKE[at])).unwrap() for at in (3, 4))
    [column] = [found for found in store.diff(first.id, second.id).unwrap().columns or () if found.name == "size"]
    assert (column.dtype_a, column.dtype_b) == ('enum<"small", "large">', 'enum<"large", "small">')
    assert column.changed == 0


# === Stores that know spines by their first identity ===


def test_what_an_older_foreset_kept_is_rebuilt_with_its_types(older: FeatureStore) -> None:
    rebuilt = {name: older.rebuild(identifier).unwrap().frame for name, identifier in SETS.items()}
    assert rebuilt["enum"]["size"].dtype == SIZES
    assert rebuilt["categorical"]["size"].dtype == pl.Categorical
    assert rebuilt["array"]["size"].dtype == pl.Array(pl.Int64, 2)
    assert rebuilt["nested"]["size"].dtype == pl.Struct({"a": pl.List(SIZES)})
    assert older.rebuild(SETS["enum"], from_pin=True).unwrap().frame["size"].dtype == SIZES


def test_plain_spines_have_the_id_that_they_had(older: FeatureStore) -> None:
    columns = older.rebuild(SETS["plain"]).unwrap().frame.drop("x")
    assert older.training_set(SPEC, columns).unwrap().id == SETS["plain"]
    assert len(columns.columns) == 16


@pytest.mark.parametrize("name", ["enum", "categorical", "array", "nested"])
def test_a_plain_spine_is_rebuilt_though_an_older_foreset_kept_another_by_its_name(
    older: FeatureStore, name: str
) -> None:
    kept = older.rebuild(SETS[name]).unwrap().frame.drop("x")
    plain = older.adapters.spines.plain(kept)
    assert isinstance(plain, pl.DataFrame)
    again = older.training_set(SPEC, plain).unwrap()
    assert again.id == SETS[name]  # as it was, for texts and lists
    assert older.rebuild(again.id).unwrap().frame.schema == again.frame.schema
    typed = older.training_set(SPEC, kept).unwrap()
    assert typed.id != SETS[name]
    assert older.rebuild(typed.id).unwrap().frame.schema == typed.frame.schema


# === Generated types ===

PLAIN = st.sampled_from(
    [pl.String(), pl.Int64(), pl.Float32(), pl.Date(), pl.Datetime("us", "UTC"), pl.Decimal(9, 2), pl.Boolean()]
)
TEXTS = st.lists(st.text("ab\"',<> ", max_size=3), max_size=4, unique=True)
CATEGORIES = st.one_of(
    st.just(pl.Categorical()),
    TEXTS.map(pl.Enum),
    st.builds(pl.Categories, st.sampled_from(["a", "b", 'a", "b']), st.sampled_from(["", "n"])).map(pl.Categorical),
)
NAMES = st.sampled_from(["a", "b", "a: string", "enum<"])


def nested(inner: st.SearchStrategy[pl.DataType]) -> st.SearchStrategy[pl.DataType]:
    return st.one_of(
        inner.map(pl.List),
        st.builds(pl.Array, inner, st.integers(1, 3)),
        st.dictionaries(NAMES, inner, min_size=1, max_size=2).map(pl.Struct),
    )


DTYPES = st.recursive(st.one_of(PLAIN, CATEGORIES), nested, max_leaves=4)


@settings(max_examples=100, deadline=None)
@given(st.lists(DTYPES, min_size=2, max_size=6), st.integers(0, 2))
def test_equal_spines_and_no_others_have_equal_fingerprints(dtypes: list[pl.DataType], rows: int) -> None:
    frames = [pl.DataFrame({"x": pl.Series([None] * rows, dtype=dtype)}) for dtype in dtypes]
    for left, right in combinations(frames, 2):
        assert (fingerprint(left) == fingerprint(right)) == (left.schema == right.schema)


@pytest.mark.parametrize(
    ("dtype", "plain", "value"),
    [
        (pl.Map(pl.String, pl.Categorical), pl.Map(pl.String, pl.String), {"a": "q"}),
        (pl.Map(pl.Categorical, pl.Int8), pl.Map(pl.String, pl.Int8), {"q": 1}),
        (pl.Map(pl.String, pl.List(pl.Categorical(RISK))), pl.Map(pl.String, pl.List(pl.String)), {"a": ["q", None]}),
    ],
)
def test_categories_in_maps_count_by_their_texts_and_not_by_codes(
    dtype: pl.DataType, plain: pl.DataType, value: object
) -> None:
    texts, categories = (pl.Series("m", [None, value], dtype=known) for known in (plain, dtype))
    assert column_digest(categories, dtype_name) == column_digest(texts, dtype_name)
    assert column_digest(categories) != column_digest(texts)


@settings(max_examples=50, deadline=None)
@given(DTYPES)
def test_types_are_plain_in_the_first_identity(dtype: pl.DataType) -> None:
    frame = pl.DataFrame({"x": pl.Series([None], dtype=dtype)})
    spines = PolarsSpines(table_store(Path()))
    found, plain = spines.fingerprint(frame), spines.fingerprint(spines.plain(frame))
    assert plain.former is None
    assert (found if found.former is None else found.former).value == plain.value
