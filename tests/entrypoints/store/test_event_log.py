"""Stores in folders and in databases: the log is proved, and moved both ways."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from returns.result import Success

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureStoreSpec,
    FeatureViewSpec,
    ForesetError,
    TrainingSetSpec,
    create_feast_manager,
    write_to_delta_lake,
)
from foreset.domain.errors.event_log import (
    DriverMissing,
    LogBroken,
    LogMoved,
    LogTaken,
    LogUnreachable,
    StoreUnwritable,
    UnknownLocation,
)
from foreset.domain.errors.problem import Problem
from foreset.entrypoints.cli import main

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2, 3], "at": [DAY] * 3, "x": [1.0, 2.0, 3.0]})
SPINE = ROWS.select("k", event_timestamp="at")
VIEW = FeatureViewSpec("things", ["thing"], DeltaSource("things", "at"), ["x"])
SPEC = TrainingSetSpec(["things:x"])
Place = Callable[[], str]


def filled(place: str) -> tuple[FeatureStore, str]:
    """A store with a training set whose spine is kept, and the set's id."""
    write_to_delta_lake(ROWS, "things")
    store = FeatureStore.open(place).unwrap()
    store.register(EntitySpec("thing", ["k"]), VIEW).unwrap()
    return store, store.training_set(SPEC, SPINE).unwrap().id


def test_a_store_by_its_url_does_all_that_one_in_a_folder_does(place: str) -> None:
    store, id_ = filled(place)
    again = FeatureStore.open(place).unwrap()
    assert again.catalog().unwrap().views["things"].spec == VIEW
    assert again.rebuild(id_).unwrap().frame["x"].to_list() == [1.0, 2.0, 3.0]
    assert again.log.events() == store.log.events()
    assert again.adapters.kept.names("spines/").unwrap()
    assert again.log.verify().unwrap().whole


# === Verify ===


