"""The catalog as the event log has it, read once and then kept up to date."""

from typing import cast

import msgspec
from returns.result import Result

from foreset.application.ports.event_log import EventStore
from foreset.domain.definitions.registry import STREAM, Catalog, RegistryEvent, replay
from foreset.domain.errors.event_log import StoreError
from foreset.domain.event_log.receipts import Recorded
from foreset.domain.unreadable import UnreadableEvent


class CatalogAt(msgspec.Struct, frozen=True):
    """A catalog, and the version of the registry's stream that it was folded to."""

    catalog: Catalog = Catalog()
    version: int = 0


def current_catalog(events: EventStore, known: CatalogAt = CatalogAt()) -> Result[CatalogAt, StoreError]:  # noqa: B008  # frozen
    """The catalog now, from an earlier one and the events since."""
    return events.read(STREAM, after=known.version).map(lambda new: _advanced(known, new))


def _advanced(known: CatalogAt, new: tuple[Recorded, ...]) -> CatalogAt:
    if not new:
        return known
    return CatalogAt(replay(registry_events(new), known.catalog), new[-1].version)


def registry_events(recorded: tuple[Recorded, ...]) -> tuple[RegistryEvent | UnreadableEvent, ...]:
    """The events of the registry's stream among these."""
    return tuple(cast("RegistryEvent | UnreadableEvent", r.event) for r in recorded if r.stream == STREAM)
