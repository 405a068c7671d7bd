"""Saved datasets, and how long a result is waited for."""

import threading
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from feast import FeatureStore, Field
from feast.data_format import DeltaFormat, ParquetFormat
from feast.errors import SavedDatasetLocationAlreadyExists
from feast.infra.offline_stores.bigquery_source import SavedDatasetBigQueryStorage
from feast.infra.offline_stores.file_source import SavedDatasetFileStorage
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64

from foreset import ForesetError, read_delta_table, write_to_delta_lake
from foreset.entrypoints.feast.offline_engine import FeastEngine
from tests.adapters.feast.stores import DRIVER, STATS, entity_df, feast_store, view

pytestmark = [
    pytest.mark.filterwarnings("ignore:Saving dataset is an experimental feature:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:Retrieving datasets is an experimental feature:RuntimeWarning"),
]
SPINE = entity_df((1, 5), (1, 5), (3, 5), (2, 1)).assign(label=range(4))


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    write_to_delta_lake(STATS, tmp_path / "stats")
    feast = feast_store(tmp_path)
    feast.apply([DRIVER, view("stats")])
    return feast


def storage(path: str) -> SavedDatasetFileStorage:
    return SavedDatasetFileStorage(path=path, file_format=DeltaFormat() if path == "delta" else ParquetFormat())


def saved(store: FeatureStore, path: str, spine: pd.DataFrame = SPINE, **others: Any) -> pd.DataFrame:
    job = store.get_historical_features(spine, ["stats:rate", "stats:trips"])
    frame: pd.DataFrame = store.create_saved_dataset(job, "set", storage(path), **others).to_df()
    return frame


# === Saved datasets ===


@pytest.mark.parametrize("path", ["delta", "set.parquet", "folder"])
def test_a_saved_dataset_gives_back_its_rows_in_their_order(store: FeatureStore, path: str) -> None:
    found = saved(store, path)
    assert found["driver_id"].tolist() == [1, 1, 3, 2]
    assert found["rate"].fillna(-1).tolist() == [0.3, 0.3, -1, 0.9]
    pd.testing.assert_frame_equal(store.get_saved_dataset("set").to_df(), found)


def test_the_files_have_every_column_of_the_result(store: FeatureStore, tmp_path: Path) -> None:
    for path in ("delta", "set.parquet"):
        saved(store, path)
    columns = ["driver_id", "event_timestamp", "label", "rate", "trips"]
    assert pl.read_parquet_schema(tmp_path / "set.parquet").names() == columns
    assert read_delta_table(tmp_path / "delta").columns == columns


@pytest.mark.parametrize("path", ["delta", "set.parquet", "folder"])
def test_what_is_there_is_replaced_only_if_that_is_said(store: FeatureStore, tmp_path: Path, path: str) -> None:
    saved(store, path)
    with pytest.raises(SavedDatasetLocationAlreadyExists) as caught:
        saved(store, path, SPINE.head(1))
    assert isinstance(caught.value, ForesetError)
    assert "Next: name another place, or set allow_overwrite=True." in str(caught.value)
    assert len(store.get_saved_dataset("set").to_df()) == 4
    assert saved(store, path, SPINE.head(1), allow_overwrite=True)["rate"].tolist() == [0.3]
    fewer = store.get_historical_features(SPINE.drop(columns="label"), ["stats:trips"])
    again = store.create_saved_dataset(fewer, "set", storage(path), allow_overwrite=True)
    assert again.to_df()["trips"].fillna(-1).tolist() == [30, 30, -1, 90]
    assert not list(tmp_path.rglob(".*partial"))


def test_something_else_that_is_there_counts_as_well(store: FeatureStore, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").write_text("mine")
    with pytest.raises(SavedDatasetLocationAlreadyExists):
        saved(store, "folder")
    assert len(saved(store, "folder", allow_overwrite=True)) == 4
    assert (tmp_path / "folder" / "notes.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert len(saved(store, "empty")) == 4


def test_a_delta_table_is_not_made_a_folder_of_files(store: FeatureStore, tmp_path: Path) -> None:
    job = store.get_historical_features(SPINE, ["stats:rate"])
    job.persist(SavedDatasetFileStorage(path="stats", file_format=ParquetFormat()), allow_overwrite=True)
    assert read_delta_table(tmp_path / "stats").height == 4  # by its log, as the table that it is
    assert read_delta_table(tmp_path / "stats", version=0).columns == STATS.columns


@pytest.mark.filterwarnings("ignore:On demand feature view is an experimental feature:RuntimeWarning")
def test_on_demand_features_are_saved_too(store: FeatureStore) -> None:
    @on_demand_feature_view(sources=[store.get_feature_view("stats")], schema=[Field(name="twice", dtype=Float64)])
    def doubled(inputs: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"twice": inputs["rate"] * 2})

    store.apply([doubled])
    job = store.get_historical_features(SPINE, ["doubled:twice"])
    found = store.create_saved_dataset(job, "twice", storage("twice.parquet")).to_df()
    assert found["twice"].fillna(-1).tolist() == [0.6, 0.6, -1, 1.8]


def test_what_comes_without_an_entity_frame_is_saved_with_its_keys(store: FeatureStore) -> None:
    job = store.get_historical_features(None, ["stats:rate"], start_date=STATS["at"][0], end_date=STATS["at"][1])
    found = store.create_saved_dataset(job, "range", storage("range.parquet")).to_df()
    assert found[["driver_id", "rate"]].to_numpy().tolist() == [[1, 0.1], [2, 0.9], [1, 0.3]]


def test_another_kind_of_storage_is_refused(store: FeatureStore) -> None:
    job = store.get_historical_features(SPINE, ["stats:rate"])
    with pytest.raises(
        ForesetError, match=r"saved datasets in SavedDatasetBigQueryStorage.*Next: use SavedDatasetFile"
    ):
        job.persist(SavedDatasetBigQueryStorage(table="t"))


# === Timeouts ===

LONG = 600
"""Seconds: for what ends by itself."""


class Held:
    """Retrievals that wait to be let go, and how many of them ran."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.ran = 0


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    """Makes every retrieval wait."""
    held = Held()
    training_set = FeastEngine.training_set

    def later(*given: Any) -> Any:
        held.go.wait()
        held.ran += 1
        return training_set(*given)

    monkeypatch.setattr(FeastEngine, "training_set", later)
    return held


def test_a_result_is_waited_for_no_longer_than_asked_and_can_be_asked_for_again(
    store: FeatureStore, held: Held
) -> None:
    job = store.get_historical_features(SPINE, ["stats:rate"])
    with pytest.raises(ForesetError, match=r"not done after 0\.05 seconds. It goes on. Next: call again"):
        job.to_df(timeout=0.05)  # type: ignore[arg-type]  # whole seconds are long
    held.go.set()
    assert len(job.to_df(timeout=LONG)) == len(job.to_arrow()) == 4
    assert held.ran == 1


def test_a_retrieval_that_fails_beside_raises_where_it_is_asked_for(store: FeatureStore, tmp_path: Path) -> None:
    store.apply([view("later", path="later")])
    job = store.get_historical_features(SPINE, ["later:rate"])
    for _ in range(2):
        with pytest.raises(ForesetError, match="Delta Lake table not found"):
            job.to_df(timeout=LONG)
    write_to_delta_lake(STATS, tmp_path / "later")
    assert len(job.to_df(timeout=LONG)) == 4
