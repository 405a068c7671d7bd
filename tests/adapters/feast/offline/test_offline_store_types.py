"""What an entity frame has, Feast gives back, digit for digit and category for category."""

from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from feast import FeatureStore

from foreset import write_to_delta_lake
from tests.adapters.feast.stores import DRIVER, STATS, entity_df, feast_store, view
from tests.pandas_columns import BIG, GIVEN


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    monkeypatch.chdir(tmp_path)
    write_to_delta_lake(STATS.with_columns(trips=pl.lit(BIG)), tmp_path / "repo" / "stats")
    feast = feast_store(Path("repo"))
    feast.apply([DRIVER, view("stats")])
    return feast


def test_columns_of_the_entity_frame_have_the_types_that_they_were_given(store: FeatureStore) -> None:
    labels = entity_df((1, 5), (2, 5), (3, 5)).assign(**{name: make() for name, make in GIVEN.items()})
    times = [name for name in GIVEN if pd.api.types.is_datetime64_any_dtype(labels[name])]
    labels = labels.drop(columns=times)  # Feast itself puts them into UTC before it asks the store
    found = store.get_historical_features(labels, ["stats:trips"]).to_df()
    pd.testing.assert_frame_equal(found[list(labels.columns)], labels, check_exact=True)
    assert found["trips"].dtype == "Int64"
    assert found["trips"].tolist() == [BIG, BIG, pd.NA]


def test_whole_numbers_without_nulls_are_plain(store: FeatureStore) -> None:
    found = store.get_historical_features(entity_df((1, 5), (2, 5)), ["stats:trips"]).to_df()
    assert found["trips"].dtype == "int64"
    assert found["trips"].tolist() == [BIG, BIG]
