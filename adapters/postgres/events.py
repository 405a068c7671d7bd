"""The event store over PostgreSQL, written by any number of processes on any number of machines."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from psycopg import Connection
from returns.result import Result, Success

from foreset.adapters.postgres import writing
from foreset.adapters.postgres.database import Database, always
from foreset.adapters.postgres.tables import owns, write_anew
from foreset.adapters.shared.event_log.event_rows import (
    Damage,
    as_recorded,
    check_gapless,
    in_utc,
    redaction,
    stored_row,
)
from foreset.domain.errors.event_log import LogTaken, StoreError, StoreUnwritable
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.event_log.erasures import REDACTIONS
from foreset.domain.event_log.hash_chain import Head, Row, StoredLog
from foreset.domain.event_log.receipts import Event, Recorded

_READ_ALL: Final = """
    SELECT position, stream, version, at, actor, type, body FROM foreset_events WHERE position > %s ORDER BY position"""
_READ_STREAM: Final = """
    SELECT position, stream, version, at, actor, type, body FROM foreset_events WHERE stream = %s AND version > %s
    ORDER BY version"""
# The whole log has also what was put before its first event.
_STORED: Final = """
    SELECT position, stream, version, at, actor, type, body, salt, digest, hash FROM foreset_events
    WHERE position > %(after)s OR %(after)s = 0 ORDER BY position"""

Appended = tuple[tuple[Recorded, ...], Head]


class PostgresEventStore:
    """The event log in a database. Safe to use from several threads and processes."""

    def __init__(self, database: Database) -> None:
        """Keep the log in a database that is open."""
        self._database = database

    @property
    def place(self) -> str:
        """The address of the database, without a password."""
        return self._database.address

    def read(self, stream: str | None = None, after: int = 0) -> Result[tuple[Recorded, ...], StoreError]:
        """Events in their order: of a stream after a version of it, or of the whole log after a position."""
        address = self._database.address

        def rows(connection: Connection[Any]) -> tuple[Recorded, ...]:
            found = (
                connection.execute(_READ_ALL, (after,))
                if stream is None
                else connection.execute(_READ_STREAM, (stream, after))
            ).fetchall()
            check_gapless([row[0] if stream is None else row[2] for row in found], stream, after, address)
            return tuple(as_recorded(row) for row in found)

        return self._database.read(rows)

    def append(
        self, stream: str, events: tuple[Event, ...], *, expected: int | None, at: datetime, actor: str
    ) -> Result[tuple[Recorded, ...], StaleWrite | StoreError]:
        """Append all or nothing. When this returns, the events are on the server's disk.

        `AppendUnsettled` where the connection was lost and the server does not answer any more.
        """
        if not events:
            return Success(())
        address, when = self._database.address, in_utc(at)

        def appended(connection: Connection[Any]) -> Result[Appended, StaleWrite | StoreError]:
            return writing.append(
                connection, address, stream=stream, events=events, expected=expected, at=when, actor=actor
            )

        return self._database.write(appended, _is_there).map(lambda done: done[0])

    def redact(
        self, bodies: Mapping[int, Event], *, expected: int | None, at: datetime, actor: str, reason: str = ""
    ) -> Result[Recorded, StaleWrite | StoreError]:
        """Replace what events say, and record that; all or nothing. The table is then written anew.

        Takes the table's owner. The server's own write-ahead log, copies and backups are not touched.
        """
        address, when = self._database.address, in_utc(at)

        def replaced(connection: Connection[Any]) -> Result[Appended, StaleWrite | StoreError]:
            if not owns(connection, "foreset_events"):
                problem = "only the owner of foreset_events can clear it of what is redacted"
                return refuse(StoreUnwritable(path=address, problem=problem))
            new = redaction(bodies, reason)
            done = writing.append(
                connection, address, stream=REDACTIONS, events=(new.event,), expected=expected, at=when, actor=actor
            )
            if isinstance(done, Success):
                writing.replace_bodies(connection, bodies, new)
            return done

        done = self._database.write(replaced, _is_there)
        if not isinstance(done, Success):
            return refuse(done.failure())
        return self._database.read(self._cleared).map(lambda _: done.unwrap()[0][0])

    def sweep(self) -> Result[None, StoreError]:
        """Write the table anew, without what was redacted."""
        return self._database.read(self._cleared)

    def _cleared(self, connection: Connection[Any]) -> None:
        if problem := write_anew(connection, "foreset_events"):
            told = f"events were redacted, and their bytes stay: {problem}"
            raise Damage(StoreUnwritable(path=self._database.address, problem=told))

    def stored(self, after: int = 0) -> Result[StoredLog, StoreError]:
        """The log as it is stored after a position, at one moment."""
        return self._database.read(lambda connection: _stored(connection, after))

    def extend(
        self, rows: tuple[Row, ...], after: Head, redacted: tuple[Row, ...] = ()
    ) -> Result[None, LogTaken | StoreError]:
        """Take over rows of another log, and open this one again if it was moved; all or nothing."""
        address = self._database.address
        done = self._database.write(
            lambda connection: writing.extend(connection, address, rows, after, redacted), writing.ends_with
        )
        if not isinstance(done, Success):
            return refuse(done.failure())
        return self.sweep() if redacted else Success(None)

    def seal(self, head: Head, moved_to: str) -> Result[Head, StoreError]:
        """Take no more events, for the log was moved, unless its head is another."""
        address = self._database.address
        return self._database.write(lambda connection: writing.seal(connection, address, head, moved_to), always)

    def close(self) -> None:
        """Let the connection go. A later call opens it again."""
        self._database.close()


def _is_there(connection: Connection[Any], done: Appended) -> bool:
    return writing.ends_with(connection, done[1])


def _stored(connection: Connection[Any], after: int) -> StoredLog:
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = connection.execute("SELECT position, hash, moved_to FROM foreset_head").fetchone()
        rows = tuple(stored_row(row) for row in connection.execute(_STORED, {"after": after}))
    if found is None:
        return StoredLog(rows, None)
    return StoredLog(rows, Head(found[0], found[1]), found[2])
