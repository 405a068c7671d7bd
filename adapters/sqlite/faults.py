"""What SQLite says went wrong, in our terms."""

import errno
import os
import sqlite3
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from foreset.adapters.shared.event_log.event_rows import Damage
from foreset.domain.errors.event_log import LogBusy, LogCorrupt, StoreError, StoreUnwritable
from foreset.domain.errors.problem import because, told
from foreset.domain.errors.system import by_code, or_out_of_reach

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


_SYSTEM: Final = {sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_IOERR: errno.EIO}
_FILES: Final = 4
"""How many files SQLite opens at once: the log, its write-ahead log and index, and the folder."""

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
        return _unwritable(path, fault)
    if code in _CORRUPT:
        text = fault.object.decode(errors="replace") if isinstance(fault, UnicodeDecodeError) else told(fault)
        return because(LogCorrupt(path=str(path), problem=text), fault)
    raise fault


def _unwritable(path: Path, fault: Exception) -> StoreError:
    """What keeps SQLite from the file: it does not say when no more files can be opened.

    The file itself is not opened, for closing it would release this process's locks on it.
    """
    error = StoreUnwritable(path=str(path), problem=told(fault))
    code = _system_code(path, _primary(fault))
    if code:
        met = OSError(code, os.strerror(code))
        return by_code(replace(error, problem=f"{told(met)} ({error.problem})"), met)
    opened: list[int] = []
    try:
        opened += (os.open(os.devnull, os.O_RDONLY) for _ in range(_FILES))
    except OSError as more:
        return or_out_of_reach(error, str(path), OSError(more.errno, more.strerror))
    finally:
        for file in opened:
            os.close(file)
    return because(error, fault)


def _system_code(path: Path, code: int) -> int:
    """The operating system's code for what SQLite met, which it does not give; 0 where it cannot be determined."""
    if code in _SYSTEM:
        return _SYSTEM[code]
    place = path if path.exists() else path.parent
    try:
        if os.statvfs(place).f_flag & os.ST_RDONLY:
            return errno.EROFS
    except OSError:
        return 0
    return 0 if os.access(place, os.W_OK) else errno.EACCES


def is_busy(fault: sqlite3.OperationalError) -> bool:
    """Whether another connection held the lock."""
    return _primary(fault) in _BUSY


def _primary(fault: Exception) -> int:
    """SQLite's error code without the extension; 'text is not UTF-8' has none, and is damage like a bad page."""
    return getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
