"""Columns of every type, from a label frame to pandas, Feast and estimators and back: right, or refused."""

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given as generated
from hypothesis import settings
from hypothesis import strategies as st
from returns.result import Success

from foreset import CallerError, DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.polars.frames.spines import PolarsSpines
from foreset.adapters.shared.interchange.to_pandas import pandas_frame
from foreset.entrypoints.store.training_set import TrainingSet
from foreset.entrypoints.wiring.build import table_store
from tests.pandas_columns import BIG, CATEGORIES, GIVEN, OTHERS
from tests.types_of_frames import COLUMN_TYPES, ColumnType, frame_of

SPEC = TrainingSetSpec(["v:x"])
TIMES = [dt.datetime(2024, 1, 2, tzinfo=dt.UTC)] * 3
REBUILD = """
import sys
from foreset import FeatureStore
store = FeatureStore.open(sys.argv[1], data_dir=sys.argv[2]).unwrap()
store.rebuild(sys.argv[3]).unwrap().to_pandas().to_pickle(sys.argv[4])
"""


def open_store(folder: Path) -> FeatureStore:
    return FeatureStore.open(folder / "store", data_dir=folder / "data").unwrap()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spines")


@pytest.fixture(scope="module")
def store(folder: Path) -> FeatureStore:
    store = open_store(folder)
    rows = pl.DataFrame({"k": [1, 2], "at": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * 2, "x": [BIG, 2]})
    store.tables.write(rows, "t").unwrap()
    store.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], DeltaSource("t", "at"), ["x"])).unwrap()
    return store


def spine(column: Any) -> pd.DataFrame:
    return pd.DataFrame({"k": [1, 2, 3], "event_timestamp": TIMES, "given": column})


def assert_same(found: pd.DataFrame, labels: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found[list(labels.columns)], labels, check_exact=True)


@pytest.mark.parametrize("name", GIVEN)
def test_a_column_of_a_pandas_spine_comes_back_as_it_was_given(store: FeatureStore, folder: Path, name: str) -> None:
    labels = spine(GIVEN[name]())
    made = store.training_set(SPEC, labels).unwrap()
    assert_same(made.to_pandas(), labels)
    assert_same(store.rebuild(made.id).unwrap().to_pandas(), labels)
    assert_same(open_store(folder).rebuild(made.id, spine=labels).unwrap().to_pandas(), labels)


def test_categories_come_back_in_another_process(store: FeatureStore, folder: Path) -> None:
    labels = spine(1).drop(columns="given").assign(**{name: make() for name, make in GIVEN.items()})
    made = store.training_set(SPEC, labels).unwrap()
    place = folder / "elsewhere.pickle"
    command = [sys.executable, "-c", REBUILD, folder / "store", folder / "data", made.id, place]
    subprocess.run([str(part) for part in command], check=True)
    assert_same(pd.read_pickle(place), labels)  # noqa: S301  # of our own making
    store.training_sets.pin(made.id).unwrap()
    assert_same(store.rebuild(made.id, from_pin=True).unwrap().to_pandas(), labels)


def test_spines_of_different_pandas_types_are_different_spines(store: FeatureStore) -> None:
    found: dict[str, list[pd.Series]] = {}
    for name, make in GIVEN.items():
        labels = spine(make())
        found.setdefault(store.training_set(SPEC, labels).unwrap().id, []).append(labels["given"])
        assert len({str(column.dtype) for column in next(reversed(found.values()))}) == 1, name
    assert len(found) == len(GIVEN)


def test_a_plain_pandas_spine_is_the_spine_that_it_is_in_polars(store: FeatureStore) -> None:
    for name in ("int64", "bool", "float32", "object of texts", "nanoseconds", "Int64 with nulls", "boolean"):
        labels = spine(OTHERS[name]())
        known = pl.from_pandas(labels)
        assert store.training_set(SPEC, labels).unwrap().id == store.training_set(SPEC, known).unwrap().id


def test_the_index_of_a_pandas_spine_is_left_out(store: FeatureStore) -> None:
    labels = spine([1, 2, 3]).set_index(pd.Index([7, 8, 9], name="number"))
    found = store.training_set(SPEC, labels).unwrap().to_pandas()
    assert found.index.equals(pd.RangeIndex(3))
    assert "number" not in found.columns


# === Nothing passes through float64 ===


def retrieved(store: FeatureStore, columns: dict[str, pl.Series]) -> TrainingSet:
    frame = pl.DataFrame({"k": [1, 2, 3], "event_timestamp": TIMES, **columns})
    return store.training_set(SPEC, frame).unwrap()


