"""The steps from how one training set looks a column up to how another does, each with its cause."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from msgspec.structs import replace
from returns.result import Success

from foreset.domain.definitions.registry import (
    Catalog,
    FeatureViewRegistered,
    FeatureViewRemoved,
    RegistryEvent,
    evolve,
)
from foreset.domain.diff.lookups import ASKED, DEFINED, Lookup, defined
from foreset.domain.diff.parts import ByDefinition, BySpec, Change, DefinitionEvent
from foreset.domain.event_log.receipts import Recorded
from foreset.domain.planning.explain import instant
from foreset.domain.unreadable import UnreadableEvent

_WORDS = {
    "source": "column",
    "event_time": "timestamp_field",
    "created_time": "created_timestamp_field",
    "valid_until": "valid_until_field",
    "time_unit": "timestamp_unit",
    "ttl_us": "ttl",
    "keys": "join keys",
}


class Step(NamedTuple):
    """What is taken from the other lookup, and what caused it to be another."""

    cause: ByDefinition | BySpec
    fields: tuple[str, ...]

    def taken(self, lookup: Lookup, other: Lookup) -> Lookup:
        """The lookup with these fields of the other one."""
        return replace(lookup, **{field: getattr(other, field) for field in self.fields})


class Definition(NamedTuple):
    """A view as it was defined at some place of the log; `version` is None where it was removed."""

    event: DefinitionEvent
    catalog: Catalog


def definitions(
    view: str, recorded: Sequence[tuple[Recorded, RegistryEvent | UnreadableEvent]]
) -> tuple[Definition, ...]:
    """All that the log says of a view, in order, but for events that cannot be decoded."""
    found: list[Definition] = []
    catalog = Catalog()
    for at, event in recorded:
        catalog = evolve(catalog, event)
        named = isinstance(event, FeatureViewRegistered) and event.spec.name == view
        named = named and isinstance(catalog.view(view), Success)  # whose entities are known
        if named or (isinstance(event, FeatureViewRemoved) and event.name == view):
            version = event.version if isinstance(event, FeatureViewRegistered) else None
            found.append(
                Definition(DefinitionEvent(position=at.position, at=at.at, actor=at.actor, version=version), catalog)
            )
    return tuple(found)


def between(history: Sequence[Definition], old: int, new: int) -> tuple[Definition, ...]:
    """The definitions after version `old` of a view, up to and including version `new`."""
    places = {definition.event.version: place for place, definition in enumerate(history)}
    if old not in places or new not in places:
        return ()
    return tuple(history[places[old] + 1 : places[new] + 1])


def steps(a: Lookup, b: Lookup, versions: tuple[int, int], history: Sequence[Definition]) -> tuple[Step, ...]:
    """The steps from `a` to `b`, of views at these versions: definitions in the order of the log, then the spec.

    Where the spec asks for another feature, nothing of the old one is left, and that is the one step.
    """
    asked = [(name, fields) for name, fields in ASKED if any(_differs(field, a, b) for field in fields)]
    if (a.view, a.feature) == (b.view, b.feature):
        return (*_by_definition(a, b, versions, history), *_by_spec(a, b, asked))
    other = BySpec(field="features", old=f"{a.view}:{a.feature}", new=f"{b.view}:{b.feature}")
    return (Step(other, ("view", "feature", *DEFINED)), *_by_spec(a, b, asked[1:]))


def _differs(field: str, a: Lookup, b: Lookup) -> bool:
    return bool(getattr(a, field) != getattr(b, field))


def _by_spec(a: Lookup, b: Lookup, asked: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[Step, ...]:
    return tuple(
        Step(BySpec(field=name, old=shown(fields[0], a), new=shown(fields[0], b)), fields) for name, fields in asked
    )


def _by_definition(a: Lookup, b: Lookup, versions: tuple[int, int], history: Sequence[Definition]) -> tuple[Step, ...]:
    """The fields that differ, those together that became other by the same event."""
    by_event: dict[int | None, list[str]] = {}
    events = _events(b, versions, history)
    for field in DEFINED:
        if _differs(field, a, b):
            event = events.get(field)
            by_event.setdefault(event.position if event else None, []).append(field)
    known = {event.position: event for event in events.values()}
    undone = versions[0] > versions[1]
    ordered = sorted(by_event, key=lambda position: (position is not None, position or 0), reverse=undone)
    return tuple(
        Step(_definition(a, b, by_event[position], known.get(position or 0), undone=undone), tuple(by_event[position]))
        for position in ordered
    )


def _definition(
    a: Lookup, b: Lookup, fields: Sequence[str], event: DefinitionEvent | None, *, undone: bool
) -> ByDefinition:
    changed = tuple(Change(_WORDS.get(field, field), shown(field, a), shown(field, b)) for field in fields)
    if event is None:
        return ByDefinition(view=b.view, changed=changed)
    return ByDefinition(
        view=b.view, changed=changed, position=event.position, at=event.at, actor=event.actor, undone=undone
    )


def _events(lookup: Lookup, versions: tuple[int, int], history: Sequence[Definition]) -> Mapping[str, DefinitionEvent]:
    """By field, the last event between two versions of a view that made it another."""
    older, newer = sorted(versions)
    found: dict[str, DefinitionEvent] = {}
    first = next((known for known in history if known.event.version == older), None)
    before = {} if first is None else _defined(first, lookup)
    for definition in between(history, older, newer):
        if definition.event.version is None:
            continue
        now = _defined(definition, lookup)
        found |= {field: definition.event for field in DEFINED if now.get(field) != before.get(field)}
        before = now
    return found


def _defined(definition: Definition, lookup: Lookup) -> dict[str, object]:
    return defined(definition.catalog.views[lookup.view], definition.catalog, lookup.feature)


def shown(field: str, lookup: Lookup) -> str:
    """A field of a lookup as text; empty where there is none."""
    value = getattr(lookup, field)
    match field:
        case "ttl_us":
            return "no limit" if value is None else str(timedelta(microseconds=value))
        case "known_at":
            given = value if isinstance(value, tuple) else (value,)
            return " and ".join(instant(one) if isinstance(one, int) else str(one or "") for one in given)
        case "keys":
            return ", ".join(spine if spine == table else f"{spine} ({table})" for spine, table in value)
        case _:
            return "" if value is None else str(value)
