"""A registry at an odd place is an error of its own, at once: nothing is waited for, fetched or made."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from foreset import FeastManager, FeatureStore
from foreset.domain.errors.feast import (
    RegistryDamaged,
    RegistryMissing,
    RegistryNotRead,
    RegistryUnreadable,
    RepositoryUnreadable,
)
from foreset.domain.errors.problem import ForesetError, Problem

ADDRESSES = [
    "http://127.0.0.1:1/registry.db",
    "https://host/registry.db",
    "file:///etc/hostname",
    "ftp://host/x",
    "memory://x",
    "abfss://c@a/x",
    "s3://",
    "s3:///registry.db",
    "gs:///x",
    "hdfs:///x",
    "://x",
]
MISSPELT = ["http:/host/x", "s3:/bucket/x", "postgresql:/u:pw@host/d"]


def repository(place: Path, registry: Any) -> Path:
    place.mkdir()
    settings = {"project": "p", "provider": "local", "registry": registry, "online_store": None}
    (place / "feature_store.yaml").write_text(yaml.safe_dump(settings))
    return place


def refused(tmp_path: Path, registry: Any) -> Problem:
    repo = repository(tmp_path / "repo", registry)
    before = sorted(repo.rglob("*"))
    error = FeatureStore.open(tmp_path / "store").unwrap().feast.import_repository(repo).failure()
    assert isinstance(error, Problem)
    assert " Next: " in str(error)
    assert sorted(repo.rglob("*")) == before
    return error


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_of_which_no_registry_is_read(tmp_path: Path, address: str) -> None:
    assert isinstance(refused(tmp_path, address), RegistryNotRead | RegistryUnreadable)


@pytest.mark.parametrize("address", MISSPELT)
def test_an_address_without_both_slashes_is_not_a_file(tmp_path: Path, address: str) -> None:
    error = refused(tmp_path, address)
    assert isinstance(error, RepositoryUnreadable)
    assert "pw" not in str(error)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    error = refused(tmp_path, str(tmp_path / "pipe"))
    assert isinstance(error, RegistryUnreadable)
    assert "it is a named pipe, not a file" in str(error)


def test_a_device_is_not_read(tmp_path: Path) -> None:
    error = refused(tmp_path, "/dev/zero")
    assert isinstance(error, RegistryUnreadable)
    assert "it is a device, not a file" in str(error)


def test_a_device_is_no_database(tmp_path: Path) -> None:
    error = refused(tmp_path, {"registry_type": "sql", "path": "sqlite:////dev/zero"})
    assert isinstance(error, RegistryUnreadable)
    assert "it is a device, not a file" in str(error)


def test_a_folder_is_not_a_registry(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert isinstance(refused(tmp_path, str(tmp_path / "folder")), RegistryUnreadable)


def test_a_file_of_any_size_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)
    error = refused(tmp_path, str(tmp_path / "large"))
    assert isinstance(error, RegistryUnreadable)
    assert "larger than 2,147,483,648 bytes" in str(error)


@pytest.mark.parametrize("place", ["a\0b", "\0"])
def test_nul_is_in_no_path(tmp_path: Path, place: str) -> None:
    assert isinstance(refused(tmp_path, place), RepositoryUnreadable)


@pytest.mark.parametrize(
    "place", ["missing.db", "missing/deep.db", {"registry_type": "sql", "path": "sqlite:///no.db"}]
)
def test_a_file_that_is_missing_is_not_made(tmp_path: Path, place: Any) -> None:
    assert isinstance(refused(tmp_path, place), RegistryMissing)


@pytest.mark.parametrize("section", [7, [], ["a"], {"path": 7}, {"path": ["x"]}, {}, "", None])
def test_a_section_that_names_no_place(tmp_path: Path, section: Any) -> None:
    assert isinstance(refused(tmp_path, section), RepositoryUnreadable)


def test_options_of_an_engine_that_it_does_not_take(tmp_path: Path) -> None:
    section = {"registry_type": "sql", "path": "sqlite:///r.db", "sqlalchemy_config_kwargs": {"no_such": 1}}
    assert isinstance(refused(tmp_path, section), RegistryUnreadable)


def test_a_file_that_is_no_registry(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")
    assert isinstance(refused(tmp_path, str(tmp_path / "text")), RegistryDamaged)


@pytest.mark.parametrize("kind", ["pipe", "device", "address"])
def test_nothing_is_published_to_an_odd_place(tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    place = {"pipe": str(tmp_path / "pipe"), "device": "/dev/zero", "address": "http://127.0.0.1:1/x"}[kind]
    repo = repository(tmp_path / "repo", place)
    with pytest.raises(ForesetError, match=" Next: "):
        FeastManager(str(repo), "p").initialize()
