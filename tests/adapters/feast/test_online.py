"""Views in Feast's online store: what is loaded, what is not, and that it is always what serves now."""

import dataclasses
import math
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable
from feast import FeatureStore as Feasts

from foreset import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec, ForesetError
from foreset.application.feast_ports import Served
from foreset.application.materialize import stream_of
from foreset.application.publish import publish
from foreset.domain.materializing import ViewMaterialized
from foreset.domain.receipt import Recorded
from tests.adapters.feast.online_views import ENTITY, NOW, Views, day, opened, rows, view


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    """Three keys, registered and not loaded."""
    made = opened(tmp_path)
    made.store.write(rows((1, 9, 1.0), (2, 9, 2.0), (3, 9, None)), "things").unwrap()
    made.store.register(ENTITY, view()).unwrap()
    yield made
    made.online.close()
    made.registry.close()


def loads(views: Views) -> tuple[Recorded, ...]:
    return views.store.adapters.events.read(stream_of("things")).unwrap()


# === What is loaded ===


def test_the_first_load_is_of_all_keys_and_is_recorded(views: Views) -> None:
    done = views.load()
    assert (done.way, done.from_version, done.version, done.keys, done.rows) == ("full", None, 0, 3, 3)
    assert done.why == "the online store does not say what it holds of the view"
    assert [recorded.event for recorded in loads(views)] == [done]
    assert views.values(1, 2, 3, 9) == views.feasts(1, 2, 3, 9) == [1.0, 2.0, None, None]


def test_then_only_the_keys_whose_rows_changed_are_loaded(views: Views) -> None:
    views.load()
    views.store.write(rows((2, 1, 20.0), (4, 1, 4.0)), "things").unwrap()
    done = views.load()
    assert (done.way, done.from_version, done.version, done.keys, done.rows) == ("incremental", 0, 1, 2, 2)
    assert views.values(1, 2, 3, 4) == views.feasts(1, 2, 3, 4) == [1.0, 20.0, None, 4.0]


def test_nothing_is_written_or_recorded_where_nothing_changed(views: Views) -> None:
    views.load()
    again = views.load()
    assert (again.way, again.from_version, again.version, again.keys) == ("incremental", 0, 0, 0)
    assert len(loads(views)) == 1


def test_a_version_without_changed_rows_is_recorded_as_loaded(views: Views) -> None:
    views.store.write(rows((4, 9, 4.0)), "things").unwrap()
    views.load()
    views.store.optimize("things").unwrap()
    done = views.load()
    assert (done.from_version, done.version, done.keys) == (1, 2, 0)
    assert len(loads(views)) == 2


def test_late_rows_are_loaded_which_feasts_own_incremental_run_misses(tmp_path: Path) -> None:
    """A row whose event time is before the last run's end, written after it."""
    recent = datetime.now(UTC).replace(tzinfo=UTC)
    ours, theirs = opened(tmp_path / "ours"), opened(tmp_path / "theirs")
    for each in (ours, theirs):
        each.clock.set(recent)
        first = rows((1, 0, 1.0)).with_columns(at=pl.lit(recent - timedelta(days=20), dtype=pl.Datetime("us", "UTC")))
        each.store.write(first, "things").unwrap()
        each.store.register(ENTITY, view()).unwrap()
        each.load()
    feast: Feasts = theirs.registry.store
    feast.materialize(recent - timedelta(days=30), recent - timedelta(days=1))
    late = rows((1, 0, 100.0)).with_columns(at=pl.lit(recent - timedelta(days=2), dtype=pl.Datetime("us", "UTC")))
    for each in (ours, theirs):
        each.store.write(late, "things").unwrap()
    assert ours.load().keys == 1
    feast.materialize_incremental(end_date=recent)
    assert theirs.offline(1) == [100.0]
    assert theirs.feasts(1) == [1.0]
    assert ours.feasts(1) == ours.values(1) == [100.0]


def test_a_correction_of_the_same_event_time_is_loaded(views: Views) -> None:
    views.load()
    views.store.write(rows((1, 9, 11.0)), "things").unwrap()
    views.store.write(rows((2, 9, 22.0), made=3), "things").unwrap()
    assert views.load().keys == 2
    assert views.values(1, 2) == views.offline(1, 2) == [11.0, 2.0]


