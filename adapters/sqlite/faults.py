"""What SQLite says went wrong, in our terms."""

import sqlite3
from pathlib import Path
from typing import Final

from foreset.adapters.event_rows import Damage
from foreset.domain.errors.problem import because, told
from foreset.domain.errors.store import LogBusy, LogCorrupt, StoreError, StoreUnwritable

_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNWRITABLE: Final = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PERM,
}
# SQLITE_ERROR is a statement that does not fit the tables that are there: ours always fit a whole log. Nor do ours
# break a constraint: positions and versions are counted in the transaction that uses them.
_CORRUPT: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT}


LOG_FAULTS: Final = (Damage, sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading and writing the log may raise for reasons in the world; the last over a text that SQLite tells of."""


def log_error(path: Path, timeout: float, fault: Exception) -> StoreError:
    """The error for one of `LOG_FAULTS`; what is no fault of the world is raised again."""
    if isinstance(fault, Damage):
        return fault.error
    code = _primary(fault)
    if code in _BUSY:
        return because(LogBusy(path=str(path), seconds=timeout), fault)
    if code in _UNWRITABLE:
        return because(StoreUnwritable(path=str(path), problem=told(fault)), fault)
    if code in _CORRUPT:
        text = fault.object.decode(errors="replace") if isinstance(fault, UnicodeDecodeError) else told(fault)
        return because(LogCorrupt(path=str(path), problem=text), fault)
    raise fault


def is_busy(fault: sqlite3.OperationalError) -> bool:
    """Whether another connection held the lock."""
    return _primary(fault) in _BUSY


def _primary(fault: Exception) -> int:
    """SQLite's error code without the extension; 'text is not UTF-8' has none, and is damage like a bad page."""
    return getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
