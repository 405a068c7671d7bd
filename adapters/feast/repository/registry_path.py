"""Where the registry of a Feast repository is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from feast.protos.feast.core.Registry_pb2 import Registry
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf has no stubs
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from foreset.adapters.shared.files.places import is_not_a_place
from foreset.domain.safe_text.addresses import without_secrets

PLACE_FAULTS: Final = (ArgumentError, ValueError, TypeError)
"""What a section of feature_store.yaml raises that says no place."""
_SQLITE: Final = "sqlite"
_MEMORY: Final = ":memory:"


@dataclass(frozen=True)
class RegistryPlace:
    """A registry: Feast's type of it, its path or URL, and that without a password, for people.

    `relative` is the path of a SQLite database that Feast would look for in the working directory, None elsewhere.
    `engine_options` are those that Feast gives to SQLAlchemy.
    """

    type: str
    path: str
    name: str
    relative: str | None = None
    engine_options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, section: object, repo: Path) -> Self:
        """The place that the section `registry` says. Raises `PLACE_FAULTS`.

        A relative path is of the repository. Of a SQLite database Feast takes it from the working directory, and so
        does this wherever there is such a file.
        """
        settings: Mapping[str, Any] = section if isinstance(section, dict) else {"path": section}
        path, kind = settings.get("path"), str(settings.get("registry_type") or "file")
        if kind == "file" and not (isinstance(path, str) and path):
            message = "it does not say where the registry is"
            raise ValueError(message)
        if kind == "sql":
            return cls._database(make_url(str(path)), repo, settings.get("sqlalchemy_config_kwargs") or {})
        place = str(path or "")
        if "\0" in place:
            message = "the place of its registry holds NUL, which no path has"
            raise ValueError(message)
        if is_not_a_place(place):
            message = f"the place of its registry, {without_secrets(place)!r}, is like an address, and is not one"
            raise ValueError(message)
        if kind == "file" and "://" not in place:
            place = str(repo / place)
        return cls(kind, place, place or kind)

    @classmethod
    def _database(cls, url: URL, repo: Path, options: Mapping[str, Any]) -> Self:
        local = url.database if url.get_backend_name() == _SQLITE and url.database != _MEMORY else None
        relative = local if local and not Path(local).is_absolute() else None
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")  # as Feast does
        if relative is not None and not Path(relative).exists():
            url = url.set(database=str(repo / relative))
        path, name = (url.render_as_string(hide_password=hidden) for hidden in (False, True))
        return cls("sql", path, name, relative, options)

    @property
    def file(self) -> Path | None:
        """The registry's file, None where it is no local file of Feast's own format."""
        return Path(self.path) if self.type == "file" and "://" not in self.path else None


def is_registry(content: bytes) -> bool:
    """Whether a file's content is a registry.

    Feast writes the schema version into each; what parses without one, as nothing at all does, is none.
    """
    registry = Registry()
    try:
        registry.ParseFromString(content)
    except DecodeError:
        return False
    return bool(registry.registry_schema_version)
