"""Feast as it comes: entity and view applied together, and one call of get_historical_features(...).to_df()."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.data_format import DeltaFormat, ParquetFormat
from feast.types import Float64, Int64
from ready import Job, Ready, Unavailable, whole
from shapes import CREATED, KEY, TARGET, TIME, View


def dask(job: Job) -> Ready:
    """The default offline store, over the Delta table."""
    view = job.case.views[0]
    return _ready(job, "dask", _source(view, view.table, DeltaFormat()))


def foreset(job: Job) -> Ready:
    """Foreset's offline store, over the Delta table."""
    view = job.case.views[0]
    return _ready(
        job, "foreset.adapters.feast.offline_store.DeltaOfflineStore", _source(view, view.table, DeltaFormat())
    )


def duckdb(job: Job) -> Ready:
    """The duckdb offline store, over the table's rows in one Parquet file."""
    if find_spec("ibis") is None:
        reason = "ibis, which Feast's duckdb store needs, is not installed"
        raise Unavailable(reason)
    view = job.case.views[0]
    if view.copy is None:
        reason = "the table has no Parquet copy"
        raise Unavailable(reason)
    return _ready(job, "duckdb", _source(view, view.copy, ParquetFormat()))


def _source(view: View, path: Path, file_format: Any) -> FileSource:
    return FileSource(
        name="source",
        path=str(path),
        timestamp_field=TIME,
        created_timestamp_column=CREATED if view.created else "",
        file_format=file_format,
    )


def _ready(job: Job, kind: str, source: FileSource) -> Ready:
    """A repository with a local registry, the spine in memory."""
    config = RepoConfig(
        project="bench",
        registry=str(job.home / "registry.db"),
        provider="local",
        offline_store={"type": kind},
        online_store={"type": "sqlite", "path": str(job.home / "online.db")},
        entity_key_serialization_version=3,
        repo_path=job.home,
    )
    store = FeatureStore(config=config)
    entity = Entity(name=KEY, join_keys=[KEY], value_type=ValueType.INT64)
    schema = [Field(name=name, dtype=Int64 if name == TARGET else Float64) for name in job.case.columns]
    schema.append(Field(name=KEY, dtype=Int64))
    ttl = job.case.views[0].ttl
    view = FeatureView(name="view", entities=[entity], ttl=ttl, schema=schema, source=source, online=False)
    store.apply([entity, source, view])
    spine = pl.read_parquet(job.case.spine.path).to_pandas()
    features = [f"view:{name}" for name in job.case.columns]

    def call() -> Any:
        frame = store.get_historical_features(entity_df=spine, features=features).to_df()
        return whole(frame, job.case) if job.output == "xy" else frame

    return Ready(call)
