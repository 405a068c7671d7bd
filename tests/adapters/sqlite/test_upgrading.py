"""Logs of format 1, which had no hashes, become those of this format: once, whole or not at all."""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foreset.adapters.sqlite import SqliteEventStore
from foreset.application.event_log.verify import verify_log
from foreset.domain.event_log.hash_chain import START, Row, chained
from foreset.domain.event_log.receipts import TableWritten

AT = datetime(2024, 5, 1, tzinfo=UTC)
FORMAT_1 = """
    CREATE TABLE events (
        position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL,
        actor TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (stream, version)
    );
    PRAGMA application_id = 1181967732;
    PRAGMA user_version = 1;
    PRAGMA journal_mode = WAL;"""
INSERT_1 = "INSERT INTO events (position, stream, version, at, actor, type, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
OPENER = """
import sys
from pathlib import Path
from foreset.adapters.sqlite import SqliteEventStore
print("begin", flush=True)
SqliteEventStore.open(Path(sys.argv[1])).unwrap()
"""


STOPPED_OPENER = (
    """
import sys
from foreset.adapters.sqlite import upgrading
read = upgrading._rows
def rows_until_stopped(connection):
    for row in read(connection):
        if row.position == int(sys.argv[2]):
            print("reached", flush=True)
            sys.stdin.read()
        yield row
upgrading._rows = rows_until_stopped
"""
    + OPENER
)
"""An opener that stops in the midst of the upgrade, before the event of a position."""


def row_1(number: int) -> tuple[object, ...]:
    body = f'{{"type":"table-written.v1","table":"weather","version":{number},"mode":"append","rows":1}}'
    return number, "tables", number, "2024-05-01T00:00:00.000000+00:00", "ann", "table-written.v1", body


def make_1(folder: Path, events: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "events.db")) as log, log:
        log.executescript(FORMAT_1)
        log.executemany(INSERT_1, (row_1(number) for number in range(1, events + 1)))
    return folder


def user_version(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "events.db")) as log:
        return int(log.execute("PRAGMA user_version").fetchone()[0])


def check(folder: Path, events: int) -> None:
    with closing(SqliteEventStore.open(folder).unwrap()) as store:
        assert [recorded.position for recorded in store.read().unwrap()] == list(range(1, events + 1))
        report = verify_log(store).unwrap()
        assert (report.whole, report.events) == (True, events)
    with closing(sqlite3.connect(folder / "events.db")) as log:
        assert [name for (name,) in log.execute("SELECT name FROM sqlite_master WHERE type = 'table'")] == [
            "events",
            "head",
        ]


@pytest.mark.parametrize("events", [0, 1, 300])
def test_a_log_of_format_1_is_chained_as_it_stands(tmp_path: Path, events: int) -> None:
    make_1(tmp_path, events)
    check(tmp_path, events)
    assert user_version(tmp_path) == 2
    with closing(SqliteEventStore.open(tmp_path).unwrap()) as store:
        rows = store.stored().unwrap().rows
        bare = [
            Row(*row_1(row.position), row.salt, "", "")  # type: ignore[call-arg,arg-type]
            for row in rows
        ]
        assert list(rows) == list(chained(bare, START))
        assert len({row.salt for row in rows}) == len(rows)
        event = TableWritten(table="weather", version=0, mode="append", rows=1)
        store.append("tables", (event,), expected=events, at=AT, actor="bob").unwrap()
    check(tmp_path, events + 1)


def test_an_older_foreset_that_has_the_file_open_writes_no_event_without_a_hash(tmp_path: Path) -> None:
    make_1(tmp_path, 3)
    with closing(sqlite3.connect(tmp_path / "events.db")) as older:
        assert older.execute("SELECT count(*) FROM events").fetchone() == (3,)
        check(tmp_path, 3)
        with pytest.raises(sqlite3.IntegrityError, match=r"NOT NULL constraint failed: events\.salt"):
            older.execute(INSERT_1, row_1(4))
    check(tmp_path, 3)


def test_an_upgrade_that_is_killed_leaves_the_log_as_it_was_and_is_made_by_the_next(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311  # moments, not secrets
    make_1(tmp_path, 20_000)
    for position in (1, *(chance.randint(2, 19_999) for _ in range(4)), 20_000):
        command = [sys.executable, "-c", STOPPED_OPENER, str(tmp_path), str(position)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["begin\n", "reached\n"]
        process.kill()
        process.communicate()
        assert user_version(tmp_path) == 1
        with closing(sqlite3.connect(tmp_path / "events.db")) as log:
            assert log.execute("SELECT count(*), max(position) FROM events").fetchone() == (20_000, 20_000)
    check(tmp_path, 20_000)


def test_processes_that_upgrade_at_once_do_it_once(tmp_path: Path) -> None:
    make_1(tmp_path, 5_000)
    processes = [subprocess.Popen([sys.executable, "-c", OPENER, str(tmp_path)]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    check(tmp_path, 5_000)