def test_a_whole_log_is_proved(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    filled(place)
    assert main(["--store", place, "log", "verify"]) == 0
    out = capsys.readouterr().out
    whole, note = out.splitlines()
    assert whole == "The log is whole: 3 events."
    assert note.startswith("Noted elsewhere, this proves it later: `foreset log verify --expect 3:")
    head = out.rpartition("--expect ")[2].strip("`.\n")
    assert main(["--store", place, "log", "verify", "--expect", head, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["whole"], told["head"], told["findings"]) == (True, head, [])
    assert main(["--store", place, "log", "verify", "--expect", f"3:{'0' * 64}"]) == 1
    assert "was noted of this log, which has the hash" in capsys.readouterr().out


def test_a_changed_log_is_named_and_ends_with_1(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled("store")
    with closing(sqlite3.connect(workspace / "store" / "events.db")) as log, log:
        log.execute("UPDATE events SET actor = 'eve' WHERE position = 2")
        log.execute("DELETE FROM events WHERE position = 3")
    assert main(["--store", "store", "log", "verify"]) == 1
    part = "its stream, version, time, actor, type or digest"
    assert capsys.readouterr().out.splitlines() == [
        f"error: The event at position 2 was changed: {part} is not what the chain of hashes covers.",
        "  Next: restore the log from a backup, and find out who can write it.",
        "error: The log was cut off: the events at positions 3 to 3 are missing.",
        "  Next: restore the log from a backup, and find out who can write it.",
        "2 errors.",
    ]
    assert main(["--store", "store", "log", "verify", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [found["finding"] for found in told["findings"]] == ["EventChanged", "EventsCutOff"]


@pytest.mark.parametrize("command", [["verify"], ["move", "elsewhere"]])
def test_a_log_that_is_not_there_is_neither_made_nor_moved(
    workspace: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert main(["--store", "nowhere", "log", *command]) == 2
    assert "There is no event log at nowhere. Next: name the store" in capsys.readouterr().err.replace("\n", " ")
    assert list(workspace.iterdir()) == []


@pytest.mark.parametrize("head", ["7", "7:aa", "x:" + "0" * 64, ""])
def test_what_is_no_head_is_told(workspace: Path, capsys: pytest.CaptureFixture[str], head: str) -> None:
    FeatureStore.open(workspace / "store").unwrap()
    assert main(["--store", "store", "log", "verify", "--expect", head]) == 2
    assert f"{head!r} is no head of an event log." in capsys.readouterr().err


# === Move ===


def test_a_log_is_moved_there_and_back(place: str, other: str, capsys: pytest.CaptureFixture[str]) -> None:
    store, id_ = filled(place)
    before, events = store.adapters.events.stored().unwrap(), store.log.events()
    assert main(["--store", place, "log", "move", other]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Copied now: 3 events and 1 kept frame.\n")
    assert f"{other} has 3 events, and is whole. The old log takes no more.\n" in out

    there = FeatureStore.open(other).unwrap()
    assert there.adapters.events.stored().unwrap() == before
    assert there.log.events() == events
    assert there.rebuild(id_).unwrap().id == id_
    refused = store.register(EntitySpec("late", ["k"])).failure()
    assert isinstance(refused, LogMoved)
    assert f"was moved to {other}. Nothing was written. Next: use the store there: `--store {other}`" in str(refused)
    assert store.log.events() == events

    moved = there.log.move(place).unwrap()
    assert (moved.copied_events, moved.copied_frames, moved.events) == (1, 0, 4)  # the rebuild
    assert isinstance(there.register(EntitySpec("late", ["k"])).failure(), LogMoved)
    assert store.register(EntitySpec("late", ["k"])).unwrap().changed == 1
    assert store.log.verify().unwrap().whole


def test_a_store_in_memory_is_moved_to_where_it_stays(workspace: Path) -> None:
    store = FeatureStore.in_memory({"things": ROWS})
    store.register(EntitySpec("thing", ["k"]), VIEW).unwrap()
    id_ = store.training_set(SPEC, SPINE).unwrap().id
    moved = store.log.move("kept").unwrap()
    assert (moved.copied_events, moved.copied_frames, moved.place) == (3, 1, str(workspace / "kept"))
    there = FeatureStore.open("kept").unwrap()
    assert there.log.events() == store.log.events()
    assert there.receipt(id_).unwrap().id == id_
    assert isinstance(store.register(EntitySpec("late", ["k"])).failure(), LogMoved)


def test_a_log_that_was_moved_is_not_moved_again(place: str, other: str, workspace: Path) -> None:
    store, _ = filled(place)
    store.log.move(other).unwrap()
    FeatureStore.open(other).unwrap().register(EntitySpec("late", ["k"])).unwrap()
    again = store.log.move(other).unwrap()
    assert (again.copied_events, again.copied_frames, again.events) == (0, 0, 4)
    refused = store.log.move(workspace / "third").failure()
    assert isinstance(refused, LogMoved)
    assert f"was moved to {other}" in str(refused)


def test_a_log_is_not_moved_over_another(place: str, other: str) -> None:
    store, _ = filled(place)
    FeatureStore.open(other).unwrap().register(EntitySpec("own", ["k"])).unwrap()
    refused = store.log.move(other).failure()
    assert isinstance(refused, LogTaken)
    assert str(refused).startswith(f"The event log {other} has 1 events that are not the beginning of the one to move.")
    assert store.register(EntitySpec("late", ["k"])).unwrap().changed == 1


def test_a_log_is_not_moved_to_itself(place: str, workspace: Path) -> None:
    store, _ = filled(place)
    (workspace / "link").symlink_to(workspace / "store")
    same = place.replace("127.0.0.1", "localhost") if "://" in place else "link"
    for to in (place, same):
        assert isinstance(store.log.move(to).failure(), LogTaken)
    assert store.register(EntitySpec("late", ["k"])).unwrap().changed == 1


def test_a_log_that_is_not_whole_is_not_moved(workspace: Path) -> None:
    store, _ = filled("store")
    with closing(sqlite3.connect(workspace / "store" / "events.db")) as log, log:
        log.execute("UPDATE events SET actor = 'eve' WHERE position = 2")
    refused = store.log.move(workspace / "b").failure()
    assert isinstance(refused, LogBroken)
    assert "is not whole: The event at position 2 was changed" in str(refused)
    assert FeatureStore.open(workspace / "b").unwrap().log.events() == Success(())


def test_events_that_are_recorded_during_a_move_move_too(place: str, other: str) -> None:
    store, _ = filled(place)
    writer = FeatureStore.open(place).unwrap()
    recorded: list[str] = []

    def write() -> None:
        for number in range(3_000):
            if not isinstance(done := writer.register(EntitySpec(f"e{number}", ["k"])), Success):
                assert isinstance(done.failure(), LogMoved)
                return
            recorded.append(f"e{number}")

    thread = threading.Thread(target=write)
    thread.start()
    while len(recorded) < 20:
        time.sleep(0.001)
    moved = store.log.move(other).unwrap()
    thread.join()
    there = FeatureStore.open(other).unwrap()
    assert set(there.catalog().unwrap().entities) == {"thing", *recorded}
    assert there.log.events() == writer.log.events()
    assert moved.events == len(recorded) + 3


MOVER = """
import sys
from foreset import FeatureStore
from foreset.adapters.polars.frames.kept import ParquetFrames
keep, kept = ParquetFrames.keep, []
def keep_until_stopped(self, name, frame):
    if len(kept) == int(sys.argv[3]):
        print("reached", flush=True)
        sys.stdin.read()
    kept.append(name)
    return keep(self, name, frame)
ParquetFrames.keep = keep_until_stopped
FeatureStore.open(sys.argv[1]).unwrap().log.move(sys.argv[2]).unwrap()
"""
"""Moves a log, and stops after so many frames."""


def test_a_move_that_is_killed_is_completed_by_the_next(place: str, other: str) -> None:
    store, id_ = filled(place)
    for number in range(150):
        store.adapters.kept.keep(f"spines/{number:03}", SPINE).unwrap()
    names = store.adapters.kept.names("")
    there = FeatureStore.open(other).unwrap()
    for enough in (1, 30, 90):
        command = [sys.executable, "-c", MOVER, place, other, str(enough)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "reached\n"
            process.kill()
    store.log.move(other).unwrap()
    assert there.log.events() == store.log.events()
    assert there.adapters.kept.names("") == names
    assert there.log.verify().unwrap().whole
    assert there.rebuild(id_).unwrap().id == id_


def test_a_place_without_a_name_is_none(workspace: Path) -> None:
    store, _ = filled("store")
    error = store.log.move("").failure()
    assert isinstance(error, UnknownLocation)
    assert str(error).startswith("A store cannot be opened at '': only folders and databases of PostgreSQL are known.")
    assert not (workspace / "events.db").exists()
    assert store.register(EntitySpec("late", ["k"])).unwrap().changed == 1


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes there")
def test_names_that_are_no_text_are_told_as_far_as_they_can_be(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORESET_ACTOR", os.fsdecode(b"ann\xff"))
    store, _ = filled("store")
    assert {recorded.actor for recorded in store.log.events().unwrap()} == {"ann\\udcff"}
    moved = store.log.move(workspace / os.fsdecode(b"b\xff")).unwrap()
    assert moved.place == f"{workspace}/b\\udcff"
    assert isinstance(store.register(EntitySpec("late", ["k"])).failure(), LogMoved)


# === The command line, and Feast, with a store in a database ===


def test_the_command_line_works_by_the_environment(
    workspace: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORESET_STORE", f"postgresql://{postgres_database}")
    write_to_delta_lake(ROWS, "things")
    SPINE.write_parquet("labels.parquet")
    Path("f.yaml").write_text(
        "entities: [{name: thing, join_keys: [k]}]\n"
        "views: [{name: things, entities: [thing], source: {table: things, timestamp_field: at}, features: [x]}]"
    )
    Path("t.yaml").write_text("features: ['things:x']")
    assert main(["apply", "f.yaml"]) == 0
    assert main(["get", "t.yaml", "--spine", "labels.parquet", "-o", "out.parquet"]) == 0
    assert main(["log"]) == 0
    assert "built ts-" in capsys.readouterr().out
    assert main(["rebuild", "ts-"]) == 0
    assert main(["optimize", "things"]) == 0
    assert main(["publish"]) == 2
    assert "is not in a folder, and a Feast repository is a folder." in capsys.readouterr().err
    assert {path.name for path in workspace.iterdir()} == {"data", "f.yaml", "t.yaml", "labels.parquet", "out.parquet"}


def test_a_feast_repository_is_a_folder() -> None:
    url = "postgresql://127.0.0.1/features"
    with pytest.raises(ForesetError, match="is a folder"):
        create_feast_manager(url)
    with pytest.raises(ForesetError, match="is a folder"):
        FeatureStoreSpec(repo_path=url)


def test_a_database_without_its_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("foreset.adapters.postgres", "psycopg"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = FeatureStore.open("postgresql://ann:secret@127.0.0.1/features").failure()
    assert isinstance(error, DriverMissing)
    assert str(error).startswith("The store postgresql://ann@127.0.0.1/features needs the package psycopg")
    assert str(error).endswith("Next: pip install 'foreset[postgres]'.")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("mysql://ann:s3cret@127.0.0.1/features", UnknownLocation),
        ("postgresql://ann:s3cret@127.0.0.1:1/features", LogUnreachable),
        ("postgres://ann:s3cret@127.0.0.1:1/features", LogUnreachable),
    ],
)
def test_no_password_is_shown(capsys: pytest.CaptureFixture[str], url: str, kind: type[Problem]) -> None:
    assert main(["--store", url, "views"]) == (2 if kind is UnknownLocation else 1)
    err = capsys.readouterr().err
    assert "ann@127.0.0.1" in err
    assert "s3cret" not in err


def test_a_role_that_may_only_read_looks_and_does_not_write(workspace: Path, postgres_database: str) -> None:
    import psycopg  # noqa: PLC0415  # what the skipped test may lack

    store, id_ = filled(f"postgresql://{postgres_database}")
    name = f"looker_{postgres_database.rpartition('_')[2]}"
    with psycopg.connect(f"postgresql://{postgres_database}", autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN".encode())
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}".encode())
    looker = FeatureStore.open(f"postgresql://{name}@{postgres_database.partition('@')[2]}").unwrap()
    assert looker.log.events() == store.log.events()
    assert looker.log.verify().unwrap().whole
    assert isinstance(looker.register(EntitySpec("late", ["k"])).failure(), StoreUnwritable)
    assert isinstance(looker.rebuild(id_).failure(), StoreUnwritable)  # which it would record
    assert isinstance(looker.log.move(workspace / "mine").failure(), StoreUnwritable)
