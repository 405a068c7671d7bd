"""What can be wrong with the log's file, and that it is left as it was."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foreset.adapters.sqlite import SqliteEventStore
from foreset.domain.errors.event_log import LogBusy, LogCorrupt, LogTooNew, StoreUnwritable
from foreset.domain.event_log.receipts import TableWritten
from foreset.domain.unreadable import UnreadableEvent

AT = datetime(2024, 5, 1, tzinfo=UTC)


def event(number: int) -> TableWritten:
    return TableWritten(table="weather", version=number, mode="append", rows=1)


def append(store: SqliteEventStore, number: int = 0) -> None:
    store.append("tables", (event(number),), expected=None, at=AT, actor="ann").unwrap()


@contextmanager
def opened(folder: Path, timeout: float = 10.0) -> Iterator[SqliteEventStore]:
    store = SqliteEventStore.open(folder, timeout=timeout).unwrap()
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of three events."""
    with opened(tmp_path) as store:
        for number in range(3):
            append(store, number)
    return tmp_path / "events.db"


def sql(log: Path, statement: str) -> None:
    with closing(sqlite3.connect(log)) as connection, connection:
        connection.execute(statement)


def test_the_folder_is_made_and_the_events_stay(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with opened(folder) as store:
        append(store)
    with opened(folder) as store:
        assert [recorded.event for recorded in store.read().unwrap()] == [event(0)]
    assert [path.name for path in folder.iterdir()] == ["events.db"]


def test_every_commit_is_synced_to_a_write_ahead_log(tmp_path: Path) -> None:
    with opened(tmp_path, timeout=2.5) as store:
        pragmas = [
            store._connected().execute(f"PRAGMA {p}").fetchone()[0]
            for p in ("journal_mode", "synchronous", "busy_timeout", "application_id", "user_version")
        ]
    assert pragmas == ["wal", 2, 2500, int.from_bytes(b"Fset", "big"), 2]


def test_times_are_text_in_utc_with_microseconds(log: Path) -> None:
    with closing(sqlite3.connect(log)) as connection:
        row = connection.execute("SELECT at, type, body FROM events").fetchone()
    assert row == (
        "2024-05-01T00:00:00.000000+00:00",
        "table-written.v1",
        '{"type":"table-written.v1","table":"weather","version":0,"mode":"append","rows":1}',
    )


def test_a_store_that_was_closed_opens_again(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        append(store)
        store.close()
        assert len(store.read().unwrap()) == 1


def test_an_empty_file_is_a_new_log(tmp_path: Path) -> None:
    (tmp_path / "events.db").touch()
    with opened(tmp_path) as store:
        append(store)
        assert len(store.read().unwrap()) == 1


@pytest.mark.parametrize("content", [b"garbage", b"garbage" * 10_000, b"SQLite format 3\x00", b"\x00", bytes(8192)])
def test_garbage_is_corrupt(tmp_path: Path, content: bytes) -> None:
    log = tmp_path / "events.db"
    log.write_bytes(content)
    error = SqliteEventStore.open(tmp_path).failure()
    assert isinstance(error, LogCorrupt)
    assert str(error).startswith(f"The event log {log} is damaged: ")
    assert str(error).endswith(
        "Next: restore the file from a backup, or the database; the Delta tables are not affected."
    )
    assert log.read_bytes() == content


def test_a_truncated_log_is_corrupt(log: Path) -> None:
    content = log.read_bytes()[:5000]
    log.write_bytes(content)
    opened_ = SqliteEventStore.open(log.parent)
    read = opened_.bind(lambda store: store.read())
    assert isinstance(read.failure(), LogCorrupt)
    opened_.map(lambda store: store.close())


def test_a_damaged_page_is_corrupt(log: Path) -> None:
    content = bytearray(log.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    log.write_bytes(content)
    with opened(log.parent) as store:
        assert isinstance(store.read().failure(), LogCorrupt)
        refused = store.append("tables", (event(3),), expected=None, at=AT, actor="ann").failure()
        assert isinstance(refused, LogCorrupt)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE events SET body = CAST(x'ff' AS TEXT) WHERE position = 2", "UTF-8"),
        ("DELETE FROM events WHERE position = 2", "the log lacks events between 1 and 3"),
        ("DROP TABLE events", "no such table: events"),
    ],
)
def test_a_log_that_lost_something_is_corrupt(log: Path, statement: str, problem: str) -> None:
    sql(log, statement)
    with opened(log.parent) as store:
        error = store.read().failure()
    assert isinstance(error, LogCorrupt)
    assert problem in str(error)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "DELETE FROM events WHERE position = 3",
            "its head is of the event at position 3, and it ends",
        ),
        ("UPDATE head SET hash = 'x'", "its head is of the event at position 3, and it ends otherwise, at 3"),
        ("UPDATE head SET position = 'x'", "an event has 'x' in place of a number"),
        ("DELETE FROM head", "its head is gone"),
    ],
)
def test_nothing_is_put_after_an_end_that_is_not_the_heads(log: Path, statement: str, problem: str) -> None:
    sql(log, statement)
    with opened(log.parent) as store:
        for done in (
            store.append("tables", (event(3),), expected=None, at=AT, actor="ann"),
            store.redact({1: event(9)}, expected=None, at=AT, actor="ann"),
        ):
            error = done.failure()
            assert isinstance(error, LogCorrupt)
            assert problem in str(error)
        assert store.read().unwrap()[0].event == event(0)


