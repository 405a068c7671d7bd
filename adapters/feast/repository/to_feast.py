"""From the catalog to Feast's objects."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

from feast import Entity, FeatureView, Field, FileSource
from feast.data_format import DeltaFormat
from feast.value_type import ValueType
from returns.result import Result, Success
from typeguard import TypeCheckError

from foreset.adapters.feast.repository.dtypes import dtype_of, feast_type, value_type
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.registry import FeatureView as RegisteredView
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec
from foreset.domain.errors.feast import Unpublishable
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.feast import tags as feast_tags

T = TypeVar("T")

# === Entities ===


def feast_entities(catalog: Catalog) -> Result[tuple[Entity, ...], Unpublishable]:
    """The catalog's entities; one of several join keys becomes one for each key, as Feast takes but one."""
    dtypes = _key_dtypes(catalog)
    specs = [entity.spec for entity in catalog.entities.values()]
    names = Counter(entity_name(spec, key) for spec in specs for key in spec.join_keys)
    twice = next((name for name, count in names.items() if count > 1), None)
    if twice is not None:
        problem = "Feast would have two entities of that name: an entity of several join keys has one for each there"
        remedy = "give one of the entities another name"
        return refuse(Unpublishable(object=f"entity {twice!r}", problem=problem, remedy=remedy))
    return _all(
        _entity(entity.spec, key, version=entity.version, dtype=dtypes.get(key))
        for entity in catalog.entities.values()
        for key in entity.spec.join_keys
    )


def _entity(spec: EntitySpec, key: str, *, version: int, dtype: str | None) -> Result[Entity, Unpublishable]:
    return _made(
        f"entity {spec.name!r}",
        spec.tags,
        lambda: Entity(
            name=entity_name(spec, key),
            join_keys=[key],
            value_type=value_type(dtype) if dtype else ValueType.UNKNOWN,
            description=spec.description or "",
            tags=feast_tags.entity_tags(spec, version),
            owner=spec.owner or "",
        ),
    )


def entity_name(spec: EntitySpec, key: str) -> str:
    """What Feast calls the entity of one of its join keys."""
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


# === Views ===


def feast_view(view: RegisteredView, catalog: Catalog, path: str) -> Result[FeatureView, Unpublishable]:
    """A registered view as Feast's, over the table at `path`."""
    spec, name = view.spec, f"feature view {view.spec.name!r}"
    keys = set(catalog.join_keys(spec))
    key = next((field.name for field in spec.fields if field.name in keys), None)
    if key is not None:
        problem = f"its feature {key!r} has the name of a join key, and Feast would take it for that"
        return refuse(Unpublishable(object=name, problem=problem, remedy="give the feature another name"))
    tags = (tag for held in (spec.tags, *(field.tags for field in spec.fields)) for tag in held)
    return _made(name, tags, lambda: _view(view, catalog, path))


def _view(view: RegisteredView, catalog: Catalog, path: str) -> FeatureView:
    spec = view.spec
    types = {field.name: feast_type(field.dtype or _dtype(view, field.name)) for field in spec.fields}
    declared = {field.name: field.dtype for field in spec.fields}
    fields = [
        Field(name=field.name, dtype=types[field.name], description=field.description or "", tags=dict(field.tags))
        for field in spec.fields
    ]
    keys = [Field(name=key, dtype=feast_type(_dtype(view, key))) for key in catalog.join_keys(spec)]
    told_dtypes = {name: dtype_of(kind) for name, kind in types.items()}
    made = FeatureView(
        name=spec.name,
        source=_source(spec.source, path),
        schema=[*fields, *keys],
        entities=_open_entities(spec, catalog),
        ttl=spec.ttl or timedelta(0),
        description=spec.description or "",
        tags={
            **spec.tags,
            feast_tags.VERSION: str(view.version),
            **feast_tags.closed_tag(spec.closed),
            **feast_tags.dtype_tags(declared, told_dtypes),
        },
        owner=spec.owner or "",
    )
    made.to_proto()  # what a message does not hold is refused here, and not while it is written
    return made


def _open_entities(spec: FeatureViewSpec, catalog: Catalog) -> list[Entity]:
    """The entities by name and key; their type is left open, because views may have a key in different widths."""
    specs = (catalog.entities[name].spec for name in spec.entities)
    return [
        Entity(name=entity_name(entity, key), join_keys=[key], value_type=ValueType.UNKNOWN)
        for entity in specs
        for key in entity.join_keys
    ]


def _source(source: DeltaSource, path: str) -> FileSource:
    endpoint = feast_tags.endpoint_of(source.storage_options) if path.startswith("s3") else ""
    return FileSource(
        path=path,
        name=source.name or path,
        timestamp_field=source.timestamp_field,
        created_timestamp_column=source.created_timestamp_field or "",
        field_mapping={column: name for column, name in source.field_mapping.items() if column != name},
        description=source.description or "",
        tags=feast_tags.source_tags(source, endpoint),
        s3_endpoint_override=endpoint,
        file_format=DeltaFormat(),
    )


def _made(name: str, tags: Iterable[str], make: Callable[[], T]) -> Result[T, Unpublishable]:
    """An object of Feast's, or what Feast has against it."""
    tag = feast_tags.reserved(tags)
    if tag is not None:
        problem = f"its tag {tag!r} begins as those that Foreset writes there itself"
        return refuse(Unpublishable(object=name, problem=problem, remedy="give the tag another name"))
    try:
        return Success(make())
    except (ValueError, TypeError, AssertionError, TypeCheckError) as fault:
        error = Unpublishable(object=name, problem=f"Feast refuses it: {told(fault)}", remedy="change its definition")
        return refuse(because(error, fault))


def _all(results: Iterable[Result[T, Unpublishable]]) -> Result[tuple[T, ...], Unpublishable]:
    found: list[T] = []
    for result in results:
        if not isinstance(result, Success):
            return refuse(result.failure())
        found.append(result.unwrap())
    return Success(tuple(found))
