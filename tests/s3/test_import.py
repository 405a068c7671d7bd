"""A Feast repository whose table lies in S3, imported and published again."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from foreset import FeatureStore, TrainingSetSpec, write_to_delta_lake
from foreset.application.feast.publish import publish
from foreset.entrypoints.wiring.build import feast_registry
from tests.adapters.feast.repositories import SAMPLE, feast_view, opened, write_yaml
from tests.s3.conftest import S3

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2], "at": [DAY, DAY], "x": [0.5, 1.5]})


def test_the_endpoint_becomes_a_storage_option_and_comes_back(
    s3: S3, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rows in (ROWS, ROWS.tail(1)):
        write_to_delta_lake(rows, table, mode="overwrite", storage_options=s3.options)
    for name in ("aws_access_key_id", "aws_secret_access_key", "aws_region"):
        monkeypatch.setenv(name.upper(), s3.options[name])
    repo = write_yaml(tmp_path / "repo")
    with closing(opened(repo)) as owners:
        owners.store.apply([SAMPLE, feast_view("v", table, source_s3_endpoint_override=s3.url)])
    store = FeatureStore.open(tmp_path / "store").unwrap()
    report = store.feast.import_repository(repo).unwrap()
    assert [item.name for item in report.mapped] == ["sample", "v"]
    assert "(files: 1, rows: 2)" in report.findings[0].message
    source = store.catalog().unwrap().views["v"].spec.source
    assert source.storage_options == {"AWS_ENDPOINT_URL": s3.url, "AWS_ALLOW_HTTP": "true"}
    labels = pl.DataFrame({"k": [1, 2], "event_timestamp": [DAY, DAY]})
    assert store.training_set(TrainingSetSpec(["v:x"]), labels).unwrap().frame["x"].to_list() == [None, 1.5]
    with closing(feast_registry(tmp_path / "other", None).unwrap()) as registry:
        publish(store.adapters.events, registry).unwrap()
        published = registry.store.get_feature_view("v").batch_source
    assert (published.path, published.s3_endpoint_override, published.tags) == (table, s3.url, {})
    assert store.feast.import_repository(tmp_path / "other").unwrap().changed == 0
