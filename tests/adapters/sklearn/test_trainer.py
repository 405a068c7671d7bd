"""Training: splits, preprocessing, metrics, determinism."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from foreset.adapters.sklearn.splitting import split_rows
from foreset.domain.definitions.models import FeatureSpec, ModelSpec, Split
from tests.adapters.sklearn.people import FEATURES, START, people, trained

# === What is fitted ===


def test_the_pipeline_takes_a_pandas_frame_and_its_metrics_are_those_of_the_held_back_rows() -> None:
    model = trained(model=ModelSpec("LogisticRegression", split=Split("time", 0.3)))
    frame = people()
    test = frame.tail(model.rows_test)
    predicted = model.pipeline.predict(test.select(FEATURES).to_pandas())
    scores = model.pipeline.predict_proba(test.select(FEATURES).to_pandas())[:, 1]
    y = test["ill"].to_numpy()
    assert model.rows_train + model.rows_test == frame.height
    assert model.metrics == {
        "accuracy": accuracy_score(y, predicted),
        "f1_macro": f1_score(y, predicted, average="macro"),
        "roc_auc": roc_auc_score(y, scores),
    }
    assert model.metrics["roc_auc"] > 0.75


def test_values_that_training_did_not_see_and_nulls_of_either_kind_are_taken() -> None:
    rows = people().select(FEATURES).head(3).to_pandas()
    rows["city"] = ["Bern", None, np.nan]
    scores = trained().pipeline.predict_proba(rows.assign(age=50.0, income=3.0, smokes=True))
    assert scores.shape == (3, 2)
    assert scores[1].tolist() == scores[2].tolist()
    assert scores[0].tolist() != scores[1].tolist()


@pytest.mark.parametrize(
    ("target", "estimator", "metrics"),
    [
        ("ill", "HistGradientBoostingClassifier", {"accuracy", "f1_macro", "roc_auc"}),
        ("kind", "HistGradientBoostingClassifier", {"accuracy", "f1_macro", "roc_auc"}),
        ("smokes", "HistGradientBoostingClassifier", {"accuracy", "f1_macro", "roc_auc"}),
        ("cost", "HistGradientBoostingRegressor", {"r2", "mae", "rmse"}),
        ("age", "HistGradientBoostingRegressor", {"r2", "mae", "rmse"}),
    ],
)
def test_auto_goes_by_the_target(target: str, estimator: str, metrics: set[str]) -> None:
    frame = people().drop_nulls(target)
    model = trained(frame=frame, target=target, model=ModelSpec(), feature_columns=(*FEATURES, target))
    assert model.estimator == f"sklearn.ensemble.{estimator}"
    assert set(model.metrics) == metrics
    assert target not in model.pipeline.feature_names_in_


def test_whole_floats_that_repeat_are_classes_and_whole_numbers_that_do_not_are_measured() -> None:
    assert "accuracy" in trained(frame=people().with_columns(pl.col("ill").cast(pl.Float64)), model=ModelSpec()).metrics
    assert "r2" in trained(frame=people().with_columns(ill=pl.int_range(240)), model=ModelSpec()).metrics


@pytest.mark.parametrize("preprocessing", ["standard", "minmax", "robust", "one_hot", "ordinal"])
def test_each_preprocessing_gives_numbers_without_gaps(preprocessing: Any) -> None:
    specs = (FeatureSpec(["age", "income", "smokes"], preprocessing), FeatureSpec("city", "ordinal"))
    array = trained(features=specs).pipeline[0].transform(people().select(FEATURES).to_pandas())
    assert np.isfinite(array.astype(float)).all()
    if preprocessing == "minmax":
        assert array[:, :3].min() >= -1
        assert array[:, :3].max() <= 2


def test_passthrough_hands_nulls_to_an_estimator_that_takes_them() -> None:
    specs = (FeatureSpec(["age", "smokes"], "passthrough"),)
    model = trained(features=specs, model=ModelSpec())
    assert list(model.pipeline.feature_names_in_) == ["age", "smokes"]
    assert np.isnan(model.pipeline[0].transform(people().to_pandas()[["age", "smokes"]]).astype(float)).any()


def test_the_seed_and_enough_iterations_are_given_unless_the_parameters_say_otherwise() -> None:
    spec = ModelSpec("LogisticRegression", split=Split(seed=5))
    assert trained(model=spec).params == {"random_state": 5, "max_iter": 1000}
    given = ModelSpec("sklearn.linear_model.LogisticRegression", {"max_iter": 77, "random_state": 1, "C": 0.5})
    model = trained(model=given)
    assert model.params == {"max_iter": 77, "random_state": 1, "C": 0.5}
    assert isinstance(model.pipeline[-1], LogisticRegression)
    assert model.pipeline[-1].C == 0.5
    assert trained(model=ModelSpec()).params == {"random_state": 0}


@pytest.mark.parametrize(
    ("target", "estimator"),
    [
        *((t, e) for t in ("ill", "kind") for e in ("RandomForestClassifier", "SVC", "GaussianNB", "SGDClassifier",
"LinearSVC", "KNeighborsClassifier", "MLPClassifier",
"GradientBoostingClassifier", "DummyClassifier")),
        *(("cost", e) for e in ("Ridge", "RandomForestRegressor", "SVR", "ElasticNet",
                                "KNeighborsRegressor", "GradientBoostingRegressor", "BayesianRidge")),
    ],
)  # fmt: skip
def test_the_usual_estimators_train_without_a_warning_and_alike_each_time(target: str, estimator: str) -> None:
    params: dict[str, Any] = {"n_estimators": 5} if "Forest" in estimator or "GradientB" in estimator else {}
    params |= {"hidden_layer_sizes": [4], "max_iter": 3000} if "MLP" in estimator else {}
    first, second = (trained(target=target, model=ModelSpec(estimator, params)) for _ in range(2))
    assert first.fingerprint == second.fingerprint
    assert first.metrics == second.metrics


def test_metrics_by_scikit_learns_names_and_for_many_classes() -> None:
    asked = ("precision_macro", "log_loss", "roc_auc", "accuracy_score", "recall_weighted", "matthews_corrcoef")
    assert tuple(trained(target="kind", model=ModelSpec("LogisticRegression", metrics=asked)).metrics) == asked
    regression = ("mse", "mean_absolute_error", "max_error", "explained_variance", "median_absolute_error")
    assert tuple(trained(target="cost", model=ModelSpec("Ridge", metrics=regression)).metrics) == regression


def test_f1_is_that_of_the_second_class_whatever_the_classes_are_called() -> None:
    named = people().with_columns(ill=pl.when(pl.col("ill") == 1).then(pl.lit("yes")).otherwise(pl.lit("no")))
    spec = ModelSpec("LogisticRegression", metrics=("f1", "precision", "recall", "average_precision"))
    assert trained(frame=named, model=spec).metrics == trained(model=spec).metrics


def test_the_default_metrics_leave_out_what_cannot_be_told() -> None:
    assert set(trained(target="kind", model=ModelSpec("LinearSVC")).metrics) == {"accuracy", "f1_macro"}


# === Fingerprints ===


def test_a_fingerprint_changes_with_the_data_the_parameters_and_the_seed() -> None:
    shifted = people().with_columns(pl.col("income") + 1e-9)
    prints = {
        trained().fingerprint,
        trained(frame=shifted).fingerprint,
        trained(model=ModelSpec("LogisticRegression", {"C": 2.0})).fingerprint,
        trained(model=ModelSpec("LogisticRegression", split=Split(seed=1))).fingerprint,
    }
    assert len(prints) == 4


def test_a_fingerprint_is_the_same_in_another_process_with_another_hash_seed(tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415  # only this case needs it

    people().drop("visits").write_parquet(tmp_path / "people.parquet")
    program = f"""
