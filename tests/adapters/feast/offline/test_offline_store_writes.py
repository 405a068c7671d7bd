"""What Feast writes through the offline store: rows of views, and logs of what was served."""

from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import FeatureService, FeatureStore, FeatureView, Field, PushSource
from feast.data_format import ParquetFormat
from feast.data_source import PushMode
from feast.feature_logging import FeatureServiceLoggingSource, LoggingConfig
from feast.infra.offline_stores.file_source import FileLoggingDestination
from feast.infra.offline_stores.redshift_source import RedshiftLoggingDestination
from feast.types import Float64

from foreset import ForesetError, read_delta_table, write_to_delta_lake
from tests.adapters.feast.stores import DAY, DRIVER, STATS, day, entity_df, feast_store, view

NEW = pd.DataFrame(
    {"trips": [7], "rate": [0.7], "driver_id": [1], "at": [day(2)], "written": [day(9)]}, index=pd.Index([42])
)
PLACES = ["stats", "stats.parquet", "folder"]


def rows(place: Path) -> pl.DataFrame:
    if place.suffix == ".parquet":
        return pl.read_parquet(place)
    if (place / "_delta_log").exists():
        return read_delta_table(place)
    return pl.concat(pl.read_parquet(file) for file in sorted(place.iterdir()))


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A Delta table, a Parquet file, and a folder of them, all with the same rows."""
    narrow = STATS.with_columns(pl.col("rate").cast(pl.Float32), pl.col("trips").cast(pl.Int16))
    write_to_delta_lake(narrow, tmp_path / "stats")
    narrow.write_parquet(tmp_path / "stats.parquet")
    (tmp_path / "folder").mkdir()
    narrow[:2].write_parquet(tmp_path / "folder" / "a.parquet")
    narrow[2:].write_parquet(tmp_path / "folder" / "b.parquet")
    found: Path = tmp_path / request.param
    return found


@pytest.fixture
def store(place: Path) -> FeatureStore:
    feast = feast_store(place.parent)
    of = view("stats", path=place.name, file_format=None if place.name == "stats" else ParquetFormat())
    pushed = FeatureView(
        name="pushed",
        entities=[DRIVER],
        schema=list(of.schema),
        source=PushSource(name="events", batch_source=of.batch_source),
    )
    feast.apply([DRIVER, of, pushed])
    return feast


def rate(store: FeatureStore, view: str = "stats") -> float:
    found = store.get_historical_features(entity_df((1, 5)), [f"{view}:rate"]).to_df()
    return round(found["rate"].iloc[0], 5)


# === Rows of views ===


def test_rows_are_appended_behind_those_that_are_there(store: FeatureStore, place: Path) -> None:
    before = rows(place)
    store.write_to_offline_store("stats", NEW)
    after = rows(place)
    assert after.schema == before.schema
    assert after[:4].equals(before)
    assert after.row(4) == (1, day(2), day(9), pytest.approx(0.7), 7)
    assert rate(store) == 0.7  # it ties with another row, and was written later


def test_rows_are_pushed_to_the_batch_source(store: FeatureStore, place: Path) -> None:
    store.push("events", NEW, to=PushMode.OFFLINE)
    assert rows(place).height == 5
    assert rate(store, "pushed") == 0.7


def test_writes_in_a_row_come_in_their_order(store: FeatureStore, place: Path) -> None:
    for number in range(12):
        store.write_to_offline_store("stats", NEW.assign(trips=number))
    assert rows(place)["trips"].to_list()[4:] == list(range(12))
    found = store.get_historical_features(entity_df((1, 5)), ["stats:trips"]).to_df()
    assert found["trips"].tolist() == [11]


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("trips", 100_000, r"'trips' is int64, and the table's int16 does not hold it: 100000 at row 0"),
        ("trips", 1.5, r"'trips' is float64, and the table's int16 does not hold it: 1\.5 at row 0"),
        ("trips", "many", r"'trips' is string, and the table's int16 does not hold it"),
        ("rate", 1e300, r"'rate' is float64, and the table's float32 does not hold it: 1e\+300 at row 0"),
        ("at", pd.Timestamp(1, unit="ns", tz="UTC"), r"'at' is timestamp\[ns, UTC\], and the table's .* at row 0"),
        ("driver_id", "one", r"'driver_id' is string, and the table's int64 does not hold it"),
    ],
)
def test_a_value_that_would_be_lost_is_refused_and_nothing_written(
    store: FeatureStore, place: Path, column: str, value: object, problem: str
) -> None:
    before = rows(place)
    with pytest.raises(ForesetError, match=problem):
        store.write_to_offline_store("stats", NEW.assign(**{column: [value]}))
    assert rows(place).equals(before)


def test_columns_that_do_not_fit_are_refused_by_feast(store: FeatureStore) -> None:
    with pytest.raises(ValueError, match="missing_expected_columns: \\['trips'\\]"):
        store.write_to_offline_store("stats", NEW.drop(columns="trips"))


def test_numbers_with_gaps_and_times_without_a_zone_are_taken_as_they_are_meant(
    store: FeatureStore, place: Path
) -> None:
    gaps = pd.concat([NEW, NEW]).assign(trips=[8.0, None], at=pd.to_datetime(["2024-01-04", "2024-01-05"]))
    store.write_to_offline_store("stats", gaps)
    assert rows(place)["trips"].to_list()[4:] == [8, None]
    assert rows(place)["at"].to_list()[4:] == [day(3), day(4)]


def test_a_frame_without_rows_is_no_error(store: FeatureStore, place: Path) -> None:
    store.write_to_offline_store("stats", NEW.head(0))
    assert rows(place).height == 4


def test_columns_of_other_names_are_written_as_the_table_has_them(tmp_path: Path) -> None:
    write_to_delta_lake(STATS.rename({"rate": "r", "at": "ts"}), tmp_path / "other")
    store = feast_store(tmp_path)
    store.apply([DRIVER, view("other", path="other", field_mapping={"r": "rate", "ts": "at"})])
    store.write_to_offline_store("other", NEW.rename(columns={"rate": "r", "at": "ts"}))
    assert rate(store, "other") == 0.7


def test_progress_is_told_of_the_rows(store: FeatureStore) -> None:
    told: list[int] = []
    table = pa.Table.from_pandas(NEW[STATS.columns], preserve_index=False)
    feature_view = store.get_feature_view("stats")
    type(store._get_provider().offline_store).offline_write_batch(store.config, feature_view, table, told.append)
    assert told == [1]


# === Logs ===


def logs(store: FeatureStore, service: FeatureService, rows: int, request: str = "r") -> pa.Table:
    """Logs of a service, as Feast's server writes them."""
    schema = FeatureServiceLoggingSource(service, store.project).get_schema(store.registry)
    values = {
        "__request_id": [f"{request}{n}" for n in range(rows)],
        "__log_timestamp": [day(n) for n in range(rows)],
        "__log_date": [day(n).date() for n in range(rows)],
        "driver_id": list(range(rows)),
    }
    columns = [pa.array(values.get(field.name, [None] * rows), field.type) for field in schema]
    return pa.table(columns, schema=schema)


