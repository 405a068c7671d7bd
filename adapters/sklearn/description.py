"""What can be recorded of a fitted model of any library."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from returns.result import Result, Success
from sklearn.base import BaseEstimator

from foreset.adapters.sklearn.saving import dump, fingerprint
from foreset.application.training_sets.models import ModelDescription
from foreset.domain.definitions.field_types import Unfit, recordable
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.safe_text.secret_names import HIDDEN, is_secret_name


class ModelDescriber:
    """Describes models by their class, their parameters and, for scikit-learn's, their fitted state."""

    def describe(self, model: object, params: Mapping[str, Any] | None) -> Result[ModelDescription, InvalidSpec]:
        """The description of a model, or of one that is known by its name alone.

        `params` must be plain values. Without them they are what `get_params()` gives, where there is one: plain
        values as they are, any other as the import path of its class, and credentials hidden.
        """
        if model is None or (isinstance(model, str) and not model.strip()):
            remedy = "give the fitted model, or its name"
            return refuse(InvalidSpec(spec="store.models.record", problem="there is no model", remedy=remedy))
        try:
            given = _shown_params(model) if params is None else recordable(dict(params))
        except Unfit as unfit:
            problem = f"params{unfit.at} {unfit.problem}"
            return refuse(InvalidSpec(spec="store.models.record", problem=problem, remedy=unfit.remedy))
        name = model if isinstance(model, str) else _path(type(model))
        return Success(ModelDescription(estimator=name, params=given, fingerprint=_fingerprint(model, name)))


def _path(kind: type) -> str:
    public = [part for part in kind.__module__.split(".") if not part.startswith("_")]
    return ".".join([*public, kind.__name__])


def _shown_params(model: object) -> dict[str, Any]:
    get_params = getattr(model, "get_params", None)
    if isinstance(model, type) or not callable(get_params):
        return {}
    return {
        str(name): HIDDEN if is_secret_name(str(name)) and value is not None else _plain(value)
        for name, value in _items(get_params())
    }


def _items(params: Any) -> list[tuple[object, object]]:
    return list(params.items()) if isinstance(params, Mapping) else []


def _plain(value: object) -> Any:
    if isinstance(value, float) and not isfinite(value):  # JSON has no such numbers
        return str(value)
    try:
        return recordable({"value": value})["value"]
    except Unfit:
        return _path(type(value))


def _fingerprint(model: object, path: str) -> str:
    if not isinstance(model, BaseEstimator):
        return ""
    return dump(model, path).map(fingerprint).value_or("")
