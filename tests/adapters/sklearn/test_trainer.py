"""Training: splits, preprocessing, metrics, determinism, and what is refused."""

import sys
from datetime import datetime, timedelta
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
from foreset.adapters.sklearn.trainer import SklearnTrainer
from foreset.domain.model import FeatureSpec, ModelSpec, Split, Trained

START = datetime(2025, 1, 1)  # noqa: DTZ001  # polars' own default
FEATURES = ("age", "income", "smokes", "city")


def people(rows: int = 240) -> pl.DataFrame:
    chance = np.random.default_rng(7)
    age = chance.normal(50, 12, rows)
    income = chance.normal(3, 1, rows)
    score = (age - 50) / 12 + chance.normal(0, 0.7, rows)
    return pl.DataFrame(
        {
            "age": pl.Series(age).scatter([3, 30], [None, None]),
            "income": income,
            "smokes": pl.Series([None if i % 11 == 0 else i % 3 == 0 for i in range(rows)], dtype=pl.Boolean),
            "city": pl.Series([None if i % 13 == 0 else ("Rome", "Oslo", "Lima")[i % 3] for i in range(rows)]),
            "day": [START + timedelta(days=i // 7) for i in range(rows)],
            "ill": (score > 0).astype(np.int64),
            "kind": pl.Series(["low" if s < -0.5 else "mid" if s < 0.5 else "high" for s in score]),
            "cost": score * 10 + 100,
            "visits": [[i] for i in range(rows)],
        }
    )


def train(frame: pl.DataFrame | None = None, **given: Any) -> Any:
    asked: dict[str, Any] = {
        "features": None,
        "feature_columns": FEATURES,
        "target": "ill",
        "time_column": "day",
        "model": ModelSpec("LogisticRegression"),
    }
    return SklearnTrainer().train(people() if frame is None else frame, **{**asked, **given})


def trained(**given: Any) -> Trained:
    result: Trained = train(**given).unwrap()
    return result


def refusal(**given: Any) -> str:
    return str(train(**given).failure())


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
from foreset.domain.model import ModelSpec
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


# === What is refused ===


def test_an_estimator_from_elsewhere_is_refused_and_never_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere_models.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    spec = ModelSpec("elsewhere_models.Booster")
    assert refusal(model=spec) == (
        "The estimator 'elsewhere_models.Booster' is from 'elsewhere_models'; only these packages are "
        "imported: sklearn. Next: name an estimator of scikit-learn, or allow the package: "
        "ModelSpec(..., allowed_packages=('elsewhere_models',)), or `foreset train --allow-package elsewhere_models`."
    )
    assert "elsewhere_models" not in sys.modules


def test_an_estimator_from_an_allowed_package_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "from sklearn.linear_model import Ridge\nclass Flat(Ridge):\n    pass\n"
    (tmp_path / "allowed_models.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    spec = ModelSpec("allowed_models.Flat", allowed_packages=("allowed_models",))
    assert trained(target="cost", model=spec).estimator == "allowed_models.Flat"


def test_a_class_that_a_module_of_scikit_learn_only_borrows_is_refused() -> None:
    assert "is from 'numbers'" in refusal(model=ModelSpec("sklearn.multiclass.Integral"))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {"model": ModelSpec("LogisticRegresion")},
            (
                "There is no estimator 'LogisticRegresion'. Next: Did you mean LogisticRegression? "
                "Name a class such as LogisticRegression, or its import path."
            ),
        ),
        (
            {"model": ModelSpec("sklearn.linear_model.Rigde")},
            (
                "There is no estimator 'sklearn.linear_model.Rigde'. Next: Name a class such as LogisticRegression, "
                "or its import path."
            ),
        ),
        (
            {"model": ModelSpec("sklearn.nowhere.Ridge")},
            (
                "There is no estimator 'sklearn.nowhere.Ridge' (No module named 'sklearn.nowhere'). "
                "Next: Name a class such as LogisticRegression, or its import path."
            ),
        ),
        (
            {"model": ModelSpec("sklearn.preprocessing.StandardScaler")},
            (
                "sklearn.preprocessing.StandardScaler is neither a classifier nor a regressor. Next: name one that is, "
                "such as LogisticRegression or Ridge; FeatureSpec says how columns are prepared."
            ),
        ),
        (
            {"model": ModelSpec("Ridge", {"alhpa": 1})},
            (
                "sklearn.linear_model.Ridge has no parameter 'alhpa'. It has: alpha, fit_intercept, copy_X, max_iter, "
                "tol, solver, positive, random_state. Next: Did you mean alpha? Mend the name in ModelSpec.params."
            ),
        ),
        (
            {"model": ModelSpec("LogisticRegression", {"C": -1})},
            (
                "sklearn.linear_model.LogisticRegression cannot be made or fitted with these parameters and data: "
                "The 'C' parameter of LogisticRegression must be a float in the range (0.0, inf]. Got -1 instead. "
                "Next: mend ModelSpec.params, or the columns and their preprocessing."
            ),
        ),
        (
            {"model": ModelSpec("BaggingClassifier", {"estimator": LogisticRegression()})},
            (
                "sklearn.ensemble.BaggingClassifier cannot be made or fitted with these parameters and data: "
                "Encoding objects of type LogisticRegression is unsupported. "
                "Next: mend ModelSpec.params, or the columns and their preprocessing."
            ),
        ),
        (
            {"model": ModelSpec("LogisticRegression", metrics=("acuracy",))},
            (
                "There is no metric 'acuracy' for classification. There are: accuracy, f1, f1_macro, f1_micro, "
                "f1_weighted, precision, "
                "precision_macro, precision_micro, precision_weighted, recall, "
                "recall_macro, recall_micro, "
                "recall_weighted, matthews_corrcoef, roc_auc, average_precision, log_loss. "
                "Next: Did you mean accuracy? Name one of them."
            ),
        ),
        (
            {"model": ModelSpec("Ridge", metrics=("roc_auc",)), "target": "cost"},
            (
                "There is no metric 'roc_auc' for regression. There are: r2, mae, mse, rmse, median_absolute_error, "
                "max_error, explained_variance. Next: Name one of them."
            ),
        ),
        (
            {"model": ModelSpec("LogisticRegression", metrics=("f1",)), "target": "kind"},
            (
                "The metric 'f1' cannot be told: it is for two classes, and there are 3. "
                "Next: name another metric, give more rows, or split them otherwise."
            ),
        ),
        (
            {"model": ModelSpec("LinearSVC", metrics=("log_loss",))},
            (
                "The metric 'log_loss' cannot be told: the estimator gives no probabilities. "
                "Next: name another metric, give more rows, or split them otherwise."
            ),
        ),
        (
            {"target": "sick"},
            (
                "The training set has no column 'sick', which is the target. It has: age, income, smokes, city, day, "
                "ill, kind, cost, visits. Next: Mend the name."
            ),
        ),
        (
            {"model": ModelSpec(split="time"), "time_column": "dya"},
            (
                "The training set has no column 'dya', which is the time column. It has: age, income, smokes, city, "
                "day, ill, kind, cost, visits. Next: Did you mean day? Mend the name."
            ),
        ),
        (
            {"features": (FeatureSpec(["agee"]),)},
            (
                "The training set has no column 'agee', which is the column of a feature. It has: age, income, smokes, "
                "city. Next: Did you mean age? Mend the name."
            ),
        ),
        (
            {"features": (FeatureSpec(["age", "ill"]),)},
            (
                "A FeatureSpec names 'ill', which is the target: the model would be told what it is to predict. "
                "Next: take it out of the FeatureSpec."
            ),
        ),
        (
            {"feature_columns": ("age", "day")},
            (
                "The column 'day' is timestamp[us], which the preprocessing 'auto' does not take. "
                "Next: derive a number from it, such as an hour or an age, or leave the column out."
            ),
        ),
        (
            {"feature_columns": ("visits",)},
            (
                "The column 'visits' is list<int64>, which the preprocessing 'auto' does not take. "
                "Next: derive a number from it, such as an hour or an age, or leave the column out."
            ),
        ),
        (
            {"features": (FeatureSpec(["city"], "passthrough"),)},
            (
                "The column 'city' is string, which the preprocessing 'passthrough' does not take. "
                "Next: use auto, one_hot or ordinal for it in a FeatureSpec, or leave the column out."
            ),
        ),
        (
            {"target": "smokes", "feature_columns": ("age",)},
            (
                "22 rows have no target in 'smokes', the first at row 0 (counted from 0). "
                "Next: leave these rows out of the spine, or fill in their targets."
            ),
        ),
        (
            {"target": "cost"},
            (
                "The target 'cost' is float64 with values that classification does not take. Next: name another "
                "estimator (auto chooses by the target), or another target; a number can be cut into classes first."
            ),
        ),
        (
            {"target": "kind", "model": ModelSpec("Ridge")},
            (
                "The target 'kind' is string with values that regression does not take. Next: name another "
                "estimator (auto chooses by the target), or another target; a number can be cut into classes first."
            ),
        ),
        (
            {"target": "cost", "model": ModelSpec("Ridge", split="stratified")},
            (
                "The rows cannot be split by the kind 'stratified': a regression has no classes. "
                "Next: name another split: random, stratified (for classes), or time (for rows that have one)."
            ),
        ),
        (
            {"model": ModelSpec(split="time"), "time_column": None},
            (
                "The rows cannot be split by the kind 'time': no time column is named. "
                "Next: name another split: random, stratified (for classes), or time (for rows that have one)."
            ),
        ),
        (
            {"model": ModelSpec(split="time"), "time_column": "city", "feature_columns": ("age",)},
            (
                "The rows cannot be split by the kind 'time': the time column 'city' is string. "
                "Next: name another split: random, stratified (for classes), or time (for rows that have one)."
            ),
        ),
        (
            {"frame": people().head(0)},
            (
                "0 rows cannot be split for training and test: there are none. "
                "Next: give more rows, another test_size, or another split."
            ),
        ),
        (
            {"frame": people().with_columns(ill=pl.lit(1))},
            (
                "240 rows cannot be split for training and test: the rows for training would hold one class only. "
                "Next: give more rows, another test_size, or another split."
            ),
        ),
        (
            {"frame": people().head(3), "target": "cost", "model": ModelSpec("Ridge"), "feature_columns": ["income"]},
            (
                "3 rows cannot be split for training and test: there would be 2 for training and 1 for test, and a "
                "regression needs 2 of each. Next: give more rows, another test_size, or another split."
            ),
        ),
        (
            {"features": ()},
            (
                "sklearn.linear_model.LogisticRegression cannot be made or fitted with these parameters and data: "
                "there are no feature columns. Next: mend ModelSpec.params, or the columns and their preprocessing."
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_next_step(given: dict[str, Any], text: str) -> None:
    assert refusal(**given) == text


def test_rows_without_a_time_are_counted() -> None:
    frame = people().with_columns(day=pl.when(pl.col("income") > 4).then(None).otherwise("day"))
    count, first = frame["day"].null_count(), frame["day"].is_null().arg_max()
    text = f"{count} rows have no time in 'day', the first at row {first} (counted from 0)"
    assert text in refusal(frame=frame, model=ModelSpec(split="time"))


def test_a_nan_target_counts_as_none() -> None:
    frame = people().with_columns(cost=pl.when(pl.int_range(240) == 9).then(float("nan")).otherwise("cost"))
    assert refusal(frame=frame, target="cost").startswith("1 rows have no target in 'cost', the first at row 9")


def test_an_asked_metric_that_the_test_rows_do_not_give_is_refused_and_a_default_one_left_out() -> None:
    frame = people().with_columns(ill=pl.when(pl.int_range(240) > 150).then(1).otherwise("ill"))
    spec = ModelSpec("LogisticRegression", split="time")
    assert set(trained(frame=frame, model=spec).metrics) == {"accuracy", "f1_macro"}
    asked = ModelSpec("LogisticRegression", split="time", metrics=("roc_auc",))
    assert "'roc_auc' cannot be told: the test rows hold only 1 of the 2 classes" in refusal(frame=frame, model=asked)
