"""Between Feast's objects and Foreset's specs, both ways."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from feast import Entity, FeatureView, Field, FileSource
from feast.data_format import DeltaFormat
from feast.feature_view import DUMMY_ENTITY_NAME
from feast.value_type import ValueType
from returns.result import Result, Success

from foreset.adapters.feast.dtypes import dtype_of, feast_type, value_type
from foreset.domain.errors.feast import FeastObjectRefused, SourceRefused
from foreset.domain.errors.problem import refuse
from foreset.domain.facts import Column
from foreset.domain.registry import Catalog
from foreset.domain.registry import FeatureView as RegisteredView
from foreset.domain.spec import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec

VERSION_TAG = "foreset.version"
DIGEST_TAG = "foreset.digest"
_OURS = "foreset."


# === From Feast ===


def source_path(source: FileSource, repo: Path) -> str:
    """Where a source lies: Feast takes relative paths from its repository."""
    return str(FileSource.get_uri_for_file_path(repo_path=repo, uri=source.path))


def source_of(view: FeatureView) -> Result[FileSource, SourceRefused]:
    """The Delta source of a view."""
    source = view.batch_source
    if view.stream_source is not None or not isinstance(source, FileSource):
        kind = type(view.stream_source or source).__name__
        problem = "which is no FileSource over a Delta table"
        return refuse(SourceRefused(view=view.name, source=f"a {kind}", problem=problem))
    if source.file_format is not None and not isinstance(source.file_format, DeltaFormat):
        problem = f"whose format is {source.file_format}, and only Delta is read here"
        return refuse(SourceRefused(view=view.name, source=repr(source.path), problem=problem))
    return Success(source)


def entity_spec(entity: Entity) -> EntitySpec:
    """A Feast entity as a spec, without the tags that publishing put on it."""
    return EntitySpec(
        name=entity.name,
        join_keys=(entity.join_key,),
        description=entity.description or None,
        tags=_own_tags(entity.tags),
        owner=entity.owner or None,
    )


def entities_of(
    view: FeatureView, find: Callable[[str], EntitySpec | None]
) -> Result[tuple[EntitySpec, ...], FeastObjectRefused]:
    """The entities of a view: those that `find` knows, else from the entity columns of the view itself."""
    names = [name for name in view.entities if name != DUMMY_ENTITY_NAME]
    if not names:
        remedy = "name an entity: create_feature_view(..., entity=create_entity(name, join_keys=[...]))"
        return refuse(_unfit(view, "it has no entity, so there is nothing to join it on", remedy))
    found: list[EntitySpec] = []
    columns = [field.name for field in view.entity_columns]
    for name in names:
        known = find(name)
        key = columns[0] if len(names) == len(columns) == 1 else name if name in columns else None
        if known is None and key is None:
            remedy = f"register it first: manager.store.apply([create_entity({name!r}, join_keys=[...])])"
            return refuse(_unfit(view, f"the join key of its entity {name!r} is not known", remedy))
        found.append(known or EntitySpec(name, (key or name,)))
    return Success(tuple(found))


def view_spec(
    view: FeatureView, table: str, entities: Iterable[EntitySpec], columns: tuple[Column, ...]
) -> Result[FeatureViewSpec, SourceRefused]:
    """A Feast view over `table` as a spec. Where it names no features, they are the `columns` beside keys and times.

    What the spec itself refuses (such as a negative ttl) raises `CallerError`, as everywhere.
    """
    return source_of(view).map(lambda source: _view_spec(view, source, table, tuple(entities), columns))


def _view_spec(
    view: FeatureView, source: FileSource, table: str, entities: tuple[EntitySpec, ...], columns: tuple[Column, ...]
) -> FeatureViewSpec:
    delta = DeltaSource(
        table=table,
        timestamp_field=source.timestamp_field,
        created_timestamp_field=source.created_timestamp_column or None,
        field_mapping=dict(source.field_mapping or {}),
        name=source.name if source.name != source.path else None,
        description=source.description or None,
    )
    keys = {key for entity in entities for key in entity.join_keys}
    fields = tuple(_feature(field) for field in view.features if field.name not in keys)
    return FeatureViewSpec(
        name=view.name,
        entities=tuple(entity.name for entity in entities),
        source=delta,
        features=fields or _all_features(delta, keys, columns),
        ttl=view.ttl or None,
        description=view.description or None,
        tags=_own_tags(view.tags),
        owner=view.owner or None,
    )


def _feature(field: Field) -> FeatureField:
    return FeatureField(field.name, dtype_of(field.dtype), field.description or None, _own_tags(field.tags))


def _all_features(source: DeltaSource, keys: set[str], columns: tuple[Column, ...]) -> tuple[FeatureField, ...]:
    taken = {source.column(key) for key in keys} | {source.timestamp_field, source.created_timestamp_field}
    names = (column.name for column in columns if column.name not in taken)
    return tuple(FeatureField(source.field_mapping.get(name, name)) for name in names)


def _own_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    return {name: value for name, value in (tags or {}).items() if not name.startswith(_OURS)}


def _unfit(view: FeatureView, problem: str, remedy: str) -> FeastObjectRefused:
    return FeastObjectRefused(object=f"view {view.name!r}", problem=problem, remedy=remedy)


# === To Feast ===


def feast_entities(catalog: Catalog) -> tuple[Entity, ...]:
    """The catalog's entities; one of several join keys becomes one for each key, as Feast takes but one."""
    dtypes = _key_dtypes(catalog)
    return tuple(
        _entity(spec, key, version=entity.version, dtype=dtypes.get(key))
        for entity in catalog.entities.values()
        for spec in (entity.spec,)
        for key in spec.join_keys
    )


