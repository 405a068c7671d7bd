from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, RequestSource
from feast.data_format import DeltaFormat
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64, Int64
from feast.value_type import ValueType

from foreset import ForesetError, write_to_delta_lake
from foreset.adapters.feast import repository

DAY = datetime(2024, 1, 1, tzinfo=UTC)
DRIVER = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64)
STATS = pl.DataFrame(
    {
        "driver_id": [1, 1, 1, 2],
        "at": [DAY, DAY + timedelta(days=2), DAY + timedelta(days=2), DAY],
        "written": [DAY, DAY + timedelta(days=9), DAY + timedelta(days=3), DAY],
        "rate": [0.1, 0.3, 0.2, 0.9],
        "trips": [10, 30, 20, 90],
    }
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    monkeypatch.chdir(tmp_path)
    write_to_delta_lake(STATS, tmp_path / "repo" / "stats")
    repository.ensure(tmp_path / "repo", "p", "local").unwrap()
    feast = FeatureStore(repo_path="repo")
    absolute = view("absolute", path=str(tmp_path / "repo" / "stats"))
    feast.apply([DRIVER, view("stats"), view("short", ttl=timedelta(days=1)), absolute])
    return feast


def view(name: str, ttl: timedelta = timedelta(0), path: str = "stats") -> FeatureView:
    source = FileSource(
        path=path, name=name, timestamp_field="at", created_timestamp_column="written", file_format=DeltaFormat()
    )
    fields = [Field(name="driver_id", dtype=Int64), Field(name="rate", dtype=Float64), Field(name="trips", dtype=Int64)]
    return FeatureView(name=name, entities=[DRIVER], schema=fields, source=source, ttl=ttl)


def entity_df(*rows: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame(
        {"driver_id": [r[0] for r in rows], "event_timestamp": [DAY + timedelta(days=r[1]) for r in rows]}
    )


def test_every_row_comes_back_in_order_with_what_was_known(store: FeatureStore) -> None:
    spine = entity_df((1, 5), (3, 5), (1, 1), (1, 5), (2, 0), (2, -1)).assign(label=range(6))
    found = store.get_historical_features(spine, ["stats:rate", "stats:trips"]).to_df()
    assert list(found.columns) == ["driver_id", "event_timestamp", "label", "rate", "trips"]
    assert found["label"].tolist() == list(range(6))
    assert found["rate"].fillna(-1).tolist() == [0.3, -1, 0.1, 0.3, 0.9, -1]


def test_deleted_and_overwritten_rows_stay_away(store: FeatureStore, tmp_path: Path) -> None:
    write_to_delta_lake(STATS.head(1), tmp_path / "repo" / "stats", mode="overwrite")
    found = store.get_historical_features(entity_df((1, 5), (2, 5)), ["stats:rate"]).to_df()
    assert found["rate"].fillna(-1).tolist() == [0.1, -1]


def test_ttl_and_full_names(store: FeatureStore) -> None:
    found = store.get_historical_features(
        entity_df((2, 1), (2, 2)), ["stats:rate", "short:rate"], full_feature_names=True
    ).to_df()
    assert found["stats__rate"].tolist() == [0.9, 0.9]
    assert found["short__rate"].fillna(-1).tolist() == [0.9, -1]


def test_only_what_was_written_by_then(store: FeatureStore) -> None:
    found = store.get_historical_features(
        entity_df((1, 5), (1, 9)), ["stats:rate"], filter_by_created_timestamp=True
    ).to_df()
    assert found["rate"].tolist() == [0.2, 0.3]


def test_a_view_joined_under_another_name_and_key(store: FeatureStore) -> None:
    renamed = store.get_feature_view("stats").with_name("rival").with_join_key_map({"driver_id": "rival_id"})
    mine = store.get_feature_view("stats").with_name("mine")
    service = FeatureService(name="both", features=[mine[["rate"]], renamed[["rate"]]])
    store.apply([service])
    spine = entity_df((1, 5)).assign(rival_id=2)
    found = store.get_historical_features(spine, service, full_feature_names=True).to_df()
    assert (found["mine__rate"].tolist(), found["rival__rate"].tolist()) == ([0.3], [0.9])


@pytest.mark.filterwarnings("ignore:On demand feature view is an experimental feature:RuntimeWarning")
def test_on_demand_views_are_computed_by_feast_on_the_result(store: FeatureStore) -> None:
    request = RequestSource(name="now", schema=[Field(name="extra", dtype=Float64)])

    @on_demand_feature_view(
        sources=[store.get_feature_view("stats"), request], schema=[Field(name="more", dtype=Float64)]
    )
    def more(inputs: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"more": inputs["rate"] + inputs["extra"]})

    store.apply([more])
    found = store.get_historical_features(entity_df((2, 5)).assign(extra=1.0), ["stats:rate", "more:more"]).to_df()
    assert found["more"].tolist() == [1.9]


def test_the_time_column_may_have_another_name_if_it_is_the_only_one(store: FeatureStore) -> None:
    spine = entity_df((2, 5)).rename(columns={"event_timestamp": "when"})
    assert store.get_historical_features(spine, ["stats:rate"]).to_df()["rate"].tolist() == [0.9]
    with pytest.raises(ForesetError, match="no column 'event_timestamp', and 2 columns of times"):
        store.get_historical_features(spine.assign(other=spine["when"]), ["stats:rate"])


def test_the_job_says_what_was_asked(store: FeatureStore) -> None:
    job = store.get_historical_features(entity_df((2, 5), (2, 1)), ["stats:rate"])
    assert (job.metadata.features, job.metadata.keys) == (["stats:rate"], ["driver_id"])
    assert job.metadata.min_event_timestamp == DAY + timedelta(days=1)
    assert job.to_arrow().num_rows == 2
