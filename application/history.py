"""Look back: receipts by id, events up to a time or a position."""

from datetime import UTC, datetime

from returns.result import Result, Success

from foreset.application.ports import EventStore
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import UnknownTrainingSet
from foreset.domain.errors.store import StoreError
from foreset.domain.receipt import Recorded, TrainingSetRetrieved, training_set_stream

ReceiptError = UnknownTrainingSet | StoreError
"""Why a receipt cannot be had."""


def receipt_of(identifier: str, events: EventStore) -> Result[TrainingSetRetrieved, ReceiptError]:
    """The newest receipt of a training set, by its id or a beginning of it that only one id has."""
    found = events.read(training_set_stream(identifier))
    if not isinstance(found, Success):
        return refuse(found.failure())
    receipts = _receipts(found.unwrap())
    return Success(receipts[-1]) if receipts else _receipt_by_prefix(identifier, events)


def _receipt_by_prefix(identifier: str, events: EventStore) -> Result[TrainingSetRetrieved, ReceiptError]:
    everything = events.read()
    if not isinstance(everything, Success):
        return refuse(everything.failure())
    by_id = {receipt.id: receipt for receipt in _receipts(everything.unwrap())}
    matching = [i for i in by_id if identifier and i.startswith((identifier, f"ts-{identifier}"))]
    if len(matching) == 1:
        return Success(by_id[matching[0]])
    return refuse(UnknownTrainingSet(id=identifier, known=tuple(reversed(matching or by_id))[:10]))


def _receipts(recorded: tuple[Recorded, ...]) -> list[TrainingSetRetrieved]:
    return [r.event for r in recorded if isinstance(r.event, TrainingSetRetrieved)]


def events_until(when: datetime | int, events: EventStore) -> Result[tuple[Recorded, ...], StoreError]:
    """The events up to a time (inclusive; UTC where it has no zone) or up to a position of the log."""
    if isinstance(when, datetime):
        limit = when.replace(tzinfo=UTC) if when.tzinfo is None else when
        return events.read().map(lambda all_: tuple(r for r in all_ if r.at <= limit))
    return events.read().map(lambda all_: tuple(r for r in all_ if r.position <= when))
