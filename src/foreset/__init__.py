"""Foreset builds training sets from Delta Lake that do not leak and can be rebuilt bit for bit.

Names are loaded when they are first used, so that `import foreset` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foreset.domain.errors import CallerError, ConflictError, DataError, ForesetError, WorldError
    from foreset.domain.model import FeatureSpec, ModelSpec, Split
    from foreset.domain.spec import (
        DeltaSource,
        EntitySpec,
        FeatureField,
        FeatureViewSpec,
        SpineReference,
        TrainingSetSpec,
    )
    from foreset.domain.workflow_spec import FeatureStoreSpec, FeatureStoreSpecBuilder
    from foreset.entrypoints.datasets import (
        TableInfo,
        get_delta_path,
        get_table_info,
        load_data,
        read_delta_table,
        write_to_delta_lake,
    )
    from foreset.entrypoints.feast_manager import FeastManager, create_feast_manager
    from foreset.entrypoints.feast_objects import (
        create_entity,
        create_feature_view,
        create_file_source,
        create_schema,
    )
    from foreset.entrypoints.feature_store import FeatureStore
    from foreset.entrypoints.samples import generate
    from foreset.entrypoints.training_set import TrainingSet
    from foreset.entrypoints.workflow import WorkflowResult, run_ml_workflow

_HOMES = {
    "CallerError": "domain.errors",
    "ConflictError": "domain.errors",
    "DataError": "domain.errors",
    "DeltaSource": "domain.spec",
    "EntitySpec": "domain.spec",
    "FeatureField": "domain.spec",
    "FeatureStore": "entrypoints.feature_store",
    "FeatureViewSpec": "domain.spec",
    "ForesetError": "domain.errors",
    "SpineReference": "domain.spec",
    "TrainingSet": "entrypoints.training_set",
    "TrainingSetSpec": "domain.spec",
    "WorldError": "domain.errors",
    "FeastManager": "entrypoints.feast_manager",
    "create_feast_manager": "entrypoints.feast_manager",
    "create_entity": "entrypoints.feast_objects",
    "create_feature_view": "entrypoints.feast_objects",
    "create_file_source": "entrypoints.feast_objects",
    "create_schema": "entrypoints.feast_objects",
    "TableInfo": "entrypoints.datasets",
    "get_delta_path": "entrypoints.datasets",
    "get_table_info": "entrypoints.datasets",
    "load_data": "entrypoints.datasets",
    "read_delta_table": "entrypoints.datasets",
    "write_to_delta_lake": "entrypoints.datasets",
    "generate": "entrypoints.samples",
    "WorkflowResult": "entrypoints.workflow",
    "run_ml_workflow": "entrypoints.workflow",
    "FeatureSpec": "domain.model",
    "ModelSpec": "domain.model",
    "Split": "domain.model",
    "FeatureStoreSpec": "domain.workflow_spec",
    "FeatureStoreSpecBuilder": "domain.workflow_spec",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _HOMES:
        message = f"module 'foreset' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"foreset.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
