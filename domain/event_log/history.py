"""Looking back: which events are of whom and of what, and the log as it was."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, TypedDict

import msgspec
from returns.result import Result, Success

from foreset.domain.definitions.models import ModelTrained
from foreset.domain.definitions.registry import FeatureViewRegistered, FeatureViewRemoved
from foreset.domain.errors.history import BeforeFirstEvent, NotYet, PastError, PositionMissing
from foreset.domain.errors.problem import refuse
from foreset.domain.event_log.erasures import KeyErased
from foreset.domain.event_log.pins import TableVacuumed
from foreset.domain.event_log.receipts import Recorded, TableWritten, TrainingSetRetrieved
from foreset.domain.online.loading import ViewMaterialized
from foreset.domain.unreadable import UnreadableEvent

SUBJECTS: Final = ("actor", "view", "table", "model", "training set")
"""What events can be looked up by, beside their time."""


class Names(msgspec.Struct, frozen=True):
    """The names that an event is of. What became of a training set is of all that the set is of."""

    views: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    training_sets: frozenset[str] = frozenset()


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to look at: those that meet all that is given.

    `view`, `table` and `model` also find what was made from such a view or table, and the set that such a model was
    trained on. `training_set` is an id or a beginning of one. `since` and `until` are inclusive; UTC where they have
    no zone.
    """

    actor: str | None = None
    view: str | None = None
    table: str | None = None
    model: str | None = None
    training_set: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @staticmethod
    def of(wanted: "Wanted") -> "EventFilter":
        """The filter for arguments of a call."""
        return EventFilter(**wanted)

    @property
    def given(self) -> dict[str, str]:
        """The names that are asked for, by what they are of."""
        values = (self.actor, self.view, self.table, self.model, self.training_set)
        return {subject: value for subject, value in zip(SUBJECTS, values, strict=True) if value is not None}


class Wanted(TypedDict, total=False):
    """The fields of `EventFilter`, as arguments of a call."""

    actor: str | None
    view: str | None
    table: str | None
    model: str | None
    training_set: str | None
    since: datetime | None
    until: datetime | None


class Selection(msgspec.Struct, frozen=True):
    """The events that were found. `unknown` are the names asked for that no event of the log is of.

    `known` has for each of these what the log has events of.
    """

    events: tuple[Recorded, ...]
    unknown: dict[str, str] = {}
    known: dict[str, tuple[str, ...]] = {}


def select_events(events: Iterable[Recorded], wanted: EventFilter) -> Selection:
    """The events that meet all that is wanted, in their order."""
    everything, given = tuple(events), wanted.given
    if wanted == EventFilter():
        return Selection(everything)
    named = _named(everything)
    since, until = _moment(wanted.since), _moment(wanted.until)
    found = tuple(
        recorded
        for recorded, names in named
        if (since is None or recorded.at >= since)
        and (until is None or recorded.at <= until)
        and all(_is_of(subject, name, recorded, names) for subject, name in given.items())
    )
    unknown = {
        subject: name
        for subject, name in given.items()
        if not any(_is_of(subject, name, recorded, names) for recorded, names in named)
    }
    return Selection(found, unknown, {subject: _known(subject, named) for subject in unknown})


def _moment(given: datetime | None) -> datetime | None:
    return given.replace(tzinfo=UTC) if given is not None and given.tzinfo is None else given


def _named(events: tuple[Recorded, ...]) -> list[tuple[Recorded, Names]]:
    """Each event with the names that it is of."""
    sets: dict[str, Names] = {}
    for recorded in events:
        match recorded.event:
            case TrainingSetRetrieved() as event:
                sets[event.id] = _of_set(event, sets.get(event.id, Names()).models)
            case ModelTrained() as event:
                known = sets.get(event.training_set_id, Names(training_sets=frozenset({event.training_set_id})))
                name = event.name or event.estimator
                sets[event.training_set_id] = msgspec.structs.replace(known, models=known.models | {name})
            case _:
                pass
    return [(recorded, _names(recorded, sets)) for recorded in events]


