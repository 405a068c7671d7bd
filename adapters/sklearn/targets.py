"""The target: what task it sets, and its values as scikit-learn takes them."""

from typing import Any, Final, Literal

import numpy as np
import polars as pl
from returns.result import Result, Success

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.training import NullTarget, UnfitTarget

Task = Literal["classification", "regression"]

_CLASSES: Final = 20
"""As many distinct whole numbers are still taken for classes, if each stands for two rows or more on average."""


def check_target(target: pl.Series) -> Result[pl.Series, NullTarget]:
    """The target, none of it null or NaN."""
    missing = target.is_null()
    if target.dtype.is_float():
        missing |= target.is_nan().fill_null(value=True)
    if not missing.any():
        return Success(target)
    first = missing.arg_true()[0]
    return refuse(NullTarget(column=target.name, count=int(missing.sum()), first_row=int(first)))


def likely_task(target: pl.Series) -> Task:
    """Whether the values look like classes or like measurements."""
    if not target.dtype.is_numeric():
        return "classification"
    if not target.dtype.is_integer() and not (target.cast(pl.Float64) % 1 == 0).all():
        return "regression"
    distinct = target.n_unique()
    return "classification" if distinct <= _CLASSES and 2 * distinct <= target.len() else "regression"


def target_values(target: pl.Series, task: Task) -> Result[Any, UnfitTarget]:
    """The values, shape (rows,): float64 for a regression, else whole numbers, bool or object."""
    dtype = target.dtype
    if task == "regression" and (dtype.is_numeric() or dtype == pl.Boolean):
        return Success(target.cast(pl.Float64).to_numpy())
    if task == "classification":
        if dtype == pl.Boolean or dtype.is_integer():
            return Success(np.asarray(target.to_numpy()))
        if dtype == pl.String or isinstance(dtype, (pl.Categorical, pl.Enum)):
            return Success(target.cast(pl.String).to_numpy().astype(object))
        if dtype.is_numeric() and (target.cast(pl.Float64) % 1 == 0).all():
            return Success(target.cast(pl.Float64).to_numpy())
    return refuse(UnfitTarget(column=target.name, dtype=dtype_name(dtype), task=task))
