"""Bring somebody else's registry up to date with the event log."""

import msgspec
from returns.result import Result

from foreset.application.catalog import registry_events
from foreset.application.ports import EventStore, FeatureRegistry
from foreset.domain.errors.store import StoreError
from foreset.domain.receipt import Recorded
from foreset.domain.registry import STREAM, Catalog, replay


class Published(msgspec.Struct, frozen=True):
    """What publishing did: how many definitions changed, and the position of the log at which the registry stands."""

    changed: int
    position: int


def publish(events: EventStore, registry: FeatureRegistry) -> Result[Published, StoreError]:
    """Make the registry hold what the log says. Publishing again changes nothing."""
    return Result.do(
        Published(changed, position)
        for recorded in events.read(STREAM)
        for catalog, position in _state(recorded)
        for changed in registry.publish(catalog, position)
    )


def _state(recorded: tuple[Recorded, ...]) -> Result[tuple[Catalog, int], StoreError]:
    position = recorded[-1].position if recorded else 0
    return Result.from_value((replay(registry_events(recorded)), position))
