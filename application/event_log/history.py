"""Look back: receipts by id, events by what they are of, the store as it was; and send lineage to other systems."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Final

from returns.result import Result, Success

from foreset.application.ports.event_log import EventStore, LineageSink
from foreset.domain.errors.event_log import EventUnreadable, StoreError
from foreset.domain.errors.history import PastError, SendError, UnknownName
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import AmbiguousTrainingSet, NoSuchTrainingSet, UnknownTrainingSet
from foreset.domain.event_log.history import EventFilter, Past, Selection, in_utc, past_of, select_events
from foreset.domain.event_log.lineage import Lineage, LineageSent, lineage_of
from foreset.domain.event_log.receipts import Recorded, TrainingSetRetrieved, training_set_stream
from foreset.domain.unreadable import UnreadableEvent

_SHOWN: Final = 10
"""How many names, and how many ids, are offered."""
_DIGITS: Final = 6
ReceiptError = NoSuchTrainingSet | StoreError
"""Why a receipt cannot be had."""


def receipt_of(identifier: str, events: EventStore) -> Result[TrainingSetRetrieved, ReceiptError]:
    """The newest receipt of a training set, by its id or its name; see `receipt_among`."""
    found = events.read(training_set_stream(identifier))
    if not isinstance(found, Success):
        return refuse(found.failure())
    receipts = _receipts(found.unwrap())
    if receipts:
        return Success(receipts[-1])
    return Result.do(receipt for recorded in events.read() for receipt in receipt_among(identifier, recorded))


def receipts_of(events: EventStore, name: str | None = None) -> Result[tuple[TrainingSetRetrieved, ...], StoreError]:
    """The receipts of all training sets, or of those of a name, the newest first."""
    return events.read().map(lambda recorded: receipts_among(recorded, name))


def receipts_among(recorded: tuple[Recorded, ...], name: str | None = None) -> tuple[TrainingSetRetrieved, ...]:
    """The receipts among these events, or those of a name, the newest first."""
    return tuple(r for r in reversed(_receipts(recorded)) if name is None or r.spec.name == name)


def receipt_among(
    identifier: str, recorded: tuple[Recorded, ...]
) -> Result[TrainingSetRetrieved, NoSuchTrainingSet | EventUnreadable]:
    """The newest receipt of a training set among these events.

    `identifier` is its id; the name of its spec, by which the newest set of that name is meant, and `NAME~1` the one
    before it; or a beginning of an id that only one has.
    """
    receipts = _receipts(recorded)
    by_id = {receipt.id: receipt for receipt in receipts}
    named = None if identifier in by_id else _by_name(identifier, receipts)
    if named is not None:
        return Success(named)
    lost = {name: event for name, event in unreadable_receipts(recorded).items() if name not in by_id}
    known = (*lost, *by_id)
    matching = [identifier] if identifier in known else [i for i in known if _begins(i, identifier)]
    if len(matching) == 1:
        found = by_id.get(matching[0])
        return refuse(receipt_unreadable(matching[0], lost[matching[0]])) if found is None else Success(found)
    if matching:
        return refuse(AmbiguousTrainingSet(id=identifier, known=tuple(reversed(matching))[:10]))
    names = dict.fromkeys(receipt.spec.name for receipt in reversed(receipts) if receipt.spec.name is not None)
    return refuse(UnknownTrainingSet(id=identifier, known=(*list(names)[:_SHOWN], *tuple(reversed(by_id))[:_SHOWN])))


def _by_name(text: str, receipts: list[TrainingSetRetrieved]) -> TrainingSetRetrieved | None:
    """The newest set of a name, or the one so many sets before it: `churn`, `churn~1`."""
    name, mark, back = text.rpartition("~")
    if not mark or not (back.isascii() and back.isdecimal()) or len(back) > _DIGITS:
        name, back = text, "0"
    newest: dict[str, TrainingSetRetrieved] = {}
    for receipt in reversed(receipts):
        if receipt.spec.name == name:
            newest.setdefault(receipt.id, receipt)
    return next(islice(newest.values(), int(back), None), None)


def _begins(known: str, identifier: str) -> bool:
    return bool(identifier) and known.startswith((identifier, f"ts-{identifier}"))


def unreadable_receipts(recorded: Iterable[Recorded]) -> dict[str, UnreadableEvent]:
    """The receipts that cannot be decoded, by the ids of their training sets; of each the last."""
    events = (r.event for r in recorded if r.stream.startswith(training_set_stream("")))
    lost = (e for e in events if isinstance(e, UnreadableEvent) and e.may_be("training-set-retrieved"))
    return {identifier: event for event in lost for identifier in event.training_sets[:1]}


def receipt_unreadable(identifier: str, event: UnreadableEvent) -> EventUnreadable:
    """Why a training set of which no receipt can be decoded is neither shown nor rebuilt."""
    remedy = "build the training set again from its spec and spine"
    what = f"The training set {identifier} has no receipt that can be read"
    return EventUnreadable(what=what, event=event.kind, position=event.position, problem=event.problem, remedy=remedy)


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


def send_lineage(events: EventStore, sink: LineageSink, after: int = 0) -> Result[LineageSent, SendError | StoreError]:
    """Send what was done after a position of the log.

    What was sent before a failure stays sent; the error says from where to go on. What is sent twice is the same run.
    """
    return Result.do(sent for log in events.read() for sent in sink.send(log, after))
