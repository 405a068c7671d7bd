"""What is written to the log, within a transaction that somebody else begins and ends."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec.structs import astuple
from returns.result import Result, Success

from foreset.adapters.shared.event_log.event_rows import (
    Damage,
    Redaction,
    as_rows,
    check_end,
    check_same_kinds,
    recorded_after,
)
from foreset.adapters.sqlite.file import FORMAT
from foreset.adapters.sqlite.upgrading import INSERT
from foreset.domain.errors.event_log import LogCorrupt, LogMoved, LogTaken, LogTooNew, StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.event_log.hash_chain import Head, Row, head_of
from foreset.domain.event_log.receipts import Event, Recorded

_END: Final = """
    SELECT head.position, head.hash, head.moved_to, events.hash, (SELECT coalesce(max(position), 0) FROM events),
           (SELECT user_version FROM pragma_user_version)
    FROM head LEFT JOIN events ON events.position = head.position"""
_VERSION: Final = "SELECT coalesce(max(version), 0) FROM events WHERE stream = ?"
_TYPE: Final = "SELECT type FROM events WHERE position = ?"
_REPLACE: Final = "UPDATE events SET body = ?, salt = ? WHERE position = ?"


def end_of(connection: sqlite3.Connection, path: Path) -> tuple[Head, str | None]:
    """The head of the log, and where it was moved to. Raises `Damage` where the log does not end so.

    Nothing is put after an end that is not the head's, for that would hide what was cut off.
    """
    found = connection.execute(_END).fetchone()
    if found is None:
        raise _damage(path, "its head is gone")
    position, hash_, moved_to, last, most, version = found
    if version > FORMAT:
        raise Damage(LogTooNew(path=str(path), found=f"format {version}", supported=f"format {FORMAT}"))
    check_numbers([position, most], path)
    head = Head(position, hash_)
    check_end(head, most, last, str(path))
    return head, moved_to


def append(  # noqa: PLR0913  # what the envelope of an event holds
    connection: sqlite3.Connection,
    path: Path,
    *,
    stream: str,
    events: tuple[Event, ...],
    expected: int | None,
    at: datetime,
    actor: str,
) -> Result[tuple[Recorded, ...], StaleWrite | StoreError]:
    """Put events at the end of the log and of their stream; `at` in UTC."""
    head, moved_to = end_of(connection, path)
    if moved_to is not None:
        return refuse(LogMoved(path=str(path), moved_to=moved_to))
    version = connection.execute(_VERSION, (stream,)).fetchone()[0]
    check_numbers([version], path)
    if expected is not None and expected != version:
        return refuse(StaleWrite(stream=stream, expected=expected, actual=version))
    recorded = recorded_after(head.position, version, stream=stream, events=events, at=at, actor=actor)
    _put(connection, as_rows(recorded, head.hash))
    return Success(recorded)


def replace_bodies(connection: sqlite3.Connection, events: Mapping[int, Event], new: Redaction) -> None:
    """Replace what events say."""
    found = {position: connection.execute(_TYPE, (position,)).fetchone() for position in events}
    check_same_kinds(events, {position: row[0] for position, row in found.items() if row is not None})
    for position, (salt, body) in new.bodies.items():
        connection.execute(_REPLACE, (body, salt, position))


def extend(
    connection: sqlite3.Connection, path: Path, rows: tuple[Row, ...], after: Head, redacted: tuple[Row, ...]
) -> Result[None, LogTaken | StoreError]:
    """Put rows of another log at the end of this one, with what was redacted there, and open it where it was moved."""
    head, _ = end_of(connection, path)
    if head != after:
        return refuse(LogTaken(place=str(path), events=head.position))
    connection.execute("UPDATE head SET moved_to = NULL")
    connection.executemany(_REPLACE, [(row.body, row.salt, row.position) for row in redacted])
    _put(connection, rows)
    return Success(None)


def seal(connection: sqlite3.Connection, path: Path, head: Head, moved_to: str) -> Result[Head, StoreError]:
    """Say in the head where the log was moved to, if it is `head`; gives the head."""
    found, _ = end_of(connection, path)
    if found == head:
        connection.execute("UPDATE head SET moved_to = ?", (moved_to,))
    return Success(found)


def check_numbers(numbers: list[int], path: Path) -> None:
    """SQLite keeps what it was given in a column, whatever type the column has."""
    if strange := [number for number in numbers if not isinstance(number, int)]:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _damage(path, f"an event has {strange[0]!r} in place of a number")


def _put(connection: sqlite3.Connection, rows: tuple[Row, ...]) -> None:
    if rows:
        connection.executemany(INSERT, map(astuple, rows))
        connection.execute("UPDATE head SET position = ?, hash = ?", astuple(head_of(rows)))


def _damage(path: Path, problem: str) -> Damage:
    return Damage(LogCorrupt(path=str(path), problem=problem))
