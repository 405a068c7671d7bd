"""The tables of a store in PostgreSQL, in the schema that the connection finds first.

Rows are those of the log in SQLite, column by column, so that a log is moved as it is. Positions are counted while the
row of the head is locked, and not by a sequence, which leaves gaps.
"""

from typing import Any, Final

from psycopg import Connection, errors

from foreset.adapters.shared.event_log.event_rows import Damage
from foreset.domain.errors.event_log import LogCorrupt, LogTooNew, NoLog
from foreset.domain.event_log.hash_chain import EMPTY

FORMAT: Final = 1
"""The format of the tables, which the head names."""

_THERE: Final = "SELECT to_regclass('foreset_events') IS NOT NULL, to_regclass('foreset_head') IS NOT NULL"
_OWNED: Final = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = %s::regclass"
_LOCK: Final = int.from_bytes(b"Foreset", "big")
_MAKE: Final = (
    """
    CREATE TABLE IF NOT EXISTS foreset_events (
        position bigint PRIMARY KEY,
        stream text NOT NULL,
        version bigint NOT NULL,
        at text NOT NULL,
        actor text NOT NULL,
        type text NOT NULL,
        body text NOT NULL,
        salt text NOT NULL,
        digest text NOT NULL,
        hash text NOT NULL,
        UNIQUE (stream, version)
    )""",
    """
    CREATE TABLE IF NOT EXISTS foreset_head (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        format integer NOT NULL,
        position bigint NOT NULL,
        hash text NOT NULL,
        moved_to text
    )""",
    """
    CREATE TABLE IF NOT EXISTS foreset_frames (
        name text NOT NULL,
        part integer NOT NULL,
        content bytea NOT NULL,
        PRIMARY KEY (name, part)
    )""",
    "ALTER TABLE foreset_frames ALTER COLUMN content SET STORAGE EXTERNAL",  # they are compressed already
)
_BEGIN: Final = "INSERT INTO foreset_head (format, position, hash) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


def make_where_missing(connection: Connection[Any], address: str) -> None:
    """Make the tables if they are not there; of several processes at once, one does.

    Nothing is made, and no right to make is needed, where they are. Raises `Damage` for tables that are not ours, or of
    a newer format.
    """
    if _format(connection, address) is not None:
        return
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        for statement in _MAKE:
            connection.execute(statement)
        connection.execute(_BEGIN, (FORMAT, EMPTY.position, EMPTY.hash))


def check_there(connection: Connection[Any], address: str) -> None:
    """Raise `Damage` where there are no tables, and as `make_where_missing` does."""
    if _format(connection, address) is None:
        raise Damage(NoLog(place=address))


def _format(connection: Connection[Any], address: str) -> int | None:
    """The format of the tables, None where there are none."""
    events, head = connection.execute(_THERE).fetchone() or (False, False)
    if not events and not head:
        return None
    try:
        found = connection.execute("SELECT format FROM foreset_head").fetchone()
    except (errors.UndefinedColumn, errors.UndefinedTable):
        found = None
    if found is None or not events:
        problem = "its head is gone" if events else "its events are gone"
        raise Damage(LogCorrupt(path=address, problem=problem))
    check_format(found[0], address)
    return int(found[0])


def check_format(found: int, address: str) -> None:
    """Raise `Damage` where the format is of a newer Foreset."""
    if found > FORMAT:
        raise Damage(LogTooNew(path=address, found=f"format {found}", supported=f"format {FORMAT}"))


# === Clearing ===


def owns(connection: Connection[Any], table: str) -> bool:
    """Whether the role may write a table anew. To others the server gives a warning, and does nothing."""
    found = connection.execute(_OWNED, (table,)).fetchone()
    return found is not None and bool(found[0])


def write_anew(connection: Connection[Any], table: str) -> str | None:
    """Write a table anew, without what was deleted or replaced; gives why that cannot be done, if it cannot."""
    if not owns(connection, table):
        return f"its owner may clear them, with VACUUM FULL {table}"
    try:
        connection.execute(f"VACUUM FULL {table}".encode())
    except errors.LockNotAvailable:
        return f"others read the table; run VACUUM FULL {table} later"
    return None