def test_whole_numbers_keep_their_digits_in_pandas(store: FeatureStore) -> None:
    columns = {
        "number": pl.Series([BIG, None, 3]),
        "unsigned": pl.Series([2**64 - 1, None, 3], dtype=pl.UInt64),
        "wide": pl.Series([2**100, None, 3], dtype=pl.Int128),
        "list": pl.Series([[BIG, None], None, []], dtype=pl.List(pl.Int64)),
        "array": pl.Series([[BIG, None], None, [1, 2]], dtype=pl.Array(pl.Int64, 2)),
        "struct": pl.Series([{"a": BIG, "b": [BIG, None]}, {"a": None, "b": None}, None]),
        "deep": pl.Series([[{"a": BIG}, {"a": None}], None, []]),
        "flag": pl.Series([True, None, False]),
        "flags": pl.Series([[True, None], None, []]),
    }
    found = retrieved(store, columns).to_pandas()
    assert found["number"].dtype == "Int64"
    assert found["number"].tolist() == [BIG, pd.NA, 3]
    assert found["x"].dtype == "Int64"
    assert found["x"].tolist() == [BIG, 2, pd.NA]
    assert found["unsigned"].dtype == "UInt64"
    assert found["unsigned"][0] == 2**64 - 1
    assert found["wide"].tolist() == [2**100, None, 3]
    assert found["list"][0].tolist() == [BIG, None]
    assert found["list"][2].tolist() == []
    assert found["array"][0].tolist() == [BIG, None]
    assert found["struct"][0]["a"] == BIG
    assert found["struct"][0]["b"].tolist() == [BIG, None]
    assert found["struct"][1] == {"a": None, "b": None}
    assert found["struct"][2] is None
    assert found["deep"][0].tolist() == [{"a": BIG}, {"a": None}]
    assert found["flag"].dtype == "boolean"
    assert found["flags"][0].tolist() == [True, None]


def test_times_keep_their_ticks_in_pandas(store: FeatureStore) -> None:
    tick = pl.Series([1, None, 3], dtype=pl.Int64)
    columns = {
        "time": tick.cast(pl.Datetime("ns", "Asia/Tokyo")),
        "duration": tick.cast(pl.Duration("ns")),
        "far": pl.Series([dt.datetime(9999, 12, 31), None, None], dtype=pl.Datetime("us")),  # noqa: DTZ001
        "struct": pl.DataFrame({"t": tick.cast(pl.Datetime("ns"))}).to_struct("struct"),
        "day": pl.Series([dt.date(9999, 12, 31), None, None]),
    }
    found = retrieved(store, columns).to_pandas()
    assert found["time"].dtype == "datetime64[ns, Asia/Tokyo]"
    assert found["time"][0].nanosecond == 1
    assert found["duration"][0] == pd.Timedelta(1, unit="ns")
    assert found["far"][0] == pd.Timestamp("9999-12-31").as_unit("us")
    assert found["struct"][0]["t"].nanosecond == 1
    assert found["day"].tolist() == [dt.date(9999, 12, 31), None, None]


def test_a_time_of_day_that_python_lacks_is_refused(store: FeatureStore) -> None:
    made = retrieved(store, {"of_day": pl.Series([0, None, 1_001], dtype=pl.Int64).cast(pl.Time)})
    with pytest.raises(CallerError, match=r"'of_day' \(time\) has 00:00:00.000001001 in row 2, which .* Next: take it"):
        made.to_pandas()


def test_estimators_get_floats_that_are_exact(store: FeatureStore) -> None:
    made = retrieved(store, {"number": pl.Series([2**53, None, 3]), "flag": pl.Series([True, None, False])})
    with pytest.raises(CallerError) as refused:
        made.X_y("number")
    assert str(refused.value).startswith(
        "X_y: the column 'x' (int64) has 9007199254740993 in row 0, which float64 would round. Next: take it from"
    )
    X, y = made.columns_for(["flag"], "number", "X_y")  # the field's own name
    assert X["flag"].dtype == y.dtype == np.float64
    assert y.tolist()[:1] == [2.0**53]
    assert np.isnan(y[1])
    assert X["flag"].tolist()[::2] == [1.0, 0.0]


def test_a_category_is_the_target_that_it_was_given_as(store: FeatureStore) -> None:
    labels = spine(CATEGORIES["ordered whole numbers"]()).iloc[:2]
    made = store.training_set(SPEC, labels).unwrap()
    X, y = made.X_y("given")  # the field's own name
    assert y.dtype == labels["given"].dtype
    assert X["x"].dtype == np.int64
    assert X["x"].tolist() == [BIG, 2]


def features(columns: dict[str, pl.Series]) -> TrainingSet:
    """A set whose features are these columns."""
    keys = {"k": [1, 2], "at": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * 2}
    store = FeatureStore.in_memory({"t": pl.DataFrame({**keys, **columns})})
    view = FeatureViewSpec("v", ["k"], DeltaSource("t", "at"), list(columns))
    store.register(EntitySpec("k", ["k"]), view).unwrap()
    labels = pl.DataFrame({"k": [1, 2], "event_timestamp": TIMES[:2]})
    return store.training_set(TrainingSetSpec(["v:*"]), labels).unwrap()


