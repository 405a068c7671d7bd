"""Models that were trained on training sets: `store.models`."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.training_sets.models import RecordError, models_of, record_model
from foreset.application.training_sets.train import TrainError, TrainingTask, train
from foreset.domain.definitions.field_types import shown
from foreset.domain.definitions.models import FeatureSpec, ModelSpec, ModelTrained, Trained
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import InvalidSpec
from foreset.entrypoints.store.parts.part import StorePart
from foreset.entrypoints.store.training_set import TrainingSet
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.build import model_describer, trainer
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    from foreset.domain.errors.specs import NoSuchTrainingSet


@results_must_be_read
@all_need_threads(but=("list", "record"))
class StoreModels(StorePart):
    """Which models were trained on which training sets."""

    _called = "store.models"

    @fitted_arguments
    def record(
        self,
        training_set: object,
        model: object,
        *,
        metrics: Mapping[str, Any] | None = None,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> "Result[ModelTrained, RecordError]":
        """Record that a model was trained on a training set, by whatever code; gives what is recorded.

        `training_set` is the set, its id or its name. `model` is the fitted model, of scikit-learn or any other
        library, or its name as text; no part of it is kept. `params` are by default what its `get_params()` gives:
        plain values as they are, others by their class. `metrics` are numbers by name.

        Then `store.log.lineage(name)` has the model, and a `vacuum` names it where its training set would be lost.
        """
        if not isinstance(training_set, (str, TrainingSet)):
            problem = f"training_set is {shown(training_set)}, which is not a training set"
            remedy = "give a TrainingSet, its id or its name"
            return refuse(InvalidSpec(spec=f"{self._called}.record", problem=problem, remedy=remedy))
        identifier = training_set if isinstance(training_set, str) else training_set.id
        return record_model(
            identifier, model_describer().describe(model, params), self._adapters, metrics=metrics, name=name
        )

    @fitted_arguments
    def list(
        self, training_set: str | None = None
    ) -> "Result[tuple[ModelTrained, ...], NoSuchTrainingSet | StoreError]":
        """The models that were recorded, the newest first: all, or those of a training set, by its id or name."""
        return models_of(self._adapters.events, training_set)

    @fitted_arguments
    def train(
        self,
        training_set: "TrainingSet",
        model: ModelSpec,
        *,
        target: str,
        features: Iterable[FeatureSpec] | None = None,
        time_column: str | None = None,
    ) -> "Result[Trained, TrainError]":
        """Fit a model to a training set, measure it on the rows that its split holds back, and record both.

        `target` is the column to be predicted, `time_column` that of a split by time. `features` None prepares every
        feature column sensibly. An estimator of one's own is trained by one's own code, and given to `record`.
        """
        task = TrainingTask(
            model=model,
            features=None if features is None else tuple(features),
            feature_columns=training_set.features,
            target=target,
            time_column=time_column,
        )
        return train(task, training_set.frame, training_set.receipt, trainer(), self._adapters)
