"""Foreset builds training sets from Delta Lake that do not leak and can be rebuilt bit for bit.

Names are loaded when they are first used, so that `import foreset` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from returns.result import (
        Failure as Failure,
        Success as Success,
    )

    from foreset.domain.errors import (
        CallerError as CallerError,
        ConflictError as ConflictError,
        DataError as DataError,
        ForesetError as ForesetError,
        WorldError as WorldError,
    )
    from foreset.domain.model import (
        FeatureSpec as FeatureSpec,
        ModelSpec as ModelSpec,
        Split as Split,
    )
    from foreset.domain.spec import (
        DeltaSource as DeltaSource,
        EntitySpec as EntitySpec,
        FeatureField as FeatureField,
        FeatureViewSpec as FeatureViewSpec,
        SpineReference as SpineReference,
        TrainingSetSpec as TrainingSetSpec,
    )
    from foreset.domain.workflow_spec import (
        FeatureStoreSpec as FeatureStoreSpec,
        FeatureStoreSpecBuilder as FeatureStoreSpecBuilder,
    )
    from foreset.entrypoints.datasets import (
        TableInfo as TableInfo,
        get_delta_path as get_delta_path,
        get_table_info as get_table_info,
        load_data as load_data,
        optimize_table as optimize_table,
        read_delta_table as read_delta_table,
        write_to_delta_lake as write_to_delta_lake,
    )
    from foreset.entrypoints.feast_manager import (
        FeastManager as FeastManager,
        create_feast_manager as create_feast_manager,
    )
    from foreset.entrypoints.feast_objects import (
        create_entity as create_entity,
        create_feature_view as create_feature_view,
        create_file_source as create_file_source,
        create_schema as create_schema,
    )
    from foreset.entrypoints.feature_store import (
        FeatureStore as FeatureStore,
    )
    from foreset.entrypoints.samples import (
        generate as generate,
    )
    from foreset.entrypoints.table_changes import (
        TableChanges as TableChanges,
    )
    from foreset.entrypoints.training_set import (
        TrainingSet as TrainingSet,
    )
    from foreset.entrypoints.unread import (
        UnreadFailure as UnreadFailure,
    )
    from foreset.entrypoints.workflow import (
        WorkflowResult as WorkflowResult,
        run_ml_workflow as run_ml_workflow,
    )

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
    "UnreadFailure": "entrypoints.unread",
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
    "optimize_table": "entrypoints.datasets",
    "read_delta_table": "entrypoints.datasets",
    "write_to_delta_lake": "entrypoints.datasets",
    "generate": "entrypoints.samples",
    "TableChanges": "entrypoints.table_changes",
    "WorkflowResult": "entrypoints.workflow",
    "run_ml_workflow": "entrypoints.workflow",
    "FeatureSpec": "domain.model",
    "ModelSpec": "domain.model",
    "Split": "domain.model",
    "FeatureStoreSpec": "domain.workflow_spec",
    "FeatureStoreSpecBuilder": "domain.workflow_spec",
}

_RESULTS = ("Failure", "Success")

__all__ = [*_HOMES, *_RESULTS]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name == "__version__":
        value: object = import_module("importlib.metadata").version("foreset")
    elif name in _RESULTS:
        value = getattr(import_module("returns.result"), name)
    elif name in _HOMES:
        value = getattr(import_module(f"foreset.{_HOMES[name]}"), name)
    else:
        message = f"module 'foreset' has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*__all__, "__version__"])