def test_keys_that_have_no_row_left_have_nulls(views: Views) -> None:
    views.load()
    views.store.write(rows((1, 5, 5.0)), "things", mode="overwrite").unwrap()
    done = views.load()
    assert (done.keys, done.rows, done.emptied) == (3, 1, 2)
    assert views.values(1, 2, 3) == views.feasts(1, 2, 3) == [5.0, None, None]
    views.store.write(rows((2, 30, 2.5)), "things").unwrap()
    views.load()
    assert views.values(1, 2, 3) == views.feasts(1, 2, 3) == [5.0, 2.5, None]


def test_an_older_row_serves_again_when_the_newest_is_gone(views: Views) -> None:
    views.store.write(rows((1, 2, 10.0)), "things").unwrap()
    views.load()
    views.store.write(rows((1, 9, 1.0), (2, 9, 2.0)), "things", mode="overwrite").unwrap()
    views.load()
    assert views.values(1, 2) == views.feasts(1, 2) == [1.0, 2.0]


def test_event_and_created_times_go_along(views: Views, tmp_path: Path) -> None:
    views.load()
    with sqlite3.connect(tmp_path / "repo" / "data" / "online_store.db") as held:
        found = held.execute("SELECT event_ts, created_ts FROM ml_workflow_things WHERE feature_name = 'x'").fetchall()
    naive = [at.replace(tzinfo=None).timestamp() for at in (day(9), NOW)]  # as Feast counts seconds in SQLite
    assert set(found) == {tuple(naive)}


# === Time ===


def test_rows_of_a_time_that_has_not_come_are_not_known_yet(views: Views) -> None:
    views.store.write(rows((1, -1, 10.0), (4, -2, 40.0)), "things").unwrap()
    assert views.load().keys == 3
    assert views.values(1, 4) == [1.0, None]
    views.clock.advance(timedelta(days=1))
    assert views.load().keys == 1
    assert views.values(1, 4) == views.feasts(1, 4) == [10.0, None]
    views.clock.advance(timedelta(days=1))
    assert views.load().keys == 2
    assert views.values(1, 4) == views.offline(1, 4) == [10.0, 40.0]


def test_values_older_than_the_ttl_are_given_as_nulls_and_become_nulls_at_the_next_load(views: Views) -> None:
    views.store.register(ENTITY, view(ttl=timedelta(days=10))).unwrap()
    views.store.write(rows((1, 3, 10.0), (4, 11, 40.0)), "things").unwrap()
    done = views.load()
    assert (done.keys, done.rows) == (4, 3)
    views.clock.advance(timedelta(days=1))
    assert views.values(1, 2, 4) == [10.0, 2.0, None], "ten days are within the ttl"
    views.clock.advance(timedelta(seconds=1))
    assert views.values(1, 2, 4) == views.offline(1, 2, 4) == [10.0, None, None]
    assert views.feasts(1, 2, 4) == [10.0, 2.0, None], "Feast looks at no ttl as it reads"
    assert (views.load().keys, views.feasts(1, 2, 4)) == (3, [10.0, None, None])


def test_a_clock_that_went_back_takes_values_back(views: Views) -> None:
    views.store.write(rows((1, 1, 10.0)), "things").unwrap()
    views.load()
    views.clock.set(day(2))
    views.load()
    assert views.values(1) == views.offline(1) == [1.0]


# === When all keys are loaded ===


def test_all_keys_are_loaded_where_that_is_asked(views: Views) -> None:
    views.load()
    views.store.write(rows((1, 5, 5.0)), "things", mode="overwrite").unwrap()
    done = views.load(full=True)
    assert (done.way, done.why, done.from_version, done.keys) == ("full", "it was asked for", 0, 3)
    assert views.values(1, 2) == views.feasts(1, 2) == [5.0, None], "without emptying the store before"


