"""Choosing an offline store of Feast's: by name or with options, in the library, by option and in files."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TrainingSetSpec,
    create_feast_manager,
    write_to_delta_lake,
)
from foreset.domain.event_log.receipts import OURSELVES, ExecutedBy
from foreset.entrypoints.cli import main
from tests.warehouse_tables import load, options

US = pl.Datetime("us", "UTC")
RAIN = pl.DataFrame(
    {
        "city": ["Rome", "Oslo", "Rome"],
        "at": [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 1, 3)],
        "mm": [2, 0, 9],
    },
    schema={"city": pl.String, "at": US, "mm": pl.Int64},
)
NOON, BEFORE = datetime(2024, 1, 2, 12, tzinfo=UTC), datetime(2023, 1, 1, tzinfo=UTC)
SPINE = pl.DataFrame(
    {"city": ["Rome", None, "Oslo", "Rome", "Rome"], "at": [NOON, NOON, NOON, NOON, BEFORE]},
    schema={"city": pl.String, "at": US},
)
SPEC = TrainingSetSpec(["rain:mm"], timestamp_field="at")
VIEWS = (
    EntitySpec("city", ["city"]),
    FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at", warehouse_table="rain"), ["mm"]),
)
Opened = Callable[..., FeatureStore]


@pytest.fixture
def opened(workspace: Path) -> Opened:
    write_to_delta_lake(RAIN, "rain")
    FeatureStore.open(workspace / "repo").unwrap().register(*VIEWS).unwrap()
    return lambda **chosen: FeatureStore.open(workspace / "repo", **chosen).unwrap()


@pytest.mark.parametrize("store", ["dask", "duckdb"])
def test_a_store_of_feasts_gives_the_same_training_set_under_the_same_id(opened: Opened, store: str) -> None:
    ours = opened().training_set(SPEC, SPINE).unwrap()
    theirs = opened(offline_store=store).training_set(SPEC, SPINE).unwrap()
    assert theirs.frame.equals(ours.frame)
    assert theirs.frame["mm"].to_list() == [2, None, 0, 2, None]
    assert theirs.id == ours.id
    assert (ours.receipt.executed_by, theirs.receipt.executed_by) == (OURSELVES, ExecutedBy(store))
    assert "feast" in theirs.receipt.libraries
    assert opened().rebuild(theirs.id).unwrap().frame.equals(ours.frame)
    assert opened(offline_store=store).rebuild(ours.id).unwrap().frame.equals(ours.frame)
    assert [event.event.executed_by.store for event in opened().log.events().unwrap()[-2:]] == ["foreset", store]  # type: ignore[union-attr]  # rebuilds


def test_postgres_runs_once_it_is_accepted_that_it_knows_no_versions(opened: Opened, postgres_database: str) -> None:
    load(postgres_database, {"rain": RAIN})
    section = {"type": "postgres", **options(postgres_database)}
    made = opened(offline_store=section, accept=("versions",)).training_set(SPEC, SPINE).unwrap()
    assert made.frame.equals(opened().training_set(SPEC, SPINE).unwrap().frame)
    assert made.receipt.executed_by == ExecutedBy("postgres", ("versions",))
    write_to_delta_lake(RAIN, "rain")
    late = opened(offline_store=section, accept=("versions",)).training_set(SPEC, SPINE)
    assert "is read from rain, which has 3 rows; the table 'rain' has 6 rows at version 1" in late.failure().message
    gone = {**section, "port": 1}
    away = opened(offline_store=gone, accept=("versions",)).training_set(SPEC, SPINE)
    assert "The offline store 'postgres' failed to serve the view 'rain'" in away.failure().message


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ({"offline_store": "dusk"}, "offline_store_type='dusk' is refused: there is no such store.*Did you mean dask"),
        ({"offline_store": "oracle"}, "its source names a table and takes no query"),
        (
            {"offline_store": "postgres"},
            r"breaks the law 7, snapshots: .*accept it by its name, accept=\('ver",
        ),
        ({"offline_store": "dask", "accept": ["order"]}, "accept names 'order', which is no defect .* 'dask' .*: none"),
        ({"accept": ["ties"]}, "accept names 'ties', which is no defect of the offline store 'delta'"),
        ({"offline_store": {"host": "h"}}, "there is no 'type', which names the store"),
        ({"offline_store": "store.yaml"}, "the file cannot be read: No such file or directory"),
        (
            {"offline_store": {"type": "postgres", "host": "h", "hast": "h"}, "accept": ["versions"]},
            "Feast does not take these options of the offline store 'postgres': .*hast: Extra inputs",
        ),
    ],
)
def test_what_may_not_be_chosen_is_told_before_anything_is_made(
    chosen: dict[str, object], text: str, workspace: Path
) -> None:
    with pytest.raises(ForesetError, match=text):
        FeatureStore.open(workspace / "new", **chosen).unwrap()  # type: ignore[arg-type]  # wrong on purpose
    if chosen.get("accept") != ["versions"]:
        assert not (workspace / "new").exists()


def test_a_missing_package_is_named(workspace: Path) -> None:
    opened = FeatureStore.open(workspace, offline_store="spark", accept=("versions",))
    if opened.value_or(None) is not None:
        pytest.skip("pyspark is installed")
    assert "pip install 'feast[spark]==0.67.*'" in opened.failure().message


def test_a_view_without_a_warehouse_table_is_refused(workspace: Path) -> None:
    write_to_delta_lake(RAIN, "rain")
    section = {"type": "postgres", "host": "h", "database": "d", "user": "u", "password": "p"}
    store = FeatureStore.open(workspace / "repo", offline_store=section, accept=("versions",)).unwrap()
    store.register(VIEWS[0], FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])).unwrap()
    message = store.training_set(SPEC, SPINE).failure().message
    assert "its source does not say under which name the warehouse sees the table" in message
    assert "Next: name it: DeltaSource(..., warehouse_table='schema.table')" in message


@pytest.mark.usefixtures("opened")
def test_the_command_line_takes_a_store_by_name_or_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("spec.yaml").write_text("features: [rain:mm]\ntimestamp_field: at\n")
    Path("store.yaml").write_text("type: duckdb\n")
    SPINE.write_parquet("spine.parquet")
    command = ["get", "spec.yaml", "--spine", "spine.parquet", "-o", "out.parquet", "--store", "repo", "--json"]
    ids = set()
    for chosen in ([], ["--offline-store", "dask"], ["--offline-store", "store.yaml"]):
        assert main([*command, *chosen]) == 0
        ids.add(json.loads(capsys.readouterr().out)["id"])
    assert len(ids) == 1
    assert main([*command, "--offline-store", "postgres"]) == 2
    assert "--accept versions" in capsys.readouterr().err
    assert main(["show", ids.pop(), "--store", "repo"]) == 0


def test_the_manager_and_a_workflow_run_on_a_store_of_feasts(workspace: Path) -> None:
    write_to_delta_lake(RAIN, "rain")
    with create_feast_manager("repo", offline_store_type="duckdb") as manager:
        manager.register(*VIEWS)
        entity_df = SPINE.rename({"at": "event_timestamp"}).to_pandas()
        assert manager.get_features(entity_df, ["mm"])["mm"].fillna(-1).to_list() == [2, -1, 0, 2, -1]
        assert manager.last_training_set_id is not None
        receipt = manager.features.receipt(manager.last_training_set_id).unwrap()
    assert receipt.executed_by == ExecutedBy("duckdb")
    assert (workspace / "repo").exists()
