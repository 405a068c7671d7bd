"""What was erased: training sets that can be rebuilt no more, spines that are not kept again."""

from collections.abc import Iterable

from returns.result import Result, Success

from foreset.application.ports.engine import Fingerprint
from foreset.application.ports.event_log import EventStore
from foreset.domain.errors.erasure import SpineErased, TrainingSetErased
from foreset.domain.errors.event_log import EventUnreadable, StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.event_log.erasures import ERASURES, KeyErased, asked_by
from foreset.domain.event_log.receipts import Recorded, TrainingSetRetrieved, spine_name
from foreset.domain.unreadable import UnreadableEvent


def erasures(events: EventStore) -> Result[tuple[tuple[Recorded, KeyErased], ...], StoreError]:
    """All erasures, in their order."""
    return events.read(ERASURES).map(erasures_among)


def erasures_among(events: tuple[Recorded, ...]) -> tuple[tuple[Recorded, KeyErased], ...]:
    """The erasures among some events."""
    return tuple((recorded, recorded.event) for recorded in events if isinstance(recorded.event, KeyErased))


def not_erased(receipt: TrainingSetRetrieved, events: EventStore) -> Result[None, TrainingSetErased | StoreError]:
    """That no key was erased from the rows of a training set, nor from its spine as it was recorded."""
    return Result.do(
        None
        for recorded in events.read(ERASURES)
        for _ in _not_named(receipt.id, recorded)
        for _ in _whole(receipt, erasures_among(recorded))
    )


def _not_named(identifier: str, recorded: Iterable[Recorded]) -> Result[None, EventUnreadable]:
    """That no erasure that cannot be decoded names a training set, as far as it says."""
    for event in unreadable_erasures(recorded):
        if identifier in event.training_sets:
            what = f"Whether the training set {identifier} may be rebuilt is not known, for it is named in an erasure"
            remedy = "build the training set again from its spec and a spine without what was erased"
            return refuse(
                EventUnreadable(
                    what=what, event=event.kind, position=event.position, problem=event.problem, remedy=remedy
                )
            )
    return Success(None)


def unreadable_erasures(recorded: Iterable[Recorded]) -> tuple[UnreadableEvent, ...]:
    """The erasures that cannot be decoded."""
    return tuple(r.event for r in recorded if isinstance(r.event, UnreadableEvent) and r.stream == ERASURES)


def _whole(
    receipt: TrainingSetRetrieved, known: tuple[tuple[Recorded, KeyErased], ...]
) -> Result[None, TrainingSetErased]:
    spine = spine_name(receipt.spine.fingerprint)
    for recorded, erased in known:
        if receipt.id in erased.training_sets or spine in erased.spines:
            return refuse(
                TrainingSetErased(
                    id=receipt.id, entity=erased.entity, at=recorded.at.isoformat(), asked=asked_by(erased)
                )
            )
    return Success(None)


def spine_not_erased(found: Fingerprint, events: EventStore) -> Result[None, SpineErased | StoreError]:
    """That no key was erased from a spine of this fingerprint, nor of the one that it had before."""
    return Result.do(None for known in erasures(events) for _ in _allowed(found, known))


def _allowed(found: Fingerprint, known: tuple[tuple[Recorded, KeyErased], ...]) -> Result[None, SpineErased]:
    names = {spine_name(one.value) for one in (found, found.former) if one is not None}
    for recorded, erased in known:
        if not names.isdisjoint(erased.spines):
            return refuse(
                SpineErased(
                    fingerprint=found.value,
                    entity=erased.entity,
                    at=recorded.at.isoformat(),
                    asked=asked_by(erased),
                )
            )
    return Success(None)
