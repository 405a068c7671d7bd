"""The Feast-style surface, which raises: the manager, Feast's objects, datasets, the workflow; and the offline store."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from foreset import (
        FeastManager as FeastManager,
        FeatureStoreSpec as FeatureStoreSpec,
        FeatureStoreSpecBuilder as FeatureStoreSpecBuilder,
        TableInfo as TableInfo,
        WorkflowResult as WorkflowResult,
        create_entity as create_entity,
        create_feast_manager as create_feast_manager,
        create_feature_view as create_feature_view,
        create_file_source as create_file_source,
        create_schema as create_schema,
        generate as generate,
        get_delta_path as get_delta_path,
        get_table_info as get_table_info,
        load_data as load_data,
        optimize_table as optimize_table,
        read_delta_table as read_delta_table,
        run_ml_workflow as run_ml_workflow,
        write_to_delta_lake as write_to_delta_lake,
    )
    from foreset.adapters.feast.offline_store import (
        DeltaOfflineStore as DeltaOfflineStore,
    )

_SURFACE: Final = (
    "FeastManager",
    "FeatureStoreSpec",
    "FeatureStoreSpecBuilder",
    "TableInfo",
    "WorkflowResult",
    "create_entity",
    "create_feast_manager",
    "create_feature_view",
    "create_file_source",
    "create_schema",
    "generate",
    "get_delta_path",
    "get_table_info",
    "load_data",
    "optimize_table",
    "read_delta_table",
    "run_ml_workflow",
    "write_to_delta_lake",
)
__all__ = ["DeltaOfflineStore", *_SURFACE]


def __getattr__(name: str) -> object:
    """Load a name of the surface when it is first used."""
    if name == "DeltaOfflineStore":
        value: object = import_module("foreset.adapters.feast.offline_store").DeltaOfflineStore
    elif name in _SURFACE:
        value = getattr(import_module("foreset"), name)
    else:
        message = f"module 'foreset.feast' has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The names of the surface."""
    return sorted(__all__)
