"""Random retrievals as Feast's objects: the same definitions, and the spine as a pandas frame."""

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import yaml
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.data_format import DeltaFormat, ParquetFormat
from feast.types import FeastType, Float64, Int32, Int64, String
from feast.value_type import ValueType

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.domain.definitions.specs import FeatureViewSpec
from foreset.domain.feast import tags as feast_tags
from tests.laws.cases import Case

_TYPES: dict[str, FeastType] = {"int64": Int64, "int32": Int32, "string": String, "float64": Float64}
_VALUES = {"int64": ValueType.INT64, "int32": ValueType.INT32, "string": ValueType.STRING}
SETTINGS: dict[str, Any] = {
    "project": "laws",
    "provider": "local",
    "registry": "registry.db",
    "online_store": {"type": "sqlite", "path": "online.db"},
    "entity_key_serialization_version": 3,
}


def feast_store(repo: Path, case: Case, offline_store: dict[str, Any]) -> FeatureStore:
    """The case's definitions, applied in a new repository; its tables lie there as Delta tables, or as files."""
    (repo / "feature_store.yaml").write_text(yaml.safe_dump({**SETTINGS, "offline_store": offline_store}))
    store = FeatureStore(repo_path=str(repo))
    first = next(iter(case.tables.values()))
    dtypes = {name: dtype_name(dtype) for name, dtype in first.schema.items()}
    keys = [name for name in first.columns if name.startswith("k")]
    entities = [Entity(name=key, join_keys=[key], value_type=_VALUES[dtypes[key]]) for key in keys]
    specs = [spec for spec in case.specs if isinstance(spec, FeatureViewSpec)]
    store.apply([*entities, *(_view(spec, entities, dtypes, repo) for spec in specs)])
    return store


def _view(spec: FeatureViewSpec, entities: list[Entity], dtypes: dict[str, str], repo: Path) -> FeatureView:
    of = entities if spec.entities else []
    names = [*(entity.join_key for entity in of), *(field.name for field in spec.fields)]
    files = (repo / f"{spec.source.table}.parquet").exists()
    source = FileSource(
        path=f"{spec.source.table}.parquet" if files else spec.source.table,
        name=f"{spec.name}_source",
        timestamp_field=spec.source.timestamp_field,
        created_timestamp_column=spec.source.created_timestamp_field or "",
        file_format=ParquetFormat() if files else DeltaFormat(),
        tags=feast_tags.source_tags(spec.source, ""),
    )
    fields = [Field(name=name, dtype=_TYPES[dtypes[name]]) for name in names]
    return FeatureView(
        name=spec.name, entities=of, schema=fields, source=source, ttl=spec.ttl, tags=feast_tags.closed_tag(spec.closed)
    )


def entity_frame(spine: pl.DataFrame) -> pd.DataFrame:
    """The spine for Feast: the time is `event_timestamp`, and whole numbers with gaps stay whole."""
    frame = spine.rename({"at": "event_timestamp"}).to_pandas()
    for name, dtype in spine.schema.items():
        if dtype.is_integer():
            frame[name] = spine[name].to_pandas(use_pyarrow_extension_array=False).astype(str(dtype))
    return frame
