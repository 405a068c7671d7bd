"""Make Feast's objects: sources, entities, schemas and views."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from feast import Entity, FeatureView, Field, FileSource
from feast.data_format import DeltaFormat, FileFormat
from feast.types import FeastType, Int64, from_value_type
from feast.value_type import ValueType
from returns.result import Result, Success

from foreset.adapters.feast.repository.dtypes import feast_type
from foreset.domain.errors.feast import FeastObjectRefused
from foreset.domain.errors.problem import because, listed, refuse, told


def file_source(  # noqa: PLR0913  # what a source has
    path: str,
    timestamp_field: str,
    *,
    name: str | None = None,
    description: str | None = None,
    file_format: FileFormat | None = None,
    created: str | None = None,
    tags: dict[str, str] | None = None,
) -> FileSource:
    """A source; in the Delta format, unless another is given."""
    return FileSource(
        path=path,
        name=name or path,
        timestamp_field=timestamp_field,
        created_timestamp_column=created or "",
        description=description or "",
        tags=tags or {},
        file_format=file_format or DeltaFormat(),
    )


def entity(name: str, join_keys: Sequence[str], description: str | None = None) -> Result[Entity, FeastObjectRefused]:
    """An entity of one join key, whose type is left open until a view says it."""
    if len(join_keys) != 1:
        problem = f"it has {len(join_keys)} join keys ({listed(join_keys)}), and Feast takes one for each entity"
        remedy = "make an entity of each key, or register EntitySpec(...) and FeatureViewSpec(...) in a FeatureStore"
        return refuse(FeastObjectRefused(object=f"entity {name!r}", problem=problem, remedy=remedy))
    return Success(
        Entity(name=name, join_keys=list(join_keys), value_type=ValueType.UNKNOWN, description=description or "")
    )


def schema(feature_names: Iterable[str], dtype: FeastType) -> list[Field]:
    """One field for each name."""
    return [Field(name=name, dtype=dtype) for name in feature_names]


def feature_view(  # noqa: PLR0913  # what a view has
    name: str,
    source: FileSource,
    fields: Sequence[Field],
    entity: Entity,
    *,
    key_dtype: str | None,
    ttl: timedelta | None,
    tags: dict[str, str] | None,
) -> Result[FeatureView, FeastObjectRefused]:
    """A view that names its entity's column.

    Without that column Feast joins on nothing, with a warning only, and gives the values of other entities.
    """
    whole = list(fields)
    if entity.join_key not in {field.name for field in whole}:
        whole.append(Field(name=entity.join_key, dtype=_key_type(entity, key_dtype)))
    try:
        return Success(
            FeatureView(
                name=name, source=source, schema=whole, entities=[entity], ttl=ttl or timedelta(0), tags=tags or {}
            )
        )
    except (ValueError, TypeError) as fault:
        remedy = "mend the schema or the entity's value_type"
        error = FeastObjectRefused(object=f"view {name!r}", problem=told(fault), remedy=remedy)
        return refuse(because(error, fault))


def _key_type(entity: Entity, dtype: str | None) -> FeastType:
    """What the entity says, else what the table has, else whole numbers."""
    if entity.value_type != ValueType.UNKNOWN:
        return from_value_type(entity.value_type)
    return feast_type(dtype) if dtype else Int64
