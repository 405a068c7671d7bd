"""Train a model on a training set, and record it against the set's id."""

import msgspec
from returns.result import Result

from foreset.application.ports.engine import Adapters, ModelTrainer
from foreset.application.ports.tables import ArrowStream
from foreset.application.training_sets.models import append_model
from foreset.domain.definitions.models import FeatureSpec, ModelSpec, ModelTrained, Trained, split_metrics
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.errors.training import TrainingError
from foreset.domain.event_log.receipts import TrainingSetRetrieved

TrainError = TrainingError | StaleWrite | StoreError
"""Why no model was trained, or the training not recorded."""


class TrainingTask(msgspec.Struct, frozen=True, kw_only=True):
    """What to train: the model, the columns it sees and how they are prepared (None: all, sensibly), and the target."""

    model: ModelSpec
    features: tuple[FeatureSpec, ...] | None
    feature_columns: tuple[str, ...]
    target: str
    time_column: str | None


def train(
    task: TrainingTask, frame: ArrowStream, receipt: TrainingSetRetrieved, trainer: ModelTrainer, adapters: Adapters
) -> Result[Trained, TrainError]:
    """The model fitted to a training set. `ModelTrained` is in the set's stream of the log when this returns."""
    return Result.do(
        trained for trained in fit(task, frame, trainer) for _ in _recorded(task, trained, receipt, adapters)
    )


def fit(task: TrainingTask, frame: ArrowStream, trainer: ModelTrainer) -> Result[Trained, TrainingError]:
    """The model fitted to a frame that no store knows; nothing is recorded."""
    return trainer.train(
        frame,
        features=task.features,
        feature_columns=task.feature_columns,
        target=task.target,
        time_column=task.time_column,
        model=task.model,
    )


def _recorded(
    task: TrainingTask, trained: Trained, receipt: TrainingSetRetrieved, adapters: Adapters
) -> Result[ModelTrained, StaleWrite | StoreError]:
    metrics, not_finite = split_metrics(trained.metrics)
    event = ModelTrained(
        training_set_id=receipt.id,
        estimator=trained.estimator,
        params=trained.params,
        metrics=metrics,
        not_finite=not_finite,
        rows_train=trained.rows_train,
        rows_test=trained.rows_test,
        fingerprint=trained.fingerprint,
        saved_to=trained.saved_to,
        name=task.model.name,
    )
    adapters.log.info("model trained", training_set=receipt.id, estimator=trained.estimator, **trained.metrics)
    return append_model(event, adapters)
