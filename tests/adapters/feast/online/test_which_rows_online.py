"""Ends of validity, closed windows, times as whole numbers, exact keys in Feast's stores: right, or refused by name."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from returns.result import Success

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    TrainingSetSpec,
    create_entity,
    create_feature_view,
    create_file_source,
    create_schema,
    write_to_delta_lake,
)
from foreset.adapters.feast.engines.executor import FeastExecutor
from foreset.adapters.memory.tables import MemoryTables
from foreset.adapters.shared.machine import SystemClock
from foreset.domain.errors.problem import ForesetError
from foreset.domain.feast.engines import store_named
from foreset.entrypoints.wiring.build import feast_registry
from tests.adapters.feast.online_views import ENTITY, NOW, Views, day, opened
from tests.laws.cases import Case
from tests.laws.test_executors import plan_of


def filled(folder: Path, frame: pl.DataFrame, **given: Any) -> Views:
    """Views over a frame with the columns k, at and x, not yet loaded."""
    views = opened(folder, {"type": "sqlite", "path": "online.db"})
    source = DeltaSource("things", "at", **{k: v for k, v in given.items() if k not in {"closed", "ttl"}})
    options = {k: v for k, v in given.items() if k in {"closed", "ttl"}}
    views.store.tables.write(frame, "things").unwrap()
    views.store.register(ENTITY, FeatureViewSpec("things", ["thing"], source, ["x"], **options)).unwrap()
    return views


# === Online ===


def test_what_has_ended_is_emptied_by_the_next_load_and_an_older_value_comes_back(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "k": [1, 2, 2, 3],
            "at": [day(2)] * 2 + [day(1), day(1)],
            "x": [1.0, 2.0, 3.0, 4.0],
            "until": [day(-1), None, day(-1), day(-9)],
        }
    )
    views = filled(tmp_path, frame, valid_until_field="until")
    assert views.load().way == "full"
    assert views.values(1, 2, 3) == views.offline(1, 2, 3) == [1.0, 3.0, 4.0]
    views.clock.set(NOW + timedelta(days=1))
    done = views.load()
    assert (done.way, done.keys, done.rows) == ("incremental", 2, 1)
    assert views.values(1, 2, 3) == views.offline(1, 2, 3) == [None, 2.0, 4.0]
    assert views.check().agrees


def test_an_event_of_now_is_loaded_by_the_first_load_after_it_where_windows_are_closed_on_the_left(
    tmp_path: Path,
) -> None:
    frame = pl.DataFrame({"k": [1, 1], "at": [day(1), day(0)], "x": [1.0, 2.0]})
    views = filled(tmp_path, frame, closed="left")
    views.load()
    assert views.values(1) == views.offline(1) == [1.0]
    views.clock.advance(timedelta(seconds=1))
    assert views.load().keys == 1
    assert views.values(1) == views.offline(1) == [2.0]
    assert views.check().agrees


@pytest.mark.parametrize(("unit", "per_second"), [("s", 1), ("ms", 1_000), ("us", 10**6), ("ns", 10**9)])
def test_whole_numbers_as_times_are_loaded(tmp_path: Path, unit: str, per_second: int) -> None:
    ticks = [int(day(age).timestamp()) * per_second for age in (3, 1, -1)]
    frame = pl.DataFrame({"k": [1, 1, 1], "at": ticks, "x": [1.0, 2.0, 3.0]})
    views = filled(tmp_path, frame, timestamp_unit=unit, ttl=timedelta(days=2))
    views.load()
    assert views.values(1) == views.feasts(1) == views.offline(1) == [2.0]
    views.clock.set(NOW + timedelta(days=1))
    assert views.load().keys == 1
    assert views.values(1) == [3.0]
    views.clock.set(NOW + timedelta(days=9))
    assert views.load().keys == 1
    assert views.values(1) == [None]
    assert views.check().agrees


@pytest.mark.parametrize("key", [Decimal(7), Decimal("7.25")])
def test_a_decimal_key_cannot_be_kept_online_and_is_refused_by_name(tmp_path: Path, key: Decimal) -> None:
    frame = pl.DataFrame({"k": [key], "at": [day(1)], "x": [1.0]})
    views = filled(tmp_path, frame)
    done = views.online.materialize(["things"])
    assert not isinstance(done, Success), done
    assert "decimal" in done.failure().message
    assert "Next: " in done.failure().message


def test_a_time_key_is_loaded_or_refused_by_name(tmp_path: Path) -> None:
    frame = pl.DataFrame({"k": [day(1), day(2), day(2)], "at": [day(1)] * 3, "x": [1.0, 2.0, 3.0]})
    views = filled(tmp_path, frame)
    views.load()
    found = views.online.read(["things:x"], {"k": [day(1), day(2), day(3)]}).unwrap().to_dict()["x"]
    assert found == [1.0, 3.0, None]
    assert views.check().agrees


# === Offline stores of Feast's ===


def retrieval(**given: Any) -> Case:
    frame = pl.DataFrame(
        {"k": [1], "at": [day(2)], "x": [1], "until": [day(-1)], "ms": [int(day(2).timestamp()) * 1_000]}
    )
    closed = given.pop("closed", "right")
    source = DeltaSource("t", given.pop("time", "at"), **given)
    specs = (EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], source, ["x"], closed=closed))
    spine = pl.DataFrame({"k": [1], "at": [day(1)]})
    return Case({"t": frame}, specs, TrainingSetSpec(["v:x"], timestamp_field="at"), spine)


@pytest.mark.parametrize("store", ["dask", "duckdb"])
def test_a_store_of_files_refuses_rows_that_end(store: str) -> None:
    case = retrieval(valid_until_field="until")
    tables = MemoryTables(case.tables, clock=SystemClock())
    executor = FeastExecutor.open(tables, store_named(store).unwrap(), {}).unwrap()
    message = executor.execute(plan_of(case, tables), case.spine).failure().message
    assert "its rows end at 'until' (valid_until_field), and an as-of join does not go back to older ones" in message
    assert "Next: Use offline_store_type='delta'" in message


# === Inside Feast ===


def published(folder: Path) -> Any:
    frame = pl.DataFrame(
        {
            "k": [1, 1],
            "ms": [int(day(age).timestamp()) * 1_000 for age in (3, 1)],
            "x": [1.0, 2.0],
            "until": [None, day(0)],
        }
    )
    views = filled(folder, frame.rename({"ms": "at"}), timestamp_unit="ms", valid_until_field="until", closed="left")
    views.online.materialize([]).unwrap()
    return views


def test_feast_serves_what_foreset_serves_from_what_was_published(tmp_path: Path) -> None:
    views = published(tmp_path)
    asked = [day(3), day(2), day(1), day(0.5), day(0)]
    spine = pl.DataFrame({"k": [1] * 5, "event_timestamp": asked})
    mine = views.store.training_set(TrainingSetSpec(["things:x"]), spine).unwrap().frame["x"].to_list()
    theirs = views.registry.store.get_historical_features(spine.to_pandas(), ["things:x"]).to_arrow()
    assert mine == theirs.column("x").to_pylist() == [None, 1.0, 1.0, 2.0, 1.0]


def test_feasts_own_load_is_refused_where_rows_end(tmp_path: Path) -> None:
    views = published(tmp_path)
    with pytest.raises(ForesetError, match=r"load it by store\.online\.materialize, which serves what is valid"):
        views.registry.store.materialize(datetime(2023, 1, 1, tzinfo=UTC), NOW)


def test_publishing_for_another_offline_store_is_refused_by_name(tmp_path: Path) -> None:
    views = published(tmp_path)
    place = tmp_path / "repo" / "feature_store.yaml"
    place.write_text(place.read_text().replace("foreset.adapters.feast.offline_store.DeltaOfflineStore", "dask"))
    registry = feast_registry(tmp_path / "repo", None, data_dir=tmp_path / "data", any_offline_store=True).unwrap()
    catalog = FeatureStore(views.store.adapters).catalog().unwrap()
    message = registry.publish(catalog, 9).failure().message
    assert (
        "it says closed='left', valid_until_field='until', timestamp_unit='ms', which Feast's offline store" in message
    )


def test_feasts_objects_made_by_the_guides_names_keep_the_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ticks = [int(day(age).timestamp()) for age in (3, 1)]
    frame = pl.DataFrame({"k": [1, 1], "at": ticks, "x": [1.0, 2.0], "until": [None, ticks[1] + 3_600]})
    write_to_delta_lake(frame, "things")
    source = create_file_source("things", "at", valid_until_field="until", timestamp_unit="s")
    entity = create_entity("thing", ["k"])
    view = create_feature_view("v", source, create_schema(["x"]), entity, closed="left")
    views = opened(tmp_path)
    views.registry.store.apply([entity, view])
    spine = pl.DataFrame({"k": [1] * 3, "event_timestamp": [day(1), day(0.99), day(0.5)]}).to_pandas()
    found = views.registry.store.get_historical_features(spine, ["v:x"]).to_arrow()
    assert found.column("x").to_pylist() == [1.0, 2.0, 1.0]


def test_the_guides_names_refuse_what_is_no_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ForesetError, match="timestamp_unit"):
        create_file_source("things", "at", timestamp_unit="m")  # type: ignore[arg-type]  # wrong on purpose
    source = create_file_source("things", "at")
    with pytest.raises(ForesetError, match="closed is 'both'"):
        create_feature_view("v", source, create_schema(["x"]), create_entity("e", ["k"]), closed="both")  # type: ignore[arg-type]  # the same
