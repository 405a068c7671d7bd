"""Retrieval without an entity frame: every key at every time at which a view has a row of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from feast import Entity, FeatureStore, FeatureView, Field
from feast.data_format import ParquetFormat
from feast.types import Float64, Int64
from feast.value_type import ValueType

from foreset import ForesetError, write_to_delta_lake
from foreset.adapters.polars.table_rows import row_query
from tests.adapters.feast.stores import DAY, DRIVER, STATS, day, feast_store, source, view

ZONE = Entity(name="zone", join_keys=["zone_id"], value_type=ValueType.INT64)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    write_to_delta_lake(STATS, tmp_path / "stats")
    zones = pl.DataFrame({"zone_id": [5, 5, None], "at": [DAY, day(2), day(2)], "heat": [1.0, 2.0, 3.0]})
    write_to_delta_lake(zones, tmp_path / "zones")
    feast = feast_store(tmp_path)
    heat = FeatureView(
        name="zones",
        entities=[ZONE],
        schema=[Field(name="zone_id", dtype=Int64), Field(name="heat", dtype=Float64)],
        source=source("zones", created_timestamp_column=""),
    )
    bare = FeatureView(name="bare", source=view("bare").batch_source, schema=[Field(name="trips", dtype=Int64)])
    feast.apply([DRIVER, ZONE, view("stats"), view("short", ttl=timedelta(days=1)), heat, bare])
    return feast


def rows(store: FeatureStore, *features: str, **asked: Any) -> list[tuple[object, ...]]:
    """The rows without their time zone, which is UTC; None for no value."""
    found = store.get_historical_features(None, list(features), **asked).to_df()
    assert str(found["event_timestamp"].dtype).endswith("UTC]")
    days = (found["event_timestamp"] - pd.Timestamp(DAY)) / pd.Timedelta(days=1)
    plain = found.assign(event_timestamp=days).astype(object)
    return [tuple(row) for row in plain.where(plain.notna(), None).itertuples(index=False)]


def test_each_key_and_time_of_the_range_is_a_row_by_time_then_key(store: FeatureStore) -> None:
    found = rows(store, "stats:rate", start_date=DAY, end_date=day(9))
    assert found == [(1, 0.0, 0.1), (2, 0.0, 0.9), (1, 2.0, 0.3)]  # of two rows at one time the later written serves


def test_both_ends_of_the_range_are_in_it(store: FeatureStore) -> None:
    assert len(rows(store, "stats:rate", start_date=day(0), end_date=day(2))) == 3
    tick = timedelta(microseconds=1)
    assert rows(store, "stats:rate", start_date=day(0) + tick, end_date=day(2)) == [(1, 2.0, 0.3)]
    assert [row[0] for row in rows(store, "stats:rate", start_date=day(0), end_date=day(2) - tick)] == [1, 2]


def test_a_range_without_rows_gives_none(store: FeatureStore) -> None:
    assert rows(store, "stats:rate", start_date=day(50), end_date=day(60)) == []


def test_keys_of_several_views_come_side_by_side(store: FeatureStore) -> None:
    found = rows(store, "stats:rate", "zones:heat", start_date=DAY, end_date=day(9))
    assert found == [
        (1, None, 0.0, 0.1, None),
        (2, None, 0.0, 0.9, None),
        (None, 5, 0.0, None, 1.0),
        (1, None, 2.0, 0.3, None),
        (None, 5, 2.0, None, 2.0),
    ]


def test_views_of_the_same_key_serve_one_another_as_of_the_time(store: FeatureStore, tmp_path: Path) -> None:
    later = pl.DataFrame({"driver_id": [1, 2], "at": [day(1), day(4)], "written": [DAY, DAY], "rate": 7.0, "trips": 0})
    write_to_delta_lake(later, tmp_path / "later")
    store.apply([view("later", path="later")])
    found = rows(store, "short:rate", "later:rate", start_date=DAY, end_date=day(9), full_feature_names=True)
    assert found == [
        (1, 0.0, 0.1, None),
        (2, 0.0, 0.9, None),
        (1, 1.0, 0.1, 7.0),
        (1, 2.0, 0.3, 7.0),
        (2, 4.0, None, 7.0),  # older than the ttl of a day
    ]


def test_views_without_entities_give_rows_of_their_own_only_alone(store: FeatureStore) -> None:
    assert rows(store, "bare:trips", start_date=DAY, end_date=day(9)) == [(0.0, 90), (2.0, 30)]
    both = rows(store, "bare:trips", "zones:heat", start_date=DAY, end_date=day(9))
    assert both == [(5, 0.0, 90, 1.0), (5, 2.0, 30, 2.0)]


def test_views_that_have_the_same_rows_give_each_key_and_time_once(store: FeatureStore) -> None:
    found = rows(store, "stats:rate", "short:trips", start_date=DAY, end_date=day(9))
    assert found == [(1, 0.0, 0.1, 10), (2, 0.0, 0.9, 90), (1, 2.0, 0.3, 30)]


@pytest.mark.parametrize("time", [pl.Datetime("ns"), pl.Datetime("us", "Asia/Tokyo"), pl.Date])
def test_times_of_any_type_become_moments(store: FeatureStore, tmp_path: Path, time: Any) -> None:
    STATS.with_columns(pl.col("at").cast(time)).write_parquet(tmp_path / "typed.parquet")
    store.apply([view("typed", path="typed.parquet", file_format=ParquetFormat())])
    found = rows(store, "typed:rate", start_date=DAY, end_date=day(9))
    assert found == [(1, 0.0, 0.1), (2, 0.0, 0.9), (1, 2.0, 0.3)]
    both = rows(store, "typed:rate", "stats:trips", start_date=DAY, end_date=day(9))
    assert both == [(1, 0.0, 0.1, 10), (2, 0.0, 0.9, 90), (1, 2.0, 0.3, 30)]


def test_only_what_was_written_by_then(store: FeatureStore) -> None:
    asked = {"start_date": DAY, "end_date": day(9), "filter_by_created_timestamp": True}
    assert rows(store, "stats:rate", **asked)[-1] == (1, 2.0, 0.1)


def test_without_a_start_the_range_is_the_longest_ttl(store: FeatureStore) -> None:
    job = store.get_historical_features(None, ["short:rate"], end_date=day(2))
    assert (job.metadata.min_event_timestamp, job.metadata.max_event_timestamp) == (day(1), day(2))
    assert job.metadata.keys == ["driver_id"]
    assert job.to_df()["rate"].tolist() == [0.3]


def test_without_an_end_the_range_ends_now(store: FeatureStore, tmp_path: Path) -> None:
    recent = datetime.now(UTC) - timedelta(days=1)
    row = pl.DataFrame({"driver_id": [8], "at": [recent], "written": [recent], "rate": [0.5], "trips": [1]})
    write_to_delta_lake(row, tmp_path / "stats")
    found = store.get_historical_features(None, ["stats:rate"], start_date=day(1)).to_df()
    assert found["driver_id"].tolist() == [1, 8]


def test_dates_without_a_zone_are_utc(store: FeatureStore) -> None:
    naive = {"start_date": datetime(2024, 1, 1), "end_date": datetime(2024, 1, 2)}  # noqa: DTZ001  # on purpose
    assert rows(store, "stats:rate", **naive) == rows(store, "stats:rate", start_date=DAY, end_date=day(1))


def test_rows_that_were_removed_stay_away(store: FeatureStore, tmp_path: Path) -> None:
    write_to_delta_lake(STATS.head(1), tmp_path / "stats", mode="overwrite")
    assert rows(store, "stats:rate", start_date=DAY, end_date=day(9)) == [(1, 0.0, 0.1)]


def test_the_result_is_of_one_version_of_each_table(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = row_query.moments

    def meddled(*given: Any) -> Any:
        spine = found(*given)
        write_to_delta_lake(STATS[1:2].with_columns(rate=55.0), tmp_path / "stats")
        return spine

    monkeypatch.setattr(row_query, "moments", meddled)
    assert rows(store, "stats:rate", start_date=DAY, end_date=day(9))[-1] == (1, 2.0, 0.3)
    assert rows(store, "stats:rate", start_date=DAY, end_date=day(9))[-1] == (1, 2.0, 55.0)


def test_a_source_without_its_key_is_told(store: FeatureStore, tmp_path: Path) -> None:
    write_to_delta_lake(STATS.drop("driver_id"), tmp_path / "keyless")
    store.apply([view("keyless", path="keyless")])
    with pytest.raises(ForesetError, match="'keyless' takes its join key 'driver_id' from the column 'driver_id'"):
        rows(store, "keyless:rate", start_date=DAY, end_date=day(9))
