"""Feast's sources in S3, Delta tables and Parquet files, by `s3_endpoint_override`."""

from pathlib import Path

import polars as pl
import pytest
from feast import FeatureStore
from feast.data_format import DeltaFormat, ParquetFormat
from feast.infra.offline_stores.file_source import SavedDatasetFileStorage

from foreset import FeatureStore as Foreset
from foreset import ForesetError, write_to_delta_lake
from foreset.entrypoints.feast import offline_engine
from tests.adapters.feast.stores import DRIVER, STATS, day, entity_df, feast_store, view
from tests.s3.conftest import S3

FORMATS = {"delta": DeltaFormat(), "folder": ParquetFormat(), "one.parquet": ParquetFormat()}


@pytest.fixture
def lake(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket with the same rows as a Delta table, a folder of files, and a file."""
    bucket = s3.bucket()
    write_to_delta_lake(STATS, f"{bucket}/delta", storage_options=s3.options)
    folder = tmp_path / "upload"
    (folder / "folder" / "inside").mkdir(parents=True)
    STATS[:2].write_parquet(folder / "folder" / "a.parquet")
    STATS[2:].write_parquet(folder / "folder" / "inside" / "b.parquet")
    STATS.write_parquet(folder / "one.parquet")
    s3.upload(folder, bucket)
    for name in ("aws_access_key_id", "aws_secret_access_key", "aws_region"):
        monkeypatch.setenv(name.upper(), s3.options[name])
    offline_engine._tables.cache_clear()
    return bucket


@pytest.fixture
def store(s3: S3, lake: str, tmp_path: Path) -> FeatureStore:
    feast = feast_store(tmp_path / "repo")
    views = [
        view(name.partition(".")[0], path=f"{lake}/{name}", file_format=kind, s3_endpoint_override=s3.url)
        for name, kind in FORMATS.items()
    ]
    feast.apply([DRIVER, *views])
    return feast


@pytest.mark.parametrize("name", ["delta", "folder", "one"])
def test_sources_are_read_where_they_are(store: FeatureStore, name: str) -> None:
    spine = entity_df((1, 5), (3, 5), (1, 1), (2, -1))
    found = store.get_historical_features(spine, [f"{name}:rate"]).to_df()
    assert found["rate"].fillna(-1).tolist() == [0.3, -1, 0.1, -1]
    source = store.get_feature_view(name).batch_source
    latest = store._get_provider().offline_store.pull_latest_from_table_or_query(
        store.config, source, ["driver_id"], ["rate"], "at", "written", day(0), day(9)
    )
    assert sorted(latest.to_df()["rate"]) == [0.3, 0.9]
    store._get_provider().validate_data_source(store.config, source)


def test_what_is_recorded_holds_no_credentials(store: FeatureStore, tmp_path: Path) -> None:
    store.get_historical_features(entity_df((1, 5)), ["folder:rate"]).to_df()
    [recorded] = Foreset.open(tmp_path / "repo").unwrap().log.events().unwrap()
    assert "secret" not in str(recorded)


@pytest.mark.parametrize("name", ["delta", "folder"])
def test_rows_are_written_to_where_they_are_read_from(store: FeatureStore, name: str) -> None:
    late = STATS.tail(1).with_columns(at=pl.lit(day(3)), rate=7.0)
    for _ in range(2):
        store.write_to_offline_store(name, late.to_pandas())
    found = store.get_historical_features(entity_df((1, 5), (2, 5)), [f"{name}:rate"]).to_df()
    assert found["rate"].tolist() == [0.3, 7.0]


def test_one_object_is_not_appended_to(store: FeatureStore) -> None:
    with pytest.raises(ForesetError, match=r"which two writers at once would overwrite.*Next: name a folder there"):
        store.write_to_offline_store("one", STATS.tail(1).to_pandas())


@pytest.mark.filterwarnings("ignore:Saving dataset is an experimental feature:RuntimeWarning")
@pytest.mark.parametrize("name", ["delta_set", "folder_set", "set.parquet"])
def test_datasets_are_saved_there_and_replaced_if_that_is_said(
    store: FeatureStore, s3: S3, lake: str, name: str
) -> None:
    kind = DeltaFormat() if name.startswith("delta") else ParquetFormat()
    storage = SavedDatasetFileStorage(f"{lake}/{name}", kind, s3_endpoint_override=s3.url)
    job = store.get_historical_features(entity_df((1, 5), (2, 5)), ["delta:rate"])
    assert store.create_saved_dataset(job, "set", storage).to_df()["rate"].tolist() == [0.3, 0.9]
    with pytest.raises(ForesetError, match="is there already"):
        store.create_saved_dataset(job, "set", storage)
    fewer = store.get_historical_features(entity_df((2, 5)), ["delta:rate"])
    found = store.create_saved_dataset(fewer, "set", storage, allow_overwrite=True).to_df()
    assert found["rate"].tolist() == [0.9]


def test_a_delta_table_that_is_said_to_be_files_is_refused(store: FeatureStore, s3: S3, lake: str) -> None:
    said = view("said", path=f"{lake}/delta", file_format=ParquetFormat(), s3_endpoint_override=s3.url)
    store.apply([said])
    with pytest.raises(ForesetError, match="is the folder of a Delta table"):
        store.get_historical_features(entity_df((1, 5)), ["said:rate"]).to_df()


def test_a_store_that_is_away_and_files_that_are_not_there_are_told(store: FeatureStore, s3: S3, lake: str) -> None:
    gone = view("gone", path=f"{lake}/gone", file_format=ParquetFormat(), s3_endpoint_override=s3.url)
    away = view("away", path=f"{lake}/folder", file_format=ParquetFormat(), s3_endpoint_override="http://127.0.0.1:9")
    store.apply([gone, away])
    with pytest.raises(ForesetError, match=f"No Parquet file is at {lake}/gone"):
        store.get_historical_features(entity_df((1, 5)), ["gone:rate"]).to_df()
    with pytest.raises(ForesetError, match="cannot be reached"):
        store.get_historical_features(entity_df((1, 5)), ["away:rate"]).to_df()
