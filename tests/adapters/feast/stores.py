"""Feast repositories on Foreset's offline store, over small tables, for tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import yaml
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.data_format import DeltaFormat, FileFormat
from feast.types import Float64, Int64
from feast.value_type import ValueType

STORE = "foreset.adapters.feast.offline_store.DeltaOfflineStore"
DAY = datetime(2024, 1, 1, tzinfo=UTC)
DRIVER = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64)
STATS = pl.DataFrame(
    {
        "driver_id": [1, 1, 1, 2],
        "at": [DAY, DAY + timedelta(days=2), DAY + timedelta(days=2), DAY],
        "written": [DAY, DAY + timedelta(days=9), DAY + timedelta(days=3), DAY],
        "rate": [0.1, 0.3, 0.2, 0.9],
        "trips": [10, 30, 20, 90],
    }
)


def day(days: float) -> datetime:
    """A moment so many days after the first."""
    return DAY + timedelta(days=days)


def feast_store(repo: Path, *, registry: object = "registry.db", **options: object) -> FeatureStore:
    """A repository with these options of the offline store."""
    settings = {
        "project": "p",
        "provider": "local",
        "registry": registry,
        "online_store": {"type": "sqlite", "path": "online.db"},
        "offline_store": {"type": STORE, **options},
        "entity_key_serialization_version": 3,
    }
    repo.mkdir(parents=True, exist_ok=True)
    (repo / "feature_store.yaml").write_text(yaml.safe_dump(settings))
    return FeatureStore(repo_path=str(repo))


def source(path: str, *, name: str | None = None, file_format: FileFormat | None = None, **others: Any) -> FileSource:
    """A source with the columns of STATS, in the Delta format unless another is given."""
    columns = {"timestamp_field": "at", "created_timestamp_column": "written"}
    return FileSource(path=path, name=name or path, file_format=file_format or DeltaFormat(), **{**columns, **others})


def view(name: str, path: str = "stats", ttl: timedelta = timedelta(0), **others: Any) -> FeatureView:
    """A view of the drivers' rates and trips; `others` go to its source."""
    fields = [Field(name="driver_id", dtype=Int64), Field(name="rate", dtype=Float64), Field(name="trips", dtype=Int64)]
    of = source(path, name=f"{name}_source", **others)
    return FeatureView(name=name, entities=[DRIVER], schema=fields, source=of, ttl=ttl)


def entity_df(*rows: tuple[int, float]) -> pd.DataFrame:
    """Rows of a driver and a time, in days after the first."""
    return pd.DataFrame({"driver_id": [r[0] for r in rows], "event_timestamp": [day(r[1]) for r in rows]})
