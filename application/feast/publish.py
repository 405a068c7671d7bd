"""Bring somebody else's registry up to date with the event log."""

import msgspec
from returns.result import Result, Success

from foreset.application.definitions.catalog import registry_events
from foreset.application.ports.event_log import EventStore
from foreset.application.ports.feast import FeatureRegistry
from foreset.domain.definitions.registry import STREAM, Catalog, replay
from foreset.domain.errors.event_log import EventUnreadable, StoreError
from foreset.domain.errors.feast import PublishError
from foreset.domain.errors.problem import refuse
from foreset.domain.event_log.receipts import Recorded


class Published(msgspec.Struct, frozen=True):
    """What publishing did: how many definitions changed, and the position of the log at which the registry stands."""

    changed: int
    position: int


def publish(events: EventStore, registry: FeatureRegistry) -> Result[Published, StoreError | PublishError]:
    """Make the registry hold what the log says. Publishing again changes nothing.

    What others registered in the meantime is published too, so that two processes that publish at once leave the
    newest behind.
    """
    recorded = events.read(STREAM)
    changed = 0
    while True:
        done = Result.do(
            Published(changed + count, position)
            for read in recorded
            for catalog, position in _state(read)
            for count in registry.publish(catalog, position)
        )
        if not isinstance(done, Success):
            return refuse(done.failure())
        recorded = events.read(STREAM)
        if recorded.map(_position) == Success(done.unwrap().position):
            return done
        changed = done.unwrap().changed


def _state(recorded: tuple[Recorded, ...]) -> Result[tuple[Catalog, int], StoreError]:
    catalog = replay(registry_events(recorded))
    lost = next(iter(catalog.unreadable.items()), None)
    if lost is None:
        return Success((catalog, _position(recorded)))
    name, event = lost
    kind, _, of = name.partition("/")
    named = f"which definitions of the kind {kind} there are" if of == "*" else f"how the {kind} {of!r} is defined"
    return refuse(
        EventUnreadable(
            what=f"Nothing was published, for it is not known {named}",
            event=event.kind,
            position=event.position,
            problem=event.problem,
            remedy="register it again, or remove it: store.remove(views=[...], entities=[...])",
        )
    )


def _position(recorded: tuple[Recorded, ...]) -> int:
    return recorded[-1].position if recorded else 0
