"""A Feast repository on disk: its feature_store.yaml and the file of its registry."""

from pathlib import Path
from typing import Any, Final

import yaml
from feast.protos.feast.core.Registry_pb2 import Registry
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf has no stubs
from returns.result import Result, Success

from foreset.domain.errors.feast import RepositoryDiffers
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.store import StoreUnwritable

OFFLINE_STORE: Final = "foreset.adapters.feast.offline_store.DeltaOfflineStore"
REGISTRY: Final = Path("data") / "registry.db"
_YAML: Final = "feature_store.yaml"


def ensure(repo: Path, project: str, provider: str) -> Result[None, RepositoryDiffers | StoreUnwritable]:
    """Make feature_store.yaml where it is missing; one that says something else is left and refused."""
    wanted = {
        "project": project,
        "provider": provider,
        "registry": str(REGISTRY),
        "online_store": {"type": "sqlite", "path": "data/online_store.db"},
        "offline_store": {"type": OFFLINE_STORE},
        "entity_key_serialization_version": 3,
    }
    place = repo / _YAML
    try:
        (repo / "data").mkdir(parents=True, exist_ok=True)
        if place.exists():
            return _agrees(place, wanted)
        partial = place.with_name(f"{_YAML}.partial")
        partial.write_text(yaml.safe_dump(wanted, sort_keys=False), encoding="utf-8")
        partial.replace(place)
    except OSError as fault:
        return refuse(because(StoreUnwritable(path=str(place), problem=told(fault)), fault))
    return Success(None)


def _agrees(place: Path, wanted: dict[str, Any]) -> Result[None, RepositoryDiffers]:
    """Whether the file that is there means the same project, on our offline store; the rest is its owner's."""
    try:
        found = yaml.safe_load(place.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        error = RepositoryDiffers(path=str(place), setting="unreadable YAML", found=told(fault), asked="a Feast file")
        return refuse(because(error, fault))
    found = found if isinstance(found, dict) else {}
    for setting in ("project", "provider", "registry", "offline_store"):
        if _plain(found.get(setting)) != _plain(wanted[setting]):
            text, asked = _plain(found.get(setting)), _plain(wanted[setting])
            return refuse(RepositoryDiffers(path=str(place), setting=setting, found=text, asked=asked))
    return Success(None)


def _plain(setting: object) -> str:
    """A setting that may be given by its type or path alone, or with options."""
    if isinstance(setting, dict):
        return str(setting.get("type") or setting.get("path"))
    return str(setting)


def set_aside_if_damaged(repo: Path) -> Result[bool, StoreUnwritable]:
    """Move a registry that Feast could not read, or would read as empty, to `registry.db.damaged`; tells if it did."""
    place = repo / REGISTRY
    try:
        if not place.exists() or _is_registry(place.read_bytes()):
            return Success(False)  # noqa: FBT003  # the answer
        place.replace(place.with_name(f"{place.name}.damaged"))
    except OSError as fault:
        return refuse(because(StoreUnwritable(path=str(place), problem=told(fault)), fault))
    return Success(True)  # noqa: FBT003  # the answer


def _is_registry(content: bytes) -> bool:
    """Feast writes the schema version into every registry; what parses without one is not a registry."""
    registry = Registry()
    try:
        registry.ParseFromString(content)
    except DecodeError:
        return False
    return bool(registry.registry_schema_version)
