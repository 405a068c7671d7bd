"""The engine behind `DeltaOfflineStore`: what Feast asks for, planned and run as any training set, but not recorded."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from foreset.application.ports import ArrowStream
from foreset.domain.spec import EntitySpec, FeatureViewSpec, TrainingSetSpec
from foreset.entrypoints.datasets import arrow_stream
from foreset.entrypoints.feature_store import FeatureStore
from foreset.entrypoints.raising import given
from foreset.entrypoints.wiring import unrecorded

if TYPE_CHECKING:
    import pandas as pd


def run(
    specs: Iterable[EntitySpec | FeatureViewSpec], training_set: TrainingSetSpec, entity_df: "pd.DataFrame"
) -> ArrowStream:
    """The rows of `entity_df` with these views' features, a pyarrow table; what fails raises `ForesetError`."""
    store = FeatureStore(unrecorded())
    given(store.register(*specs))
    table: ArrowStream = given(store.training_set(training_set, arrow_stream(entity_df), keep_spine=False)).to_arrow()
    return table
