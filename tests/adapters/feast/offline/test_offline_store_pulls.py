"""What Feast reads of sources to fill an online store."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from feast import FeatureStore, FeatureView, Field
from feast.data_format import ParquetFormat
from feast.feature_view import DUMMY_ENTITY_ID
from feast.types import Float64

from foreset import ForesetError, write_to_delta_lake
from tests.adapters.feast.stores import DAY, DRIVER, STATS, day, feast_store, source, view

TICK = timedelta(microseconds=1)
LATEST = "pull_latest_from_table_or_query"
ALL = "pull_all_from_table_or_query"


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    write_to_delta_lake(STATS, tmp_path / "stats")
    feast = feast_store(tmp_path)
    feast.apply([DRIVER, view("stats")])
    return feast


def pulled(
    store: FeatureStore,
    how: str,
    since: datetime | None = DAY,
    until: datetime | None = day(9),  # noqa: B008  # frozen
    *,
    path: str = "stats",
    keys: tuple[str, ...] = ("driver_id",),
    features: tuple[str, ...] = ("rate",),
    created: str | None = "written",
) -> pd.DataFrame:
    job = getattr(store._get_provider().offline_store, how)(
        config=store.config,
        data_source=source(path, file_format=ParquetFormat() if path.endswith(".parquet") else None),
        join_key_columns=list(keys),
        feature_name_columns=list(features),
        timestamp_field="at",
        created_timestamp_column=created,
        start_date=since,
        end_date=until,
    )
    frame: pd.DataFrame = job.to_df()
    return frame


# === The latest row of each key ===


def test_the_latest_row_of_each_key_comes_with_its_times(store: FeatureStore) -> None:
    found = pulled(store, LATEST)
    assert list(found.columns) == ["driver_id", "rate", "at", "written"]
    assert found.set_index("driver_id")["rate"].to_dict() == {1: 0.3, 2: 0.9}


@pytest.mark.parametrize(
    ("since", "until", "rates"),
    [
        (day(0), day(2), {1: 0.3, 2: 0.9}),
        (day(0) + TICK, day(2), {1: 0.3}),
        (day(0), day(2) - TICK, {1: 0.1, 2: 0.9}),
        (day(0), day(0), {1: 0.1, 2: 0.9}),
        (None, None, {1: 0.3, 2: 0.9}),
        (day(8), day(9), {}),
    ],
)
def test_both_bounds_are_inclusive(
    store: FeatureStore, since: datetime | None, until: datetime | None, rates: dict[int, float]
) -> None:
    assert pulled(store, LATEST, since, until).set_index("driver_id")["rate"].to_dict() == rates


@pytest.mark.parametrize("created", ["written", None])
def test_of_rows_that_tie_the_last_of_the_snapshot_is_the_latest(
    store: FeatureStore, tmp_path: Path, created: str | None
) -> None:
    for first in (0, 200):
        rows = [(key, float(rate)) for rate in range(first, first + 200) for key in (5, 6)]
        tied = pl.DataFrame(rows, schema=["driver_id", "rate"], orient="row")
        write_to_delta_lake(tied.with_columns(at=pl.lit(DAY), written=pl.lit(DAY)), tmp_path / "tied")
    found = pulled(store, LATEST, path="tied", created=created)
    assert found.set_index("driver_id")["rate"].to_dict() == {5: 399.0, 6: 399.0}


def test_a_created_time_that_is_missing_is_oldest(store: FeatureStore, tmp_path: Path) -> None:
    rows = {"driver_id": [1, 1, 1], "at": [DAY] * 3, "written": [DAY, None, day(-5)], "rate": [1.0, 2.0, 3.0]}
    write_to_delta_lake(pl.DataFrame(rows), tmp_path / "odd")
    assert pulled(store, LATEST, path="odd")["rate"].tolist() == [1.0]
    assert pulled(store, ALL, path="odd")["rate"].tolist() == [1.0, 3.0, 2.0]


def test_rows_without_a_key_or_a_time_are_left_out(store: FeatureStore, tmp_path: Path) -> None:
    rows = {"driver_id": [None, 1, 1], "at": [DAY, None, DAY], "written": [DAY] * 3, "rate": [1.0, 2.0, 3.0]}
    write_to_delta_lake(pl.DataFrame(rows), tmp_path / "odd")
    for how in (LATEST, ALL):
        for bounds in ((DAY, day(9)), (None, None)):
            assert pulled(store, how, *bounds, path="odd")["rate"].tolist() == [3.0]


def test_without_keys_the_latest_is_one_row_with_feasts_own_key(store: FeatureStore) -> None:
    found = pulled(store, LATEST, keys=())
    assert (found["rate"].tolist(), found[DUMMY_ENTITY_ID].tolist()) == ([0.3], [""])
    assert len(pulled(store, ALL, keys=())) == 4


# === All rows ===


def test_all_rows_come_newest_first(store: FeatureStore) -> None:
    assert pulled(store, ALL)["rate"].tolist() == [0.3, 0.2, 0.9, 0.1]
    assert pulled(store, ALL, day(1), None)["rate"].tolist() == [0.3, 0.2]
    assert pulled(store, ALL, None, day(1))["rate"].tolist() == [0.9, 0.1]


def test_without_features_all_columns_come(store: FeatureStore) -> None:
    assert list(pulled(store, ALL, features=()).columns) == STATS.columns


def test_deleted_rows_stay_away(store: FeatureStore, tmp_path: Path) -> None:
    write_to_delta_lake(STATS.head(1), tmp_path / "stats", mode="overwrite")
    assert pulled(store, ALL)["rate"].tolist() == pulled(store, LATEST)["rate"].tolist() == [0.1]


@pytest.mark.parametrize(
    "time", [pl.Datetime("us"), pl.Datetime("ms", "UTC"), pl.Datetime("ns", "Asia/Tokyo"), pl.Date]
)
def test_bounds_are_compared_exactly_with_times_of_any_type(store: FeatureStore, tmp_path: Path, time: Any) -> None:
    hour = timedelta(hours=1)
    STATS.with_columns((pl.col("at") + hour).cast(time)).write_parquet(tmp_path / "typed.parquet")
    until = [pulled(store, ALL, None, DAY + hour - back, path="typed.parquet") for back in (timedelta(0), TICK)]
    since = [pulled(store, ALL, DAY + hour + on, None, path="typed.parquet") for on in (timedelta(0), TICK)]
    whole_days = time == pl.Date  # a day begins before its first hour
    assert [len(found) for found in until] == [2, 2 if whole_days else 0]
    assert [len(found) for found in since] == [2 if whole_days else 4, 2]
    between = pulled(store, ALL, None, day(2) + hour - TICK, path="typed.parquet")  # inside the file's range
    assert len(between) == (4 if whole_days else 2)


def test_texts_come_in_the_type_that_feast_knows(store: FeatureStore, tmp_path: Path) -> None:
    write_to_delta_lake(STATS.with_columns(rate=pl.lit("high")), tmp_path / "texts")
    job = store._get_provider().offline_store.pull_all_from_table_or_query(
        store.config, source("texts"), ["driver_id"], ["rate"], "at"
    )
    assert str(job.to_arrow().schema.field("rate").type) == "string"


def test_what_the_source_has_not_is_told(store: FeatureStore) -> None:
    with pytest.raises(ForesetError, match="takes its values from the column 'speed'"):
        pulled(store, ALL, features=("speed",))
    with pytest.raises(ForesetError, match="takes its join key from the column 'rider'"):
        pulled(store, LATEST, keys=("rider",))


def test_a_job_for_rows_as_they_are_has_no_metadata(store: FeatureStore) -> None:
    job = store._get_provider().offline_store.pull_all_from_table_or_query(
        store.config, source("stats"), ["driver_id"], ["rate"], "at"
    )
    assert (job.metadata, job.on_demand_feature_views, job.full_feature_names) == (None, [], False)


# === Through materialisation, to the online store ===


def online(store: FeatureStore, *features: str, **key: int) -> dict[str, object]:
    found = store.get_online_features(list(features), [key]).to_dict()
    return {name: values[0] for name, values in found.items() if name not in key}


@pytest.mark.parametrize("pull_latest", [True, False])
def test_materialised_values_are_those_of_history(tmp_path: Path, *, pull_latest: bool) -> None:
    names = {"driver_id": "drv", "at": "ts", "written": "made", "rate": "r"}
    mapping = {column: name for name, column in names.items()}
    write_to_delta_lake(STATS.rename(names), tmp_path / "other")
    store = feast_store(tmp_path)
    store.config.materialization_config.pull_latest_features = pull_latest
    alone = source("other", name="alone", field_mapping=mapping)
    bare = FeatureView(name="bare", source=alone, schema=[Field(name="rate", dtype=Float64)])
    store.apply([DRIVER, view("other", path="other", field_mapping=mapping), bare])
    store.materialize(DAY, day(2))
    assert online(store, "other:rate", "other:trips", driver_id=1) == {"rate": 0.3, "trips": 30}
    assert online(store, "other:rate", driver_id=2) == {"rate": 0.9}
    assert online(store, "bare:rate", driver_id=9) == {"rate": 0.3}


def test_materialisation_by_increments_goes_on_where_it_was(store: FeatureStore, tmp_path: Path) -> None:
    store.materialize(DAY, day(1))
    assert online(store, "stats:rate", driver_id=1) == {"rate": 0.1}
    write_to_delta_lake(STATS.tail(1).with_columns(at=pl.lit(day(3)), rate=7.0), tmp_path / "stats")
    store.materialize_incremental(day(5))
    assert online(store, "stats:rate", driver_id=1) == {"rate": 0.3}
    assert online(store, "stats:rate", driver_id=2) == {"rate": 7.0}
