"""`foreset import`: what it prints, and how it ends."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from deltalake import write_deltalake
from feast import Entity, FeatureService, FeatureView, Field, FileSource
from feast import FeatureStore as FeastStore
from feast.data_format import DeltaFormat
from feast.types import Float64, Int64
from feast.value_type import ValueType

from foreset.adapters.feast.repository.settings import OFFLINE_STORE
from foreset.entrypoints.cli import main

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2], "at": [DAY, DAY], "x": [0.5, 1.5]})


@pytest.fixture
def here(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a Feast repository on the dask store, whose table was overwritten."""
    for name in ("FORESET_STORE", "FORESET_LOG", "FORESET_LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    repo = workspace / "theirs"
    repo.mkdir()
    write_yaml(repo, "dask")
    for rows in (ROWS, ROWS.head(1)):
        write_deltalake(repo / "t", rows, mode="overwrite")
    entity = Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64)
    source = FileSource(path="t", timestamp_field="at", file_format=DeltaFormat())
    fields = [Field(name="k", dtype=Int64), Field(name="x", dtype=Float64)]
    view = FeatureView(name="v", entities=[entity], schema=fields, source=source)
    FeastStore(repo_path=str(repo)).apply([entity, view, FeatureService(name="service", features=[view])])
    return workspace


def write_yaml(repo: Path, store: str) -> None:
    settings = {"project": "theirs", "provider": "local", "registry": "registry.db", "offline_store": {"type": store}}
    (repo / "feature_store.yaml").write_text(yaml.safe_dump({**settings, "entity_key_serialization_version": 3}))


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_what_maps_is_registered_and_all_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "theirs"]) == 0
    out = printed(capsys)
    table = here / "theirs" / "t"
    assert out.splitlines()[0] == (
        f"{here}/theirs: project theirs, offline store dask, registry {here}/theirs/registry.db."
    )
    assert f"feature view  v       new     {table}" in out
    assert "Registered: 2 changed, 0 as they were." in out
    assert "feature service  service  The Feast feature service 'service' cannot be used" in out
    assert "error: Feast's dask store reads every Parquet file under" in out
    assert out.splitlines()[-1] == "Today, on that offline store: 1 error, 1 warning."
    assert main(["views"]) == 0
    assert "v           1  sample" in printed(capsys)
    assert main(["import", "theirs"]) == 0
    assert "Registered: 0 changed, 2 as they were." in printed(capsys)


@pytest.mark.parametrize(
    ("offline_store", "code", "told"), [("dask", 2, "1 error, 1 warning"), (OFFLINE_STORE, 0, "Nothing is wrong")]
)
def test_a_check_registers_nothing_and_its_code_tells_what_was_found(
    here: Path, capsys: pytest.CaptureFixture[str], offline_store: str, code: int, told: str
) -> None:
    write_yaml(here / "theirs", offline_store)
    assert main(["import", "theirs", "--check"]) == code
    out = printed(capsys)
    assert "Would be registered: 2 changed, 0 as they were." in out
    assert out.splitlines()[-1] == f"Today, on that offline store: {told}."
    assert not (here / "feature_repo").exists()
    assert main(["import", "theirs"]) == 0
    capsys.readouterr()
    assert main(["import", "theirs", "--check"]) == code
    assert "Would be registered: 0 changed, 2 as they were." in printed(capsys)


def test_as_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "theirs", "--json", "--look-rows", "0"]) == 0
    data: dict[str, Any] = json.loads(printed(capsys))
    assert {key: data[key] for key in ("project", "offline_store", "registered", "changed", "worst")} == {
        "project": "theirs", "offline_store": "dask", "registered": True, "changed": 2, "worst": "error",
    }  # fmt: skip
    assert [item["name"] for item in data["mapped"]] == ["sample", "v"]
    assert data["unmapped"][0]["kind"] == "feature service"
    assert [finding["finding"] for finding in data["findings"]] == ["RowsBroughtBack", "LogIgnored"]
    assert all(finding["what"] and finding["next"] for finding in data["findings"])
    assert here.exists()


def test_what_cannot_be_read_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "absent"]) == 2
    assert "absent is no Feast repository" in capsys.readouterr().err
    assert main(["import", "absent", "--check"]) == 3
    (here / "theirs" / "registry.db").write_bytes(b"garbage")
    assert main(["import", "theirs"]) == 1
    assert "registry.db is damaged or empty" in capsys.readouterr().err


def test_an_imported_repository_is_published_to_and_keeps_its_file(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (here / "theirs" / "feature_store.yaml").read_bytes()
    assert main(["import", "theirs"]) == 0
    assert main(["publish", "--repo", "theirs"]) == 0
    assert "2 definitions changed in the Feast registry of theirs. It stands at event 2." in printed(capsys)
    assert main(["publish", "--repo", "theirs"]) == 0
    assert "0 definitions changed" in printed(capsys)
    assert (here / "theirs" / "feature_store.yaml").read_bytes() == before
    view = FeastStore(repo_path="theirs").get_feature_view("v")
    assert (view.tags["foreset.version"], view.batch_source.path) == ("1", "t")
    assert main(["publish", "--repo", "theirs", "--project", "other"]) == 2
    assert "has project: theirs, and the call asks for other" in capsys.readouterr().err