def test_an_array_of_numbers_has_their_common_type() -> None:
    small = pl.Series([1, 2], dtype=pl.Int8)
    assert features({"a": small, "b": pl.Series([BIG, 2])}).to_numpy().tolist() == [[1, BIG], [2, 2]]
    assert features({"a": small, "b": pl.Series([1.5, 2], dtype=pl.Float32)}).to_numpy().dtype == np.float32
    assert features({"a": pl.Series([True, False])}).to_numpy().dtype == np.bool_
    mixed = features({"a": pl.Series([True, None]), "b": pl.Series([1, 2])}).to_numpy()
    assert mixed.dtype == np.float64
    assert np.isnan(mixed[1, 0])


@pytest.mark.parametrize(
    "columns",
    [
        {"id": pl.Series([1, BIG]), "b": pl.Series([0.5, 1.5])},
        {"id": pl.Series([None, BIG])},
        {"id": pl.Series([1, BIG]), "b": pl.Series([1, 2], dtype=pl.UInt64)},
        {"id": pl.Series([1, 2**64 - 1], dtype=pl.UInt64), "b": pl.Series([1, 2])},
    ],
)
def test_an_array_that_would_round_a_number_is_refused(columns: dict[str, pl.Series]) -> None:
    value = columns["id"][1]
    with pytest.raises(CallerError, match=rf"to_numpy: the column 'id' .* has {value} in row 1, which float64 would"):
        features(columns).to_numpy()


def test_an_array_of_other_mixtures_has_objects() -> None:
    time = pl.Series([TIMES[0], None])
    found = features({"t": time, "n": pl.Series([BIG, None]), "s": pl.Series(["a", None])}).to_numpy()
    assert found.dtype == object
    assert found.tolist() == [[TIMES[0], BIG, "a"], [None, None, None]]
    assert features({"t": time, "u": time}).to_numpy().dtype == np.dtype("datetime64[us]")
    assert features({"d": pl.Series([Decimal("1.5"), None])}).to_numpy().tolist() == [[Decimal("1.5")], [None]]


# === Types of every library ===


@pytest.mark.parametrize("column", COLUMN_TYPES, ids=lambda column: column.name)
def test_a_column_of_any_type_is_served_as_it_is_or_refused(store: FeatureStore, column: ColumnType) -> None:
    labels = frame_of(column.make(), {"k": [1, 2, 3], "event_timestamp": TIMES}, "given")
    made = store.training_set(SPEC, labels)
    if not isinstance(made, Success):
        assert "Next: " in made.failure().message
        return
    training = made.unwrap()
    again = store.rebuild(training.id).unwrap()
    assert again.frame.schema == training.frame.schema
    assert again.frame.equals(training.frame)
    found, twice = training.to_pandas()["given"], again.to_pandas()["given"]
    assert found.dtype == twice.dtype
    if isinstance(labels, pd.DataFrame):
        assert found.dtype == labels["given"].dtype
    given = training.frame["given"]
    if isinstance(given.dtype, (pl.Int64, pl.UInt64)) and given.null_count() and (given.cast(pl.Int128) > 2**53).any():
        with pytest.raises(CallerError, match=r"'given' .* in row \d, which float64 would round"):
            training.columns_for(["given"], "k", "X_y")
    else:
        assert len(training.columns_for(["given"], "k", "X_y")[0]) == 3


# === Generated categories ===

VALUES = {
    "texts": st.text(max_size=3),
    "numbers": st.integers(-(2**63), 2**63 - 1),
    "floats": st.floats(allow_nan=False),
    "dates": st.dates(),
    "booleans": st.booleans(),
}


@st.composite
def categoricals(draw: st.DrawFn) -> pd.Categorical:
    kind = VALUES[draw(st.sampled_from(sorted(VALUES)))]
    categories: Any = draw(st.lists(kind, min_size=1, max_size=4, unique=True))
    codes = draw(st.lists(st.integers(-1, len(categories) - 1), min_size=1, max_size=4))
    return pd.Categorical.from_codes(codes, categories=categories, ordered=draw(st.booleans()))


@settings(max_examples=100, deadline=None)
@generated(categoricals(), categoricals())
def test_categories_are_kept_and_tell_spines_apart(left: pd.Categorical, right: pd.Categorical) -> None:
    spines = PolarsSpines(table_store(Path()))
    frames = [pd.DataFrame({"x": column}) for column in (left, right)]
    held = [spines.read(frame).unwrap().frame for frame in frames]
    for frame, rows in zip(frames, held, strict=True):
        pd.testing.assert_frame_equal(pandas_frame(rows), frame)
    same = left.dtype == right.dtype and list(left.categories) == list(right.categories) and frames[0].equals(frames[1])
    assert (spines.fingerprint(held[0]).value == spines.fingerprint(held[1]).value) == same
