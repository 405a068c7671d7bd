"""Foreset builds training sets from Delta Lake that do not leak and can be rebuilt bit for bit.

Names are loaded when they are first used, so that `import foreset` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foreset import errors as errors, feast as feast, findings as findings
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
    from foreset.domain.definitions.models import (
        FeatureSpec as FeatureSpec,
        ModelSpec as ModelSpec,
        Split as Split,
    )
    from foreset.domain.definitions.specs import (
        DeltaSource as DeltaSource,
        EntitySpec as EntitySpec,
        FeatureField as FeatureField,
        FeatureViewSpec as FeatureViewSpec,
        SpineReference as SpineReference,
        TrainingSetSpec as TrainingSetSpec,
    )
    from foreset.domain.definitions.workflow import (
        FeatureStoreSpec as FeatureStoreSpec,
        FeatureStoreSpecBuilder as FeatureStoreSpecBuilder,
    )
    from foreset.entrypoints.datasets.datasets import (
        TableInfo as TableInfo,
        get_delta_path as get_delta_path,
        get_table_info as get_table_info,
        load_data as load_data,
        optimize_table as optimize_table,
        read_delta_table as read_delta_table,
        write_to_delta_lake as write_to_delta_lake,
    )
    from foreset.entrypoints.feast.manager import (
        FeastManager as FeastManager,
        create_feast_manager as create_feast_manager,
    )
    from foreset.entrypoints.feast.objects import (
        create_entity as create_entity,
        create_feature_view as create_feature_view,
        create_file_source as create_file_source,
        create_schema as create_schema,
    )
    from foreset.entrypoints.store.feature_store import (
        FeatureStore as FeatureStore,
    )
    from foreset.entrypoints.datasets.samples import (
        generate as generate,
    )
    from foreset.entrypoints.store.table_changes import (
        TableChanges as TableChanges,
    )
    from foreset.entrypoints.store.training_set import (
        TrainingSet as TrainingSet,
    )
    from foreset.entrypoints.wiring.unread import (
        UnreadFailure as UnreadFailure,
    )
    from foreset.entrypoints.feast.workflow import (
        WorkflowResult as WorkflowResult,
        run_ml_workflow as run_ml_workflow,
    )

_HOMES = {
    "CallerError": "domain.errors",
    "ConflictError": "domain.errors",
    "DataError": "domain.errors",
    "DeltaSource": "domain.definitions.specs",
    "EntitySpec": "domain.definitions.specs",
    "FeatureField": "domain.definitions.specs",
    "FeatureStore": "entrypoints.store.feature_store",
    "FeatureViewSpec": "domain.definitions.specs",
    "ForesetError": "domain.errors",
    "SpineReference": "domain.definitions.specs",
    "TrainingSet": "entrypoints.store.training_set",
    "TrainingSetSpec": "domain.definitions.specs",
    "UnreadFailure": "entrypoints.wiring.unread",
    "WorldError": "domain.errors",
    "FeastManager": "entrypoints.feast.manager",
    "create_feast_manager": "entrypoints.feast.manager",
    "create_entity": "entrypoints.feast.objects",
    "create_feature_view": "entrypoints.feast.objects",
    "create_file_source": "entrypoints.feast.objects",
    "create_schema": "entrypoints.feast.objects",
    "TableInfo": "entrypoints.datasets.datasets",
    "get_delta_path": "entrypoints.datasets.datasets",
    "get_table_info": "entrypoints.datasets.datasets",
    "load_data": "entrypoints.datasets.datasets",
    "optimize_table": "entrypoints.datasets.datasets",
    "read_delta_table": "entrypoints.datasets.datasets",
    "write_to_delta_lake": "entrypoints.datasets.datasets",
    "generate": "entrypoints.datasets.samples",
    "TableChanges": "entrypoints.store.table_changes",
    "WorkflowResult": "entrypoints.feast.workflow",
    "run_ml_workflow": "entrypoints.feast.workflow",
    "FeatureSpec": "domain.definitions.models",
    "ModelSpec": "domain.definitions.models",
    "Split": "domain.definitions.models",
    "FeatureStoreSpec": "domain.definitions.workflow",
    "FeatureStoreSpecBuilder": "domain.definitions.workflow",
}

_RESULTS = ("Failure", "Success")
_MODULES = ("errors", "feast", "findings")

__all__ = [*_HOMES, *_RESULTS, *_MODULES]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name == "__version__":
        value: object = import_module("importlib.metadata").version("foreset")
    elif name in _MODULES:
        value = import_module(f"foreset.{name}")
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
