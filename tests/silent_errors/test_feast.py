"""Feast's own file store reads every Parquet file of a Delta table, removed ones too; Foreset's reads the log."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
import yaml
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64, Int64
from feast.value_type import ValueType

from foreset import write_to_delta_lake
from foreset.adapters.feast.repository import settings as repository

DAY = datetime(2024, 1, 1, tzinfo=UTC)
DRIVER = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64)


def rates(table: Path, store: FeatureStore) -> list[float]:
    """The rates of the drivers 1 and 2 on the second day."""
    fields = [Field(name="driver_id", dtype=Int64), Field(name="rate", dtype=Float64)]
    source = FileSource(path=str(table), name="stats", timestamp_field="at")
    store.apply([DRIVER, FeatureView(name="stats", entities=[DRIVER], schema=fields, source=source)])
    spine = pd.DataFrame({"driver_id": [1, 2], "event_timestamp": [datetime(2024, 1, 2, tzinfo=UTC)] * 2})
    found = store.get_historical_features(spine, ["stats:rate"]).to_df()
    return found.sort_values("driver_id")["rate"].fillna(-1).tolist()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table whose first rows were replaced: the driver 2 was taken out."""
    first = pl.DataFrame({"driver_id": [1, 2], "at": [DAY, DAY], "rate": [0.1, 0.2]})
    write_to_delta_lake(first, tmp_path / "stats")
    write_to_delta_lake(first.head(1).with_columns(rate=pl.lit(0.9)), tmp_path / "stats", mode="overwrite")
    return tmp_path / "stats"


def test_foresets_store_serves_the_rows_that_the_table_has(tmp_path: Path, table: Path) -> None:
    repository.ensure(tmp_path / "repo", "p", "local").unwrap()
    assert rates(table, FeatureStore(repo_path=str(tmp_path / "repo"))) == [0.9, -1]


def test_feasts_store_serves_rows_that_were_removed(tmp_path: Path, table: Path) -> None:
    settings = {"project": "p", "provider": "local", "registry": "registry.db", "offline_store": {"type": "dask"}}
    (tmp_path / "feature_store.yaml").write_text(yaml.safe_dump({**settings, "entity_key_serialization_version": 3}))
    assert rates(table, FeatureStore(repo_path=str(tmp_path)))[1] == 0.2
