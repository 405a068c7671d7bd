"""The event store over SQLite: a file `events.db`, written by any number of processes and threads."""

import os
import sqlite3
import threading
import weakref
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from returns.result import Result, Success

from foreset.adapters.sqlite.codec import Row, as_recorded, as_row
from foreset.adapters.sqlite.faults import LOG_FAULTS, Damage, log_error
from foreset.adapters.sqlite.file import connect
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.errors.store import LogCorrupt, StoreError
from foreset.domain.receipt import Event, Recorded

_COLUMNS: Final = "position, stream, version, at, actor, type, body"
_READ_ALL: Final = f"SELECT {_COLUMNS} FROM events WHERE position > ? ORDER BY position"  # noqa: S608  # constants
_READ_STREAM: Final = f"SELECT {_COLUMNS} FROM events WHERE stream = ? AND version > ? ORDER BY version"  # noqa: S608  # constants of this file, no values
_INSERT: Final = f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  # constants of this file, no values
_END: Final = """
    SELECT (SELECT coalesce(max(position), 0) FROM events),
           (SELECT coalesce(max(version), 0) FROM events WHERE stream = ?)"""


class SqliteEventStore:
    """The event log in a folder. Safe to use from several threads and, each with its own, several processes."""

    def __init__(self, path: Path, timeout: float) -> None:
        """Use the log at `path`; `open` also looks whether it can be used."""
        self._path = path
        self._timeout = timeout
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        _STORES.add(self)

    @staticmethod
    def open(folder: Path, *, timeout: float = 10.0) -> "Result[SqliteEventStore, StoreError]":
        """The log in `folder`, which is made where it is missing; waits `timeout` seconds for other writers."""
        store = SqliteEventStore(folder / "events.db", timeout)
        try:
            with store._lock:
                store._connected()
        except LOG_FAULTS as fault:
            return refuse(log_error(store._path, timeout, fault))
        return Success(store)

    def read(self, stream: str | None = None, after: int = 0) -> Result[tuple[Recorded, ...], StoreError]:
        """Events in their order: of a stream after a version of it, or of the whole log after a position."""
        try:
            with self._lock:
                cursor = self._connected()
                rows: list[Row] = (
                    cursor.execute(_READ_ALL, (after,)).fetchall()
                    if stream is None
                    else cursor.execute(_READ_STREAM, (stream, after)).fetchall()
                )
            self._check_gapless([row[0] if stream is None else row[2] for row in rows], stream, after)
            return Success(tuple(as_recorded(row, self._path) for row in rows))
        except LOG_FAULTS as fault:
            return refuse(log_error(self._path, self._timeout, fault))

    def append(
        self, stream: str, events: tuple[Event, ...], *, expected: int | None, at: datetime, actor: str
    ) -> Result[tuple[Recorded, ...], StaleWrite | StoreError]:
        """Append all or nothing. When this returns, the events are on the disk."""
        if not events:
            return Success(())
        when = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        try:
            with self._lock:
                connection = self._connected()
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    position, version = connection.execute(_END, (stream,)).fetchone()
                    self._check_numbers([position, version])
                    if expected is not None and expected != version:
                        return refuse(StaleWrite(stream=stream, expected=expected, actual=version))
                    recorded = tuple(
                        Recorded(
                            position=position + n, stream=stream, version=version + n, at=when, actor=actor, event=event
                        )
                        for n, event in enumerate(events, start=1)
                    )
                    connection.executemany(_INSERT, map(as_row, recorded))
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
        except LOG_FAULTS as fault:
            return refuse(log_error(self._path, self._timeout, fault))
        return Success(recorded)

    def close(self) -> None:
        """Let the file go. A later call opens it again."""
        with self._lock:
            self._disconnect()

    def __del__(self) -> None:
        """Let the file go with the store: nobody else can reach the connection any more."""
        self._disconnect()

    def before_fork(self) -> None:
        """Let the file go and keep every thread out until `after_fork`."""
        self._lock.acquire()
        self._disconnect()

    def after_fork(self) -> None:
        """Let threads in again: in the parent, and in the child."""
        self._lock.release()

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path, self._timeout)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _check_numbers(self, numbers: list[int]) -> None:
        """SQLite keeps what it was given in a column, whatever type the column has."""
        if strange := [number for number in numbers if not isinstance(number, int)]:  # pyright: ignore[reportUnnecessaryIsInstance]
            problem = f"an event has {strange[0]!r} in place of a number"
            raise Damage(LogCorrupt(path=str(self._path), problem=problem))

    def _check_gapless(self, numbers: list[int], stream: str | None, after: int) -> None:
        self._check_numbers(numbers)
        if numbers != list(range(after + 1, after + 1 + len(numbers))):
            where = "the log" if stream is None else f"the stream {stream!r}"
            problem = f"{where} lacks events between {after + 1} and {numbers[-1]}"
            raise Damage(LogCorrupt(path=str(self._path), problem=problem))


# === Forks ===

# SQLite loses track of its locks in a child that is forked while the file is open, and then a write of the child
# can be lost. So every store lets its file go before a fork, and parent and child open it again when they need it.

_STORES: Final["weakref.WeakSet[SqliteEventStore]"] = weakref.WeakSet()
_HELD: Final[list[SqliteEventStore]] = []
_FORKING: Final = threading.Lock()


def _before_fork() -> None:
    _FORKING.acquire()  # one fork at a time, so that two threads cannot wait for each other's stores
    for store in list(_STORES):
        store.before_fork()
        _HELD.append(store)


def _after_fork() -> None:
    while _HELD:
        _HELD.pop().after_fork()
    _FORKING.release()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
