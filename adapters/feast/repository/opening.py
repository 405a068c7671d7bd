"""Opening Feast's own FeatureStore over a repository."""

from typing import Final

from feast import FeatureStore
from feast.errors import FeastError
from feast.infra.registry.sql import FeastRegistrySchemaError
from feast.repo_config import FeastConfigError, load_repo_config
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf has no stubs
from pydantic import ValidationError
from returns.result import Result, Success
from sqlalchemy.exc import SQLAlchemyError

from foreset.adapters.feast.repository.settings import YAML, Settings
from foreset.adapters.shared.files.input_files import require_file
from foreset.domain.errors.feast import RegistryUnreadable, RepositoryUnreadable
from foreset.domain.errors.problem import because, listed, refuse, told

REGISTRY_FAULTS: Final = (
    OSError, ImportError, ValueError, TypeError, FeastError, FeastRegistrySchemaError, SQLAlchemyError, DecodeError,
)  # fmt: skip
"""What a registry raises: no file, no database, no driver, tables that are missing, bytes that are no message."""
_CONFIG_FAULTS: Final = (OSError, ImportError, ValueError, TypeError, AssertionError, FeastError, FeastConfigError)


def open_store(settings: Settings) -> Result[FeatureStore, RepositoryUnreadable | RegistryUnreadable]:
    """Feast's FeatureStore over a repository, with its registry open."""
    place = settings.repo / YAML
    try:
        config = load_repo_config(settings.repo, place)
    except _CONFIG_FAULTS as fault:
        return refuse(because(RepositoryUnreadable(path=str(place), problem=_said(fault)), fault))
    if settings.registry.relative is not None:
        config.registry_config = {**config.registry_config, "path": settings.registry.path}
    try:
        if settings.registry.file is not None and settings.registry.file.exists():
            require_file(settings.registry.file)  # Feast would wait for a pipe
        store = FeatureStore(repo_path=str(settings.repo), config=config)
        store.registry  # noqa: B018  # opens it
    except Exception as fault:  # noqa: BLE001  # Feast raises a bare one over a scheme; nothing of ours runs in there
        return refuse(because(RegistryUnreadable(registry=settings.registry.name, problem=told(fault)), fault))
    return Success(store)


def _said(fault: BaseException) -> str:
    """What is wrong with the configuration: the settings that Feast's own model does not take, and why."""
    held = fault.args[0] if fault.args else None
    if not isinstance(held, ValidationError):
        return told(fault)
    found = (f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in held.errors())
    return listed(found)