def _entity(spec: EntitySpec, key: str, *, version: int, dtype: str | None) -> Entity:
    return Entity(
        name=_entity_name(spec, key),
        join_keys=[key],
        value_type=value_type(dtype) if dtype else ValueType.UNKNOWN,
        description=spec.description or "",
        tags={**spec.tags, VERSION_TAG: str(version)},
        owner=spec.owner or "",
    )


def _entity_name(spec: EntitySpec, key: str) -> str:
    return spec.name if len(tuple(spec.join_keys)) == 1 else f"{spec.name}__{key}"


def _key_dtypes(catalog: Catalog) -> dict[str, str | None]:
    """The type of each join key, None where views have it in different types."""
    found: dict[str, str | None] = {}
    for view in catalog.views.values():
        for key in catalog.join_keys(view.spec):
            dtype = _dtype(view, key)
            found[key] = dtype if found.setdefault(key, dtype) == dtype else None
    return found


def _dtype(view: RegisteredView, name: str) -> str:
    column = view.spec.source.column(name)
    return next(c.dtype for c in view.columns if c.name == column)


def feast_view(view: RegisteredView, catalog: Catalog, path: str) -> FeatureView:
    """A registered view as Feast's, over the table at `path`."""
    spec = view.spec
    keys = catalog.join_keys(spec)
    fields = [
        Field(
            name=field.name,
            dtype=feast_type(field.dtype or _dtype(view, field.name)),
            description=field.description or "",
            tags=dict(field.tags),
        )
        for field in spec.fields
    ]
    return FeatureView(
        name=spec.name,
        source=_source(spec, path),
        schema=[*fields, *(Field(name=key, dtype=feast_type(_dtype(view, key))) for key in keys)],
        entities=_open_entities(spec, catalog),
        ttl=spec.ttl or timedelta(0),
        description=spec.description or "",
        tags={**spec.tags, VERSION_TAG: str(view.version)},
        owner=spec.owner or "",
    )


def _open_entities(spec: FeatureViewSpec, catalog: Catalog) -> list[Entity]:
    """The entities by name and key; their type is left open, because views may have a key in different widths."""
    specs = (catalog.entities[name].spec for name in spec.entities)
    return [
        Entity(name=_entity_name(entity, key), join_keys=[key], value_type=ValueType.UNKNOWN)
        for entity in specs
        for key in entity.join_keys
    ]


def _source(spec: FeatureViewSpec, path: str) -> FileSource:
    source = spec.source
    options: dict[str, Any] = {"field_mapping": dict(source.field_mapping)} if source.field_mapping else {}
    return FileSource(
        path=path,
        name=source.name or path,
        timestamp_field=source.timestamp_field,
        created_timestamp_column=source.created_timestamp_field or "",
        description=source.description or "",
        file_format=DeltaFormat(),
        **options,
    )
