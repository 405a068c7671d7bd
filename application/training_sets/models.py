"""Models that other code trained on training sets: recorded against their ids, and listed."""

from collections.abc import Mapping
from typing import Any

import msgspec
from returns.result import Result, Success

from foreset.application.event_log.history import receipt_among, receipt_of
from foreset.application.ports.engine import Adapters
from foreset.application.ports.event_log import EventStore
from foreset.domain.definitions.models import ModelTrained, split_metrics
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import InvalidSpec, NoSuchTrainingSet, StaleWrite
from foreset.domain.event_log.receipts import Recorded, training_set_stream

RecordError = InvalidSpec | NoSuchTrainingSet | StaleWrite | StoreError
"""Why a model was not recorded."""


class ModelDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What can be recorded of a model: its import path, its parameters, and a fingerprint where it has one."""

    estimator: str
    params: dict[str, Any]
    fingerprint: str = ""


def record_model(
    identifier: str,
    described: Result[ModelDescription, InvalidSpec],
    adapters: Adapters,
    *,
    metrics: Mapping[Any, Any] | None,
    name: str | None,
) -> Result[ModelTrained, RecordError]:
    """Record that a model was trained on a training set, by its id or name."""
    return Result.do(
        event
        for model in described
        for numbers in _numbers(metrics or {})
        for receipt in receipt_of(identifier, adapters.events)
        for event in _recorded(_event(receipt.id, model, numbers, name), adapters)
    )


def _numbers(metrics: Mapping[Any, Any]) -> Result[dict[str, float], InvalidSpec]:
    """Metrics as Python's own floats; NaN and infinities are numbers here."""
    found: dict[str, float] = {}
    for name, value in dict(metrics).items():
        item = value.item() if hasattr(value, "item") else value
        if not isinstance(name, str) or isinstance(item, bool) or not isinstance(item, (int, float)):
            problem = f"metrics[{name!r}] is {value!r} ({type(value).__name__}), which is not a number"
            return refuse(InvalidSpec(spec="store.models.record", problem=problem, remedy="give numbers by name"))
        found[name] = float(item)
    return Success(found)


def _event(identifier: str, model: ModelDescription, metrics: dict[str, float], name: str | None) -> ModelTrained:
    finite, not_finite = split_metrics(metrics)
    return ModelTrained(
        training_set_id=identifier,
        estimator=model.estimator,
        params=model.params,
        metrics=finite,
        not_finite=not_finite,
        fingerprint=model.fingerprint,
        name=name,
    )


def _recorded(event: ModelTrained, adapters: Adapters) -> Result[ModelTrained, StaleWrite | StoreError]:
    adapters.log.info("model recorded", training_set=event.training_set_id, estimator=event.estimator)
    return append_model(event, adapters)


def append_model(event: ModelTrained, adapters: Adapters) -> Result[ModelTrained, StaleWrite | StoreError]:
    """Put a model into the stream of its training set."""
    return adapters.events.append(
        training_set_stream(event.training_set_id),
        (event,),
        expected=None,
        at=adapters.clock.now(),
        actor=adapters.actor,
    ).map(lambda _: event)


def models_of(
    events: EventStore, identifier: str | None = None
) -> Result[tuple[ModelTrained, ...], NoSuchTrainingSet | StoreError]:
    """The models that were recorded, of all training sets or of one, the newest first."""
    return Result.do(models for recorded in events.read() for models in models_among(recorded, identifier))


def models_among(
    recorded: tuple[Recorded, ...], identifier: str | None = None
) -> Result[tuple[ModelTrained, ...], NoSuchTrainingSet | StoreError]:
    """The models among these events, the newest first."""
    found = tuple(reversed([r.event for r in recorded if isinstance(r.event, ModelTrained)]))
    if identifier is None:
        return Success(found)
    return receipt_among(identifier, recorded).map(
        lambda receipt: tuple(model for model in found if model.training_set_id == receipt.id)
    )
