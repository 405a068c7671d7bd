"""Find where a key is: in tables, spines, pins, training sets, and in what the log says. Nothing is changed."""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.definitions.catalog import registry_events
from foreset.application.erasure.key_search import KeyLook, KeySearch
from foreset.application.ports.engine import Adapters
from foreset.domain.definitions.registry import replay
from foreset.domain.erasure.key import SoughtKey, as_dtype, sought_key
from foreset.domain.erasure.key_places import KeyPlace, join_keys_of, places_of
from foreset.domain.erasure.key_report import KeyReport
from foreset.domain.errors.erasure import KeyUnfit
from foreset.domain.errors.event_log import EventUnreadable, StoreError
from foreset.domain.errors.problem import listed, refuse
from foreset.domain.errors.specs import UnknownEntity
from foreset.domain.event_log.pins import PINS
from foreset.domain.event_log.receipts import SPINES, Recorded

FindError = KeyUnfit | UnknownEntity | StoreError
"""Why it cannot be looked for a key."""


@dataclass(frozen=True)
class Found:
    """Where a key is, and the key as it was looked for."""

    report: KeyReport
    key: SoughtKey
    events: tuple[Recorded, ...]


def find_key(entity: str, given: object, adapters: Adapters, search: KeySearch) -> Result[Found, FindError]:
    """Where a key of an entity is, which may have been removed since.

    `given` is the value of the join key, or a mapping of values by the names of several. Looked at are the tables of
    all views that the entity ever had, newest version first, then older ones as far as they can be read; the spines
    and pins that the store keeps, by the columns of the key; spines that are read from tables; and the events of the
    log. Where another entity has the same join keys, rows count of training sets alone that ask a view of this one.
    """
    return Result.do(
        Found(report, typed, events)
        for events in adapters.events.read()
        for join_keys in _known(entity, events)
        for key in sought_key(entity, given, join_keys)
        for places in _fitting(entity, key, tuple(places_of(entity, events)))
        for typed in Success(_typed(key, places))
        for spines in adapters.kept.names(SPINES)
        for pins in adapters.kept.names(PINS)
        for report in Success(KeyLook(entity, typed, events, places, spines, pins, adapters, search).report)
    )


def _known(
    entity: str, events: tuple[Recorded, ...]
) -> Result[tuple[tuple[str, ...], ...], UnknownEntity | EventUnreadable]:
    found = join_keys_of(entity, events)
    if entity in found:
        return Success(found[entity])
    known = replay(registry_events(events)).entity(entity)
    if not isinstance(known, Success) and isinstance(known.failure(), EventUnreadable):
        return refuse(known.failure())
    return refuse(UnknownEntity(entity=entity, known=tuple(found)))


def _fitting(
    entity: str, key: SoughtKey, places: tuple[KeyPlace, ...]
) -> Result[tuple[tuple[KeyPlace, dict[str, object]], ...], KeyUnfit]:
    """The places with the key by their columns; an error where a value is of no type that it has anywhere."""
    found = tuple((place, form) for place in places for form in key.forms if form.keys() == set(place.join_keys))
    for name, dtypes in _dtypes(key, found).items():
        values = [form[name] for form in key.forms if name in form]
        if dtypes and all(as_dtype(value, dtype) is None for value in values for dtype in dtypes):
            problem = f"what is given for {name!r} is no {listed(sorted(dtypes))}"
            return refuse(KeyUnfit(entity=entity, problem=problem, keys=tuple(key.forms[0])))
    return Success(found)


def _dtypes(key: SoughtKey, places: Iterable[tuple[KeyPlace, object]]) -> dict[str, frozenset[str]]:
    """The types of the columns that have the key, by the names of its join keys."""
    names = dict.fromkeys(name for form in key.forms for name in form)
    return {name: frozenset(place.dtypes[name] for place, _ in places if name in place.dtypes) for name in names}


def _typed(key: SoughtKey, places: Iterable[tuple[KeyPlace, object]]) -> SoughtKey:
    return replace(key, dtypes=_dtypes(key, places))
