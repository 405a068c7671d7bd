"""Foreset builds training sets from Delta Lake that do not leak and can be rebuilt bit for bit.

Names are loaded when they are first used, so that `import foreset` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foreset.domain.errors import CallerError, ConflictError, DataError, ForesetError, WorldError
    from foreset.domain.spec import (
        DeltaSource,
        EntitySpec,
        FeatureField,
        FeatureViewSpec,
        SpineReference,
        TrainingSetSpec,
    )
    from foreset.entrypoints.feature_store import FeatureStore
    from foreset.entrypoints.training_set import TrainingSet

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
