"""The event store over SQLite: a file `events.db`, written by any number of processes and threads."""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from returns.result import Result, Success

from foreset.adapters.shared.event_log.event_rows import Columns, as_recorded, check_gapless, in_utc, redaction
from foreset.adapters.shared.event_log.forks import ForkSafe
from foreset.adapters.sqlite import writing
from foreset.adapters.sqlite.faults import LOG_FAULTS, log_error
from foreset.adapters.sqlite.file import Identity, check_identity, connect, identity, is_read_only
from foreset.adapters.sqlite.raw import stored_log, without_leftovers
from foreset.domain.errors.event_log import LogTaken, StoreError
from foreset.domain.errors.problem import Problem, legible, refuse
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.event_log.erasures import REDACTIONS
from foreset.domain.event_log.hash_chain import Head, Row, StoredLog
from foreset.domain.event_log.receipts import Event, Recorded

_COLUMNS: Final = "position, stream, version, at, actor, type, body"
_READ_ALL: Final = f"SELECT {_COLUMNS} FROM events WHERE position > ? ORDER BY position"  # noqa: S608  # constants
_READ_STREAM: Final = f"SELECT {_COLUMNS} FROM events WHERE stream = ? AND version > ? ORDER BY version"  # noqa: S608  # constants of this file, no values

T = TypeVar("T")
E = TypeVar("E", bound=Problem)


class SqliteEventStore(ForkSafe):
    """The event log in a folder. Safe to use from several threads and, each with its own, several processes."""

    def __init__(self, path: Path, timeout: float) -> None:
        """Use the log at `path`; `open` also looks whether it can be used."""
        self._path = path
        self._timeout = timeout
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        super().__init__()

    @staticmethod
    def open(folder: Path, *, timeout: float = 10.0) -> "Result[SqliteEventStore, StoreError]":
        """The log in `folder`, which is made where it is missing; waits `timeout` seconds for other writers."""
        store = SqliteEventStore(folder / "events.db", timeout)
        return store._done(lambda _: store)

    @property
    def place(self) -> str:
        """The folder."""
        return legible(str(self._path.parent.resolve()))

    def read(self, stream: str | None = None, after: int = 0) -> Result[tuple[Recorded, ...], StoreError]:
        """Events in their order: of a stream after a version of it, or of the whole log after a position."""

        def rows(connection: sqlite3.Connection) -> list[Columns]:
            if stream is None:
                return connection.execute(_READ_ALL, (after,)).fetchall()
            return connection.execute(_READ_STREAM, (stream, after)).fetchall()

        try:
            with self._lock:
                found = rows(self._connected())
                self._check_identity()
            numbers = [row[0] if stream is None else row[2] for row in found]
            writing.check_numbers(numbers, self._path)
            check_gapless(numbers, stream, after, str(self._path))
            return Success(tuple(as_recorded(row) for row in found))
        except LOG_FAULTS as fault:
            return refuse(log_error(self._path, self._timeout, fault))

    def append(
        self, stream: str, events: tuple[Event, ...], *, expected: int | None, at: datetime, actor: str
    ) -> Result[tuple[Recorded, ...], StaleWrite | StoreError]:
        """Append all or nothing. When this returns, the events are on the disk."""
        if not events:
            return Success(())
        return self._written(
            lambda connection: writing.append(
                connection, self._path, stream=stream, events=events, expected=expected, at=in_utc(at), actor=actor
            )
        )

    def redact(
        self, bodies: Mapping[int, Event], *, expected: int | None, at: datetime, actor: str, reason: str = ""
    ) -> Result[Recorded, StaleWrite | StoreError]:
        """Replace what events say, and record that; all or nothing. The files are cleared of what was replaced."""

        def replaced(connection: sqlite3.Connection) -> Result[tuple[Recorded, ...], StaleWrite | StoreError]:
            new = redaction(bodies, reason)
            writing.replace_bodies(connection, bodies, new)
            return writing.append(
                connection,
                self._path,
                stream=REDACTIONS,
                events=(new.event,),
                expected=expected,
                at=in_utc(at),
                actor=actor,
            )

        done = self._written(replaced)
        if not isinstance(done, Success):
            return refuse(done.failure())
        cleared = self._done(lambda connection: without_leftovers(connection, self._path, self._timeout))
        return cleared.map(lambda _: done.unwrap()[0])

    def sweep(self) -> Result[None, StoreError]:
        """Clear the files of what was redacted."""
        return self._done(lambda connection: without_leftovers(connection, self._path, self._timeout))

    def stored(self, after: int = 0) -> Result[StoredLog, StoreError]:
        """The log as it is stored after a position, at one moment."""
        return self._done(lambda connection: stored_log(connection, after))

    def extend(
        self, rows: tuple[Row, ...], after: Head, redacted: tuple[Row, ...] = ()
    ) -> Result[None, LogTaken | StoreError]:
        """Take over rows of another log, and open this one again if it was moved; all or nothing."""
        done = self._written(lambda connection: writing.extend(connection, self._path, rows, after, redacted))
        if not isinstance(done, Success):
            return refuse(done.failure())
        return self.sweep() if redacted else done

    def seal(self, head: Head, moved_to: str) -> Result[Head, StoreError]:
        """Take no more events, for the log was moved, unless its head is another."""
        return self._written(lambda connection: writing.seal(connection, self._path, head, moved_to))

    def _done(self, action: Callable[[sqlite3.Connection], T]) -> Result[T, StoreError]:
        """Do something with the connection."""
        try:
            with self._lock:
                return Success(action(self._connected()))
        except LOG_FAULTS as fault:
            return refuse(log_error(self._path, self._timeout, fault))

    def _written(self, action: Callable[[sqlite3.Connection], Result[T, E | StoreError]]) -> Result[T, E | StoreError]:
        """Do something in a transaction, which is committed where it succeeds, and leaves nothing where it fails."""
        try:
            with self._lock:
                connection = self._connected()
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    found = action(connection)
                    if isinstance(found, Success):
                        connection.execute("COMMIT")
                        self._check_identity()
                    return found
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
        except LOG_FAULTS as fault:
            return refuse(log_error(self._path, self._timeout, fault))

    def _check_identity(self) -> None:
        if self._identity is not None:
            check_identity(self._path, self._identity)

    def _connected(self) -> sqlite3.Connection:
        """The connection, to the file that is at the path now and was when the log was first opened."""
        self._check_identity()
        if self._connection is not None and is_read_only(self._path):
            self._disconnect()  # the file may be written on another machine: it is looked at again each time
        if self._connection is None:
            self._connection = connect(self._path, self._timeout)
            self._identity = identity(self._path)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._identity = self._identity and self._identity[:1]  # the files beside it go with the last connection
