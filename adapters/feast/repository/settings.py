"""A Feast repository on disk: its feature_store.yaml."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from returns.result import Result, Success

from foreset.adapters.feast.repository.registry_path import PLACE_FAULTS, RegistryPlace, is_registry
from foreset.adapters.shared.files.bounded_yaml import yaml_documents
from foreset.adapters.shared.files.input_files import LARGEST_READ, LARGEST_SPEC, input_bytes
from foreset.adapters.shared.files.privacy import make_file, make_folder
from foreset.domain.errors.event_log import StoreUnwritable
from foreset.domain.errors.feast import RegistryDamaged, RepositoryDiffers, RepositoryMissing, RepositoryUnreadable
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.system import by_code

OFFLINE_STORE: Final = "foreset.adapters.feast.offline_store.DeltaOfflineStore"
REGISTRY: Final = Path("data") / "registry.db"
_PROJECT: Final = "ml_workflow"
YAML: Final = "feature_store.yaml"

RepositoryError = RepositoryMissing | RepositoryUnreadable | RepositoryDiffers | RegistryDamaged | StoreUnwritable
"""Why a repository cannot be opened."""


@dataclass(frozen=True)
class Settings:
    """What feature_store.yaml says, with Feast's defaults. `online_store` is None where there is none."""

    repo: Path
    project: str
    provider: str
    offline_store: str
    online_store: str | None
    registry: RegistryPlace

    @property
    def is_ours(self) -> bool:
        """Whether it is as Foreset writes it, so that a damaged registry may be set aside and built again."""
        return self.offline_store == OFFLINE_STORE and self.registry.file == self.repo / REGISTRY


def read_settings(repo: Path) -> Result[Settings, RepositoryMissing | RepositoryUnreadable]:
    """What the repository's feature_store.yaml says. Variables of the environment are put in, as Feast does."""
    place = repo / YAML
    try:
        text = os.path.expandvars(input_bytes(place, LARGEST_SPEC).decode())
        found = yaml_documents(text) or [None]
        return Success(_settings(repo, found[0]))
    except (FileNotFoundError, NotADirectoryError) as fault:
        return refuse(because(RepositoryMissing(path=str(repo)), fault))
    except (OSError, *PLACE_FAULTS) as fault:
        return refuse(because(RepositoryUnreadable(path=str(place), problem=told(fault)), fault))


def _settings(repo: Path, found: Any) -> Settings:
    """The settings of a parsed file. Raises `PLACE_FAULTS` where it is no Feast configuration."""
    project = found.get("project") if isinstance(found, dict) else None
    if not isinstance(project, str):
        message = "it names no project"
        raise TypeError(message)
    return Settings(
        repo=repo,
        project=project,
        provider=str(found.get("provider") or "local"),
        offline_store=_type(found.get("offline_store")) or "dask",
        online_store=_type(found["online_store"]) if "online_store" in found else "sqlite",
        registry=RegistryPlace.of(found.get("registry"), repo),
    )


def _type(section: object) -> str | None:
    """The type of a section that is that alone, or has it beside options."""
    found = section.get("type") if isinstance(section, dict) else section
    return None if str(found).lower() in {"none", "null"} else str(found)


def ensure(
    repo: Path, project: str | None, provider: str | None = None, offline_store: str | None = OFFLINE_STORE
) -> Result[Settings, RepositoryError]:
    """The repository's settings; where there is no feature_store.yaml, one is made.

    A file that says something else than what is asked is left as it is, and refused; what is None may be anything, and
    so may the registry and the online store.
    """
    if not (repo / YAML).exists():
        return Result.do(
            settings for _ in _made(repo, project or _PROJECT, provider or "local") for settings in read_settings(repo)
        )
    asked = {"project": project, "provider": provider, "offline_store": offline_store}
    return Result.do(agreed for settings in read_settings(repo) for agreed in _agrees(settings, asked))


def _made(repo: Path, project: str, provider: str) -> Result[None, StoreUnwritable]:
    settings = {
        "project": project,
        "provider": provider,
        "registry": str(REGISTRY),
        "online_store": {"type": "sqlite", "path": "data/online_store.db"},
        "offline_store": {"type": OFFLINE_STORE},
        "entity_key_serialization_version": 3,
    }
    place = repo / YAML
    try:
        make_folder(repo)
        make_folder(repo / "data")  # Feast makes files in it as the umask has it
        partial = place.with_name(f"{YAML}.partial")
        make_file(partial)
        partial.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        partial.replace(place)
    except OSError as fault:
        return refuse(by_code(StoreUnwritable(path=str(place), problem=told(fault)), fault))
    return Success(None)


def _agrees(settings: Settings, asked: Mapping[str, str | None]) -> Result[Settings, RepositoryDiffers]:
    for setting, wanted in asked.items():
        found = getattr(settings, setting)
        if wanted is not None and found != wanted:
            path = str(settings.repo / YAML)
            return refuse(RepositoryDiffers(path=path, setting=setting, found=found, asked=wanted))
    return Success(settings)


def set_aside_if_damaged(settings: Settings) -> Result[bool, RegistryDamaged | StoreUnwritable]:
    """Move a registry that Feast could not read, or would read as empty, to `registry.db.damaged`; tells if it did.

    Only of a repository that Foreset made: another's may have been all that was known of its definitions.
    """
    place = settings.registry.file
    try:
        if place is None or not place.exists() or is_registry(input_bytes(place, LARGEST_READ)):
            return Success(False)  # noqa: FBT003  # the answer
        if not settings.is_ours:
            return refuse(RegistryDamaged(registry=str(place)))
        place.replace(place.with_name(f"{place.name}.damaged"))
    except OSError as fault:
        return refuse(by_code(StoreUnwritable(path=str(place), problem=told(fault)), fault))
    return Success(True)  # noqa: FBT003  # the answer
