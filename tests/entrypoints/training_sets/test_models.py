"""Models that any code trained are recorded against their training sets, and found again."""

from datetime import UTC, datetime
from math import isnan
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, ModelSpec, TrainingSet, TrainingSetSpec
from foreset.domain.errors.specs import InvalidSpec, UnknownTrainingSet

DAY = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def store() -> FeatureStore:
    store = FeatureStore.in_memory({"rain": pl.DataFrame({"city": ["a", "b"], "at": [DAY, DAY], "mm": [1.0, 2.0]})})
    view = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
    store.apply(EntitySpec("city", ["city"]), view).unwrap()
    return store


@pytest.fixture
def made(store: FeatureStore) -> TrainingSet:
    spine = pl.DataFrame({"city": ["a", "b"] * 10, "event_timestamp": [DAY] * 20, "y": [0, 1] * 10})
    return store.training_set(TrainingSetSpec(["rain:mm"], name="churn"), spine).unwrap()


class Booster:
    """A model of some other library."""

    def get_params(self) -> dict[str, Any]:
        return {"depth": np.int64(3), "missing": float("nan"), "scaler": StandardScaler(), "api_key": "Pl4ntedS3cret"}


def test_a_model_of_any_library_is_recorded_and_listed_and_in_the_lineage(
    store: FeatureStore, made: TrainingSet
) -> None:
    own = make_pipeline(SimpleImputer(), LogisticRegression()).fit(*made.X_y("y"))
    first = made.record_model(own, metrics={"auc": np.float32(0.5), "r2": float("nan")}, name="own").unwrap()
    second = store.models.record("churn", Booster(), name="booster").unwrap()
    third = store.models.record(made.id, "a rule by hand", params={"threshold": 3}).unwrap()
    assert store.models.list().unwrap() == store.models.list("churn").unwrap() == (third, second, first)
    assert first.estimator == "sklearn.pipeline.Pipeline"
    assert len(first.fingerprint) == 64
    assert first.measured["auc"] == 0.5
    assert isnan(first.measured["r2"])
    scaler = "sklearn.preprocessing.StandardScaler"
    assert second.params == {"depth": 3, "missing": "nan", "scaler": scaler, "api_key": "***"}
    assert (third.estimator, third.params, third.fingerprint) == ("a rule by hand", {"threshold": 3}, "")
    assert made.id in {node.name for node in store.log.lineage("own").unwrap().nodes}
    assert store.at(3).unwrap().models.list().unwrap() == ()


def test_equal_models_have_equal_fingerprints_and_others_have_others(made: TrainingSet) -> None:
    X, y = made.X_y("y")  # the field's own name
    prints = [made.record_model(LogisticRegression(C=c).fit(X, y)).unwrap().fingerprint for c in (1.0, 1.0, 0.01)]
    assert prints[0] == prints[1] != prints[2]
    unknown = make_column_transformer((StandardScaler(), [0]))
    assert made.record_model(unknown).unwrap().estimator == "sklearn.compose.ColumnTransformer"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": None}, "there is no model"),
        ({"model": " "}, "there is no model"),
        ({"metrics": {"auc": "high"}}, "metrics['auc'] is 'high' (str), which is not a number"),
        ({"metrics": {"auc": True}}, "metrics['auc'] is True (bool)"),
        ({"metrics": {1: 0.5}}, "metrics has a name that is 1 (int)"),
        ({"params": {"a": object()}}, "params['a'] is"),
        ({"name": 5}, "name is 5"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_nothing_is_written(
    store: FeatureStore, made: TrainingSet, arguments: dict[str, Any], message: str
) -> None:
    error = made.record_model(**{"model": DummyClassifier(), **arguments}).failure()
    assert isinstance(error, InvalidSpec)
    assert message in error.message
    assert store.models.list().unwrap() == ()


def test_a_model_of_an_unknown_set_is_refused(store: FeatureStore, made: TrainingSet) -> None:
    assert isinstance(store.models.record("chrun", DummyClassifier()).failure(), UnknownTrainingSet)
    assert isinstance(store.models.list(f"{made.id}0").failure(), UnknownTrainingSet)


def test_a_model_is_trained_measured_and_recorded(store: FeatureStore, made: TrainingSet) -> None:
    trained = store.models.train(made, ModelSpec("LogisticRegression", name="lr"), target="y").unwrap()
    [recorded] = store.models.list("churn").unwrap()
    assert recorded.name == "lr"
    assert recorded.metrics == trained.metrics
    assert recorded.rows_train == 15
