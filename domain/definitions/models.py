"""What users ask of a model, and what is recorded of one."""

from collections.abc import Mapping
from math import isfinite, isnan
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec.structs import force_setattr

from foreset.domain.definitions.field_hints import Integer, MaybePath, Names, Number, Plain, taken
from foreset.domain.definitions.field_types import Unfit, recordable, shown
from foreset.domain.definitions.specs import Spec

Preprocessing = Literal["auto", "standard", "minmax", "robust", "one_hot", "ordinal", "passthrough"]
SplitKind = Literal["random", "stratified", "time"]
NotFinite = Literal["nan", "inf", "-inf"]
"""A number that JSON does not have, as a text that `float` reads."""

if TYPE_CHECKING:
    from foreset.domain.definitions.field_hints import Taken

    SplitLike = Taken["Split", "Split | SplitKind | dict[str, Any]"]
else:
    SplitLike = Any


class FeatureSpec(Spec, frozen=True):
    """Columns and how they are made ready for the estimator.

    - `auto`: numbers and booleans as `standard`; text as `one_hot`, its 100 most frequent values.
    - `standard`, `minmax`, `robust`: numbers and booleans, nulls replaced by the median, then scaled.
    - `one_hot`: a column for each value, null being one; a value not seen in training is all zeros.
    - `ordinal`: a number for each value, in their order; -1 for one not seen in training.
    - `passthrough`: numbers and booleans as they are, nulls too.

    Times and nested columns are refused.
    """

    columns: Names
    preprocessing: Preprocessing = "auto"

    def _validate(self) -> None:
        self._names("columns")
        self._distinct("columns", self.columns)


class Split(Spec, frozen=True):
    """Which rows are held back for the test.

    `random`, `stratified` (each class in its share), or `time` (the latest rows; rows of one time stay together, so the
    share is only as near to `test_size` as that allows). `seed` is also the estimator's random_state where it has one.
    """

    kind: SplitKind = "random"
    test_size: Number = taken(default=0.25)
    seed: Integer = taken(default=0)

    def _validate(self) -> None:
        if not 0 < self.test_size < 1:
            self._refuse(f"its test_size {self.test_size} is no share", "give a number between 0 and 1")


class ModelSpec(Spec, frozen=True):
    """A model: any scikit-learn estimator by class name or import path, its parameters, split and metrics.

    `auto` picks a gradient-boosted classifier or regressor by the target: text, booleans and at most 20 whole numbers
    that repeat are classes. `metrics` are names such as roc_auc, r2, rmse; by default accuracy, f1_macro and roc_auc
    (where the test rows and the estimator give it), or r2, mae and rmse. `save_to` is a file for the fitted
    pipeline (by skops, without pickle). Only estimators of scikit-learn and of `allowed_packages` are imported.
    `params` are plain values, for they are recorded.
    """

    estimator: str = "auto"
    params: Plain = taken(default={})
    split: SplitLike = taken(default="random")
    metrics: Names = taken(default=())
    allowed_packages: Names = taken(default=("sklearn",))
    save_to: MaybePath = taken(default=None)
    name: str | None = None

    def _validate(self) -> None:
        self._names("metrics", required=False)
        self._names("allowed_packages")
        if not self.estimator:
            self._refuse("its estimator is empty", "name an estimator, or leave it out")
        try:
            force_setattr(self, "params", recordable(self.params))
        except Unfit as unfit:
            self._refuse(f"params{unfit.at} {unfit.problem}", unfit.remedy)
        force_setattr(self, "split", self._made_split(self.split))

    def _made_split(self, given: Any) -> Split:  # what a file or a caller says
        """A split by its kind, its fields, or as it is."""
        if isinstance(given, Split):
            return given
        if isinstance(given, str):
            return msgspec.structs.replace(Split(), kind=given)
        if not isinstance(given, dict):
            self._refuse(f"its split is {shown(given)}", "give a Split, or its kind")
        strange = [name for name in given if name not in Split.__struct_fields__]
        if strange:
            known = ", ".join(Split.__struct_fields__)
            self._refuse(f"its split has no field {shown(strange[0])}", f"use some of {known}")
        return Split(**given)


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """A fitted model: the scikit-learn pipeline, what it was made from, and how well it did on the test rows."""

    pipeline: Any
    estimator: str
    params: dict[str, Any]
    metrics: dict[str, float]
    rows_train: int
    rows_test: int
    fingerprint: str
    saved_to: str | None = None


class ModelTrained(msgspec.Struct, frozen=True, kw_only=True, tag="model-trained.v1"):
    """A model was trained on a training set.

    Of a model that other code trained it is not known on how many rows; `fingerprint` is empty where there is none.
    `metrics` are those that are finite. JSON has no other numbers, so the others are texts in `not_finite`; `measured`
    has all of them.
    """

    training_set_id: str
    estimator: str
    params: dict[str, Any]
    metrics: dict[str, float]
    rows_train: int | None = None
    rows_test: int | None = None
    fingerprint: str = ""
    saved_to: str | None = None
    name: str | None = None
    not_finite: dict[str, NotFinite] = {}

    @property
    def measured(self) -> dict[str, float]:
        """All metrics, by name."""
        return self.metrics | {name: float(text) for name, text in self.not_finite.items()}


def split_metrics(metrics: Mapping[str, float]) -> tuple[dict[str, float], dict[str, NotFinite]]:
    """The metrics that are finite, and the others as texts.

    >>> split_metrics({"r2": float("nan"), "mae": 1.0, "rmse": float("-inf")})
    ({'mae': 1.0}, {'r2': 'nan', 'rmse': '-inf'})
    """
    others: dict[str, NotFinite] = {
        name: "nan" if isnan(value) else "inf" if value > 0 else "-inf"
        for name, value in metrics.items()
        if not isfinite(value)
    }
    return {name: value for name, value in metrics.items() if name not in others}, others
