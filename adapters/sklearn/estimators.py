"""From the name of an estimator to an instance. Nothing outside the allowed packages is imported."""

import inspect
from importlib import import_module
from typing import Any, Final

import msgspec
from returns.result import Result, Success
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier, is_regressor

from foreset.adapters.sklearn.targets import Task
from foreset.domain.definitions.models import ModelSpec
from foreset.domain.errors.problem import because, did_you_mean, refuse, told
from foreset.domain.errors.training import (
    BadParameters,
    EstimatorRefused,
    NotAPredictor,
    UnknownEstimator,
    UnknownParameter,
)

EstimatorError = EstimatorRefused | UnknownEstimator | NotAPredictor | UnknownParameter | BadParameters
"""Why there is no such estimator."""

_AUTO: Final[dict[Task, str]] = {
    "classification": "HistGradientBoostingClassifier",
    "regression": "HistGradientBoostingRegressor",
}
_HOMES: Final = (  # the likely ones first: each is imported only when the ones before it do not have the class
    "ensemble", "linear_model", "tree", "svm", "neighbors", "naive_bayes", "neural_network", "discriminant_analysis",
    "dummy", "gaussian_process", "kernel_ridge", "isotonic", "calibration", "cross_decomposition", "semi_supervised",
    "multiclass", "multioutput", "compose", "model_selection",
)  # fmt: skip
_ITERATIVE: Final = ("sklearn.linear_model", "sklearn.neural_network", "sklearn.svm")
_ITERATIONS: Final = 1000


class Made(msgspec.Struct, frozen=True):
    """An estimator that is not fitted yet, its import path, its parameters as they are recorded, and its task."""

    estimator: Any
    path: str
    params: dict[str, Any]
    task: Task


def make(model: ModelSpec, seed: int, auto: Task) -> Result[Made, EstimatorError]:
    """The estimator that a spec names, with `seed` as its random_state where it has one; `auto` is for `auto`."""
    name = _AUTO[auto] if model.estimator == "auto" else model.estimator
    return Result.do(
        made for found in _found(name, tuple(model.allowed_packages)) for made in _made(found, model, seed)
    )


def _found(name: str, allowed: tuple[str, ...]) -> Result[type, EstimatorError]:  # noqa: PLR0911  # a refusal a line
    if "." not in name:
        return _in_sklearn(name)
    package = name.partition(".")[0]
    permitted = tuple(dict.fromkeys(("sklearn", *allowed)))
    if package not in permitted:
        return refuse(EstimatorRefused(estimator=name, package=package, allowed=permitted))
    module, _, attribute = name.rpartition(".")
    if not all(part.isidentifier() for part in name.split(".")):
        return refuse(UnknownEstimator(estimator=name, known=(), why=" (it is no import path)"))
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError as fault:
        return refuse(because(UnknownEstimator(estimator=name, known=(), why=f" ({told(fault)})"), fault))
    if not inspect.isclass(found):
        known = _predictors() if package == "sklearn" else tuple(dir(import_module(module)))
        return refuse(UnknownEstimator(estimator=name, known=_near(attribute, known)))
    home = found.__module__.partition(".")[0]
    if home not in permitted:  # a class that the module itself imports from elsewhere
        return refuse(EstimatorRefused(estimator=name, package=home, allowed=permitted))
    return Success(found)


def _near(attribute: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """What may have been meant: a path is compared by its last part."""
    return tuple(name for name in known if did_you_mean(attribute, (name,)))


def _in_sklearn(name: str) -> Result[type, EstimatorError]:
    for home in _HOMES:
        module = import_module(f"sklearn.{home}")
        if inspect.isclass(getattr(module, name, None)) and not name.startswith("_"):
            return Success(getattr(module, name))
    return refuse(UnknownEstimator(estimator=name, known=_predictors()))


def _predictors() -> tuple[str, ...]:
    """The names of scikit-learn's classifiers and regressors."""
    modules = [import_module(f"sklearn.{home}") for home in _HOMES]
    named = {name: getattr(module, name, None) for module in modules for name in dir(module)}
    return tuple(
        name
        for name, found in sorted(named.items())
        if inspect.isclass(found)
        and issubclass(found, (ClassifierMixin, RegressorMixin))
        and not name.endswith("Mixin")
        and not name.startswith(("_", "Base"))
    )


def _made(found: type, model: ModelSpec, seed: int) -> Result[Made, EstimatorError]:
    path = _public_path(found)
    if not (issubclass(found, BaseEstimator) and hasattr(found, "fit") and hasattr(found, "predict")):
        return refuse(NotAPredictor(estimator=path))
    known = inspect.signature(found).parameters
    strange = next((name for name in model.params if name not in known), None)
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values())
    if strange is not None and not takes_any:
        return refuse(UnknownParameter(estimator=path, parameter=strange, known=tuple(known)))
    params = {**_defaults(found, known, seed), **model.params}
    try:
        recorded = msgspec.json.decode(msgspec.json.encode(params))
        estimator = found(**params)
    except (TypeError, ValueError, OverflowError) as fault:
        return refuse(because(BadParameters(estimator=path, problem=told(fault)), fault))
    if not (is_classifier(estimator) or is_regressor(estimator)):
        return refuse(NotAPredictor(estimator=path))
    task: Task = "classification" if is_classifier(estimator) else "regression"
    return Success(Made(estimator=estimator, path=path, params=recorded, task=task))


def _defaults(found: type, known: Any, seed: int) -> dict[str, Any]:  # inspect's mapping proxy
    """The seed, and for solvers with few iterations enough of them to converge on ordinary data."""
    defaults: dict[str, Any] = {"random_state": seed} if "random_state" in known else {}
    iterations = known["max_iter"].default if "max_iter" in known else None
    if found.__module__.startswith(_ITERATIVE) and isinstance(iterations, int) and 0 < iterations < _ITERATIONS:
        defaults["max_iter"] = _ITERATIONS
    return defaults


def _public_path(found: type) -> str:
    """The import path without private modules: sklearn.linear_model.Ridge, not sklearn.linear_model._ridge.Ridge."""
    parts = found.__module__.split(".")
    private = next((at for at, part in enumerate(parts) if part.startswith("_")), len(parts))
    public = ".".join(parts[:private])
    reachable = getattr(import_module(public), found.__name__, None) is found if public else False
    return f"{public if reachable else found.__module__}.{found.__name__}"
