"""Training by scikit-learn: check everything, split, fit, measure, fingerprint, save."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl
from returns.result import Result, Success
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from foreset.adapters.shared.interchange.to_pandas import plain_frame
from foreset.adapters.sklearn.estimators import Made, make
from foreset.adapters.sklearn.metrics import check_metrics, measure
from foreset.adapters.sklearn.preparing import prepare
from foreset.adapters.sklearn.saving import dump, fingerprint, save_model
from foreset.adapters.sklearn.splitting import Rows, split_rows
from foreset.adapters.sklearn.targets import check_target, likely_task, target_values
from foreset.application.ports.tables import ArrowStream
from foreset.domain.definitions.models import FeatureSpec, ModelSpec, Split, Trained
from foreset.domain.errors.problem import ForesetError, because, refuse, told
from foreset.domain.errors.retrieval import ValueNotHeld
from foreset.domain.errors.training import (
    BadParameters,
    ModelUnwritable,
    TooFewRows,
    TrainingError,
    UnknownTrainingColumn,
)


@dataclass(frozen=True)
class _Checked:
    """All that a fit needs, seen to be right."""

    frame: pl.DataFrame
    columns: list[str]
    y: Any
    made: Made
    transformer: ColumnTransformer
    metrics: tuple[str, ...]
    rows: Rows


class SklearnTrainer:
    """Fits scikit-learn pipelines (the port `ModelTrainer`)."""

    def check(self, model: ModelSpec) -> Result[None, TrainingError]:
        """That the estimator can be made and its metrics are known, before there is any data."""
        if model.estimator == "auto":
            for_classes = check_metrics(tuple(model.metrics), "classification")
            known = for_classes.lash(lambda _: check_metrics(tuple(model.metrics), "regression"))
            return Result.do(None for _ in known)
        return Result.do(
            None
            for made in make(model, _split(model).seed, "classification")
            for _ in check_metrics(tuple(model.metrics), made.task)
        )

    def train(  # noqa: PLR0913  # the port's signature
        self,
        frame: ArrowStream,
        *,
        features: tuple[FeatureSpec, ...] | None,
        feature_columns: tuple[str, ...],
        target: str,
        time_column: str | None,
        model: ModelSpec,
    ) -> Result[Trained, TrainingError]:
        """A pipeline of preprocessing and estimator, which takes a pandas frame with the columns of the features.

        `features` None prepares every one of `feature_columns` but the target as `auto`. All is checked before anything
        is fitted. The same data, spec and seed give the same fingerprint.
        """
        specs = _all_but(target, feature_columns) if features is None else features
        return Result.do(
            trained
            for data in _columns_there(pl.DataFrame(frame), target, time_column, model)
            for checked in _checked(data, specs, feature_columns, target, time_column, model)
            for trained in _trained(checked, model)
        )


def _all_but(target: str, columns: Iterable[str]) -> tuple[FeatureSpec, ...]:
    columns = tuple(column for column in columns if column != target)
    return (FeatureSpec(columns),) if columns else ()


def _split(model: ModelSpec) -> Split:
    assert isinstance(model.split, Split)  # noqa: S101  # __post_init__ makes it one
    return model.split


def _columns_there(
    frame: pl.DataFrame, target: str, time_column: str | None, model: ModelSpec
) -> Result[pl.DataFrame, TrainingError]:
    needed = [(target, "target")]
    if time_column is not None and _split(model).kind == "time":
        needed.append((time_column, "time column"))
    for column, role in needed:
        if column not in frame.columns:
            return refuse(UnknownTrainingColumn(column=column, role=role, known=tuple(frame.columns)))
    if frame.is_empty():
        return refuse(TooFewRows(rows=0, problem="there are none"))
    return Success(frame)


def _checked(  # noqa: PLR0913, PLR0917  # what the port is given
    frame: pl.DataFrame,
    specs: tuple[FeatureSpec, ...],
    feature_columns: tuple[str, ...],
    target: str,
    time_column: str | None,
    model: ModelSpec,
) -> Result[_Checked, TrainingError]:
    split = _split(model)
    times = frame[time_column] if time_column is not None and split.kind == "time" else None
    columns = list(dict.fromkeys(column for spec in specs for column in spec.columns))
    return Result.do(
        _Checked(frame, columns, y, made, transformer, metrics, rows)
        for series in check_target(frame[target])
        for made in make(model, split.seed, likely_task(series))
        for metrics in check_metrics(tuple(model.metrics), made.task)
        for _ in _some(columns, made)
        for transformer in prepare(specs, frame, feature_columns, target)
        for y in target_values(series, made.task)
        for rows in split_rows(split, y, times, made.task)
    )


def _some(columns: list[str], made: Made) -> Result[None, BadParameters]:
    if columns:
        return Success(None)
    return refuse(BadParameters(estimator=made.path, problem="there are no feature columns"))


def _trained(checked: _Checked, model: ModelSpec) -> Result[Trained, TrainingError]:
    made, (train, test) = checked.made, checked.rows
    pipeline = Pipeline([("prepare", checked.transformer), ("estimator", made.estimator)])
    try:
        data = plain_frame(checked.frame.select(checked.columns), "train")
        pipeline.fit(data.iloc[train], checked.y[train])
        measured = measure(pipeline, data.iloc[test], checked.y[test], checked.metrics, made.task)
    except ForesetError as fault:
        if isinstance(fault.error, ValueNotHeld):
            return refuse(fault.error)
        raise
    except (ValueError, TypeError) as fault:  # scikit-learn tells of values it does not take by these alone
        return refuse(because(BadParameters(estimator=made.path, problem=told(fault)), fault))
    return Result.do(
        Trained(
            pipeline=pipeline,
            estimator=made.path,
            params=made.params,
            metrics=metrics,
            rows_train=len(train),
            rows_test=len(test),
            fingerprint=fingerprint(dumped),
            saved_to=saved_to,
        )
        for metrics in measured
        for dumped in dump(pipeline, made.path)
        for saved_to in _saved(dumped, model)
    )


def _saved(dumped: bytes, model: ModelSpec) -> Result[str | None, ModelUnwritable]:
    return Success(None) if model.save_to is None else save_model(dumped, model.save_to)
