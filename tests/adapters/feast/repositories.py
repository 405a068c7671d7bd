"""Feast repositories for tests, as their owners made them."""

from pathlib import Path
from typing import Any

import yaml
from feast import Entity, FeatureView, Field, FileSource
from feast.data_format import DeltaFormat
from feast.types import FeastType, Float64, Int64
from feast.value_type import ValueType

from foreset.adapters.feast.repository.registry import FeastRegistry

SAMPLE = Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64)


def write_yaml(folder: Path, **settings: Any) -> Path:
    """A repository's feature_store.yaml: on Feast's dask store, with its registry in a file, unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"project": "project", "provider": "local", "registry": "registry.db", "offline_store": {"type": "dask"}}
    whole |= {"entity_key_serialization_version": 3, **settings}
    (folder / "feature_store.yaml").write_text(yaml.safe_dump(whole))
    return folder


def opened(repo: Path, data: str = "/data") -> FeastRegistry:
    """The registry of a repository, whatever it says; tables lie in the folder `data`."""
    return FeastRegistry.open(repo, None, None, lambda table: f"{data}/{table}", None).unwrap()


def feast_view(name: str, path: str, features: dict[str, FeastType] | None = None, **options: Any) -> FeatureView:
    """A view of `sample` over a Delta table with the event time `at`. Options `source_...` are those of its source."""
    of_source = {key.removeprefix("source_"): options.pop(key) for key in list(options) if key.startswith("source_")}
    source = FileSource(**{"path": path, "timestamp_field": "at", "file_format": DeltaFormat(), **of_source})
    types = {"k": Int64, **(features or {"x": Float64})}
    schema = [Field(name=column, dtype=dtype) for column, dtype in types.items()]
    return FeatureView(**{"name": name, "entities": [SAMPLE], "schema": schema, "source": source, **options})
