"""Feast as it comes: its dask offline store, a FileSource over the Delta table, entity and view applied together."""

from pathlib import Path
from typing import Any

import polars as pl
from cases import CREATED, KEY, TARGET, TIME, Case
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.data_format import DeltaFormat
from feast.types import Float64, Int64
from ready import Ready, rows_of, whole


def ready(case: Case, home: Path) -> Ready:
    """A repository with a local registry, and one call of get_historical_features(...).to_df()."""
    config = RepoConfig(
        project="bench",
        registry=str(home / "registry.db"),
        provider="local",
        offline_store={"type": "dask"},
        online_store={"type": "sqlite", "path": str(home / "online.db")},
        entity_key_serialization_version=3,
    )
    store = FeatureStore(config=config)
    entity = Entity(name=KEY, join_keys=[KEY], value_type=ValueType.INT64)
    source = FileSource(
        name="source",
        path=str(case.table),
        timestamp_field=TIME,
        created_timestamp_column=CREATED if case.created else "",
        file_format=DeltaFormat(),
    )
    schema = [Field(name=name, dtype=Int64 if name == TARGET else Float64) for name in case.asked]
    schema.append(Field(name=KEY, dtype=Int64))
    view = FeatureView(name="view", entities=[entity], ttl=case.ttl, schema=schema, source=source, online=False)
    store.apply([entity, source, view])
    spine = pl.read_parquet(case.spine).to_pandas()
    features = [f"view:{name}" for name in case.asked]

    def call() -> Any:
        return whole(store.get_historical_features(entity_df=spine, features=features).to_df(), case)

    return Ready(call, rows_of)
