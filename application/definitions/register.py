"""Register and remove definitions: decide on what is stored, then store what was decided."""

from collections.abc import Iterable

import msgspec
from returns.result import Result, Success

from foreset.application.definitions.catalog import CatalogAt, current_catalog
from foreset.application.ports.engine import Adapters
from foreset.domain.definitions.field_types import shown
from foreset.domain.definitions.registry import STREAM, Command, Register, Rejection, Remove, decide
from foreset.domain.definitions.specs import EntitySpec, FeatureViewSpec
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import InvalidSpec, StaleWrite
from foreset.domain.errors.tables import TableError
from foreset.domain.event_log.receipts import Recorded
from foreset.domain.facts import Column

RegistryError = Rejection | TableError | StaleWrite | StoreError
"""Why nothing was registered."""


class Registered(msgspec.Struct, frozen=True):
    """What a registration changed: nothing where all was there already."""

    events: tuple[Recorded, ...]

    @property
    def changed(self) -> int:
        """How many definitions are new or changed."""
        return len(self.events)


def register(specs: Iterable[object], adapters: Adapters, known: CatalogAt) -> Result[Registered, RegistryError]:
    """Define entities and views, all or none; views are checked against their tables as they are now."""
    given = tuple(specs)
    foreign = next((s for s in given if not isinstance(s, (EntitySpec, FeatureViewSpec))), None)
    if foreign is not None:
        problem = f"it is a {type(foreign).__name__}, which cannot be registered"
        return refuse(InvalidSpec(spec=shown(foreign), problem=problem, remedy="give EntitySpec or FeatureViewSpec"))
    views = tuple(s for s in given if isinstance(s, FeatureViewSpec))
    entities = tuple(s for s in given if isinstance(s, EntitySpec))
    return Result.do(
        registered
        for tables in _columns(views, adapters)
        for registered in change(Register(entities, views, tables), adapters, known)
    )


def remove(
    entities: Iterable[str], views: Iterable[str], adapters: Adapters, known: CatalogAt
) -> Result[Registered, RegistryError]:
    """Forget entities and views, all or none."""
    return change(Remove(tuple(entities), tuple(views)), adapters, known)


def change(command: Command, adapters: Adapters, known: CatalogAt) -> Result[Registered, RegistryError]:
    """Carry out a command at the version on which it was decided."""
    return Result.do(
        Registered(recorded)
        for past in current_catalog(adapters.events, known)
        for new in decide(command, past.catalog)
        for recorded in adapters.events.append(
            STREAM, new, expected=past.version, at=adapters.clock.now(), actor=adapters.actor
        )
    )


def _columns(
    views: tuple[FeatureViewSpec, ...], adapters: Adapters
) -> Result[dict[str, tuple[Column, ...]], TableError]:
    found: dict[str, tuple[Column, ...]] = {}
    for view in views:
        seen = adapters.tables.observe(view.source.table, storage_options=view.source.storage_options)
        if not isinstance(seen, Success):
            return refuse(seen.failure())
        found[view.source.table] = seen.unwrap().facts.columns
    return Success(found)
