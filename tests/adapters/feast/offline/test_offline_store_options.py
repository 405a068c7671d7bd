"""What feature_store.yaml may say to the offline store, and what is recorded of a retrieval."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake
from feast import FeatureStore, RepoConfig

from foreset import FeatureStore as Foreset
from foreset import ForesetError, write_to_delta_lake
from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.event_log.receipts import TableWritten, TrainingSetRetrieved
from foreset.entrypoints.cli import main
from tests.adapters.feast.stores import DRIVER, STATS, STORE, day, entity_df, feast_store, view


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A folder with a table of two versions."""
    write_to_delta_lake(STATS, tmp_path / "repo" / "stats")
    write_to_delta_lake(STATS.with_columns(pl.col("rate") + 1), tmp_path / "repo" / "stats", mode="overwrite")
    return tmp_path / "repo"


def applied(repo: Path, **options: object) -> FeatureStore:
    store = feast_store(repo, **options)
    store.apply([DRIVER, view("stats"), view("plain", created_timestamp_column="")])
    return store


def rates(store: FeatureStore, *days: float, feature: str = "stats:rate") -> list[float]:
    found = store.get_historical_features(entity_df(*((1, at) for at in days)), [feature]).to_df()
    return found["rate"].fillna(-1).round(1).tolist()


# === Receipts ===


def test_retrievals_are_recorded_in_the_repository_and_can_be_rebuilt(repo: Path) -> None:
    assert rates(applied(repo), 5) == [1.3]
    kept = Foreset.open(repo).unwrap()
    [recorded] = kept.log.events().unwrap()
    assert isinstance(recorded.event, TrainingSetRetrieved)
    assert (recorded.event.versions, recorded.event.rows) == ({str(repo / "stats"): 1}, 1)
    write_to_delta_lake(STATS, repo / "stats", mode="overwrite")
    assert kept.rebuild(recorded.event.id).unwrap().frame["rate"].to_list() == [1.3]
    assert kept.catalog().unwrap().views == {}  # Feast's registry is where they are defined