import polars as pl
from foreset.adapters.sklearn.trainer import SklearnTrainer
from foreset.domain.definitions.models import ModelSpec
print(SklearnTrainer().train(pl.read_parquet({str(tmp_path / "people.parquet")!r}), features=None,
      feature_columns={FEATURES!r}, target="kind", time_column=None, model=ModelSpec()).unwrap().fingerprint)
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "PYTHONPATH": "src"},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed, threads in (("1", "1"), ("2", "2"))
    }
    assert found == {trained(target="kind", model=ModelSpec()).fingerprint}


# === Splits ===


@given(st.lists(st.integers(0, 12), min_size=2, max_size=60), st.floats(0.02, 0.98))
def test_a_split_by_time_never_straddles_a_moment_and_takes_the_latest(days: list[int], share: float) -> None:
    times = pl.Series("day", [START + timedelta(days=day) for day in days])
    y = np.arange(len(days)) % 2
    split = split_rows(Split("time", share), y, times, "classification")
    if len(set(days)) == 1:
        assert "two different times in 'day'" in str(split.failure())
        return
    late = sorted(set(days))
    best = min(abs(sum(d >= cut for d in days) - share * len(days)) for cut in late[1:])
    if "one class only" in str(split):
        return
    early, test = split.unwrap()
    assert max(days[i] for i in early) < min(days[i] for i in test)
    assert sorted([*early, *test]) == list(range(len(days)))
    assert abs(len(test) - share * len(days)) == pytest.approx(best)


def test_a_stratified_split_keeps_the_shares() -> None:
    y = np.array([0] * 80 + [1] * 20)
    _, test = split_rows(Split("stratified", 0.2), y, None, "classification").unwrap()
    assert y[test].tolist().count(1) == 4
