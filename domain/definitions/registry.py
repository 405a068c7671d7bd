"""The registry: what is defined. Commands, events, catalog; `decide` and `evolve`, in this order.

The event types and their tags are the storage format: a tag's version changes when its fields do.
Everything that decides about definitions is in this file.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import reduce
from typing import TypeVar

import msgspec
from returns.result import Result, Success

from foreset.domain.definitions.recordable import unrecordable, without_credentials
from foreset.domain.definitions.specs import EntitySpec, FeatureViewSpec
from foreset.domain.dtypes import column_unit, is_epoch, joined_key, time_unit, widens
from foreset.domain.errors.event_log import EventUnreadable
from foreset.domain.errors.problem import listed, refuse
from foreset.domain.errors.specs import (
    EntityInUse,
    InvalidSpec,
    MissingColumn,
    SecretInAddress,
    UnfitType,
    UnknownEntity,
    UnknownView,
)
from foreset.domain.facts import Column
from foreset.domain.safe_text.notebooks import card
from foreset.domain.unreadable import ENTITIES, VIEWS, UnreadableEvent

S = TypeVar("S", EntitySpec, FeatureViewSpec)

STREAM = "registry"
"""The stream of the event log that holds these events."""


# === Commands ===


class Register(msgspec.Struct, frozen=True):
    """Define these, all or none. `tables` has the columns of every table that a view names."""

    entities: tuple[EntitySpec, ...] = ()
    views: tuple[FeatureViewSpec, ...] = ()
    tables: dict[str, tuple[Column, ...]] = {}


class Remove(msgspec.Struct, frozen=True):
    """Forget these, all or none."""

    entities: tuple[str, ...] = ()
    views: tuple[str, ...] = ()


Command = Register | Remove


# === Events ===


class EntityRegistered(msgspec.Struct, frozen=True, tag="entity-registered.v1"):
    """An entity was defined, or defined anew."""

    spec: EntitySpec
    version: int


class FeatureViewRegistered(msgspec.Struct, frozen=True, tag="feature-view-registered.v1"):
    """A view was defined, or defined anew. `columns` are its keys, times and features as its table had them."""

    spec: FeatureViewSpec
    version: int
    columns: tuple[Column, ...]


class EntityRemoved(msgspec.Struct, frozen=True, tag="entity-removed.v1"):
    """An entity was forgotten."""

    name: str


class FeatureViewRemoved(msgspec.Struct, frozen=True, tag="feature-view-removed.v1"):
    """A view was forgotten."""

    name: str


RegistryEvent = EntityRegistered | FeatureViewRegistered | EntityRemoved | FeatureViewRemoved

Rejection = (
    InvalidSpec
    | SecretInAddress
    | UnknownEntity
    | UnknownView
    | MissingColumn
    | UnfitType
    | EntityInUse
    | EventUnreadable
)
"""Why a command is refused."""


# === Catalog ===


class Entity(msgspec.Struct, frozen=True):
    """An entity as it stands."""

    spec: EntitySpec
    version: int


class FeatureView(msgspec.Struct, frozen=True):
    """A view as it stands, with the columns that its table had when it was registered."""

    spec: FeatureViewSpec
    version: int
    columns: tuple[Column, ...]


class Catalog(msgspec.Struct, frozen=True):
    """What is defined, by name. `versions` counts on where a name was removed and comes back.

    `unreadable` has what is not known: by `entity/NAME` and `view/NAME` the last event of the name, where that cannot
    be decoded, and by `entity/*` and `view/*` the last one that may be of any name that was not registered since.
    """

    entities: dict[str, Entity] = {}
    views: dict[str, FeatureView] = {}
    versions: dict[str, int] = {}
    unreadable: dict[str, UnreadableEvent] = {}

    def __repr__(self) -> str:
        """The names of what is defined."""
        return f"Catalog(entities: {listed(self.entities)}; views: {listed(self.views)})"

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return self.as_html()

    def as_html(self) -> str:
        """The views as a table of HTML."""
        rows = [
            (
                name,
                view.version,
                listed(view.spec.entities),
                view.spec.source.table,
                listed(f.name for f in view.spec.fields),
            )
            for name, view in self.views.items()
        ]
        columns = ("view", "version", "entities", "table", "features")
        return card("Catalog", [("entities", listed(self.entities))], columns=columns, rows=rows)

    def join_keys(self, view: FeatureViewSpec) -> tuple[str, ...]:
        """The join keys of a view, in the order of its entities; all of them are registered."""
        return tuple(key for name in view.entities for key in self.entities[name].spec.join_keys)

    def entity(self, name: str, by: str = "") -> Result[Entity, UnknownEntity | EventUnreadable]:
        """An entity by its name; `by` says who names it, for the error."""
        if name in self.entities:
            return Success(self.entities[name])
        lost = self._unread(f"entity/{name}")
        if lost is not None:
            return refuse(_unknown(f"The entity {name!r}{by} is not known", lost))
        return refuse(UnknownEntity(entity=name, by=by, known=tuple(self.entities)))

    def view(self, name: str) -> Result[FeatureView, UnknownView | EventUnreadable]:
        """A view by its name, whose entities are known."""
        if name in self.views:
            view = self.views[name]
            lost = next((f"entity/{e}" for e in view.spec.entities if e not in self.entities), None)
            event = None if lost is None else self._unread(lost)
            if lost is None or event is None:
                return Success(view)
            entity = lost.partition("/")[2]
            return refuse(_unknown(f"The entity {entity!r} of the feature view {name!r} is not known", event))
        event = self._unread(f"view/{name}")
        if event is not None:
            return refuse(_unknown(f"The feature view {name!r} is not known", event))
        return refuse(UnknownView(view=name, known=tuple(self.views)))

    def _unread(self, name: str) -> UnreadableEvent | None:
        return self.unreadable.get(name, self.unreadable.get(f"{name.partition('/')[0]}/*"))


def _unknown(what: str, event: UnreadableEvent) -> EventUnreadable:
    return EventUnreadable(
        what=what, event=event.kind, position=event.position, problem=event.problem, remedy="register it again"
    )


# === Decide ===


def decide(command: Command, catalog: Catalog) -> Result[tuple[RegistryEvent, ...], Rejection]:
    """What happens when `command` is given while `catalog` stands.

    A definition that is already there gives no event, so giving a command twice is the same as once.
    """
    match command:
        case Register():
            return _register(command, catalog)
        case Remove():
            return _remove(command, catalog)


def _register(command: Register, catalog: Catalog) -> Result[tuple[RegistryEvent, ...], Rejection]:
    twice = _given_twice(command)
    if twice is not None:
        return refuse(twice)
    unfit = _unrecordable(command)
    if unfit is not None:
        return refuse(unfit)
    entities = tuple(
        EntityRegistered(spec, catalog.versions.get(f"entity/{spec.name}", 0) + 1)
        for spec in command.entities
        if spec.name not in catalog.entities or catalog.entities[spec.name].spec != spec
    )
    after = replay(entities, catalog)
    stranded = _stranded(entities, command.views, catalog)
    if stranded is not None:
        return refuse(stranded)
    events: list[RegistryEvent] = list(entities)
    for spec in command.views:
        columns = _view_columns(spec, command.tables.get(spec.source.table, ()), after)
        if not isinstance(columns, Success):
            return refuse(columns.failure())
        known = catalog.views.get(spec.name)
        recorded = without_credentials(spec)
        if known is None or (without_credentials(known.spec), known.columns) != (recorded, columns.unwrap()):
            version = catalog.versions.get(f"view/{spec.name}", 0) + 1
            events.append(FeatureViewRegistered(recorded, version, columns.unwrap()))
    return Success(tuple(events))


def _unrecordable(command: Register) -> InvalidSpec | SecretInAddress | None:
    given: tuple[EntitySpec | FeatureViewSpec, ...] = (*command.entities, *command.views)
    return next((unfit for spec in given if (unfit := unrecordable(spec)) is not None), None)


def _given_twice(command: Register) -> InvalidSpec | None:
    for kind, specs in (("entity", command.entities), ("feature view", command.views)):
        first: dict[str, EntitySpec | FeatureViewSpec] = {}
        for spec in specs:
            if first.setdefault(spec.name, spec) != spec:
                problem = f"the {kind} is given twice in one call, differently"
                return InvalidSpec(spec=repr(spec.name), problem=problem, remedy="give one of them")
    return None


def _stranded(
    changed: Iterable[EntityRegistered], given: tuple[FeatureViewSpec, ...], catalog: Catalog
) -> EntityInUse | None:
    """A view that would be left behind by an entity whose join keys change."""
    renewed = {view.name for view in given}
    for event in changed:
        known = catalog.entities.get(event.spec.name)
        if known is not None and known.spec.join_keys == event.spec.join_keys:
            continue
        left = tuple(v for v in _views_of(event.spec.name, catalog) if v not in renewed)
        if known is None:  # it may have been there, in an event that cannot be decoded
            left = tuple(v for v in left if _lacks(catalog.views[v], event.spec))
        if left:
            return EntityInUse(entity=event.spec.name, views=left)
    return None


def _lacks(view: FeatureView, entity: EntitySpec) -> bool:
    """Whether a view was registered without a join key of an entity."""
    columns = {column.name for column in view.columns}
    return any(view.spec.source.column(key) not in columns for key in entity.join_keys)


def _views_of(entity: str, catalog: Catalog) -> tuple[str, ...]:
    return tuple(name for name, view in catalog.views.items() if entity in view.spec.entities)


def _view_columns(
    spec: FeatureViewSpec, table: tuple[Column, ...], catalog: Catalog
) -> Result[tuple[Column, ...], Rejection]:
    """The columns that a view takes from its table, checked."""
    for entity in spec.entities:
        known = catalog.entity(entity, by=f", which the feature view {spec.name!r} names,")
        if not isinstance(known, Success):
            return refuse(known.failure())
    dtypes = {column.name: column.dtype for column in table}
    keys = catalog.join_keys(spec)
    for name, role in needed_columns(spec, keys):
        if name not in dtypes:
            return refuse(
                MissingColumn(view=spec.name, table=spec.source.table, column=name, role=role, columns=tuple(dtypes))
            )
    unfit = _unfit(spec, keys, dtypes)
    if unfit is not None:
        return refuse(unfit)
    names = dict.fromkeys(name for name, _ in needed_columns(spec, keys))
    return Success(tuple(Column(name, dtypes[name]) for name in names))


def needed_columns(
    spec: FeatureViewSpec, keys: tuple[str, ...], features: Collection[str] | None = None
) -> tuple[tuple[str, str], ...]:
    """Each column that the view takes from its table, and what for; of its features only those that are named."""
    source = spec.source
    roles = (
        (source.timestamp_field, "event time"),
        (source.created_timestamp_field, "created time"),
        (source.valid_until_field, "end of validity"),
    )
    return (
        *((source.column(key), f"join key {key!r}") for key in keys),
        *((source.column(name), role) for name, role in roles if name is not None),
        *(
            (source.column(field.name), f"feature {field.name!r}")
            for field in spec.fields
            if features is None or field.name in features
        ),
    )


def _unfit(spec: FeatureViewSpec, keys: tuple[str, ...], dtypes: Mapping[str, str]) -> UnfitType | None:
    source = spec.source
    for key in keys:
        dtype = dtypes[source.column(key)]
        if joined_key(dtype, dtype) is None:
            wanted = "a join key: whole numbers, decimals, string, binary, bool, date or timestamps"
            return UnfitType(view=spec.name, column=key, role="join key", dtype=dtype, wanted=wanted)
    return unfit_time(spec, dtypes) or unfit_feature(spec, dtypes, tuple(field.name for field in spec.fields))


def unfit_time(spec: FeatureViewSpec, dtypes: Mapping[str, str]) -> UnfitType | None:
    """The first time column that is none, or a unit for whole numbers that there are not."""
    source, unit = spec.source, spec.source.timestamp_unit
    found = {name: dtypes[source.column(name)] for name in source.time_fields}
    for name, dtype in found.items():
        if column_unit(dtype, unit) is None:
            wanted = "a time: a timestamp, a date, or a signed whole number with timestamp_unit"
            remedy = "write the column as a timestamp, or as int64 with timestamp_unit"
            if is_epoch(dtype):
                remedy = (
                    "say what its numbers count since 1970: DeltaSource(..., timestamp_unit='ms'), or 's', 'us', 'ns'"
                )
            return UnfitType(view=spec.name, column=name, role="time column", dtype=dtype, wanted=wanted, remedy=remedy)
    if unit is None or any(time_unit(dtype) is None for dtype in found.values()):
        return None
    name, dtype = next(iter(found.items()))
    wanted, remedy = f"timestamp_unit={unit!r}, which is for whole numbers", "leave timestamp_unit out"
    return UnfitType(view=spec.name, column=name, role="time column", dtype=dtype, wanted=wanted, remedy=remedy)


def unfit_feature(spec: FeatureViewSpec, dtypes: Mapping[str, str], features: Collection[str]) -> UnfitType | None:
    """The first of these features whose declared type does not hold every value of its column."""
    for field in spec.fields:
        if field.dtype is None or field.name not in features:
            continue
        dtype = dtypes[spec.source.column(field.name)]
        if not widens(dtype, field.dtype):
            return UnfitType(
                view=spec.name, column=field.name, role="feature", dtype=dtype, wanted=f"the declared {field.dtype}"
            )
    return None


def _remove(command: Remove, catalog: Catalog) -> Result[tuple[RegistryEvent, ...], Rejection]:
    for name in command.views:
        if name not in catalog.views and f"view/{name}" not in catalog.unreadable:
            return refuse(catalog.view(name).failure())
    for name in command.entities:
        if name not in catalog.entities and f"entity/{name}" not in catalog.unreadable:
            return refuse(catalog.entity(name).failure())
        left = tuple(v for v in _views_of(name, catalog) if v not in command.views)
        if left:
            return refuse(EntityInUse(entity=name, views=left))
    views = tuple(FeatureViewRemoved(name) for name in dict.fromkeys(command.views))
    return Success((*views, *(EntityRemoved(name) for name in dict.fromkeys(command.entities))))


# === Evolve ===


def evolve(catalog: Catalog, event: RegistryEvent | UnreadableEvent) -> Catalog:
    """The catalog after `event`. Total: what was decided is never questioned again.

    Of what an event that cannot be decoded is, nothing is known any more: of its name, or, where it has none, of all
    that it may be of.
    """
    if isinstance(event, UnreadableEvent):
        return _doubted(catalog, event)
    entities, views, versions = dict(catalog.entities), dict(catalog.views), dict(catalog.versions)
    unreadable = {name: lost for name, lost in catalog.unreadable.items() if name != _name(event)}
    match event:
        case EntityRegistered(spec, version):
            entities[spec.name] = Entity(spec, version)
            versions[f"entity/{spec.name}"] = version
        case FeatureViewRegistered(spec, version, columns):
            views[spec.name] = FeatureView(spec, version, columns)
            versions[f"view/{spec.name}"] = version
        case EntityRemoved(name):
            entities.pop(name, None)
        case FeatureViewRemoved(name):
            views.pop(name, None)
    return Catalog(entities, views, versions, unreadable)


def _name(event: RegistryEvent) -> str:
    match event:
        case EntityRegistered(spec=spec):
            return f"entity/{spec.name}"
        case FeatureViewRegistered(spec=spec):
            return f"view/{spec.name}"
        case EntityRemoved(name):
            return f"entity/{name}"
        case FeatureViewRemoved(name):
            return f"view/{name}"


def _doubted(catalog: Catalog, event: UnreadableEvent) -> Catalog:
    entities = [f"entity/{name}" for name in (*catalog.entities, "*")] if event.may_be(*ENTITIES) else []
    views = [f"view/{name}" for name in (*catalog.views, "*")] if event.may_be(*VIEWS) else []
    gone = event.names or (*entities, *views)
    return Catalog(
        {name: entity for name, entity in catalog.entities.items() if f"entity/{name}" not in gone},
        {name: view for name, view in catalog.views.items() if f"view/{name}" not in gone},
        catalog.versions | {name: catalog.versions.get(name, 0) + 1 for name in gone},
        catalog.unreadable | dict.fromkeys(gone, event),
    )


def replay(events: Iterable[RegistryEvent | UnreadableEvent], catalog: Catalog | None = None) -> Catalog:
    """The catalog after all of `events`, from `catalog` or from nothing."""
    return reduce(evolve, events, catalog or Catalog())
