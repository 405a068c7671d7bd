"""From a Feast repository's objects to specs: which have a counterpart here, and why the others have none."""

from collections.abc import Callable, Iterable
from typing import Final

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec
from foreset.domain.definitions.warehouse_names import is_table_name
from foreset.domain.dtypes import widens
from foreset.domain.errors.feast import FeastObjectRefused, SourceRefused
from foreset.domain.errors.problem import ForesetError, listed, refuse
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.facts import Column
from foreset.domain.feast import tags as feast_tags
from foreset.domain.feast.repository import FeastEntity, FeastObject, FeastSource, FeastView

DUMMY: Final = "__dummy"
"""The entity that Feast gives to a view without entities, so that every row is joined to every row."""

Refused = FeastObjectRefused | SourceRefused | InvalidSpec
"""Why an object of Feast's has no counterpart."""


_OTHERS: Final = {
    "feature service": ("a named list of features is no definition here", "name its features in a TrainingSetSpec"),
    "saved dataset": ("it is a result of Feast's", "build it as a training set, which is recorded and kept"),
    "validation reference": ("results are not profiled here", "leave it to Feast"),
    "permission": ("access is the business of whoever keeps the tables and the store", "leave it to Feast"),
}


def other(found: FeastObject) -> FeastObjectRefused:
    """Why something that is neither entity nor view has no counterpart."""
    problem, remedy = _OTHERS[found.kind]
    return FeastObjectRefused(object=f"{found.kind} {found.name!r}", problem=problem, remedy=remedy)


# === Entities ===


def entity_specs(entities: Iterable[FeastEntity]) -> dict[str, Result[EntitySpec, Refused]]:
    """The specs of entities by Feast's names; those that were published as parts of one are that one again."""
    given = tuple(entity for entity in entities if entity.name != DUMMY)
    return {entity.name: _entity_spec(entity, _whole(entity, given)) for entity in given}


def _whole(entity: FeastEntity, given: tuple[FeastEntity, ...]) -> tuple[str, tuple[str, ...]]:
    """The name and join keys of the entity that this one is, or is a part of if its other parts are there too."""
    whole = feast_tags.whole_entity(entity.tags)
    if whole is not None:
        parts = {other.join_key for other in given if feast_tags.whole_entity(other.tags) == whole}
        if parts == set(whole[1]):
            return whole
    return entity.name, (entity.join_key,)


def _entity_spec(entity: FeastEntity, whole: tuple[str, tuple[str, ...]]) -> Result[EntitySpec, Refused]:
    try:
        return Success(
            EntitySpec(
                *whole,
                description=entity.description or None,
                tags=feast_tags.owners(entity.tags),
                owner=entity.owner or None,
            )
        )
    except ForesetError as fault:
        return refuse(_invalid(fault))


def entities_of(
    view: FeastView, find: Callable[[str], EntitySpec | None]
) -> Result[tuple[EntitySpec, ...], FeastObjectRefused]:
    """The entities of a view: those that `find` knows by Feast's names, else what the view's own columns tell."""
    names = [name for name in view.entities if name != DUMMY]
    columns = [field.name for field in view.keys]
    if not names:
        remedy = "name an entity: create_feature_view(..., entity=create_entity(name, join_keys=[...]))"
        return refuse(_refused(view, "it has no entity, so there is nothing to join it on", remedy))
    found: dict[str, EntitySpec] = {}
    for name in names:
        known = find(name)
        key = columns[0] if len(names) == len(columns) == 1 else name if name in columns else None
        if known is None and key is None:
            remedy = f"register it first: manager.store.apply([create_entity({name!r}, join_keys=[...])])"
            return refuse(_refused(view, f"the join key of its entity {name!r} is not known", remedy))
        spec = known or EntitySpec(name, (key or name,))
        found[spec.name] = spec
    return _agreeing(view, tuple(found.values()))


def _agreeing(view: FeastView, entities: tuple[EntitySpec, ...]) -> Result[tuple[EntitySpec, ...], FeastObjectRefused]:
    """The entities, if their keys are the columns that Feast joins the view on."""
    keys = [key for entity in entities for key in entity.join_keys]
    columns = [field.name for field in view.keys]
    if columns and sorted(columns) != sorted(keys):
        problem = f"Feast joins it on {listed(columns)}, and its entities have the join keys {listed(keys)}"
        return refuse(_refused(view, problem, "apply the view again in Feast, after its entities"))
    return Success(entities)


# === Views ===


def view_spec(
    view: FeastView, entities: Iterable[EntitySpec], columns: tuple[Column, ...]
) -> Result[FeatureViewSpec, Refused]:
    """A view as a spec, over a table with these columns, which are its features where it names none."""
    return Result.do(
        spec
        for plain in plain_view(view)
        for source in source_of(plain)
        for spec in _built(plain, source, tuple(entities), columns)
    )


def _built(
    view: FeastView, source: FeastSource, entities: tuple[EntitySpec, ...], columns: tuple[Column, ...]
) -> Result[FeatureViewSpec, Refused]:
    try:
        return Success(_view_spec(view, source, entities, columns))
    except ForesetError as fault:
        return refuse(_invalid(fault))


