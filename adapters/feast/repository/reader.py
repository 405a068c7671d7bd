"""Reads what a Feast repository holds, without Feast's own objects: nothing that is stored in it is run or written."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from feast.infra.registry import sql
from feast.infra.registry.registry import get_registry_store_class_from_scheme
from feast.protos.feast.core.Registry_pb2 import Registry
from feast.repo_config import RegistryConfig
from returns.result import Result, Success
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.engine import Connection

from foreset.adapters.feast.repository.from_proto import Message, Places, entity_seen, view_seen
from foreset.adapters.feast.repository.opening import REGISTRY_FAULTS
from foreset.adapters.feast.repository.registry_path import RegistryPlace, is_registry
from foreset.adapters.feast.repository.settings import Settings, read_settings
from foreset.adapters.shared.files.input_files import LARGEST_READ, input_bytes, require_file
from foreset.domain.errors.feast import (
    RegistryDamaged,
    RegistryMissing,
    RegistryNotRead,
    RegistryUnreadable,
    RepositoryReadError,
)
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.system import or_out_of_reach
from foreset.domain.feast.mapping import DUMMY
from foreset.domain.feast.repository import FeastObject, FeastRepository, FeastView, ViewKind

_TABLES: Final[tuple[tuple[Any, str, str], ...]] = (
    (sql.entities, "entity_proto", "entities"),
    (sql.feature_views, "feature_view_proto", "feature_views"),
    (sql.stream_feature_views, "feature_view_proto", "stream_feature_views"),
    (sql.on_demand_feature_views, "feature_view_proto", "on_demand_feature_views"),
    (sql.label_views, "feature_view_proto", "label_views"),
    (sql.feature_services, "feature_service_proto", "feature_services"),
    (sql.saved_datasets, "saved_dataset_proto", "saved_datasets"),
    (sql.validation_references, "validation_reference_proto", "validation_references"),
    (sql.permissions, "permission_proto", "permissions"),
)
"""The tables of a SQL registry, the columns that hold messages, and the fields of a registry's message for them."""
_STORES: Final = ("s3", "gs", "hdfs")
"""Addresses in which Feast's own file registries are read. `file://` Feast takes for a folder of the repository."""
_COMPUTED: Final[tuple[tuple[str, ViewKind, str | None], ...]] = (
    ("stream_feature_views", "stream feature view", "a stream"),
    ("on_demand_feature_views", "on-demand feature view", "code that runs at retrieval"),
    ("label_views", "label view", None),
)
_OTHERS: Final = {
    "feature_services": "feature service",
    "saved_datasets": "saved dataset",
    "validation_references": "validation reference",
    "permissions": "permission",
}


class FeastRepositoryReader:
    """Reads a repository."""

    def __init__(self, places: Places) -> None:
        """Read the repository in the folder `places.repo`."""
        self._places = places

    def observe(self) -> Result[FeastRepository, RepositoryReadError]:
        """What it holds for its project."""
        return Result.do(
            _seen(settings, registry, self._places)
            for settings in read_settings(self._places.repo)
            for registry in _registry(settings)
        )


def _registry(settings: Settings) -> Result[Message, RepositoryReadError]:
    """The registry's message, with the objects of the project at least."""
    place = settings.registry
    if place.type not in {"file", "sql"}:
        return refuse(RegistryNotRead(registry_type=place.type))
    try:
        return _from_database(place, settings.project) if place.type == "sql" else _from_file(place, settings.repo)
    except FileNotFoundError as fault:
        return refuse(because(RegistryMissing(registry=place.name), fault))
    except REGISTRY_FAULTS as fault:
        error = RegistryUnreadable(registry=place.name, problem=told(fault))
        return refuse(or_out_of_reach(error, place.name, fault))


def _from_file(
    place: RegistryPlace, repo: Path
) -> Result[Message, RegistryDamaged | RegistryNotRead | RegistryUnreadable]:
    if place.file is None:
        return _from_address(place, repo)
    content = input_bytes(place.file, LARGEST_READ)
    return (
        Success(Registry.FromString(content)) if is_registry(content) else refuse(RegistryDamaged(registry=place.name))
    )


def _from_address(place: RegistryPlace, repo: Path) -> Result[Message, RegistryNotRead | RegistryUnreadable]:
    """The registry in an object store of which Feast reads registries, whose name the address must have."""
    found = urlsplit(place.path)
    if found.scheme not in _STORES:
        return refuse(RegistryNotRead(registry_type=f"file at {found.scheme}://"))
    if not found.netloc:
        return refuse(RegistryUnreadable(registry=place.name, problem="its address names no bucket or host"))
    try:
        store: Any = get_registry_store_class_from_scheme(place.path)
        return Success(store(RegistryConfig(path=place.path), repo).get_registry_proto())
    except FileNotFoundError:
        raise
    except Exception as fault:  # noqa: BLE001  # clients of stores raise what they like; nothing of ours runs in there
        return refuse(because(RegistryUnreadable(registry=place.name, problem=told(fault)), fault))


def _from_database(place: RegistryPlace, project: str) -> Result[Message, RegistryMissing]:
    database = create_engine(place.path, **place.engine_options)
    try:
        local = database.url.database if database.dialect.name == "sqlite" else None
        if local is not None:
            require_file(local)  # connecting would make one that is missing
        with database.connect() as connection:
            names = set(inspect(connection).get_table_names())
            if sql.feature_views.name not in names:
                return refuse(RegistryMissing(registry=place.name))
            return Success(_message(connection, names, project))
    finally:
        database.dispose()


def _message(connection: Connection, names: set[str], project: str) -> Message:
    registry: Any = Registry()
    for table, column, field in _TABLES:
        if table.name in names:
            query = select(table.c[column]).where(table.c.project_id == project)
            for (content,) in connection.execute(query):
                found = getattr(registry, field).add()
                found.ParseFromString(content)
                _spec(found).project = project
    return registry


def _seen(settings: Settings, registry: Message, places: Places) -> FeastRepository:
    project = settings.project
    return FeastRepository(
        path=str(settings.repo),
        project=project,
        registry=settings.registry.name,
        offline_store=settings.offline_store,
        online_store=settings.online_store,
        relative_database=settings.registry.relative,
        entities=tuple(entity_seen(entity) for entity in _of(registry.entities, project) if entity.spec.name != DUMMY),
        views=tuple(_views(registry, project, places)),
        others=tuple(
            FeastObject(kind, _spec(found).name)
            for field, kind in _OTHERS.items()
            for found in _of(getattr(registry, field), project)
        ),
    )


def _views(registry: Message, project: str, places: Places) -> Iterator[FeastView]:
    for view in _of(registry.feature_views, project):
        yield view_seen(view, places)
    for field, kind, computed in _COMPUTED:
        for view in _of(getattr(registry, field), project):
            yield FeastView(kind=kind, name=view.spec.name, computed=computed)


def _of(messages: Iterable[Message], project: str) -> list[Message]:
    """The messages of a project, by name, for databases give them in no order."""
    return sorted((m for m in messages if _spec(m).project == project), key=lambda m: str(_spec(m).name))


def _spec(message: Message) -> Message:
    """The part of a message that has its name and project."""
    return message.spec if "spec" in message.DESCRIPTOR.fields_by_name else message
