"""Views in Feast's online store: what is loaded, what is not, and that it is always what serves now."""

import dataclasses
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable
from feast import FeatureStore as Feasts

from foreset import DeltaSource, FeatureViewSpec
from foreset.application.feast.publish import publish
from foreset.application.online.materialize import stream_of
from foreset.application.ports.feast import Served
from foreset.domain.event_log.receipts import Recorded
from foreset.domain.online.loading import ViewMaterialized
from tests.adapters.feast.online_views import ENTITY, NOW, Views, day, opened, rows, view


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
    views.store.tables.write(rows((2, 1, 20.0), (4, 1, 4.0)), "things").unwrap()
    done = views.load()
    assert (done.way, done.from_version, done.version, done.keys, done.rows) == ("incremental", 0, 1, 2, 2)
    assert views.values(1, 2, 3, 4) == views.feasts(1, 2, 3, 4) == [1.0, 20.0, None, 4.0]


def test_nothing_is_written_or_recorded_where_nothing_changed(views: Views) -> None:
    views.load()
    again = views.load()
    assert (again.way, again.from_version, again.version, again.keys) == ("incremental", 0, 0, 0)
    assert len(loads(views)) == 1


def test_a_version_without_changed_rows_is_recorded_as_loaded(views: Views) -> None:
    views.store.tables.write(rows((4, 9, 4.0)), "things").unwrap()
    views.load()
    views.store.tables.optimize("things").unwrap()
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
        each.store.tables.write(first, "things").unwrap()
        each.store.register(ENTITY, view()).unwrap()
        each.load()
    feast: Feasts = theirs.registry.store
    feast.materialize(recent - timedelta(days=30), recent - timedelta(days=1))
    late = rows((1, 0, 100.0)).with_columns(at=pl.lit(recent - timedelta(days=2), dtype=pl.Datetime("us", "UTC")))
    for each in (ours, theirs):
        each.store.tables.write(late, "things").unwrap()
    assert ours.load().keys == 1
    feast.materialize_incremental(end_date=recent)
    assert theirs.offline(1) == [100.0]
    assert theirs.feasts(1) == [1.0]
    assert ours.feasts(1) == ours.values(1) == [100.0]


def test_a_correction_of_the_same_event_time_is_loaded(views: Views) -> None:
    views.load()
    views.store.tables.write(rows((1, 9, 11.0)), "things").unwrap()
    views.store.tables.write(rows((2, 9, 22.0), made=3), "things").unwrap()
    assert views.load().keys == 2
    assert views.values(1, 2) == views.offline(1, 2) == [11.0, 2.0]


def test_keys_that_have_no_row_left_have_nulls(views: Views) -> None:
    views.load()
    views.store.tables.write(rows((1, 5, 5.0)), "things", mode="overwrite").unwrap()
    done = views.load()
    assert (done.keys, done.rows, done.emptied) == (3, 1, 2)
    assert views.values(1, 2, 3) == views.feasts(1, 2, 3) == [5.0, None, None]
    views.store.tables.write(rows((2, 30, 2.5)), "things").unwrap()
    views.load()
    assert views.values(1, 2, 3) == views.feasts(1, 2, 3) == [5.0, 2.5, None]


def test_an_older_row_serves_again_when_the_newest_is_gone(views: Views) -> None:
    views.store.tables.write(rows((1, 2, 10.0)), "things").unwrap()
    views.load()
    views.store.tables.write(rows((1, 9, 1.0), (2, 9, 2.0)), "things", mode="overwrite").unwrap()
    views.load()
    assert views.values(1, 2) == views.feasts(1, 2) == [1.0, 2.0]


def test_event_and_created_times_go_along(views: Views, tmp_path: Path) -> None:
    views.load()
    with closing(sqlite3.connect(tmp_path / "repo" / "data" / "online_store.db")) as held:
        found = held.execute("SELECT event_ts, created_ts FROM ml_workflow_things WHERE feature_name = 'x'").fetchall()
    naive = [at.replace(tzinfo=None).timestamp() for at in (day(9), NOW)]  # as Feast counts seconds in SQLite
    assert set(found) == {tuple(naive)}


# === Time ===


def test_rows_of_a_time_that_has_not_come_are_not_known_yet(views: Views) -> None:
    views.store.tables.write(rows((1, -1, 10.0), (4, -2, 40.0)), "things").unwrap()
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
    views.store.tables.write(rows((1, 3, 10.0), (4, 11, 40.0)), "things").unwrap()
    done = views.load()
    assert (done.keys, done.rows) == (4, 3)
    views.clock.advance(timedelta(days=1))
    assert views.values(1, 2, 4) == [10.0, 2.0, None], "ten days are within the ttl"
    views.clock.advance(timedelta(seconds=1))
    assert views.values(1, 2, 4) == views.offline(1, 2, 4) == [10.0, None, None]
    assert views.feasts(1, 2, 4) == [10.0, 2.0, None], "Feast looks at no ttl as it reads"
    assert (views.load().keys, views.feasts(1, 2, 4)) == (3, [10.0, None, None])