def _of_set(receipt: TrainingSetRetrieved, models: frozenset[str]) -> Names:
    spine = () if receipt.spine.reference is None else (receipt.spine.reference.path,)
    return Names(
        views=frozenset(match.view for _, match, _ in receipt.plan.gathers),
        tables=frozenset((*receipt.versions, *spine)),
        models=models,
        training_sets=frozenset({receipt.id}),
    )


def _names(recorded: Recorded, sets: dict[str, Names]) -> Names:  # noqa: PLR0911  # one for each kind of event
    match recorded.event:
        case FeatureViewRegistered(spec=spec):
            return Names(views=frozenset({spec.name}), tables=frozenset({spec.source.table}))
        case FeatureViewRemoved(name=name):
            return Names(views=frozenset({name}))
        case TableWritten(table=table):
            return Names(tables=frozenset({table}))
        case ViewMaterialized(view=view, table=table):
            return Names(views=frozenset({view}), tables=frozenset({table}))
        case ModelTrained(training_set_id=id_) as event:
            return msgspec.structs.replace(sets[id_], models=frozenset({event.name or event.estimator}))
        case KeyErased(training_sets=ids):
            return _of_all(ids, sets)
        case TableVacuumed(table=table, lost=lost):
            names = _of_all(lost, sets)
            return msgspec.structs.replace(names, tables=names.tables | {table})
        case UnreadableEvent(names=names, training_sets=ids):
            of_sets = _of_all(ids, sets)
            views = frozenset(name.removeprefix("view/") for name in names if name.startswith("view/"))
            return msgspec.structs.replace(of_sets, views=of_sets.views | views)
        case event:
            return sets.get(getattr(event, "id", ""), Names())  # what was done with a training set


def _of_all(ids: tuple[str, ...], sets: dict[str, Names]) -> Names:
    """The names of several training sets together."""
    found = [sets.get(identifier, Names(training_sets=frozenset({identifier}))) for identifier in ids]
    return Names(
        views=frozenset[str]().union(*(names.views for names in found)),
        tables=frozenset[str]().union(*(names.tables for names in found)),
        models=frozenset[str]().union(*(names.models for names in found)),
        training_sets=frozenset(ids),
    )


def _is_of(subject: str, name: str, recorded: Recorded, names: Names) -> bool:
    if subject == "actor":
        return recorded.actor == name
    if subject == "training set":
        return any(known.startswith((name, f"ts-{name}")) for known in names.training_sets)
    return name in _of(subject, names)


def _of(subject: str, names: Names) -> frozenset[str]:
    return {"view": names.views, "table": names.tables, "model": names.models}.get(subject, names.training_sets)


def _known(subject: str, named: list[tuple[Recorded, Names]]) -> tuple[str, ...]:
    """The names of a kind that the log has events of, the newest first."""
    newest = reversed(named)
    if subject == "actor":
        return tuple(dict.fromkeys(recorded.actor for recorded, _ in newest))
    return tuple(dict.fromkeys(name for _, names in newest for name in sorted(_of(subject, names))))


# === As it was ===


class Past(msgspec.Struct, frozen=True):
    """A store as it was: the time, in UTC, and the events that the log held by then."""

    at: datetime
    events: tuple[Recorded, ...]


def in_utc(when: datetime | int) -> datetime | int:
    """A position, or a time, which is in UTC where it has no zone."""
    return when.replace(tzinfo=UTC) if isinstance(when, datetime) and when.tzinfo is None else when


def past_of(when: datetime | int, events: tuple[Recorded, ...], now: datetime) -> Result[Past, PastError]:
    """The log as it was at a time with a zone, or at a position: then the time is that of the event there.

    At a time it ends before the first event that says it happened later, so that it is a state that the log was in,
    though clocks of writers may run back.
    """
    if not isinstance(when, datetime):
        if not 1 <= when <= len(events):
            return refuse(PositionMissing(position=when, last=len(events)))
        return Success(Past(events[when - 1].at, events[:when]))
    if when > now:
        return refuse(NotYet(at=when.isoformat(), now=now.isoformat()))
    later = next((number for number, recorded in enumerate(events) if recorded.at > when), len(events))
    if not later:
        first = f"its first event was at {events[0].at.isoformat()}" if events else "it has no events yet"
        return refuse(BeforeFirstEvent(at=when.isoformat(), first=first))
    return Success(Past(when.astimezone(UTC), events[:later]))
