"""Erase a key from what the store keeps, and record that it was done, though not which key.

What is to go is recorded first, then it goes: so wherever this is cut short, the training sets are marked already, and
the next erasure brings to an end what earlier ones have recorded.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from returns.result import Result, Success

from foreset.application.erasure.find_key import FindError, Found, find_key
from foreset.application.erasure.key_search import KeySearch
from foreset.application.event_log.erasures import erasures, erasures_among
from foreset.application.ports.engine import Adapters
from foreset.application.training_sets.from_pin import newest_pin
from foreset.domain.erasure.key_report import KeyReport
from foreset.domain.erasure.redaction import redacted
from foreset.domain.errors.erasure import KeyNamed
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.event_log.erasures import ERASURES, KeyErased
from foreset.domain.event_log.pins import TrainingSetUnpinned
from foreset.domain.event_log.receipts import Recorded, training_set_stream
from foreset.domain.unreadable import UnreadableEvent

EraseError = FindError | KeyNamed | StaleWrite | StoreError
"""Why a key cannot be erased, or not wholly: then the next erasure goes on."""


_NOTHING: Final[Result[None, StoreError]] = Success(None)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is to be erased: of whom, at whose request and why. `key` is as in `find_key`."""

    entity: str
    key: object
    requested_by: str | None = None
    reason: str | None = None


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """Where the key was; what was recorded of it now, None where nothing was new; and what went.

    `completed` are frames and events of earlier erasures that had been cut short. `in_use` is how many results that did
    not fit in memory running processes hold in files, which may have the key's rows and are deleted when these end.
    """

    report: KeyReport
    recorded: KeyErased | None
    removed: tuple[str, ...]
    redacted: tuple[int, ...]
    completed: int = 0
    in_use: int = 0

    @property
    def was_nowhere(self) -> bool:
        """Whether there was nothing to find and nothing to bring to an end."""
        return self.report.is_nowhere and not self.completed


def erase(request: Request, adapters: Adapters, search: KeySearch) -> Result[Erased, EraseError]:
    """Erase a key from spines, pins and events. Tables, models and online stores are left, and told of."""
    return Result.do(
        done
        for found in find_key(request.entity, request.key, adapters, search)
        for _ in _unnamed(request, found)
        for event in Success(_new(request, found))
        for _ in _recorded(event, adapters)
        for done in _carried_out(found, event, adapters)
    )


def _unnamed(request: Request, found: Found) -> Result[None, KeyNamed]:
    """What is recorded of a request must not name the key."""
    for field, text in (("the reason", request.reason), ("the name of who asks", request.requested_by)):
        if text is not None and found.key.is_named(text):
            return refuse(KeyNamed(field=field))
    return Success(None)


def _new(request: Request, found: Found) -> KeyErased | None:
    """What was found and is in no earlier erasure; None where there is nothing."""
    known = [erased for _, erased in erasures_among(found.events)]
    report = found.report
    frames = {name for erased in known for name in erased.frames}
    positions = {position for erased in known for position in erased.redacted}
    sets = tuple(holding.id for holding in report.training_sets if not holding.marked)
    event = KeyErased(
        entity=request.entity,
        requested_by=request.requested_by,
        reason=request.reason,
        training_sets=sets,
        spines=tuple(name for name in report.spines if name not in frames),
        pins=tuple(name for name in report.pins if name not in frames),
        models=tuple(dict.fromkeys(model.name for model in report.models if model.training_set in sets)),
        redacted=tuple(position for position in report.redactable if position not in positions),
    )
    return event if event.training_sets or event.frames or event.redacted else None


def _recorded(event: KeyErased | None, adapters: Adapters) -> Result[None, StaleWrite | StoreError]:
    if event is None:
        return Success(None)
    adapters.log.info("key erased", entity=event.entity, training_sets=len(event.training_sets))
    return adapters.events.append(ERASURES, (event,), expected=None, at=adapters.clock.now(), actor=adapters.actor).map(
        lambda _: None
    )


# === Carrying out what is recorded ===


def _carried_out(found: Found, event: KeyErased | None, adapters: Adapters) -> Result[Erased, EraseError]:
    new_frames, new_positions = (event.frames, event.redacted) if event else ((), ())
    return Result.do(
        Erased(
            report=found.report,
            recorded=event,
            removed=tuple(name for name in removed if name in new_frames),
            redacted=tuple(position for position in positions if position in new_positions),
            completed=len(set(removed) - set(new_frames)) + len(set(positions) - set(new_positions)),
            in_use=in_use,
        )
        for known in erasures(adapters.events)
        for removed in _removed((name for _, erased in known for name in erased.frames), adapters)
        for positions in _redacted([position for _, erased in known for position in erased.redacted], found, adapters)
        for in_use in _swept(known, adapters)
        for _ in _unpinned((name for _, erased in known for name in erased.training_sets), found.events, adapters)
    )


def _removed(names: Iterable[str], adapters: Adapters) -> Result[tuple[str, ...], StoreError]:
    """Remove frames; gives the names of those that were there."""
    done: list[str] = []
    for name in dict.fromkeys(names):
        gone = adapters.kept.remove(name)
        if not isinstance(gone, Success):
            return refuse(gone.failure())
        done += [name] if gone.unwrap() else []
    return Success(tuple(done))


def _redacted(
    positions: Iterable[int], found: Found, adapters: Adapters
) -> Result[tuple[int, ...], StaleWrite | StoreError]:
    """Redact events that say what they said; gives their positions."""
    wanted = set(positions)
    bodies = {
        position: redacted(event)
        for position, event in ((recorded.position, recorded.event) for recorded in found.events)
        if position in wanted and not isinstance(event, UnreadableEvent) and redacted(event) != event
    }
    if not bodies:
        return Success(())
    reason = f"a key of {found.report.entity} was erased"
    return adapters.events.redact(
        bodies, expected=None, at=adapters.clock.now(), actor=adapters.actor, reason=reason
    ).map(lambda _: tuple(bodies))


def _swept(known: tuple[tuple[Recorded, KeyErased], ...], adapters: Adapters) -> Result[int, StoreError]:
    """Leave nothing behind of what went, nor of what ended processes left; gives how many results are in use."""
    redactions = any(erased.redacted for _, erased in known)
    return Result.do(
        in_use
        for _ in adapters.kept.sweep()
        for in_use in adapters.results.sweep()
        for _ in (adapters.events.sweep() if redactions else _NOTHING)
    )


def _unpinned(
    identifiers: Iterable[str], events: tuple[Recorded, ...], adapters: Adapters
) -> Result[None, StaleWrite | StoreError]:
    """Record of pins that are gone that they are given up."""
    for identifier in dict.fromkeys(identifiers):
        pin = newest_pin(tuple(r for r in events if getattr(r.event, "id", None) == identifier))
        if pin is None:
            continue
        given_up = TrainingSetUnpinned(id=identifier, frames=tuple(frame.name for frame in pin.frames))
        done = adapters.events.append(
            training_set_stream(identifier),
            (given_up,),
            expected=None,
            at=adapters.clock.now(),
            actor=adapters.actor,
        )
        if not isinstance(done, Success):
            return refuse(done.failure())
    return Success(None)