def service(store: FeatureStore, destination: object, *features: str) -> FeatureService:
    logged = FeatureService(
        name="served",
        features=[store.get_feature_view("stats")[list(features)]],
        logging_config=LoggingConfig(destination=destination),
    )
    store.apply([logged])
    return logged


def read_logs(store: FeatureStore, logged: FeatureService) -> pd.DataFrame:
    job = store._get_provider().retrieve_feature_service_logs(logged, DAY, day(99), store.config, store.registry)
    found: pd.DataFrame = job.to_df()
    return found


@pytest.fixture
def logging(tmp_path: Path) -> FeatureStore:
    write_to_delta_lake(STATS, tmp_path / "stats")
    store = feast_store(tmp_path)
    store.apply([DRIVER, view("stats")])
    return store


@pytest.mark.parametrize("by", [None, ["__log_date"]])
def test_logs_are_written_and_read_back_in_their_order(
    logging: FeatureStore, tmp_path: Path, by: list[str] | None
) -> None:
    logged = service(logging, FileLoggingDestination(path="logs", partition_by=by), "rate")
    logging.write_logged_features(logs(logging, logged, 3), logged)
    pq.write_table(logs(logging, logged, 2, "later"), tmp_path / "batch.parquet")
    logging.write_logged_features(tmp_path / "batch.parquet", logged)
    logging.write_logged_features(logs(logging, logged, 0), logged)
    found = read_logs(logging, logged)
    assert sorted(found["__request_id"]) == ["later0", "later1", "r0", "r1", "r2"]
    assert sorted(found["__log_date"]) == [date(2024, 1, n) for n in (1, 1, 2, 2, 3)]
    folders = {path.relative_to(tmp_path / "logs").parts[0] for path in (tmp_path / "logs").rglob("*.parquet")}
    assert (folders == {f"__log_date=2024-01-0{n}" for n in (1, 2, 3)}) == (by is not None)


def test_logs_of_a_service_that_has_new_features_keep_those_of_before(logging: FeatureStore) -> None:
    destination = FileLoggingDestination(path="logs")
    logged = service(logging, destination, "rate")
    logging.write_logged_features(logs(logging, logged, 1), logged)
    logged = service(logging, destination, "rate", "trips")
    logging.write_logged_features(logs(logging, logged, 1, "new"), logged)
    found = read_logs(logging, logged)
    assert found["__request_id"].tolist() == ["r0", "new0"]
    assert "stats__trips" in found.columns


def test_logs_may_go_to_a_delta_table_that_is_there(logging: FeatureStore, tmp_path: Path) -> None:
    logged = service(logging, FileLoggingDestination(path="logs"), "rate")
    write_to_delta_lake(logs(logging, logged, 1), tmp_path / "logs")
    logging.write_logged_features(logs(logging, logged, 2, "new"), logged)
    assert read_delta_table(tmp_path / "logs").height == len(read_logs(logging, logged)) == 3


def test_logs_to_a_warehouse_are_refused(logging: FeatureStore) -> None:
    logged = service(logging, RedshiftLoggingDestination(table_name="t"), "rate")
    with pytest.raises(ForesetError, match=r"does not support logging features to RedshiftLoggingDestination.*Next"):
        logging.write_logged_features(logs(logging, logged, 1), logged)


def test_the_fields_of_a_view_are_told_to_feast_by_the_table(place: Path, store: FeatureStore) -> None:
    of = view("bare", path=place.name, file_format=None if place.name == "stats" else ParquetFormat())
    store.apply([DRIVER, FeatureView(name="bare", entities=[DRIVER], source=of.batch_source)])
    types = {field.name: str(field.dtype) for field in store.get_feature_view("bare").features}
    assert types == {"rate": "Float32", "trips": "Int32"}
    assert Field(name="rate", dtype=Float64) not in store.get_feature_view("bare").features
