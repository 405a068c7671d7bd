"""What training refuses, and what it says."""

import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from foreset.domain.definitions.models import FeatureSpec, ModelSpec
from foreset.domain.errors.problem import CallerError
from tests.adapters.sklearn.people import people, refusal, trained

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


def test_parameters_that_cannot_be_recorded_are_refused_before_anything_is_fitted() -> None:
    with pytest.raises(
        CallerError, match=r"params\['estimator'\] is LogisticRegression\(\).* not a plain value\. Next: "
    ):
        ModelSpec("BaggingClassifier", {"estimator": LogisticRegression()})


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
