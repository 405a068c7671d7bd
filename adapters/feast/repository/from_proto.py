"""Feast's objects as plain values, read from their protobuf messages.

Messages and not Feast's objects: those of a registry may name classes of libraries that are not installed, and making
them may run code that is stored in the registry.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from feast import Field, FileSource
from feast.protos.feast.core.DataSource_pb2 import DataSource

from foreset.adapters.feast.repository.dtypes import dtype_of
from foreset.domain.feast.repository import FeastEntity, FeastField, FeastSource, FeastView, ViewKind

Message = Any
"""A protobuf message; they have no types here."""
_FORMAT: Final = "_format"
_TYPES: Final = DataSource.SourceType


@dataclass(frozen=True)
class Places:
    """Where paths of sources lead: they are taken from the folder `repo`, and `name_of` says what a table is called."""

    repo: Path
    name_of: Callable[[str], str]


def entity_seen(entity: Message) -> FeastEntity:
    """An entity, from its message."""
    spec = entity.spec
    return FeastEntity(
        name=spec.name,
        join_key=spec.join_key,
        description=spec.description,
        tags=dict(spec.tags),
        owner=spec.owner,
    )


def view_seen(view: Message, places: Places, kind: ViewKind = "feature view") -> FeastView:
    """A view that reads a source, from its message."""
    spec, meta = view.spec, view.meta
    stream = source_kind(spec.stream_source) if spec.HasField("stream_source") else None
    ends = [interval.end_time.ToDatetime(UTC) for interval in getattr(meta, "materialization_intervals", ())]
    return FeastView(
        kind=kind,
        name=spec.name,
        entities=tuple(spec.entities),
        keys=tuple(field_seen(field) for field in spec.entity_columns),
        features=tuple(field_seen(field) for field in spec.features),
        source=source_seen(spec.batch_source, places) if spec.HasField("batch_source") else None,
        stream=stream,
        computed=_computed(spec),
        ttl=spec.ttl.ToTimedelta() or None,
        online=spec.online,
        description=spec.description,
        tags=dict(spec.tags),
        owner=spec.owner,
        loaded_until=max(ends, default=None),
    )


def _computed(spec: Message) -> str | None:
    if spec.HasField("feature_transformation"):
        return "a transformation that Feast runs"
    return "other views" if spec.source_views else None


def field_seen(message: Message) -> FeastField:
    """A column of a view, from its message."""
    field = Field.from_proto(message)
    return FeastField(
        name=field.name,
        type=str(field.dtype),
        dtype=dtype_of(field.dtype),
        description=field.description,
        tags=dict(field.tags),
    )


def source_seen(source: Message, places: Places) -> FeastSource:
    """A source, from its message."""
    kind, options = source_kind(source), source.file_options
    if kind != FileSource.__name__:
        return FeastSource(kind=kind, name=source.name)
    place = str(FileSource.get_uri_for_file_path(repo_path=places.repo, uri=options.uri))
    named = options.file_format.WhichOneof("format")
    return FeastSource(
        kind=kind,
        name=source.name,
        path=options.uri,
        place=place,
        table=places.name_of(place),
        format=named and named.removesuffix(_FORMAT),
        timestamp_field=source.timestamp_field,
        created_timestamp_column=source.created_timestamp_column,
        field_mapping=dict(source.field_mapping),
        description=source.description,
        tags=dict(source.tags),
        endpoint=options.s3_endpoint_override,
    )


def source_kind(source: Message) -> str:
    """The class of a source, without its module; of one that does not say, Feast's name for its type."""
    said: str = source.data_source_class_type.rpartition(".")[2]
    return said or (FileSource.__name__ if source.type == DataSource.BATCH_FILE else _TYPES.Name(source.type))
