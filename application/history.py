"""Look back: receipts by id, events by what they are of, the store as it was."""

from datetime import datetime

from returns.result import Result, Success

from foreset.application.log_ports import EventStore
from foreset.domain.errors.history import PastError, UnknownName
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import AmbiguousTrainingSet, NoSuchTrainingSet, UnknownTrainingSet
from foreset.domain.errors.store import StoreError
from foreset.domain.history import EventFilter, Past, Selection, in_utc, past_of, select_events
from foreset.domain.lineage import Lineage, lineage_of
from foreset.domain.receipt import Recorded, TrainingSetRetrieved, training_set_stream

ReceiptError = NoSuchTrainingSet | StoreError
"""Why a receipt cannot be had."""


def receipt_of(identifier: str, events: EventStore) -> Result[TrainingSetRetrieved, ReceiptError]:
    """The newest receipt of a training set, by its id or a beginning of it that only one id has."""
    found = events.read(training_set_stream(identifier))
    if not isinstance(found, Success):
        return refuse(found.failure())
    receipts = _receipts(found.unwrap())
    if receipts:
        return Success(receipts[-1])
    return Result.do(receipt for recorded in events.read() for receipt in receipt_among(identifier, recorded))


def receipt_among(identifier: str, recorded: tuple[Recorded, ...]) -> Result[TrainingSetRetrieved, NoSuchTrainingSet]:
    """The newest receipt of a training set among these events, by its id or a beginning that only one id has."""
    by_id = {receipt.id: receipt for receipt in _receipts(recorded)}
    if identifier in by_id:
        return Success(by_id[identifier])
    matching = [i for i in by_id if identifier and i.startswith((identifier, f"ts-{identifier}"))]
    if len(matching) == 1:
        return Success(by_id[matching[0]])
    if matching:
        return refuse(AmbiguousTrainingSet(id=identifier, known=tuple(reversed(matching))[:10]))
    return refuse(UnknownTrainingSet(id=identifier, known=tuple(reversed(by_id))[:10]))


def _receipts(recorded: tuple[Recorded, ...]) -> list[TrainingSetRetrieved]:
    return [r.event for r in recorded if isinstance(r.event, TrainingSetRetrieved)]


def selected_events(wanted: EventFilter, events: EventStore) -> Result[Selection, StoreError]:
    """The events that meet all that is wanted, in their order."""
    return events.read().map(lambda recorded: select_events(recorded, wanted))


def past_at(when: datetime | int, events: EventStore, now: datetime) -> Result[Past, PastError | StoreError]:
    """The log as it was at a time (inclusive; UTC where it has no zone) or at a position of it."""
    return Result.do(past for recorded in events.read() for past in past_of(in_utc(when), recorded, now))


def lineage_around(name: str | None, recorded: tuple[Recorded, ...]) -> Result[Lineage, UnknownName]:
    """What a view, table, entity, model or training set was made from, and what was made from it.

    Of everything where no name is given. See `Lineage.find` for the forms of a name.
    """
    whole = lineage_of(recorded)
    if name is None:
        return Success(whole)
    found = whole.find(name)
    if not found:
        return refuse(UnknownName(name=name, known=tuple(reversed(whole.names()))[:30]))
    return Success(whole.around(found))
