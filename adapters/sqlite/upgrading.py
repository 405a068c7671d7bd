"""The tables of the log, and how those of older formats become them.

Format 1 had no digests and hashes: the chain begins with what stands there. An older Foreset that still has the file
open cannot write any more, for it does not know the columns that must have a value.
"""

import sqlite3
from collections.abc import Iterator
from typing import Final

from msgspec.structs import astuple

from foreset.adapters.shared.event_log.event_rows import new_salt
from foreset.domain.event_log.hash_chain import EMPTY, Head, Row, chained

INSERT: Final = """
    INSERT INTO events (position, stream, version, at, actor, type, body, salt, digest, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
"""A whole row, in the order of `Row`."""

_EVENTS: Final = """
    CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        version INTEGER NOT NULL,
        at TEXT NOT NULL,
        actor TEXT NOT NULL,
        type TEXT NOT NULL,
        body TEXT NOT NULL,
        salt TEXT NOT NULL,
        digest TEXT NOT NULL,
        hash TEXT NOT NULL,
        UNIQUE (stream, version)
    )"""
_HEAD: Final = """
    CREATE TABLE head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        position INTEGER NOT NULL,
        hash TEXT NOT NULL,
        moved_to TEXT
    )"""
_READ: Final = "SELECT position, stream, version, at, actor, type, body FROM events_1 ORDER BY position"


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty log, in the transaction that is under way."""
    connection.execute(_EVENTS)
    connection.execute(_HEAD)
    _set_head(connection, EMPTY)


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring format 1 to this one, in the transaction that is under way."""
    connection.execute("ALTER TABLE events RENAME TO events_1")
    connection.execute(_EVENTS)
    connection.execute(_HEAD)
    end = EMPTY
    for row in chained(_rows(connection), EMPTY.hash):
        connection.execute(INSERT, astuple(row))
        end = Head(row.position, row.hash)
    connection.execute("DROP TABLE events_1")
    _set_head(connection, end)


def _rows(connection: sqlite3.Connection) -> Iterator[Row]:
    for position, stream, version, at, actor, tag, body in connection.execute(_READ):
        yield Row(position, stream, version, at, actor, tag, body, new_salt(), "", "")


def _set_head(connection: sqlite3.Connection, head: Head) -> None:
    connection.execute("INSERT INTO head (one, position, hash) VALUES (1, ?, ?)", (head.position, head.hash))