def test_all_keys_are_loaded_of_a_changed_view(views: Views) -> None:
    views.load()
    views.store.write(rows((1, 9, 1.0)).with_columns(y=pl.lit(7)), "things", schema_mode="merge").unwrap()
    wider = FeatureViewSpec("things", ["thing"], DeltaSource("things", "at", "made"), ["x", "y"])
    views.store.register(ENTITY, wider).unwrap()
    done = views.load()
    assert (done.way, done.why) == ("full", "version 1 of the view was loaded, and it is at version 2")
    assert views.online.read(["things:y"], {"k": [1, 2]}).unwrap().to_dict()["y"] == [7, None]


def test_a_table_in_the_place_of_another_is_loaded_anew(views: Views, tmp_path: Path) -> None:
    views.load()
    shutil.rmtree(tmp_path / "data" / "things")
    views.store.write(rows((1, 5, 5.0)), "things").unwrap()
    done = views.load()
    assert (done.way, done.from_version) == ("full", None)
    assert done.why == "another table is in the place of the one that was loaded"
    assert views.values(1, 2) == views.feasts(1, 2) == [5.0, None]


def test_a_table_that_was_put_back_from_a_backup_is_loaded_anew(views: Views, tmp_path: Path) -> None:
    table = tmp_path / "data" / "things"
    shutil.copytree(table, tmp_path / "backup")
    views.store.write(rows((2, 1, 20.0)), "things").unwrap()
    views.load()
    shutil.rmtree(table)
    shutil.copytree(tmp_path / "backup", table)
    assert views.load().why.startswith("version 1 cannot be read: The table 'things' has no version 1")
    views.store.write(rows((2, 1, 21.0)), "things").unwrap()
    views.load()
    assert views.values(1, 2) == [1.0, 21.0]
    shutil.rmtree(table)
    shutil.copytree(tmp_path / "backup", table)
    views.store.write(rows((3, 1, 30.0)), "things").unwrap()
    views.store.write(rows((1, 1, 10.0)), "things").unwrap()
    done = views.load()
    assert (done.why, done.from_version) == ("version 1 of the table is not the one that was loaded", None)
    assert views.values(1, 2, 3) == views.feasts(1, 2, 3) == [10.0, 2.0, 30.0]


def test_all_keys_are_loaded_where_the_versions_in_between_are_gone(views: Views, tmp_path: Path) -> None:
    views.load()
    views.store.write(rows((1, 5, 5.0)), "things", mode="overwrite").unwrap()
    DeltaTable(str(tmp_path / "data" / "things")).vacuum(
        retention_hours=0, enforce_retention_duration=False, dry_run=False
    )
    done = views.load()
    assert (done.way, done.from_version, done.keys) == ("full", None, 1)
    assert done.why.startswith("what changed after version 0 cannot be told: A data file of the table 'things'")
    assert views.values(1, 2) == views.feasts(1, 2) == [5.0, None]


def test_an_online_store_that_was_emptied_is_loaded_anew(views: Views, tmp_path: Path) -> None:
    views.load()
    views.online.close()
    (tmp_path / "repo" / "data" / "online_store.db").unlink()
    assert views.check().loaded is None
    assert views.load().way == "full"
    assert views.values(1, 2) == [1.0, 2.0]


def test_values_that_others_wrote_before_the_first_load_do_not_stay(tmp_path: Path) -> None:
    views = opened(tmp_path)
    views.store.write(rows((1, 9, 1.0)), "things").unwrap()
    views.store.register(ENTITY, view()).unwrap()
    publish(views.store.adapters.events, views.registry).unwrap()
    views.registry.store.write_to_online_store("things", rows((1, 1, 6.0), (77, 1, 7.0)).to_pandas())
    assert views.feasts(1, 77) == [6.0, 7.0]
    views.load()
    assert views.feasts(1, 77) == [1.0, None]
    views.online.close()


def test_changes_that_do_not_fit_in_memory_are_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    views = opened(tmp_path)
    views.store.write(rows((1, 9, 1.0)), "things").unwrap()
    views.store.register(ENTITY, view()).unwrap()
    views.load()
    views.store.write(rows((2, 9, 2.0)), "things").unwrap()
    monkeypatch.setattr("foreset.application.materialize.INFLATED", 10**12)
    done = views.load()
    assert (done.way, done.why) == ("full", "the rows that changed after version 0 do not fit in memory")
    assert views.values(1, 2) == [1.0, 2.0]
    views.online.close()