def test_nothing_is_recorded_for_a_configuration_that_has_no_folder(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = RepoConfig(
        project="p",
        provider="local",
        registry=str(repo / "registry.db"),
        online_store={"type": "sqlite", "path": str(repo / "online.db")},
        offline_store={"type": STORE},
        entity_key_serialization_version=3,
    )
    store = FeatureStore(config=config)
    store.apply([DRIVER, view("stats", str(repo / "stats"))])
    assert rates(store, 5) == [1.3]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_command_line_shows_and_rebuilds_them(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rates(applied(repo), 5)
    assert main(["log", "--store", str(repo), "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    identifier = next(value for value in str(told).split("'") if value.startswith("ts-"))
    assert main(["show", identifier, "--store", str(repo)]) == 0
    assert "stats:rate" in capsys.readouterr().out
    assert main(["rebuild", identifier, "--store", str(repo), "-o", str(repo / "again.parquet")]) == 0
    assert pl.read_parquet(repo / "again.parquet")["rate"].to_list() == [1.3]


def test_what_feast_writes_is_recorded_too(repo: Path) -> None:
    store = applied(repo)
    store.write_to_offline_store("stats", STATS.head(1).to_pandas())
    [recorded] = Foreset.open(repo).unwrap().log.events().unwrap()
    assert isinstance(recorded.event, TableWritten)
    assert (recorded.event.table, recorded.event.version, recorded.event.mode) == (str(repo / "stats"), 2, "append")


@pytest.mark.parametrize("name", ["kept/here", "/absolute"])
def test_the_store_may_be_another_folder(repo: Path, tmp_path: Path, name: str) -> None:
    folder = str(tmp_path / "absolute") if name == "/absolute" else name
    rates(applied(repo, store=folder), 5)
    assert len(Foreset.open(repo / folder).unwrap().log.events().unwrap()) == 1
    assert not (repo / "events.db").exists()


def test_the_store_may_be_a_database(repo: Path, postgres_database: str) -> None:
    url = f"postgresql://{postgres_database}"
    rates(applied(repo, store=url), 5)
    assert len(Foreset.open(url).unwrap().log.events().unwrap()) == 1
    assert not (repo / "events.db").exists()


def test_nothing_is_recorded_where_that_is_said(repo: Path) -> None:
    assert rates(applied(repo, record=False), 5) == [1.3]
    assert not (repo / "events.db").exists()
    assert not (repo / "spines").exists()


def test_a_store_that_cannot_be_written_is_told_with_both_ways_out(repo: Path) -> None:
    (repo / "taken").write_text("a file")
    with pytest.raises(ForesetError, match=r"cannot be recorded in .*taken: .*`store`.*`record: false`"):
        rates(applied(repo, store="taken"), 5)


# === Limits ===


def test_a_retrieval_keeps_to_the_memory_that_is_named(repo: Path) -> None:
    with pytest.raises(ForesetError, match=r"takes about .* of memory at the least.*: 1\.0 MB"):
        rates(applied(repo, memory="1MB"), 5)
    with pytest.raises(ForesetError, match="'much' is no size"):
        rates(applied(repo, memory="much"), 5)
    assert rates(applied(repo, memory="8GB"), 5) == [1.3]


def test_a_number_of_threads_that_cannot_be_kept_to_is_refused(repo: Path) -> None:
    if pl.thread_pool_size() > 1:
        with pytest.raises(ForesetError, match="polars was loaded before with"):
            rates(applied(repo, threads=1), 5)
    assert rates(applied(repo, threads=pl.thread_pool_size()), 5) == [1.3]


# === Knowledge ===


def test_known_at_a_time_reads_the_version_and_the_rows_of_then(repo: Path) -> None:
    assert rates(applied(repo, known_at=datetime.now(UTC).isoformat()), 5) == [1.3]
    between = DeltaTables(repo).committed_at(str(repo / "stats")).unwrap()
    assert between is not None
    with pytest.raises(ForesetError, match="did not exist: version 0"):
        rates(applied(repo, known_at=(between - timedelta(days=1)).isoformat()), 5)
    with pytest.raises(ForesetError, match=r"did not exist"):
        rates(applied(repo, known_at=date(2024, 1, 5)), 5)
    pinned = applied(repo, known_at=day(5).isoformat(), versions={"stats_source": 0})
    assert rates(pinned, 5) == [0.2]  # of the row that was written by the fifth day


def test_known_at_the_event_time_is_strict(repo: Path) -> None:
    store = applied(repo, known_at="event_time")
    assert rates(store, 5, 9) == [1.2, 1.3]
    with pytest.raises(ForesetError, match="the view 'plain' has no created time"):
        rates(store, 5, feature="plain:rate")


@pytest.mark.parametrize("known_at", [day(5).isoformat(), [day(5).isoformat(), "event_time"]])
def test_feasts_filter_and_a_time_both_hold(repo: Path, known_at: object) -> None:
    store = applied(repo, known_at=known_at, versions={"stats_source": 0})
    asked = store.get_historical_features(entity_df((1, 5), (1, 9)), ["stats:rate"], filter_by_created_timestamp=True)
    assert asked.to_df()["rate"].tolist() == [0.2, 0.2]


def test_known_at_both_is_a_list_in_any_order(repo: Path) -> None:
    both = ["event_time", day(5)]
    assert rates(applied(repo, known_at=both, versions={"stats_source": 0}), 5, 9) == [0.2, 0.2]
    with pytest.raises(
        ForesetError, match=r"known_at is \['event_time', 'event_time'\] \(list\). Next: give one time, or"
    ):
        rates(applied(repo, known_at=["event_time", "event_time"]), 5)


def test_what_is_no_time_to_know_at_is_refused(repo: Path) -> None:
    with pytest.raises(ForesetError, match="known_at is 'soon'"):
        rates(applied(repo, known_at="soon"), 5)
    with pytest.raises(ForesetError, match="known_at is 29"):
        rates(applied(repo, known_at="2999-01-01"), 5)


# === Versions ===


@pytest.mark.parametrize("name", ["stats_source", "stats", "absolute"])
def test_a_version_is_named_by_name_or_path(repo: Path, name: str) -> None:
    key = str(repo / "stats") if name == "absolute" else name
    store = applied(repo, versions={key: 0})
    assert rates(store, 5) == [0.3]
    latest = store._get_provider().offline_store.pull_latest_from_table_or_query(
        store.config, view("stats").batch_source, ["driver_id"], ["rate"], "at", "written", day(0), day(9)
    )
    assert sorted(latest.to_df()["rate"].round(1)) == [0.3, 0.9]


def test_versions_of_tables_that_are_not_asked_for_do_no_harm(repo: Path) -> None:
    store = applied(repo, versions={"plain_source": 0})
    assert rates(store, 5) == [1.3]
    assert rates(store, 5, feature="plain:rate") == [0.2]


def test_a_version_of_no_source_and_one_that_is_not_there_are_refused(repo: Path) -> None:
    with pytest.raises(
        ForesetError, match=r"versions .* names 'stats_sorce', which is no source .*Did you mean stats_source"
    ):
        rates(applied(repo, versions={"stats_sorce": 0}), 5)
    with pytest.raises(ForesetError, match="has no version 7: its log holds versions 0 to 1"):
        rates(applied(repo, versions={"stats": 7}), 5)


# === Times of partitions ===


def test_times_of_partitions_are_read_in_the_zone_that_is_named(repo: Path) -> None:
    write_deltalake(repo / "hourly", STATS, partition_by=["at"])  # the log has no zone
    for zone, expected in (("UTC", [0.3]), ("America/New_York", [0.1])):
        store = feast_store(repo, partition_time_zone=zone)
        store.apply([DRIVER, view("hourly", path="hourly")])
        assert rates(store, 2, feature="hourly:rate") == expected
    store = feast_store(repo)
    with pytest.raises(ForesetError, match="without a time zone"):
        rates(store, 2, feature="hourly:rate")


# === Unknown options, and what importing costs ===


def test_an_option_that_is_not_known_is_refused_by_feast(repo: Path) -> None:
    with pytest.raises(Exception, match=r"memroy|extra"):
        rates(applied(repo, memroy="1GB"), 5)


def test_importing_the_store_loads_no_engine() -> None:
    code = (
        "import sys, foreset.adapters.feast.offline_store as s; "
        "print(sorted({'polars', 'deltalake', 'sklearn', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1] in {"[]", "['sqlite3']"}  # Feast loads sqlite3 itself
