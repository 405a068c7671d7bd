"""How well a fitted pipeline does on the test rows."""

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec
import numpy as np
from returns.result import Result, Success
from sklearn import metrics

from foreset.adapters.sklearn.targets import Task
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.training import MetricUntold, UnknownMetric

MetricError = UnknownMetric | MetricUntold

Needs = Literal["labels", "scores", "probabilities"]


class Metric(msgspec.Struct, frozen=True):
    """A metric: its function, what it takes of the pipeline, and fixed arguments. `positive`: of two classes only."""

    function: Callable[..., Any]
    needs: Needs = "labels"
    fixed: dict[str, Any] = {}
    positive: bool = False


def _averages(name: str, function: Callable[..., Any]) -> dict[str, Metric]:
    """`f1` is that of the second of two classes; `f1_macro` and the others are means over all classes."""
    means = {
        f"{name}_{mean}": Metric(function, fixed={"average": mean, "zero_division": 0.0})
        for mean in ("macro", "micro", "weighted")
    }
    return {name: Metric(function, fixed={"zero_division": 0.0}, positive=True), **means}


_METRICS: Final[dict[Task, dict[str, Metric]]] = {
    "classification": {
        "accuracy": Metric(metrics.accuracy_score),
        **_averages("f1", metrics.f1_score),
        **_averages("precision", metrics.precision_score),
        **_averages("recall", metrics.recall_score),
        "matthews_corrcoef": Metric(metrics.matthews_corrcoef),
        "roc_auc": Metric(metrics.roc_auc_score, "scores"),
        "average_precision": Metric(metrics.average_precision_score, "scores", positive=True),
        "log_loss": Metric(metrics.log_loss, "probabilities"),
    },
    "regression": {
        "r2": Metric(metrics.r2_score),
        "mae": Metric(metrics.mean_absolute_error),
        "mse": Metric(metrics.mean_squared_error),
        "rmse": Metric(metrics.root_mean_squared_error),
        "median_absolute_error": Metric(metrics.median_absolute_error),
        "max_error": Metric(metrics.max_error),
        "explained_variance": Metric(metrics.explained_variance_score),
    },
}
_DEFAULTS: Final[dict[Task, tuple[str, ...]]] = {
    "classification": ("accuracy", "f1_macro", "roc_auc"),
    "regression": ("r2", "mae", "rmse"),
}


def check_metrics(names: tuple[str, ...], task: Task) -> Result[tuple[str, ...], UnknownMetric]:
    """The metrics by name, by default those usual for the task; scikit-learn's function names count too."""
    known = _METRICS[task]
    for name in names:
        if _named(name, task) is None:
            return refuse(UnknownMetric(metric=name, task=task, known=tuple(known)))
    return Success(names)


def measure(pipeline: Any, X: Any, y: Any, names: tuple[str, ...], task: Task) -> Result[dict[str, float], MetricError]:
    """The metrics on X (pandas) and y, shape (rows,). One that cannot be told is left out, or refused if asked."""
    told: dict[str, float] = {}
    predicted = pipeline.predict(X)
    for name in names or _DEFAULTS[task]:
        metric = _named(name, task)
        assert metric is not None  # noqa: S101  # checked before the fit
        problem = _untold(metric, pipeline, y)
        if problem is None:
            told[name] = _value(metric, pipeline, X, y, predicted)
        elif names:
            return refuse(MetricUntold(metric=name, problem=problem))
    return Success(told)


def _named(name: str, task: Task) -> Metric | None:
    known = _METRICS[task]
    plain = (m for m in known.values() if m.function.__name__ == name)
    return known.get(name) or next(plain, None)


def _untold(metric: Metric, pipeline: Any, y: Any) -> str | None:  # noqa: PLR0911  # a reason a line
    """Why a metric cannot be told here, or None if it can."""
    if metric.needs == "labels" and not metric.positive:
        return None
    classes = list(pipeline.classes_)
    if metric.positive and len(classes) > 2:  # noqa: PLR2004  # a class and the other
        return f"it is for two classes, and there are {len(classes)}"
    if metric.needs == "labels":
        return None
    if not hasattr(pipeline, "predict_proba"):
        if metric.needs == "probabilities" or len(classes) > 2:  # noqa: PLR2004  # two classes
            return "the estimator gives no probabilities"
        if not hasattr(pipeline, "decision_function"):
            return "the estimator gives neither probabilities nor scores"
    present = set(np.unique(y).tolist())
    if present - set(classes):
        return "the test rows hold classes that the rows for training do not"
    if metric.needs == "scores" and len(present) < len(classes):
        return f"the test rows hold only {len(present)} of the {len(classes)} classes"
    return None


def _value(metric: Metric, pipeline: Any, X: Any, y: Any, predicted: Any) -> float:
    fixed = dict(metric.fixed)
    if metric.needs == "labels":
        if metric.positive:
            fixed["pos_label"] = pipeline.classes_[-1]
        return float(metric.function(y, predicted, **fixed))
    classes = pipeline.classes_
    if metric.needs == "probabilities":
        return float(metric.function(y, pipeline.predict_proba(X), labels=classes))
    if len(classes) > 2:  # noqa: PLR2004  # two classes
        return float(metric.function(y, pipeline.predict_proba(X), multi_class="ovr", labels=classes))
    has_probabilities = hasattr(pipeline, "predict_proba")
    scores = pipeline.predict_proba(X)[:, 1] if has_probabilities else pipeline.decision_function(X)
    return float(metric.function(y == classes[-1], scores))
