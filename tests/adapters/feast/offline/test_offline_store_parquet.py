"""Parquet sources: a file, a folder of files, and folders that are Delta tables although nobody says so."""

from pathlib import Path

import polars as pl
import pytest
from feast import FeatureStore
from feast.data_format import ParquetFormat

from foreset import FeatureStore as Foreset
from foreset import ForesetError, write_to_delta_lake
from tests.adapters.feast.stores import DRIVER, STATS, day, entity_df, feast_store, view

PARQUET = ParquetFormat()


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    (tmp_path / "data" / "many").mkdir(parents=True)
    STATS.write_parquet(tmp_path / "data" / "stats.parquet")
    STATS[2:].write_parquet(tmp_path / "data" / "many" / "a.parquet")
    STATS[:2].write_parquet(tmp_path / "data" / "many" / "b.parquet")
    feast = feast_store(tmp_path)
    feast.apply(
        [
            DRIVER,
            view("one", path="data/stats.parquet", file_format=PARQUET),
            view("many", path="data/many", file_format=PARQUET),
            view("plain", path=f"file://{tmp_path}/data/many", file_format=PARQUET, created_timestamp_column=""),
        ]
    )
    return feast


def rates(store: FeatureStore, *rows: tuple[int, float], feature: str = "one:rate") -> list[float]:
    found: list[float] = store.get_historical_features(entity_df(*rows), [feature]).to_df()["rate"].fillna(-1).tolist()
    return found


@pytest.mark.parametrize("name", ["one", "many"])
def test_rows_of_files_serve_as_those_of_a_table(store: FeatureStore, name: str) -> None:
    rows = ((1, 5), (3, 5), (1, 1), (1, 5), (2, 0), (2, -1))
    assert rates(store, *rows, feature=f"{name}:rate") == [0.3, -1, 0.1, 0.3, 0.9, -1]
    job = store.get_historical_features(entity_df((1, 5)), [f"{name}:rate"], filter_by_created_timestamp=True)
    assert job.to_df()["rate"].tolist() == [0.2]


def test_of_rows_that_tie_the_last_of_the_last_file_serves(store: FeatureStore) -> None:
    assert rates(store, (1, 5), feature="plain:rate") == [0.3]  # in b.parquet, behind 0.2 in a.parquet


def test_what_is_retrieved_from_files_can_be_rebuilt(store: FeatureStore, tmp_path: Path) -> None:
    rates(store, (1, 5))
    kept = Foreset.open(tmp_path).unwrap()
    [recorded] = kept.log.events().unwrap()
    assert recorded.event.versions == {f"parquet:{tmp_path}/data/stats.parquet": 0}
    assert kept.rebuild(recorded.event.id).unwrap().frame["rate"].to_list() == [0.3]
    STATS.head(1).write_parquet(tmp_path / "data" / "stats.parquet")
    with pytest.raises(ForesetError, match="is another one now"):
        kept.rebuild(recorded.event.id).unwrap()


@pytest.mark.parametrize("file_format", [PARQUET, None])
def test_a_folder_with_a_delta_log_is_read_through_it(store: FeatureStore, tmp_path: Path, file_format: object) -> None:
    write_to_delta_lake(STATS, tmp_path / "lake")
    write_to_delta_lake(STATS.head(1), tmp_path / "lake", mode="overwrite")
    of = view("lake", path="lake")
    of.batch_source.file_options.file_format = file_format
    store.apply([of])
    assert rates(store, (1, 5), (2, 5), feature="lake:rate") == [0.1, -1]
    store.write_to_offline_store("lake", STATS.tail(1).to_pandas())
    assert rates(store, (1, 5), (2, 5), feature="lake:rate") == [0.1, 0.9]


def test_a_folder_of_files_that_is_said_to_be_a_delta_table_is_refused(store: FeatureStore) -> None:
    store.apply([view("said", path="data/many")])
    with pytest.raises(ForesetError, match="is not a Delta table"):
        rates(store, (1, 5), feature="said:rate")


def test_files_that_are_not_there_are_told(store: FeatureStore) -> None:
    store.apply([view("gone", path="data/gone.parquet", file_format=PARQUET)])
    with pytest.raises(ForesetError, match=r"No Parquet file is at .*/data/gone\.parquet"):
        rates(store, (1, 5), feature="gone:rate")


def test_files_have_no_versions(tmp_path: Path) -> None:
    STATS.write_parquet(tmp_path / "stats.parquet")
    for options, problem in (
        ({"known_at": day(5).isoformat()}, "the commits of these versions have no time: 0. Next: name a version"),
        ({"versions": {"stats.parquet": 3}}, "has no version 3: its log holds versions 0 to 0"),
    ):
        store = feast_store(tmp_path, **options)
        store.apply([DRIVER, view("stats", path="stats.parquet", file_format=PARQUET)])
        with pytest.raises(ForesetError, match=problem):
            rates(store, (1, 5), feature="stats:rate")
    store = feast_store(tmp_path, known_at=day(5).isoformat(), versions={"stats.parquet": 0})
    assert rates(store, (1, 5), feature="stats:rate") == [0.2]


# === What `feast apply` asks ===


def test_sources_are_looked_at_before_they_are_applied(store: FeatureStore) -> None:
    validate = store._get_provider().validate_data_source
    for name in ("one", "many", "plain"):
        validate(store.config, store.get_feature_view(name).batch_source)
    wrong = {
        "gone": (view("gone", path="gone"), "Delta Lake table not found"),
        "late": (view("late", path="data/many", file_format=PARQUET, timestamp_field="when"), "from the column 'when'"),
        "odd": (
            view("odd", path="data/many", file_format=PARQUET, timestamp_field="rate"),
            "which does not fit a time",
        ),
        "new": (view("new", path="data/many", file_format=PARQUET, created_timestamp_column="c"), "created time from"),
    }
    for of, problem in wrong.values():
        with pytest.raises(ForesetError, match=problem):
            validate(store.config, of.batch_source)


def test_types_are_told_as_feast_knows_them(store: FeatureStore) -> None:
    told = store._get_provider().get_table_column_names_and_types_from_data_source
    expected = {
        "driver_id": "int64",
        "at": "timestamp[us, tz=UTC]",
        "written": "timestamp[us, tz=UTC]",
        "rate": "double",
        "trips": "int64",
    }
    for name in ("one", "many"):
        assert dict(told(store.config, store.get_feature_view(name).batch_source)) == expected


def test_a_row_without_an_event_time_never_serves(store: FeatureStore, tmp_path: Path) -> None:
    timeless = STATS.with_columns(at=pl.lit(None, STATS.schema["at"]), rate=99.0)
    pl.concat([STATS, timeless]).write_parquet(tmp_path / "data" / "stats.parquet")
    assert rates(store, (1, 5), (2, -9)) == [0.3, -1]
