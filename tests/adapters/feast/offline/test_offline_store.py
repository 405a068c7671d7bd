"""Historical retrieval for an entity frame, through Feast."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from feast import (
    FeatureService,
    FeatureStore,
    FeatureView,
    Field,
    KafkaSource,
    PushSource,
    RedshiftSource,
    RequestSource,
)
from feast.data_format import AvroFormat
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64, Int64

from foreset import ForesetError, write_to_delta_lake
from tests.adapters.feast.stores import DAY, DRIVER, STATS, day, entity_df, feast_store, source, view


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    monkeypatch.chdir(tmp_path)
    write_to_delta_lake(STATS, tmp_path / "repo" / "stats")
    feast = feast_store(Path("repo"))
    absolute = view("absolute", path=str(tmp_path / "repo" / "stats"))
    feast.apply([DRIVER, view("stats"), view("short", ttl=timedelta(days=1)), absolute])
    return feast


def rates(store: FeatureStore, spine: pd.DataFrame, feature: str = "stats:rate", **asked: Any) -> list[float]:
    """The rates that a frame gets, -1 for none."""
    found = store.get_historical_features(spine, [feature], **asked).to_df()
    return found[found.columns[-1]].fillna(-1).tolist()


# === Rows, times, names ===


def test_every_row_comes_back_in_order_with_what_was_known(store: FeatureStore) -> None:
    spine = entity_df((1, 5), (3, 5), (1, 1), (1, 5), (2, 0), (2, -1)).assign(label=range(6))
    found = store.get_historical_features(spine, ["stats:rate", "stats:trips"]).to_df()
    assert list(found.columns) == ["driver_id", "event_timestamp", "label", "rate", "trips"]
    assert found["label"].tolist() == list(range(6))
    assert found["rate"].fillna(-1).tolist() == [0.3, -1, 0.1, 0.3, 0.9, -1]


def test_an_entity_frame_without_rows_gives_none(store: FeatureStore) -> None:
    job = store.get_historical_features(entity_df((1, 5)).head(0), ["stats:rate"])
    assert job.to_df().empty
    assert list(job.to_df().columns) == ["driver_id", "event_timestamp", "rate"]
    assert (job.metadata.min_event_timestamp, job.metadata.max_event_timestamp) == (None, None)


def test_the_index_of_the_frame_is_left_out(store: FeatureStore) -> None:
    spine = entity_df((1, 5), (2, 5)).set_index(pd.Index([7, 3]))
    found = store.get_historical_features(spine, ["stats:rate"]).to_df()
    assert (found.index.tolist(), found["rate"].tolist()) == ([0, 1], [0.3, 0.9])


def test_deleted_and_overwritten_rows_stay_away(store: FeatureStore, tmp_path: Path) -> None:
    write_to_delta_lake(STATS.head(1), tmp_path / "repo" / "stats", mode="overwrite")
    assert rates(store, entity_df((1, 5), (2, 5))) == [0.1, -1]


def test_a_path_is_taken_from_the_repository_and_may_be_absolute(store: FeatureStore) -> None:
    assert rates(store, entity_df((1, 5))) == rates(store, entity_df((1, 5)), "absolute:rate") == [0.3]


def test_ttl_and_full_names(store: FeatureStore) -> None:
    found = store.get_historical_features(
        entity_df((2, 1), (2, 2)), ["stats:rate", "short:rate"], full_feature_names=True
    ).to_df()
    assert found["stats__rate"].tolist() == [0.9, 0.9]
    assert found["short__rate"].fillna(-1).tolist() == [0.9, -1]


def test_only_what_was_written_by_then(store: FeatureStore) -> None:
    assert rates(store, entity_df((1, 5), (1, 9)), filter_by_created_timestamp=True) == [0.2, 0.3]


def test_a_source_without_created_times_is_not_affected_by_that_filter(store: FeatureStore) -> None:
    store.apply([view("plain", created_timestamp_column="")])
    spine = entity_df((1, 5), (1, 1), (2, -1))
    assert rates(store, spine, "plain:rate", filter_by_created_timestamp=True) == [0.2, 0.1, -1]
    both = store.get_historical_features(
        spine, ["plain:rate", "stats:rate"], full_feature_names=True, filter_by_created_timestamp=True
    ).to_df()
    assert both["stats__rate"].fillna(-1).tolist() == [0.2, 0.1, -1]


def test_of_rows_that_tie_the_last_of_the_snapshot_serves(store: FeatureStore, tmp_path: Path) -> None:
    tied = pl.DataFrame({"driver_id": [7] * 200, "at": [DAY] * 200, "written": [DAY] * 200, "rate": range(200)})
    for part in (tied[:150], tied[150:]):
        write_to_delta_lake(
            part.with_columns(pl.col("rate").cast(pl.Float64), trips=pl.lit(0)), tmp_path / "repo/stats"
        )
    assert rates(store, entity_df(*[(7, 1)] * 50)) == [199.0] * 50


@pytest.mark.parametrize(
    ("times", "given"),
    [
        (["2024-01-06", "2024-01-02T00:00:00Z"], [0.3, 0.1]),
        (["2024-01-06T00:00:00+09:00", "2024-01-03T00:30:00+09:00"], [0.3, 0.1]),
        ([datetime(2024, 1, 6, tzinfo=UTC), date(2024, 1, 2)], [0.3, 0.1]),
    ],
)
def test_times_that_are_texts_or_pythons_own_are_read(store: FeatureStore, times: list[object], given: object) -> None:
    spine = pd.DataFrame({"driver_id": [1, 1], "event_timestamp": pd.Series(times, dtype=object)})
    found = store.get_historical_features(spine, ["stats:rate"]).to_df()
    assert found["rate"].tolist() == given
    assert str(found["event_timestamp"].dtype).endswith("UTC]")


@pytest.mark.parametrize("times", [["2024-01-06", "tomorrow"], ["2024-01-06", "06/01/2024"], ["2024-01-06", 7.5]])
def test_what_is_no_time_is_told_with_its_row(store: FeatureStore, times: list[object]) -> None:
    spine = pd.DataFrame({"driver_id": [1, 1], "event_timestamp": pd.Series(times, dtype=object)})
    with pytest.raises(ForesetError, match=r"The time .* of the entity frame, row 1 .* Next: write times in ISO 8601"):
        store.get_historical_features(spine, ["stats:rate"])


def test_a_time_that_is_missing_is_told_with_its_row(store: FeatureStore) -> None:
    spine = pd.DataFrame({"driver_id": [1, 1], "event_timestamp": ["2024-01-06", None]})
    with pytest.raises(ForesetError, match="1 rows of the spine have no time in 'event_timestamp', the first at row 1"):
        store.get_historical_features(spine, ["stats:rate"]).to_df()


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo", "America/New_York"])
def test_times_of_any_zone_are_the_moments_that_they_are(store: FeatureStore, zone: str | None) -> None:
    spine = entity_df((1, 2), (1, 1.999))
    times = spine["event_timestamp"].dt.tz_convert(zone) if zone else spine["event_timestamp"].dt.tz_localize(None)
    assert rates(store, spine.assign(event_timestamp=times)) == [0.3, 0.1]


def test_the_time_column_may_have_another_name_if_it_is_the_only_one(store: FeatureStore) -> None:
    spine = entity_df((2, 5)).rename(columns={"event_timestamp": "when"})
    assert rates(store, spine) == [0.9]
    for frame, count in ((spine.assign(other=spine["when"]), 2), (spine.drop(columns="when"), 0)):
        with pytest.raises(ForesetError, match=f"no column 'event_timestamp', and {count} columns of times"):
            store.get_historical_features(frame, ["stats:rate"])


def test_a_feature_with_the_name_of_a_spine_column_is_refused(store: FeatureStore) -> None:
    spine = entity_df((2, 5)).assign(rate=1.0)
    with pytest.raises(ForesetError, match=r"more than one column 'rate'.*Next: set full_feature_names=True"):
        store.get_historical_features(spine, ["stats:rate"]).to_df()
    assert rates(store, spine, full_feature_names=True) == [0.9]


def test_keys_of_another_width_match_and_those_of_another_type_are_refused(store: FeatureStore) -> None:
    spine = entity_df((2, 5))
    assert rates(store, spine.astype({"driver_id": "int32"})) == [0.9]
    with pytest.raises(ForesetError, match="The join key 'driver_id' is string in the spine and int64 in the table"):
        rates(store, spine.astype({"driver_id": "str"}))
    with pytest.raises(ForesetError, match="The spine has no column 'driver_id'"):
        rates(store, spine.drop(columns="driver_id"))


def test_features_come_in_the_types_of_the_table(store: FeatureStore, tmp_path: Path) -> None:
    narrow = STATS.with_columns(pl.col("rate").cast(pl.Float32), pl.col("trips").cast(pl.Int16))
    write_to_delta_lake(narrow, tmp_path / "repo" / "narrow")
    store.apply([view("narrow", path="narrow")])
    table = store.get_historical_features(entity_df((2, 5)), ["narrow:rate", "narrow:trips"]).to_arrow()
    assert [str(table.schema.field(name).type) for name in ("rate", "trips")] == ["float", "int16"]


# === Views: projections, mappings, versions ===


def test_a_view_joined_under_another_name_and_key(store: FeatureStore) -> None:
    renamed = store.get_feature_view("stats").with_name("rival").with_join_key_map({"driver_id": "rival_id"})
    mine = store.get_feature_view("stats").with_name("mine")
    service = FeatureService(name="both", features=[mine[["rate"]], renamed[["rate"]]])
    store.apply([service])
    spine = entity_df((1, 5)).assign(rival_id=2)
    found = store.get_historical_features(spine, service, full_feature_names=True).to_df()
    assert (found["mine__rate"].tolist(), found["rival__rate"].tolist()) == ([0.3], [0.9])


def test_columns_of_other_names_are_mapped(store: FeatureStore, tmp_path: Path) -> None:
    names = {"driver_id": "drv", "at": "ts", "written": "made", "rate": "r"}
    write_to_delta_lake(STATS.rename(names), tmp_path / "repo" / "other")
    mapping = {column: name for name, column in names.items()}
    store.apply([view("other", path="other", field_mapping=mapping)])
    assert rates(store, entity_df((1, 5), (2, 5)), "other:rate") == [0.3, 0.9]
    assert rates(store, entity_df((1, 5)), "other:rate", filter_by_created_timestamp=True) == [0.2]


def test_a_mapping_of_a_column_that_is_not_there_maps_nothing(store: FeatureStore) -> None:
    store.apply([view("loose", field_mapping={"ts_1": "at", "rate_1": "rate"})])
    assert rates(store, entity_df((1, 5)), "loose:rate") == [0.3]


def test_a_version_of_a_view_is_served_as_it_was(tmp_path: Path) -> None:
    write_to_delta_lake(STATS, tmp_path / "stats")
    store = feast_store(tmp_path, registry={"path": "registry.db", "enable_online_feature_view_versioning": True})
    store.apply([DRIVER, view("stats")])
    fields = [Field(name="driver_id", dtype=Int64), Field(name="trips", dtype=Int64)]
    store.apply([FeatureView(name="stats", entities=[DRIVER], schema=fields, source=view("stats").batch_source)])
    spine = entity_df((1, 5))
    found = store.get_historical_features(spine, ["stats@v0:rate", "stats@latest:trips"], full_feature_names=True)
    assert found.to_df().iloc[0, 2:].to_dict() == {"stats@v0__rate": 0.3, "stats__trips": 30}


def test_a_view_without_entities_serves_every_row(store: FeatureStore) -> None:
    bare = FeatureView(name="bare", source=view("bare").batch_source, schema=[Field(name="rate", dtype=Float64)])
    store.apply([bare])
    spine = entity_df((1, 5), (77, 1), (2, -1))
    assert rates(store, spine, "bare:rate") == [0.3, 0.9, -1]
    found = store.get_historical_features(spine, ["bare:rate", "stats:rate"], full_feature_names=True).to_df()
    assert found["stats__rate"].fillna(-1).tolist() == [0.3, -1, -1]


@pytest.mark.filterwarnings("ignore:There are some mismatches:UserWarning")
def test_a_view_whose_entity_was_not_known_is_refused(store: FeatureStore) -> None:
    fields = [Field(name="rate", dtype=Float64)]
    lost = view("lost").batch_source
    rider = DRIVER.__class__(name="rider", join_keys=["driver_id"], value_type=DRIVER.value_type)
    store.apply([FeatureView(name="lost", entities=[rider], schema=fields, source=lost)])
    with pytest.raises(ForesetError, match=r"columns of its entities rider are not known .* apply the entities first"):
        store.get_historical_features(entity_df((1, 5)), ["lost:rate"])


def test_a_view_that_is_pushed_to_is_read_from_its_batch_source(store: FeatureStore) -> None:
    pushed = view("pushed")
    pushed = FeatureView(
        name="pushed",
        entities=[DRIVER],
        schema=list(pushed.schema),
        source=PushSource(name="events", batch_source=pushed.batch_source),
    )
    store.apply([pushed])
    assert rates(store, entity_df((1, 5)), "pushed:rate") == [0.3]


@pytest.mark.filterwarnings("ignore:On demand feature view is an experimental feature:RuntimeWarning")
def test_on_demand_views_are_computed_by_feast_on_the_result(store: FeatureStore) -> None:
    request = RequestSource(name="now", schema=[Field(name="extra", dtype=Float64)])

    @on_demand_feature_view(
        sources=[store.get_feature_view("stats"), request],
        schema=[Field(name="more", dtype=Float64), Field(name="less", dtype=Float64)],
    )
    def more(inputs: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"more": inputs["rate"] + inputs["extra"], "less": inputs["rate"] - inputs["extra"]})

    store.apply([more])
    spine = entity_df((2, 5)).assign(extra=1.0)
    found = store.get_historical_features(spine, ["stats:rate", "more:more"]).to_df()
    assert found["more"].tolist() == [1.9]
    assert "less" not in found.columns
    full = store.get_historical_features(spine, ["more:less"], full_feature_names=True).to_df()
    assert full["more__less"].tolist() == pytest.approx([-0.1])


# === The job ===


def test_the_job_says_what_was_asked(store: FeatureStore) -> None:
    job = store.get_historical_features(entity_df((2, 5), (2, 1)), ["stats:rate"])
    assert (job.metadata.features, job.metadata.keys) == (["stats:rate"], ["driver_id"])
    assert (job.metadata.min_event_timestamp, job.metadata.max_event_timestamp) == (day(1), day(5))
    assert not job.full_feature_names
    assert not job.supports_remote_storage_export()
    assert job.to_arrow().num_rows == 2
    assert job.to_feast_df().data.num_rows == 2


def test_a_job_runs_once_and_not_before_its_result_is_asked_for(store: FeatureStore, tmp_path: Path) -> None:
    job = store.get_historical_features(entity_df((1, 5)), ["stats:rate"])
    write_to_delta_lake(STATS.head(1), tmp_path / "repo" / "stats", mode="overwrite")
    assert job.to_df()["rate"].tolist() == [0.1]
    write_to_delta_lake(STATS, tmp_path / "repo" / "stats", mode="overwrite")
    assert job.to_df()["rate"].tolist() == [0.1]


def test_texts_and_lists_come_in_the_types_that_feast_knows(store: FeatureStore, tmp_path: Path) -> None:
    rows = pl.DataFrame({"driver_id": [1], "at": [DAY], "s": ["a"], "l": [["b"]], "b": [b"c"], "m": [{"x": "y"}]})
    write_to_delta_lake(rows, tmp_path / "repo" / "texts")
    fields = [Field(name="driver_id", dtype=Int64), *(Field(name=name, dtype=Float64) for name in "slbm")]
    of = source("texts", created_timestamp_column="")
    store.apply([FeatureView(name="texts", entities=[DRIVER], schema=fields, source=of)])
    table = store.get_historical_features(entity_df((1, 1)), [f"texts:{name}" for name in "slbm"]).to_arrow()
    types = [str(table.schema.field(name).type) for name in "slbm"]
    assert types == ["string", "list<item: string>", "binary", "struct<x: string>"]


# === What is refused ===


def test_an_entity_frame_that_is_no_pandas_frame_is_refused(store: FeatureStore) -> None:
    with pytest.raises(
        ForesetError, match=r"does not support an entity_df that is SQL text.*Next: give a pandas frame"
    ):
        store.get_historical_features("SELECT 1", ["stats:rate"])
    with pytest.raises(ForesetError, match=r"does not support an entity_df that is a DataFrame.*Next: give a pandas"):
        store.get_historical_features(pl.DataFrame({"driver_id": [1]}), ["stats:rate"])  # type: ignore[arg-type]  # on purpose


def test_a_stream_is_read_from_its_batch_source(store: FeatureStore) -> None:
    fields = [Field(name="driver_id", dtype=Int64), Field(name="rate", dtype=Float64)]
    kafka = KafkaSource(
        name="events",
        timestamp_field="at",
        kafka_bootstrap_servers="host:1",
        message_format=AvroFormat("{}"),
        topic="events",
        batch_source=source("stats", name="behind"),
    )
    store.apply([FeatureView(name="streamed", entities=[DRIVER], schema=fields, source=kafka)])
    assert rates(store, entity_df((1, 5)), "streamed:rate") == [0.3]


def test_a_source_that_is_no_file_is_refused(store: FeatureStore) -> None:
    warehouse = RedshiftSource(name="w", table="t", database="d", timestamp_field="at")
    store.apply([FeatureView(name="odd", entities=[DRIVER], schema=list(view("odd").schema), source=warehouse)])
    with pytest.raises(ForesetError, match=r"'odd' takes its features from a RedshiftSource, which is no FileSource"):
        rates(store, entity_df((1, 5)), "odd:rate")


def test_a_missing_table_and_a_missing_column_are_told_by_name(store: FeatureStore) -> None:
    store.apply([view("gone", path="gone"), view("odd", timestamp_field="when")])
    with pytest.raises(ForesetError, match="Delta Lake table not found"):
        rates(store, entity_df((1, 5)), "gone:rate")
    with pytest.raises(ForesetError, match=r"'odd' takes its event time from the column 'when', which the table"):
        rates(store, entity_df((1, 5)), "odd:rate")
