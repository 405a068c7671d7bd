"""The log's file: its format, and how it is opened.

Positions are counted inside the writing transaction and not by AUTOINCREMENT, which leaves gaps.
"""

import os
import sqlite3
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final
from weakref import WeakSet

from foreset.adapters.shared.event_log.event_rows import Damage
from foreset.adapters.shared.files.privacy import make_file, make_folder
from foreset.adapters.sqlite.faults import is_busy
from foreset.adapters.sqlite.upgrading import make_tables, upgrade
from foreset.domain.errors.event_log import LogCorrupt, LogGone, LogTooNew, StoreUnwritable
from foreset.domain.errors.problem import told
from foreset.domain.errors.system import by_code

APPLICATION: Final = int.from_bytes(b"Fset", "big")
"""SQLite's application_id: says that the file is Foreset's."""

FORMAT: Final = 2
"""SQLite's user_version: the format of the log."""

_MAGIC: Final = b"SQLite format 3\x00"


def connect(path: Path, timeout: float) -> sqlite3.Connection:
    """A connection to the log, made where it is missing; waits `timeout` seconds for locks.

    Raises `Damage` or `sqlite3.DatabaseError`. A log of a newer format is not written to.
    """
    if is_read_only(path):
        return _connect_to_read(path, timeout)
    _make_folder(path.parent)
    with _opening:
        if not _is_open_here(path):
            _refuse_newer(path)
        _make_file(path)
        connection = sqlite3.connect(
            path, timeout=timeout, isolation_level=None, check_same_thread=False, factory=_Connection
        )
        _OPEN.add(connection)
        connection.place = path.resolve()
    try:
        _check_format(connection, path)
        _set_wal(connection, timeout)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what is redacted is overwritten
        _bring_to_format(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def is_read_only(path: Path) -> bool:
    """Whether the log is there, on a disk that takes no writes or in a folder where this user makes no files."""
    try:
        there = path.is_file()
    except OSError:  # such as a name that is too long: whoever writes there reports it
        return False
    return there and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _connect_to_read(path: Path, timeout: float) -> sqlite3.Connection:
    """A connection that reads. What writes is refused by SQLite where it is tried.

    A log that nobody has open has no write-ahead log beside it, and is read as it is; SQLite would make files for it.
    """
    waiting = path.with_name(f"{path.name}-wal")
    open_elsewhere = waiting.exists() and waiting.stat().st_size > 0
    mode = "mode=ro" if open_elsewhere else "mode=ro&immutable=1"
    _check_header(path)
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=timeout, isolation_level=None, check_same_thread=False
    )
    try:
        _check_format(connection, path)
        _bring_to_format(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_header(path: Path) -> None:
    if not _header(path).startswith(_MAGIC):
        raise Damage(LogCorrupt(path=str(path), problem="file is not a database"))


class _Connection(sqlite3.Connection):
    """A connection that is known to be open in this process."""

    place: Path | None = None

    def close(self) -> None:
        """Let the file go."""
        super().close()
        self.place = None


_OPEN: Final[WeakSet[_Connection]] = WeakSet()
_opening = threading.Lock()
"""Held by whoever opens a log, so that no other thread looks at its file beside SQLite meanwhile."""


def _open_anew() -> None:
    """In a forked child: whoever was opening a log is not there any more."""
    global _opening  # noqa: PLW0603  # the lock is of the process
    _opening = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_open_anew)


def _is_open_here(path: Path) -> bool:
    """Whether this process has the log open.

    Then its file must not be opened and closed beside SQLite: that drops the process's locks on it (POSIX), so that
    another process takes itself for the last one and deletes the write-ahead log that is still written here.
    """
    place = path.resolve()
    return any(connection.place == place for connection in _OPEN)


def _make_folder(folder: Path) -> None:
    try:
        make_folder(folder)
    except OSError as fault:
        raise Damage(by_code(StoreUnwritable(path=str(folder), problem=told(fault)), fault)) from fault


def _make_file(path: Path) -> None:
    """Make the log's file before SQLite does, which gives the files beside it the same mode."""
    with suppress(OSError):  # SQLite says what is wrong
        make_file(path)


# === Which file it is ===

Identity = tuple[tuple[int, int] | None, ...]
"""By device and inode: the log's file, its write-ahead log, and the index of that."""


def identity(path: Path) -> Identity:
    """Which files are there now. They are not opened, for that would drop the process's locks on them."""
    return tuple(_inode(path.with_name(path.name + ending)) for ending in ("", "-wal", "-shm"))


def check_identity(path: Path, before: Identity) -> None:
    """Raise `Damage` where a file that was opened is not the one at its path any more."""
    for was, now, ending in zip(before, identity(path), ("", "-wal", "-shm"), strict=False):
        if was is not None and was != now:
            what = f"{path.name}{ending} was {'deleted or moved' if now is None else 'replaced by another file'}"
            raise Damage(LogGone(path=str(path), problem=what))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # as what it is: no open file
    except OSError:
        return None
    return found.st_dev, found.st_ino


# === Format ===


def _refuse_newer(path: Path) -> None:
    """Look at the format without a lock and without writing, which a common connection would do when it closes."""
    header = _header(path)
    if not header:
        return
    if not header.startswith(_MAGIC):
        if path.with_name(f"{path.name}-journal").exists():
            return  # it is being made, or was when its maker was killed: SQLite brings it to an end
        header = _header(path)  # made since the first look
    if not header.startswith(_MAGIC):
        # SQLite takes a file of zeros for a new one, and that is what a disk may leave of a log.
        raise Damage(LogCorrupt(path=str(path), problem="file is not a database"))
    _check(int.from_bytes(header[68:72], "big"), int.from_bytes(header[60:64], "big"), path)
    if path.with_name(f"{path.name}-wal").exists():  # the newest header may still be in the write-ahead log
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            _check_format(connection, path)


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(72)
    except FileNotFoundError:
        return b""
    except OSError as fault:
        raise Damage(by_code(StoreUnwritable(path=str(path), problem=told(fault)), fault)) from fault


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    _check(_pragma(connection, "application_id"), _pragma(connection, "user_version"), path)


def _check(application: int, version: int, path: Path) -> None:
    if application not in (0, APPLICATION):
        raise Damage(LogCorrupt(path=str(path), problem="it is the SQLite database of another application"))
    if version > FORMAT:
        error = LogTooNew(path=str(path), found=f"format {version}", supported=f"format {FORMAT}")
        raise Damage(error)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


# === Making ===


def _set_wal(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch to a write-ahead log; SQLite does not wait for locks here, so that is done by trying."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as fault:
            if not is_busy(fault) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def _bring_to_format(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a new file, or bring those of an older format to this one.

    Of several processes at once, one does; a kill leaves the file as it was.
    """
    if _pragma(connection, "user_version") == FORMAT:
        return
    connection.execute("BEGIN IMMEDIATE")
    found = _pragma(connection, "user_version")
    _check(_pragma(connection, "application_id"), found, path)
    if found == 0:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise Damage(LogCorrupt(path=str(path), problem="it is an SQLite database that is no event log"))
        make_tables(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
    elif found < FORMAT:
        upgrade(connection)
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")