def plain_view(view: FeastView) -> Result[FeastView, FeastObjectRefused]:
    """The view, if its values are those of a table as they are."""
    if view.kind == "feature view" and view.computed is None:
        return _with_a_table(view)
    problem = f"its values are made by {view.computed}" if view.computed else "its values are no table's"
    remedy = "write its values to a Delta table and make a feature view of that, or leave it to Feast"
    return refuse(_refused(view, problem, remedy))


def _with_a_table(view: FeastView) -> Result[FeastView, FeastObjectRefused]:
    """The view, if a warehouse would be asked for a table by its name: SQL of a registry is somebody else's."""
    tags = view.source.tags if view.source else {}
    query, name = feast_tags.warehouse_query(tags), feast_tags.warehouse_table(tags)
    if query is None and (name is None or is_table_name(name)):
        return Success(view)
    problem = f"its source gives the SQL {query or name!r} for the name of a table in a warehouse"
    remedy = "read the query; to have it run, register the view with DeltaSource(..., warehouse_query='SELECT ...')"
    return refuse(_refused(view, problem, remedy))


def source_of(view: FeastView) -> Result[FeastSource, SourceRefused]:
    """The source of a view, if it is a file source that may be a Delta table."""
    source = view.source
    if source is None or view.stream is not None or source.kind != "FileSource":
        kind = view.stream or (source.kind if source else "view without a source")
        problem = "which is no FileSource over a Delta table"
        return refuse(SourceRefused(view=view.name, source=f"a {kind}", problem=problem))
    if source.format not in {None, "delta"}:
        problem = f"whose format is {source.format}, and only Delta is read here"
        return refuse(SourceRefused(view=view.name, source=repr(source.path), problem=problem))
    return Success(source)


def delta_source(source: FeastSource) -> DeltaSource:
    """A file source as a spec. What the spec refuses raises `CallerError`."""
    return DeltaSource(
        table=source.table,
        timestamp_field=source.timestamp_field,
        created_timestamp_field=source.created_timestamp_column or None,
        field_mapping=dict(source.field_mapping),
        storage_options=feast_tags.storage_options(source.tags, source.endpoint),
        warehouse_table=feast_tags.warehouse_table(source.tags),
        partition_time_zone=feast_tags.partition_time_zone(source.tags),
        valid_until_field=feast_tags.valid_until_field(source.tags),
        timestamp_unit=feast_tags.timestamp_unit(source.tags),
        name=source.name if source.name != source.path else None,
        description=source.description or None,
    )


def fitted(spec: FeatureViewSpec, columns: tuple[Column, ...]) -> tuple[FeatureViewSpec, tuple[str, ...]]:
    """The view with the table's type for features whose declared type does not hold every value; and their names.

    Feast's stores take the table's type, whatever is declared.
    """
    held = {column.name: column.dtype for column in columns}
    loose = tuple(
        field.name
        for field in spec.fields
        if field.dtype is not None and not widens(held.get(spec.source.column(field.name), field.dtype), field.dtype)
    )
    fields = (replace(field, dtype=None) if field.name in loose else field for field in spec.fields)
    return replace(spec, features=tuple(fields)), loose


def _view_spec(
    view: FeastView, source: FeastSource, entities: tuple[EntitySpec, ...], columns: tuple[Column, ...]
) -> FeatureViewSpec:
    delta = delta_source(source)
    keys = {key for entity in entities for key in entity.join_keys}
    return FeatureViewSpec(
        name=view.name,
        entities=tuple(entity.name for entity in entities),
        source=delta,
        features=_features(view, keys) or _all_features(delta, keys, columns),
        ttl=view.ttl or None,
        description=view.description or None,
        tags=feast_tags.owners(view.tags),
        owner=view.owner or None,
        closed=feast_tags.closed(view.tags),
    )


def _features(view: FeastView, keys: set[str]) -> tuple[FeatureField, ...]:
    declared = feast_tags.declared_dtypes(view.tags, {field.name: field.dtype for field in view.features})
    return tuple(
        FeatureField(field.name, declared[field.name], field.description or None, feast_tags.owners(field.tags))
        for field in view.features
        if field.name not in keys
    )


def _all_features(source: DeltaSource, keys: set[str], columns: tuple[Column, ...]) -> tuple[FeatureField, ...]:
    taken = {source.column(name) for name in (*keys, *source.time_fields)}
    names = (column.name for column in columns if column.name not in taken)
    return tuple(FeatureField(source.field_mapping.get(name, name)) for name in names)


def _refused(view: FeastView, problem: str, remedy: str) -> FeastObjectRefused:
    kind = "view" if view.kind == "feature view" else view.kind
    return FeastObjectRefused(object=f"{kind} {view.name!r}", problem=problem, remedy=remedy)


def _invalid(fault: ForesetError) -> InvalidSpec:
    if isinstance(fault.error, InvalidSpec):
        return fault.error
    raise fault