def test_a_clock_that_went_back_takes_values_back(views: Views) -> None:
    views.store.tables.write(rows((1, 1, 10.0)), "things").unwrap()
    views.load()
    views.clock.set(day(2))
    views.load()
    assert views.values(1) == views.offline(1) == [1.0]


# === When all keys are loaded ===


def test_all_keys_are_loaded_where_that_is_asked(views: Views) -> None:
    views.load()
    views.store.tables.write(rows((1, 5, 5.0)), "things", mode="overwrite").unwrap()
    done = views.load(full=True)
    assert (done.way, done.why, done.from_version, done.keys) == ("full", "it was asked for", 0, 3)
    assert views.values(1, 2) == views.feasts(1, 2) == [5.0, None], "without emptying the store before"


def test_all_keys_are_loaded_of_a_changed_view(views: Views) -> None:
    views.load()
    views.store.tables.write(rows((1, 9, 1.0)).with_columns(y=pl.lit(7)), "things", schema_mode="merge").unwrap()
    wider = FeatureViewSpec("things", ["thing"], DeltaSource("things", "at", "made"), ["x", "y"])
    views.store.register(ENTITY, wider).unwrap()
    done = views.load()
    assert (done.way, done.why) == ("full", "version 1 of the view was loaded, and it is at version 2")
    assert views.online.read(["things:y"], {"k": [1, 2]}).unwrap().to_dict()["y"] == [7, None]


def test_a_table_in_the_place_of_another_is_loaded_anew(views: Views, tmp_path: Path) -> None:
    views.load()
    shutil.rmtree(tmp_path / "data" / "things")
    views.store.tables.write(rows((1, 5, 5.0)), "things").unwrap()
    done = views.load()
    assert (done.way, done.from_version) == ("full", None)
    assert done.why == "another table is in the place of the one that was loaded"
    assert views.values(1, 2) == views.feasts(1, 2) == [5.0, None]


def test_a_table_that_was_put_back_from_a_backup_is_loaded_anew(views: Views, tmp_path: Path) -> None:
    table = tmp_path / "data" / "things"
    shutil.copytree(table, tmp_path / "backup")
    views.store.tables.write(rows((2, 1, 20.0)), "things").unwrap()
    views.load()
    shutil.rmtree(table)
    shutil.copytree(tmp_path / "backup", table)
    assert views.load().why.startswith("version 1 cannot be read: The table 'things' has no version 1")
    views.store.tables.write(rows((2, 1, 21.0)), "things").unwrap()
    views.load()
    assert views.values(1, 2) == [1.0, 21.0]
    shutil.rmtree(table)
    shutil.copytree(tmp_path / "backup", table)
    views.store.tables.write(rows((3, 1, 30.0)), "things").unwrap()
    views.store.tables.write(rows((1, 1, 10.0)), "things").unwrap()
    done = views.load()
    assert (done.why, done.from_version) == ("version 1 of the table is not the one that was loaded", None)
    assert views.values(1, 2, 3) == views.feasts(1, 2, 3) == [10.0, 2.0, 30.0]


def test_all_keys_are_loaded_where_the_versions_in_between_are_gone(views: Views, tmp_path: Path) -> None:
    views.load()
    views.store.tables.write(rows((1, 5, 5.0)), "things", mode="overwrite").unwrap()
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
    views.store.tables.write(rows((1, 9, 1.0)), "things").unwrap()
    views.store.register(ENTITY, view()).unwrap()
    publish(views.store.adapters.events, views.registry).unwrap()
    views.registry.store.write_to_online_store("things", rows((1, 1, 6.0), (77, 1, 7.0)).to_pandas())
    assert views.feasts(1, 77) == [6.0, 7.0]
    views.load()
    assert views.feasts(1, 77) == [1.0, None]
    views.online.close()


def test_changes_that_do_not_fit_in_memory_are_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    views = opened(tmp_path)
    views.store.tables.write(rows((1, 9, 1.0)), "things").unwrap()
    views.store.register(ENTITY, view()).unwrap()
    views.load()
    views.store.tables.write(rows((2, 9, 2.0)), "things").unwrap()
    monkeypatch.setattr("foreset.application.online.materialize.INFLATED", 10**12)
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
    views.store.tables.write(rows((1, 1, 10.0), (4, 1, 40.0)), "things").unwrap()
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
    views.store.tables.write(rows((1, 1, 10.0)), "things").unwrap()
    other = opened(tmp_path)
    write = type(views.online._online.store).write
    done: list[ViewMaterialized] = []

    def overtaken(store: Any, name: str, served: Served) -> Any:
        """Written by the one, then by the other, and again by the one, which is late with some of it."""
        parts = list(served.parts)
        stale = dataclasses.replace(served, parts=iter(parts))
        written = write(store, name, dataclasses.replace(served, parts=iter(parts)))
        patched.undo()
        other.store.tables.write(rows((1, 0.5, 11.0)), "things").unwrap()
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
    views.store.tables.write(rows((2, 30, 9.0)), "things").unwrap()
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
    views.store.tables.write(rows((1, 9, 1.0)), "things", mode="overwrite").unwrap()
    found = views.check()
    assert (found.keys, found.differing, found.first[0].offline) == (3, 1, "None")
    assert len(views.online.check("things", limit=0).unwrap().first) == 0
