"""What is written to the log, within a transaction that somebody else begins and ends."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from msgspec.structs import astuple
from psycopg import Connection
from returns.result import Result, Success

from foreset.adapters.postgres.tables import check_format
from foreset.adapters.shared.event_log.event_rows import (
    Damage,
    Redaction,
    as_rows,
    check_end,
    check_same_kinds,
    recorded_after,
)
from foreset.domain.errors.event_log import LogCorrupt, LogMoved, LogTaken, StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.event_log.hash_chain import Head, Row, head_of
from foreset.domain.event_log.receipts import Event, Recorded

_HEAD: Final = "SELECT format, position, hash, moved_to FROM foreset_head FOR UPDATE"
# A statement of its own: it sees what was committed while the head was waited for.
_END: Final = """
    SELECT coalesce(max(position), 0), (SELECT hash FROM foreset_events WHERE position = %(position)s),
           (SELECT coalesce(max(version), 0) FROM foreset_events WHERE stream = %(stream)s)
    FROM foreset_events"""
_INSERT: Final = "INSERT INTO foreset_events VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_REPLACE: Final = "UPDATE foreset_events SET body = %s, salt = %s WHERE position = %s"
_COPY: Final = "COPY foreset_events FROM STDIN"
_FEW: Final = 10  # rows, up to which a statement for each is as quick


def locked_end(connection: Connection[Any], address: str, stream: str = "") -> tuple[Head, str | None, int]:
    """The head of the log, locked until the transaction ends; where the log was moved to; a stream's last version.

    Raises `Damage` where the log does not end so.
    """
    found = connection.execute(_HEAD).fetchone()
    if found is None:
        raise Damage(LogCorrupt(path=address, problem="its head is gone"))
    check_format(found[0], address)
    head, moved_to = Head(found[1], found[2]), found[3]
    last, hash_there, version = _row(connection, _END, {"position": head.position, "stream": stream})
    check_end(head, last, hash_there, address)
    return head, moved_to, version


def append(  # noqa: PLR0913  # what the envelope of an event holds
    connection: Connection[Any],
    address: str,
    *,
    stream: str,
    events: tuple[Event, ...],
    expected: int | None,
    at: datetime,
    actor: str,
) -> Result[tuple[tuple[Recorded, ...], Head], StaleWrite | StoreError]:
    """Put events at the end of the log and of their stream; `at` in UTC. Gives them, and the head that they make."""
    head, moved_to, version = locked_end(connection, address, stream)
    if moved_to is not None:
        return refuse(LogMoved(path=address, moved_to=moved_to))
    if expected is not None and expected != version:
        return refuse(StaleWrite(stream=stream, expected=expected, actual=version))
    recorded = recorded_after(head.position, version, stream=stream, events=events, at=at, actor=actor)
    return Success((recorded, _put(connection, as_rows(recorded, head.hash), head)))


def replace_bodies(connection: Connection[Any], events: Mapping[int, Event], new: Redaction) -> None:
    """Replace what events say."""
    found = connection.execute("SELECT position, type FROM foreset_events WHERE position = ANY(%s)", (list(events),))
    check_same_kinds(events, dict(found.fetchall()))
    for position, (salt, body) in new.bodies.items():
        connection.execute(_REPLACE, (body, salt, position))


def extend(
    connection: Connection[Any], address: str, rows: tuple[Row, ...], after: Head, redacted: tuple[Row, ...]
) -> Result[Head, LogTaken | StoreError]:
    """Put rows of another log at the end of this one, with what was redacted there, and open it where it was moved.

    Gives the head then.
    """
    head, _, _ = locked_end(connection, address)
    if head != after:
        return refuse(LogTaken(place=address, events=head.position))
    connection.execute("UPDATE foreset_head SET moved_to = NULL")
    for row in redacted:
        connection.execute(_REPLACE, (row.body, row.salt, row.position))
    return Success(_put(connection, rows, head))


def seal(connection: Connection[Any], address: str, head: Head, moved_to: str) -> Result[Head, StoreError]:
    """Say in the head where the log was moved to, if it is `head`; gives the head."""
    found, _, _ = locked_end(connection, address)
    if found == head:
        connection.execute("UPDATE foreset_head SET moved_to = %s", (moved_to,))
    return Success(found)


def ends_with(connection: Connection[Any], head: Head) -> bool:
    """Whether the log has the event that a head is of."""
    found = connection.execute("SELECT hash FROM foreset_events WHERE position = %s", (head.position,)).fetchone()
    return head.position == 0 or (found is not None and found[0] == head.hash)


def _put(connection: Connection[Any], rows: tuple[Row, ...], head: Head) -> Head:
    if len(rows) > _FEW:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(astuple(row))
    else:
        for row in rows:
            connection.execute(_INSERT, astuple(row))
    if rows:
        head = head_of(rows)
        connection.execute("UPDATE foreset_head SET position = %s, hash = %s", astuple(head))
    return head


def _row(connection: Connection[Any], statement: str, values: Mapping[str, object]) -> tuple[Any, ...]:
    found: tuple[Any, ...] | None = connection.execute(statement.encode(), values).fetchone()
    return found or ()
