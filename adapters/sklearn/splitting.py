"""Which rows train and which test."""

from typing import Any

import numpy as np
import polars as pl
from returns.result import Result, Success
from sklearn.model_selection import train_test_split

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.adapters.sklearn.targets import Task
from foreset.domain.definitions.models import Split
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.training import TooFewRows, UnfitSplit

Rows = tuple[Any, Any]
"""Row numbers for training and for test, int64, ascending."""

SplitError = TooFewRows | UnfitSplit


def split_rows(split: Split, y: Any, times: pl.Series | None, task: Task) -> Result[Rows, SplitError]:
    """The rows for training and for test, at least one each, two of each for a regression, two classes in training."""
    if split.kind == "time":
        rows = _by_time(split, times)
    elif split.kind == "stratified" and task == "regression":
        return refuse(UnfitSplit(kind=split.kind, problem="a regression has no classes"))
    else:
        rows = _by_chance(split, y)
    return rows.bind(lambda both: _enough(both, y, task))


def _by_chance(split: Split, y: Any) -> Result[Rows, SplitError]:
    try:
        train, test = train_test_split(
            np.arange(len(y)),
            test_size=split.test_size,
            random_state=split.seed,
            stratify=y if split.kind == "stratified" else None,
        )
    except ValueError as fault:
        return refuse(because(TooFewRows(rows=len(y), problem=told(fault)), fault))
    return Success((np.sort(train), np.sort(test)))


def _by_time(split: Split, times: pl.Series | None) -> Result[Rows, SplitError]:
    """The latest rows for the test. Rows of the boundary's time go to the side that comes nearer to `test_size`."""
    if times is None:
        return refuse(UnfitSplit(kind="time", problem="no time column is named"))
    if not (times.dtype.is_temporal() or times.dtype.is_integer()):
        problem = f"the time column {times.name!r} is {dtype_name(times.dtype)}"
        return refuse(UnfitSplit(kind="time", problem=problem))
    if times.null_count():
        first = times.is_null().arg_true()[0]
        problem = f"{times.null_count()} rows have no time in {times.name!r}, the first at row {first} (counted from 0)"
        return refuse(UnfitSplit(kind="time", problem=problem))
    moments = times.to_physical().to_numpy()
    if len(np.unique(moments)) <= 1:
        return refuse(TooFewRows(rows=len(moments), problem=f"they do not have two different times in {times.name!r}"))
    wanted = split.test_size * len(moments)
    boundary = np.sort(moments)[-max(1, int(np.ceil(wanted)))]
    candidates = [late for late in (moments >= boundary, moments > boundary) if 0 < late.sum() < len(late)]
    late = min(candidates, key=lambda late: abs(float(late.sum()) - wanted))
    return Success((np.flatnonzero(~late), np.flatnonzero(late)))


def _enough(rows: Rows, y: Any, task: Task) -> Result[Rows, SplitError]:
    train, test = rows
    if task == "classification" and len(np.unique(y[train])) <= 1:
        return refuse(TooFewRows(rows=len(y), problem="the rows for training would hold one class only"))
    if task == "regression" and min(len(train), len(test)) <= 1:
        problem = f"there would be {len(train)} for training and {len(test)} for test, and a regression needs 2 of each"
        return refuse(TooFewRows(rows=len(y), problem=problem))
    return Success(rows)
