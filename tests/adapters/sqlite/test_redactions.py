"""What was redacted is in no file of the log."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from foreset.adapters.sqlite import SqliteEventStore
from foreset.domain.errors.event_log import StoreUnwritable
from foreset.domain.event_log.receipts import TableWritten

AT = datetime(2024, 5, 1, tzinfo=UTC)
SECRET = "secret-4711"  # noqa: S105  # what is to be found


def event(table: str) -> TableWritten:
    return TableWritten(table=table, version=0, mode="append", rows=1)


def append(store: SqliteEventStore, *tables: str) -> int:
    done = store.append("tables", tuple(map(event, tables)), expected=None, at=AT, actor="ann").unwrap()
    return done[-1].position


def content(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_a_redacted_text_is_in_no_file_any_more(tmp_path: Path) -> None:
    with closing(SqliteEventStore.open(tmp_path).unwrap()) as store:
        append(store, *["weather"] * 50)
        long = append(store, SECRET * 2000)  # on pages of its own
        position = append(store, SECRET)
        append(store, *["weather"] * 50)
        assert SECRET.encode() in content(tmp_path)
        store.redact({position: event("redacted"), long: event("redacted")}, expected=0, at=AT, actor="ann").unwrap()
        assert SECRET.encode() not in content(tmp_path)
    assert SECRET.encode() not in content(tmp_path)


def test_a_reader_who_stays_is_waited_for(tmp_path: Path) -> None:
    with (
        closing(SqliteEventStore.open(tmp_path).unwrap()) as store,
        closing(sqlite3.connect(tmp_path / "events.db", check_same_thread=False)) as reader,
    ):
        position = append(store, SECRET)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM events").fetchall()
        timer = threading.Timer(0.3, lambda: reader.execute("ROLLBACK"))
        timer.start()
        store.redact({position: event("redacted")}, expected=0, at=AT, actor="ann").unwrap()
        timer.join()
        assert SECRET.encode() not in content(tmp_path)


def test_a_reader_who_stays_too_long_is_told_and_the_redaction_holds(tmp_path: Path) -> None:
    with (
        closing(SqliteEventStore.open(tmp_path, timeout=0.1).unwrap()) as store,
        closing(sqlite3.connect(tmp_path / "events.db")) as reader,
    ):
        position = append(store, SECRET)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM events").fetchall()
        error = store.redact({position: event("redacted")}, expected=0, at=AT, actor="ann").failure()
        assert isinstance(error, StoreUnwritable)
        assert "the events were redacted, but another process reads them" in str(error)
        assert store.read().unwrap()[0].event == event("redacted")
        reader.execute("ROLLBACK")
    assert SECRET.encode() not in content(tmp_path)
