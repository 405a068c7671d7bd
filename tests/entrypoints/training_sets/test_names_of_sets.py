"""The name of a training set stands for its newest set, and the older ones are counted back from it."""

from datetime import UTC, datetime

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


@pytest.fixture
def store() -> FeatureStore:
    rain = pl.DataFrame({"city": ["Rome", "Rome"], "at": [day(1), day(3)], "mm": [1.0, 2.0]})
    store = FeatureStore.in_memory({"rain": rain})
    view = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
    store.register(EntitySpec("city", ["city"]), view).unwrap()
    return store


def make(store: FeatureStore, number: int, name: str | None = "churn") -> str:
    spine = pl.DataFrame({"city": ["Rome"], "event_timestamp": [day(number)]})
    return store.training_set(TrainingSetSpec(["rain:mm"], name=name), spine).unwrap().id


def test_a_name_is_the_newest_set_of_it_and_older_ones_are_counted_back(store: FeatureStore) -> None:
    first, second, _ = make(store, 2), make(store, 4), make(store, 5, "other")
    assert store.receipt("churn").unwrap().id == second
    assert store.receipt("churn~0").unwrap().id == second
    assert store.receipt("churn~1").unwrap().id == first
    assert store.rebuild("churn~1").unwrap().id == first
    assert store.training_sets.pin("churn").unwrap().pin.id == second
    assert store.training_sets.report("other").unwrap()
    assert store.diff("churn~1", "churn").unwrap().explain()
    assert store.at(len(store.log.events().unwrap())).unwrap().receipt("churn").unwrap().id == second


def test_a_set_that_is_asked_again_is_the_newest_again(store: FeatureStore) -> None:
    first, second = make(store, 2), make(store, 4)
    assert make(store, 2) == first
    assert [store.receipt(name).unwrap().id for name in ("churn", "churn~1")] == [first, second]


@pytest.mark.parametrize("name", ["churn~2", "churn~", "churn~-1", "churn~x", "churn~99999999999", "chur"])
def test_a_name_that_no_set_has_is_refused_and_the_names_are_offered(store: FeatureStore, name: str) -> None:
    make(store, 2), make(store, 4)
    message = store.receipt(name).failure().message
    assert f"There is no training set {name!r} in this store. The newest are: churn, ts-" in message


def test_an_id_and_its_beginning_stand_before_and_behind_a_name(store: FeatureStore) -> None:
    first = make(store, 2, None)
    second = make(store, 4, first[3:7])
    third = make(store, 5, first)
    assert store.receipt(first).unwrap().id == first
    assert store.receipt(first[3:7]).unwrap().id == second
    assert third not in {first, second}
