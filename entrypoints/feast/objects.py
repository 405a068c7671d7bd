"""Feast's objects by the guide's names. They are plain Feast objects; what fails raises `ForesetError`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from returns.result import Success

from foreset.adapters.shared.processes.fork_guard import needs_threads
from foreset.domain.definitions.specs import DeltaSource
from foreset.domain.feast import tags as feast_tags
from foreset.entrypoints.datasets.datasets import tables_in
from foreset.entrypoints.feast.arguments import check_object, object_list
from foreset.entrypoints.wiring.arguments import Duration, fitted_arguments
from foreset.entrypoints.wiring.build import data_directory
from foreset.entrypoints.wiring.raising import given, reject

if TYPE_CHECKING:
    from feast import Entity, FeatureView, Field, FileSource
    from feast.data_format import FileFormat
    from feast.types import FeastType


@fitted_arguments
def create_file_source(  # noqa: PLR0913, PLR0917  # the guide's signature
    path: str | PathLike[str],
    timestamp_field: str,
    source_name: str | None = None,
    description: str | None = None,
    file_format: "FileFormat | None" = None,
    created_timestamp_column: str | None = None,
    *,
    valid_until_field: str | None = None,
    timestamp_unit: Literal["s", "ms", "us", "ns"] | None = None,
) -> "FileSource":
    """A Feast FileSource over a Delta table.

    `path` is a dataset name, a URL or a path; a relative path is taken from the working directory. `timestamp_field` is
    the event time; `created_timestamp_column` says when a row was written. The format is Delta unless another is given.
    `valid_until_field` and `timestamp_unit` are those of `DeltaSource`; they are kept in tags, for Feast has no fields
    for them.
    """
    from foreset.adapters.delta.log.paths import table_uri  # vendors stay off the import of foreset
    from foreset.adapters.feast.repository import factories

    if file_format is not None:
        check_object("create_file_source", "file_format", file_format, "file format")
    table = path if isinstance(path, str) else str(Path(path).absolute())
    said = DeltaSource(table, timestamp_field, valid_until_field=valid_until_field, timestamp_unit=timestamp_unit)
    return factories.file_source(
        given(table_uri(table, data_directory())),
        timestamp_field,
        tags=feast_tags.source_tags(said, ""),
        name=source_name,
        description=description,
        file_format=file_format,
        created=created_timestamp_column,
    )


@fitted_arguments
def create_entity(name: str, join_keys: Iterable[str], description: str | None = None) -> "Entity":
    """A Feast Entity. Feast takes one join key; several are refused."""
    from foreset.adapters.feast.repository import factories

    return given(factories.entity(name, tuple(join_keys), description))


@fitted_arguments
def create_schema(feature_names: Iterable[str], default_type: "FeastType | None" = None) -> "list[Field]":
    """A list of Feast Fields, one a name, to which more may be appended. The type is Float64 by default."""
    from foreset.adapters.feast.repository import factories
    from foreset.adapters.feast.repository.dtypes import feast_type

    if default_type is not None:
        check_object("create_schema", "default_type", default_type, "type")
    return factories.schema(feature_names, feast_type("float64") if default_type is None else default_type)


@needs_threads
@fitted_arguments
def create_feature_view(  # noqa: PLR0913, PLR0917  # the guide's signature
    view_name: str,
    source: "FileSource",
    schema: "Sequence[Field]",
    entity: "Entity",
    ttl: Duration | None = None,
    tags: Mapping[str, str] | None = None,
    *,
    closed: Literal["right", "left"] = "right",
) -> "FeatureView":
    """A Feast FeatureView whose schema names the entity's column, in its type in the table where there is one.

    `ttl` is how old a value may be, None or zero for no limit; a negative one is refused. `schema` is not changed.
    `closed` is that of `FeatureViewSpec`, and is kept in a tag.
    """
    from foreset.adapters.feast.repository import factories

    check_object("create_feature_view", "source", source, "file source")
    check_object("create_feature_view", "entity", entity, "entity")
    schema = object_list("create_feature_view", "schema", schema, "field")
    age = cast("timedelta | None", ttl)  # a text was made one
    if age is not None and age < timedelta(0):
        reject(f"The feature view {view_name!r}", f"its ttl is negative ({age})", "give a ttl of zero or more, or None")
    tags = {**(tags or {}), **feast_tags.closed_tag(closed)}
    seen = tables_in(data_directory()).observe(source.path)
    key = seen.unwrap().facts.dtype(entity.join_key) if isinstance(seen, Success) else None
    return given(factories.feature_view(view_name, source, schema, entity, key_dtype=key, ttl=age, tags=tags))
