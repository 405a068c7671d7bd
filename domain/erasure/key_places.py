"""Where keys of an entity are by the log: the tables of all views that it ever had."""

from collections.abc import Iterable, Iterator

import msgspec

from foreset.domain.definitions.registry import EntityRegistered, FeatureViewRegistered
from foreset.domain.erasure.key import SoughtKey
from foreset.domain.event_log.receipts import Recorded
from foreset.domain.online.loading import ViewMaterialized


class KeyPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A table with the columns of an entity's join keys: by their names, the table's columns and their types."""

    table: str
    views: tuple[str, ...]
    columns: dict[str, str]
    dtypes: dict[str, str]
    storage_options: dict[str, str]
    partition_time_zone: str | None

    @property
    def join_keys(self) -> tuple[str, ...]:
        """The join keys."""
        return tuple(self.columns)

    def in_table(self, form: dict[str, object]) -> dict[str, object]:
        """A key by the columns of the table."""
        return {self.columns[name]: value for name, value in form.items()}


def join_keys_of(entity: str, events: Iterable[Recorded]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The sets of join keys that an entity has had, the newest first; of the others, which are known, the names."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for event in (recorded.event for recorded in events):
        if isinstance(event, EntityRegistered):
            keys = tuple(event.spec.join_keys)
            known = found.get(event.spec.name, ()) if event.spec.name == entity else ()
            found[event.spec.name] = (keys, *(other for other in known if other != keys))
    return found


def is_shared(entity: str, key: SoughtKey, events: Iterable[Recorded]) -> bool:
    """Whether another entity has, or has had, join keys of the same names."""
    forms = {frozenset(form) for form in key.forms}
    specs = (recorded.event.spec for recorded in events if isinstance(recorded.event, EntityRegistered))
    return any(spec.name != entity and frozenset(spec.join_keys) in forms for spec in specs)


def places_of(entity: str, events: Iterable[Recorded]) -> Iterator[KeyPlace]:
    """The tables of all views of an entity, also of those that were removed or defined anew."""
    keys: dict[str, tuple[str, ...]] = {}
    for event in (recorded.event for recorded in events):
        if isinstance(event, EntityRegistered):
            keys[event.spec.name] = tuple(event.spec.join_keys)
        elif isinstance(event, FeatureViewRegistered) and entity in event.spec.entities and entity in keys:
            yield _place(event, keys[entity])


def _place(event: FeatureViewRegistered, keys: tuple[str, ...]) -> KeyPlace:
    source = event.spec.source
    dtypes = {column.name: column.dtype for column in event.columns}
    columns = {key: source.column(key) for key in keys}
    return KeyPlace(
        table=source.table,
        views=(event.spec.name,),
        columns=columns,
        dtypes={key: dtypes[column] for key, column in columns.items() if column in dtypes},
        storage_options=source.storage_options,
        partition_time_zone=source.partition_time_zone,
    )


def online_of(views: set[str], events: Iterable[Recorded]) -> Iterator[tuple[str, str]]:
    """The online stores that views were loaded into, each once."""
    loaded = (r.event for r in events if isinstance(r.event, ViewMaterialized) and r.event.view in views)
    yield from dict.fromkeys((event.view, event.store) for event in loaded)