# === A load that is cut short ===


def cut_short(views: Views, monkeypatch: pytest.MonkeyPatch, *, full: bool = False) -> str:
    """Load until the event is to be recorded; gives what the failure says."""

    def away(*_: Any, **__: Any) -> None:
        message = "killed"
        raise KeyboardInterrupt(message)

    with monkeypatch.context() as patched:
        patched.setattr(type(views.store.adapters.events), "append", away)
        with pytest.raises(KeyboardInterrupt) as fault:
            views.load(full=full)
    return str(fault.value)


def test_what_was_written_by_a_load_that_was_cut_short_is_mended_even_if_the_table_went_back(
    views: Views, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    views.load()
    views.store.write(rows((1, 1, 10.0), (4, 1, 40.0)), "things").unwrap()
    assert cut_short(views, monkeypatch) == "killed"
    assert views.values(1, 4) == [10.0, 40.0]
    DeltaTable(str(tmp_path / "data" / "things")).restore(0)
    assert views.check().loaded is None
    done = views.load()
    assert (done.way, done.from_version, done.version, done.keys) == ("incremental", 0, 2, 2)
    assert views.values(1, 4) == views.offline(1, 4) == [1.0, None]
    assert views.load().keys == 0


def test_a_load_of_all_keys_that_was_cut_short_is_begun_again(views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    views.load()
    cut_short(views, monkeypatch, full=True)
    done = views.load()
    assert (done.way, done.why) == ("full", "a load of all keys was not finished")
    assert views.load().way == "incremental"


def test_of_two_processes_at_once_the_later_is_refused_and_the_next_run_mends(views: Views, tmp_path: Path) -> None:
    views.load()
    views.store.write(rows((1, 1, 10.0)), "things").unwrap()
    other = opened(tmp_path)
    write = type(views.online._online.store).write
    done: list[ViewMaterialized] = []

    def overtaken(store: Any, name: str, served: Served) -> Any:
        """Written by the one, then by the other, and again by the one, which is late with some of it."""
        parts = list(served.parts)
        stale = dataclasses.replace(served, parts=iter(parts))
        written = write(store, name, dataclasses.replace(served, parts=iter(parts)))
        patched.undo()
        other.store.write(rows((1, 0.5, 11.0)), "things").unwrap()
        done.append(other.load())
        write(store, name, stale)
        return written

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(views.online._online.store), "write", overtaken)
        refused = views.online.materialize(["things"]).failure()
    assert refused.fault == "conflict"
    assert [recorded.event for recorded in loads(views)][1:] == done
    assert (views.check().loaded, views.values(1), views.offline(1)) == (None, [10.0], [11.0])
    assert views.load().keys == 1
    assert (views.check().loaded, views.check().agrees, views.values(1)) == (2, True, [11.0])
    other.online.close()


# === The check ===


def test_a_check_tells_the_first_keys_that_differ(views: Views) -> None:
    before = views.check()
    assert (before.loaded, before.keys, before.differing, before.is_behind) == (None, 3, 2, True)
    views.load()
    assert views.check().agrees
    views.store.write(rows((2, 30, 9.0)), "things").unwrap()
    assert (views.check().agrees, views.check().is_behind) == (True, True)
    views.load()
    views.registry.store.write_to_online_store("things", rows((2, 1, 7.0)).to_pandas())
    found = views.check()
    assert (found.loaded, found.is_behind, found.differing) == (1, False, 1)
    assert [(d.key, d.feature, d.online, d.offline) for d in found.first] == [({"k": 2}, "x", "7.0", "2.0")]
    views.load(full=True)
    assert views.check().agrees


def test_a_check_looks_at_keys_that_the_table_has_no_more(views: Views) -> None:
    views.load()
    views.store.write(rows((1, 9, 1.0)), "things", mode="overwrite").unwrap()
    found = views.check()
    assert (found.keys, found.differing, found.first[0].offline) == (3, 1, "None")
    assert len(views.online.check("things", limit=0).unwrap().first) == 0


# === Values and keys ===

WIDE = pl.DataFrame(
    {
        "k": ["a", "b", "c"],
        "day": [date(2024, 1, 1), date(2024, 1, 2), date(1969, 12, 31)],
        "at": [day(3)] * 3,
        "whole": [2**53 + 1, None, -(2**63)],
        "small": pl.Series([7, None, -8], dtype=pl.Int16),
        "real": [math.nan, None, -0.0],
        "single": pl.Series([0.1, None, math.inf], dtype=pl.Float32),
        "text": ["", None, "\N{SNOWMAN}"],
        "raw": [b"\x00", None, b""],
        "truth": [True, None, False],
        "moment": [datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC), None, day(1)],
        "date": [date(9999, 12, 31), None, date(1, 1, 1)],
        "many": [[1, 2], None, [3]],
        "parts": [{"p": 1, "q": "x"}, None, {"p": 2, "q": "y"}],
        "exact": pl.Series([Decimal("1.10"), None, Decimal("-2.25")], dtype=pl.Decimal(10, 2)),
    }
)
FEATURES = [name for name in WIDE.columns if name not in {"k", "day", "at"}]