def test_a_process_that_has_an_older_format_open_writes_no_more(log: Path) -> None:
    with opened(log.parent) as store:
        assert len(store.read().unwrap()) == 3
        sql(log, "PRAGMA user_version = 3")
        error = store.append("tables", (event(3),), expected=None, at=AT, actor="ann").failure()
    assert isinstance(error, LogTooNew)
    assert "it has format 3, and this one knows format 2" in str(error)


def test_an_event_without_a_number_is_corrupt(log: Path) -> None:
    sql(log, "UPDATE events SET version = 'two' WHERE position = 2")
    with opened(log.parent) as store:
        for failed in (store.read("tables"), store.append("tables", (event(3),), expected=2, at=AT, actor="ann")):
            assert "an event has 'two' in place of a number" in str(failed.failure())


def test_a_log_that_refuses_what_fits_is_corrupt(log: Path) -> None:
    sql(log, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no more'); END")
    with opened(log.parent) as store:
        error = store.append("tables", (event(3),), expected=3, at=AT, actor="ann").failure()
    assert isinstance(error, LogCorrupt)
    assert error.problem == "no more"


def test_a_broken_schema_that_is_no_text_is_corrupt(log: Path) -> None:
    with closing(sqlite3.connect(log)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET name = CAST(x'80' AS TEXT), sql = CAST(x'80' AS TEXT)")
    error = SqliteEventStore.open(log.parent).failure()
    assert isinstance(error, LogCorrupt)
    assert error.problem == "malformed database schema (\N{REPLACEMENT CHARACTER})"


def test_a_stream_that_lost_an_event_is_corrupt(log: Path) -> None:
    sql(log, "DELETE FROM events WHERE position = 1")
    with opened(log.parent) as store:
        assert "the stream 'tables' lacks events between 1 and 3" in str(store.read("tables").failure())


@pytest.mark.parametrize("pragma", ["application_id = 7", "application_id = 0"])
def test_the_database_of_another_application_is_refused(tmp_path: Path, pragma: str) -> None:
    log = tmp_path / "events.db"
    sql(log, "CREATE TABLE theirs (a)")
    sql(log, f"PRAGMA {pragma}")
    error = SqliteEventStore.open(tmp_path).failure()
    assert isinstance(error, LogCorrupt)
    assert "it is " in error.problem
    with closing(sqlite3.connect(log)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_a_newer_format_is_refused_and_left_as_it_was(log: Path) -> None:
    sql(log, "PRAGMA user_version = 3")
    before = (log.read_bytes(), log.stat().st_mtime_ns)
    error = SqliteEventStore.open(log.parent).failure()
    assert isinstance(error, LogTooNew)
    assert str(error).startswith(
        f"The event log {log} was written by a newer Foreset: it has format 3, and this one knows format 2."
    )
    assert (log.read_bytes(), log.stat().st_mtime_ns) == before
    assert [path.name for path in log.parent.iterdir()] == ["events.db"]


def test_a_newer_format_that_is_only_in_the_write_ahead_log_is_refused(log: Path) -> None:
    newer = "import os, sqlite3; c = sqlite3.connect('events.db'); c.execute('PRAGMA user_version = 3'); os._exit(0)"
    subprocess.run([sys.executable, "-c", newer], cwd=log.parent, check=True)
    wal = log.with_name("events.db-wal")
    before = (log.read_bytes(), wal.read_bytes())
    assert before[1]
    assert isinstance(SqliteEventStore.open(log.parent).failure(), LogTooNew)
    assert (log.read_bytes(), wal.read_bytes()) == before


@pytest.mark.parametrize(
    ("change", "position"), [("type = 'table-written.v2'", 3), ("body = '{'", 2), ("body = '{}'", 2)]
)
def test_an_event_that_cannot_be_decoded_is_read_as_such_and_the_others_as_they_are(
    log: Path, change: str, position: int
) -> None:
    sql(log, f"UPDATE events SET {change} WHERE position = {position}")  # noqa: S608  # of this test
    with opened(log.parent) as store:
        events = store.read().unwrap()
    assert [isinstance(recorded.event, UnreadableEvent) for recorded in events] == [
        recorded.position == position for recorded in events
    ]


def test_a_locked_log_is_busy(log: Path) -> None:
    with opened(log.parent, timeout=0.05) as store, closing(sqlite3.connect(log)) as other:
        other.execute("BEGIN IMMEDIATE")
        error = store.append("tables", (event(3),), expected=None, at=AT, actor="ann").failure()
        assert error == LogBusy(path=str(log), seconds=0.05)
        assert "was locked by another process for 0.05 seconds. Nothing was written." in str(error)
        assert len(store.read().unwrap()) == 3
        other.execute("ROLLBACK")
        append(store, 3)
        assert len(store.read().unwrap()) == 4


def test_a_log_that_another_process_holds_alone_is_busy(log: Path) -> None:
    with closing(sqlite3.connect(log)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert isinstance(SqliteEventStore.open(log.parent, timeout=0.05).failure(), LogBusy)


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "repo").touch()
    for folder in (tmp_path / "repo", tmp_path / "repo" / "below"):
        error = SqliteEventStore.open(folder).failure()
        assert isinstance(error, StoreUnwritable)
        assert str(error).startswith(f"The store cannot write {folder}: ")


def test_a_folder_in_the_logs_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "events.db").mkdir()
    assert isinstance(SqliteEventStore.open(tmp_path).failure(), StoreUnwritable)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that nobody can write")
def test_a_folder_that_nobody_can_write_is_told() -> None:
    for folder in (Path("/proc/self"), Path("/proc/nowhere")):
        assert isinstance(SqliteEventStore.open(folder).failure(), StoreUnwritable)


def test_a_full_disk_loses_nothing(log: Path) -> None:
    with opened(log.parent) as store:
        pages = store._connected().execute("PRAGMA page_count").fetchone()[0]
        store._connected().execute(f"PRAGMA max_page_count = {pages}")
        many = tuple(event(number) for number in range(1000))
        error = store.append("tables", many, expected=None, at=AT, actor="ann").failure()
        assert isinstance(error, StoreUnwritable)
        assert "full" in str(error)
        assert len(store.read().unwrap()) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_and_its_parent_both_write(tmp_path: Path) -> None:
    script = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from foreset.adapters.sqlite import SqliteEventStore
from foreset.domain.event_log.receipts import TableWritten
store = SqliteEventStore.open(Path(sys.argv[1])).unwrap()
def append(n):
    event = TableWritten(table="t", version=n, mode="append", rows=1)
    store.append("tables", (event,), expected=None, at=datetime.now(UTC), actor="x").unwrap()
append(0)
ready, go = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    append(1)
    os.write(ready[1], b"x")
    os.read(go[0], 1)
    append(3)  # after the parent let the file go: it must not be the last to hold it
    os._exit(0)
os.read(ready[0], 1)
append(2)
store.close()
os.write(go[1], b"x")
assert os.waitpid(child, 0)[1] == 0
print([r.event.version for r in store.read().unwrap()])
"""
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "[0, 1, 2, 3]\n"), run.stderr
