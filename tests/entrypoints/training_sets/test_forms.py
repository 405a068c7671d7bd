"""The forms in which the rows of a training set are had, and their parts to train and to test on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from foreset import CallerError, DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSet, TrainingSetSpec

START = datetime(2024, 1, 1, tzinfo=UTC)


def made(days: list[int], groups: list[str] | None = None, time: pl.DataType | None = None) -> TrainingSet:
    table = pl.DataFrame({"city": ["a", "b", "c"], "at": [START] * 3, "mm": [1, 2, None], "name": ["x", "y", "z"]})
    store = FeatureStore.in_memory({"rain": table})
    view = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm", "name"])
    store.apply(EntitySpec("city", ["city"]), view).unwrap()
    spine = pl.DataFrame(
        {
            "city": groups or ["a"] * len(days),
            "event_timestamp": [START + timedelta(days=number) for number in days],
            "row": range(len(days)),
        },
        schema_overrides={"event_timestamp": pl.Datetime("us", "UTC")},
    )
    if time is not None:
        spine = spine.with_columns(pl.col("event_timestamp").cast(time))
    return store.training_set(TrainingSetSpec(["rain:mm", "rain:name"], name="set"), spine).unwrap()


def test_its_keys_times_and_name() -> None:
    training_set = made([1, 2])
    assert training_set.name == "set"
    assert training_set.keys == ("city",)
    assert training_set.times.to_list() == [START + timedelta(days=number) for number in (1, 2)]
    assert training_set.lazy().filter(pl.col("row") == 1).collect().height == 1


def test_libraries_of_arrow_streams_take_it_and_its_parts() -> None:
    training_set = made([1, 2])
    assert pa.table(training_set).equals(training_set.to_arrow())
    assert pl.DataFrame(training_set).equals(training_set.frame)
    assert pa.table(training_set.split()[0]).num_rows == 1


def test_features_and_target_in_three_libraries() -> None:
    training_set = made([1, 2], ["a", "b"])
    pandas, polars = training_set.X_y("row"), training_set.X_y("row", as_="polars")
    X, y = training_set.X_y("row", as_="numpy")  # the field's own name
    assert list(pandas[0].columns) == polars[0].columns == ["mm", "name"]
    assert pandas[1].tolist() == polars[1].to_list() == y.tolist() == [0, 1]
    assert X.tolist() == [[1, "x"], [2, "y"]]
    with pytest.raises(CallerError, match=r"as_ is 'torch'. Next: give one of 'pandas', 'polars', 'numpy'"):
        training_set.X_y("row", as_="torch")  # type: ignore[call-overload]  # which is refused


DAYS = st.lists(st.integers(0, 6), min_size=2, max_size=12)


@settings(max_examples=8)
@given(DAYS, st.integers(-1, 7), st.sampled_from([None, pl.Date(), pl.Datetime("ns"), pl.Datetime("ms", "Asia/Tokyo")]))
def test_a_split_at_a_time_has_earlier_rows_to_train_on(days: list[int], at: int, time: pl.DataType | None) -> None:
    training_set, moment = made(days, time=time), START + timedelta(days=at)
    if not any(number < at for number in days) or not any(number >= at for number in days):
        with pytest.raises(CallerError, match="no row would be left to"):
            training_set.split(moment)
        return
    train, test = training_set.split(moment)
    assert train.frame["row"].to_list() == [row for row, number in enumerate(days) if number < at]
    assert test.frame["row"].to_list() == [row for row, number in enumerate(days) if number >= at]


@settings(max_examples=8)
@given(DAYS, st.floats(0.05, 0.95))
def test_a_split_of_the_latest_rows_keeps_those_of_one_time_together(days: list[int], share: float) -> None:
    assume(len(set(days)) > 1)
    train, test = made(days).split(test_size=share)
    assert train.times.max() < test.times.min()  # type: ignore[operator]  # times
    assert train.frame.height + test.frame.height == len(days)


@settings(max_examples=8)
@given(st.lists(st.sampled_from("abcd"), min_size=2, max_size=12), st.floats(0.05, 0.95), st.integers(0, 9))
def test_a_split_by_group_has_no_group_on_both_sides(groups: list[str], share: float, seed: int) -> None:
    assume(len(set(groups)) > 1)
    training_set = made([1] * len(groups), groups)
    train, test = training_set.split(by="city", test_size=share, seed=seed)
    assert not set(train.frame["city"]) & set(test.frame["city"])
    assert sorted([*train.frame["row"], *test.frame["row"]]) == list(range(len(groups)))
    again = made([1] * len(groups), groups[::-1]).split(by=["city"], test_size=share, seed=seed)
    assert set(again[1].frame["city"]) == set(test.frame["city"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"at": "soon"}, "at is 'soon'. Next: give a datetime"),
        ({"at": 5}, "at is 5"),
        ({"at": "2024-01-02", "by": "city"}, "at and by are both given"),
        ({"by": "town"}, "there is no column 'town'. Next: name some of city, event_timestamp, row, mm, name"),
        ({"by": []}, "by names no column"),
        ({"by": "city"}, "all rows are of one group of city"),
        ({"test_size": 1}, "test_size is 1.0. Next: give a share between 0 and 1"),
        ({"test_size": float("nan")}, "test_size is nan"),
        ({"at": "2030-01-01"}, "no row would be left to test"),
    ],
)
def test_a_split_that_cannot_be_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(CallerError) as raised:
        made([1, 2]).split(**arguments)
    assert message in str(raised.value)


def test_a_part_converts_as_the_whole_does() -> None:
    train, test = made([1, 2, 3], ["a", "b", "a"]).split(at="2024-01-04")
    assert train.features == test.features == ("mm", "name")
    assert train.to_pandas()["row"].tolist() == [0, 1]
    assert train.to_numpy().dtype == np.dtype(object)
    assert train.X_y("row")[1].tolist() == [0, 1]
    assert repr(test).startswith("TrainingSetPart(1 of 3 rows of ts-")
