"""The log as it is stored: every value that a damaged file may hold, and what deleted ones leave in it."""

import sqlite3
import time
from pathlib import Path
from typing import Final

from foreset.adapters.shared.event_log.event_rows import Damage, stored_row
from foreset.domain.errors.event_log import StoreUnwritable
from foreset.domain.event_log.hash_chain import Head, StoredLog

# The whole log has also what was put before its first event.
_ROWS: Final = """
    SELECT position, stream, version, at, actor, type, body, salt, digest, hash FROM events
    WHERE position > :after OR :after = 0 ORDER BY position"""
_HEAD: Final = "SELECT position, hash, moved_to FROM head"


def stored_log(connection: sqlite3.Connection, after: int) -> StoredLog:
    """The rows after a position, and the head, at one moment. Texts that are no UTF-8 differ from all that are."""
    factory = connection.text_factory
    connection.text_factory = _decoded
    try:
        connection.execute("BEGIN")
        head = connection.execute(_HEAD).fetchone()
        rows = tuple(stored_row(row) for row in connection.execute(_ROWS, {"after": after}))
    finally:
        connection.text_factory = factory
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    if head is None:
        return StoredLog(rows, None)
    position, hash_, moved_to = head
    return StoredLog(rows, Head(position, hash_) if isinstance(position, int) else None, moved_to)


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def without_leftovers(connection: sqlite3.Connection, path: Path, seconds: float) -> None:
    """Bring everything into the file, so that the write-ahead log holds nothing of what was replaced.

    Waits for readers; raises `Damage` where one stays longer than `seconds`.
    """
    deadline = time.monotonic() + seconds
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > deadline:
            problem = "the events were redacted, but another process reads them, so the write-ahead log still has them"
            raise Damage(StoreUnwritable(path=f"{path}-wal", problem=problem))
        time.sleep(0.01)