def test_values_of_all_types_come_back_as_they_are(tmp_path: Path) -> None:
    views = opened(tmp_path)
    views.store.write(WIDE, "wide").unwrap()
    pair = EntitySpec("pair", ["k", "day"])
    views.store.register(pair, FeatureViewSpec("wide", ["pair"], DeltaSource("wide", "at"), FEATURES)).unwrap()
    assert views.online.materialize().unwrap()[0].rows == 3
    assert views.online.check("wide").unwrap().agrees
    asked = WIDE.select("k", "day").to_dict(as_series=False)
    found = views.online.read(["wide:*"], asked).unwrap().to_dict()
    expected = WIDE.drop("at").to_dict(as_series=False)
    expected["moment"][0] = datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)
    expected["date"] = [d and datetime(d.year, d.month, d.day, tzinfo=UTC) for d in expected["date"]]
    assert math.isnan(found["real"].pop(0))
    assert math.isnan(expected["real"].pop(0))
    assert {name: found[name] for name in expected} == expected
    assert views.feasts_of("wide:whole", [{"k": "a", "day": datetime(2024, 1, 1, tzinfo=UTC)}]) == [2**53 + 1]
    views.online.close()


def test_a_view_of_everything_has_one_row_of_values(tmp_path: Path) -> None:
    views = opened(tmp_path)
    views.store.write(rows((1, 9, 1.0), (2, 5, 2.0)), "things").unwrap()
    views.store.register(FeatureViewSpec("all", [], DeltaSource("things", "at"), ["x"])).unwrap()
    assert views.online.materialize().unwrap()[0].keys == 1
    assert views.online.read(["all:x"], {"i": [1, 2]}).unwrap().to_dict() == {"i": [1, 2], "x": [2.0, 2.0]}
    assert views.feasts_of("all:x", [{"i": 1}]) == [2.0]
    assert views.online.materialize().unwrap()[0].keys == 0
    views.store.write(rows((1, 1, 3.0)), "things").unwrap()
    assert views.online.materialize().unwrap()[0].keys == 1
    assert views.online.check("all").unwrap().agrees
    views.online.close()


def test_mapped_columns_and_two_views_of_one_key(tmp_path: Path) -> None:
    """Feast would take the key's type of the one view for both, and find nothing in the other."""
    views = opened(tmp_path)
    views.store.write(pl.DataFrame({"id": [1], "t": [day(1)], "a": [1.5]}), "one").unwrap()
    views.store.write(pl.DataFrame({"k": pl.Series([1], dtype=pl.Int32), "at": [day(1)], "b": ["x"]}), "two").unwrap()
    mapping = {"id": "k", "t": "at", "a": "x"}
    views.store.register(
        ENTITY,
        FeatureViewSpec("one", ["thing"], DeltaSource("one", "at", field_mapping=mapping), ["x"]),
        FeatureViewSpec("two", ["thing"], DeltaSource("two", "at"), [FeatureField("b")]),
    ).unwrap()
    views.online.materialize().unwrap()
    found = views.online.read(["two:b as why", "one:x"], [{"k": 1}, {"k": 2}]).unwrap()
    assert found.to_dict() == {"k": [1, 2], "why": ["x", None], "x": [1.5, None]}
    assert found.to_df()["x"].tolist()[0] == 1.5
    views.online.close()


