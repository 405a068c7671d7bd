"""A repository made by `feast init`, with one line changed: it works as before, and its retrievals are recorded."""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import chdir
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from feast import FeatureStore
from feast.cli.cli import cli

from foreset import FeatureStore as Foreset
from tests.adapters.feast.stores import STORE

FEATURES = ["driver_hourly_stats:conv_rate", "driver_hourly_stats:avg_daily_trips"]


def run(*arguments: str) -> None:
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    """Feast's template and command line warn of much."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory, _quiet: None) -> Iterator[Path]:
    """The template's repository on Foreset's store, applied."""
    folder, path = tmp_path_factory.mktemp("feast"), list(sys.path)
    with chdir(folder):
        run("init", "-t", "local", "project")
        made = folder / "project" / "feature_repo"
        settings = (made / "feature_store.yaml").read_text()
        changed = re.sub(r"(?m)^offline_store:(\n .*)*\n?", "", settings) + f"\noffline_store: {{type: {STORE}}}\n"
        (made / "feature_store.yaml").write_text(changed)
        run("--chdir", str(made), "apply")
    yield made
    sys.path[:] = path


def spine(repo: Path) -> pd.DataFrame:
    last = source(repo)["event_timestamp"].max().to_pydatetime()
    return pd.DataFrame(
        {
            "driver_id": [1001, 1002, 1001, 9999],
            "event_timestamp": [last, last - timedelta(hours=5), last - timedelta(days=3), last],
            "label": [3, 1, 2, 0],
            "val_to_add": [1, 2, 3, 4],
            "val_to_add_2": [10, 20, 30, 40],
        }
    )


def source(repo: Path) -> pd.DataFrame:
    rows: pd.DataFrame = pd.read_parquet(repo / "data" / "driver_stats.parquet")
    return rows.sort_values(["event_timestamp", "created"], kind="stable")


def test_history_has_every_row_with_what_was_known(repo: Path) -> None:
    store = FeatureStore(repo_path=str(repo))
    asked = [*FEATURES, "transformed_conv_rate:conv_rate_plus_val1"]
    found, rows = store.get_historical_features(spine(repo), asked).to_df(), source(repo)
    assert found["label"].tolist() == [3, 1, 2, 0]
    for row in found.itertuples():
        known = rows[(rows["driver_id"] == row.driver_id) & (rows["event_timestamp"] <= row.event_timestamp)]
        recent = known[known["event_timestamp"] >= row.event_timestamp - pd.Timedelta(days=1)]
        if recent.empty:
            assert pd.isna(row.conv_rate)
        else:
            assert row.conv_rate == recent.iloc[-1]["conv_rate"]
            assert row.conv_rate_plus_val1 == pytest.approx(row.conv_rate + row.val_to_add)
    assert found["conv_rate"].notna().sum() >= 2


def test_the_online_store_has_the_latest_values(repo: Path) -> None:
    rows = source(repo)
    latest, store = rows.groupby("driver_id").last(), FeatureStore(repo_path=str(repo))
    times = rows["event_timestamp"]
    store.materialize(times.min().to_pydatetime(), times.max().to_pydatetime())
    online = store.get_online_features(FEATURES, [{"driver_id": driver} for driver in (1001, 1002)]).to_df()
    for row in online.itertuples():
        assert row.conv_rate == pytest.approx(latest.loc[row.driver_id, "conv_rate"])
        assert row.avg_daily_trips == latest.loc[row.driver_id, "avg_daily_trips"]


def test_what_is_retrieved_by_a_service_is_recorded_and_can_be_rebuilt(repo: Path) -> None:
    store = FeatureStore(repo_path=str(repo))
    found = store.get_historical_features(spine(repo), store.get_feature_service("driver_activity_v1")).to_df()
    kept = Foreset.open(repo).unwrap()
    rebuilt = kept.rebuild(kept.log.events().unwrap()[-1].event.id).unwrap().to_pandas()
    assert rebuilt["conv_rate"].equals(found["conv_rate"])
    assert len(rebuilt) == 4
