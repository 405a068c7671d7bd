"""Columns made ready for an estimator: feature specs to a ColumnTransformer."""

from typing import Any, Final

import numpy as np
import polars as pl
from returns.result import Result, Success
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.domain.definitions.models import FeatureSpec, Preprocessing
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.training import TargetAsFeature, UnfitFeature, UnknownTrainingColumn

PreparationError = UnknownTrainingColumn | TargetAsFeature | UnfitFeature

_SCALERS: Final[dict[str, type]] = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}
_FREQUENT: Final = 100
_MISSING: Final = "(missing)"


def prepare(
    specs: tuple[FeatureSpec, ...], frame: pl.DataFrame, allowed: tuple[str, ...], target: str
) -> Result[ColumnTransformer, PreparationError]:
    """What turns a pandas frame with the specs' columns into an array, shape (rows, width). It is not fitted yet."""
    steps: list[tuple[str, Any, list[str]]] = []
    for at, spec in enumerate(specs):
        for column in spec.columns:
            wrong = _wrong(column, spec.preprocessing, frame, allowed, target)
            if wrong is not None:
                return refuse(wrong)
        for text in (False, True):
            columns = [column for column in spec.columns if _is_text(frame[column].dtype) is text]
            if columns:
                kind = "text" if text else "numbers"
                steps.append((f"{at}_{spec.preprocessing}_{kind}", _step(spec.preprocessing, text=text), columns))
    return Success(ColumnTransformer(steps, sparse_threshold=0, verbose_feature_names_out=False))


def _is_text(dtype: pl.DataType) -> bool:
    return dtype == pl.String or isinstance(dtype, (pl.Categorical, pl.Enum))


def _wrong(
    column: str, preprocessing: Preprocessing, frame: pl.DataFrame, allowed: tuple[str, ...], target: str
) -> PreparationError | None:
    if column == target:
        return TargetAsFeature(column=column)
    if column not in allowed or column not in frame.columns:
        known = tuple(name for name in allowed if name in frame.columns)
        return UnknownTrainingColumn(column=column, role="column of a feature", known=known)
    dtype = frame[column].dtype
    remedy = ""
    if _is_text(dtype):
        if preprocessing not in ("auto", "one_hot", "ordinal"):
            remedy = "use auto, one_hot or ordinal for it in a FeatureSpec, or leave the column out"
    elif not (dtype.is_numeric() or isinstance(dtype, (pl.Boolean, pl.Null))):
        remedy = "derive a number from it, such as an hour or an age, or leave the column out"
    if not remedy:
        return None
    return UnfitFeature(column=column, dtype=dtype_name(dtype), preprocessing=preprocessing, remedy=remedy)


def _step(preprocessing: Preprocessing, *, text: bool) -> Any:  # a transformer, or its name
    if preprocessing == "passthrough":
        return "passthrough"
    if preprocessing == "ordinal":
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
        return _completed_text(encoder) if text else encoder
    if preprocessing == "one_hot" or text:
        limit = _FREQUENT if preprocessing == "auto" else None
        one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False, max_categories=limit)
        return _completed_text(one_hot) if text else one_hot
    scaler = _SCALERS["standard" if preprocessing == "auto" else preprocessing]()
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    return Pipeline([("impute", imputer), ("scale", scaler)])


def _completed_text(encoder: Any) -> Pipeline:  # a transformer
    """None (as polars gives nulls) and NaN (as pandas reads them) become one value before the encoder sees them."""
    fill: dict[str, Any] = {"strategy": "constant", "fill_value": _MISSING, "keep_empty_features": True}
    without: dict[str, Any] = {**fill, "missing_values": None}
    return Pipeline(
        [
            ("impute_nan", SimpleImputer(missing_values=np.nan, **fill)),
            ("impute_none", SimpleImputer(**without)),
            ("encode", encoder),
        ]
    )