def test_null_keys_and_null_event_times_are_never_loaded(views: Views) -> None:
    bad = rows((None, 1, 9.0), (5, 1, 5.0)).with_columns(at=pl.when(pl.col("k") == 5).then(None).otherwise("at"))
    views.store.write(bad, "things").unwrap()
    assert views.load().keys == 3
    assert views.values(None, 5, 1) == [None, None, 1.0]


# === What is refused ===


@pytest.mark.parametrize(
    ("features", "keys", "text"),
    [
        (["things:x"], [{"k": "1"}], r"the 'k' '1' is no int64, which Feast has as its type. Its join keys are: k"),
        (["things:x"], [{"j": 1}], r"they have no 'k'"),
        (["things:y"], [{"k": 1}], r"has no feature 'y'"),
        (["thing:x"], [{"k": 1}], r"'thing' is not registered"),
        (["things:x as k"], [{"k": 1}], r"more than one column 'k': the rows of keys, things:x"),
    ],
)
def test_what_cannot_be_read_is_refused(views: Views, features: list[str], keys: Any, text: str) -> None:
    views.load()
    with pytest.raises(ForesetError, match=text):
        views.online.read(features, keys).unwrap()


@pytest.mark.parametrize("given", [[{"k": 1}, {"j": 1}], [1], {"k": [1], "j": [1, 2]}])
def test_rows_that_are_none_are_refused(views: Views, given: Any) -> None:
    with pytest.raises(ForesetError, match=r"entity_rows.*Next: give each"):
        views.online.read(["things:x"], given)


def test_a_view_that_is_not_online_is_refused_by_name_and_else_left_out(views: Views) -> None:
    views.load()
    held = views.registry.store.get_feature_view("things")
    held.online = False
    views.registry.store.apply(held)
    assert views.online.materialize().unwrap() == ()
    with pytest.raises(
        ForesetError, match=r"'things' is not served online: .* Next: apply it to Feast with online=True"
    ):
        views.load()


def test_a_repository_without_an_online_store_is_refused(tmp_path: Path) -> None:
    views = opened(tmp_path)
    views.store.write(rows((1, 9, 1.0)), "things").unwrap()
    views.store.register(ENTITY, view()).unwrap()
    views.registry.store.config.online_config = None
    views.registry.store.config._online_store = None
    views = Views(views.store, views.registry, views.clock, type(views.online)(views.store, views.registry))
    with pytest.raises(ForesetError, match=r"has no online store. Next: name one under `online_store`"):
        views.load()


def test_a_value_that_feast_does_not_hold_is_told_with_its_column(tmp_path: Path) -> None:
    views = opened(tmp_path)
    views.store.write(pl.DataFrame({"k": [1], "at": [day(1)], "x": pl.Series([1], dtype=pl.Int32)}), "things").unwrap()
    views.store.register(ENTITY, FeatureViewSpec("things", ["thing"], DeltaSource("things", "at"), ["x"])).unwrap()
    views.load()
    wider = pl.DataFrame({"k": [1, 2], "at": [day(1)] * 2, "x": [1, 2**40]})
    views.store.write(wider, "things", mode="overwrite", schema_mode="overwrite").unwrap()
    with pytest.raises(
        ForesetError, match=r"The column 'x' of the feature view 'things' has values that Feast does not"
    ):
        views.load()
    views.online.close()


def test_a_store_that_fails_is_told_with_what_its_driver_says(views: Views, tmp_path: Path) -> None:
    views.load()
    views.online.close()
    (tmp_path / "repo" / "data" / "online_store.db").write_bytes(b"no database" * 100)
    with pytest.raises(
        Exception, match=r"The online store sqlite failed over .*'things': file is not a database. Next"
    ):
        views.load()


def test_a_table_that_lost_a_column_of_keys_is_told(views: Views) -> None:
    views.load()
    other = rows((1, 1, 1.0)).rename({"k": "key"})
    views.store.write(other, "things", mode="overwrite", schema_mode="overwrite").unwrap()
    with pytest.raises(
        ForesetError, match=r"takes its keys and times from the column 'k', which the table 'things' at"
    ):
        views.load()
