"""What only Feast says of an object, kept where the catalog publishes one of the same name."""

from pathlib import Path

from feast import Entity, FeatureView, Field, FileSource
from feast.types import from_value_type
from feast.value_type import ValueType

from foreset.adapters.feast.repository.dtypes import stored_as
from foreset.adapters.feast.repository.from_proto import Message, source_kind
from foreset.domain.feast import tags as feast_tags


def adopt_entity(entity: Entity, there: Message) -> None:
    """Keep the type of an entity where the catalog's says less."""
    known = ValueType(there.spec.value_type)
    if entity.value_type == ValueType.UNKNOWN or _says_more(known, entity.value_type):
        entity.value_type = known


def _says_more(known: ValueType, told: ValueType) -> bool:
    return known != ValueType.UNKNOWN and stored_as(from_value_type(known)) == from_value_type(told)


def adopt_view(view: FeatureView, there: Message, repo: Path) -> None:
    """Keep what a view is for online, how Feast checks it, finer types, and how its source is written."""
    spec = there.spec
    view.online, view.offline, view.enabled = spec.online, spec.offline, not spec.disabled
    view.org, view.enable_validation = spec.org, spec.enable_validation
    fields = {field.name: Field.from_proto(field) for field in (*spec.features, *spec.entity_columns)}
    for field in (*view.features, *view.entity_columns):
        if field.name in fields:
            _adopt_field(field, fields[field.name])
    if isinstance(view.batch_source, FileSource) and source_kind(spec.batch_source) == FileSource.__name__:
        _adopt_source(view.batch_source, spec.batch_source, repo)


def _adopt_field(field: Field, there: Field) -> None:
    if stored_as(there.dtype) == field.dtype:
        field.dtype = there.dtype
    field.vector_index, field.vector_length = there.vector_index, there.vector_length
    field.vector_search_metric = there.vector_search_metric


def _adopt_source(source: FileSource, there: Message, repo: Path) -> None:
    """Keep how a path is written, if it leads to the same table."""
    written = there.file_options.uri
    if FileSource.get_uri_for_file_path(repo, written) == source.path:
        if source.name == source.path and there.name == written:
            source.name = written
        source.file_options.uri = written
    source.file_options.s3_endpoint_override = source.s3_endpoint_override or there.file_options.s3_endpoint_override
    source.owner = there.owner
    source.tags = {**feast_tags.owners(there.tags), **source.tags}
