"""Folders for unfinished files, whose owner is known by a lock that the kernel releases, and never by a process id.

Processes in two containers have the same id, and an id is given again to another process. So each folder has a random
name and a file in it that its maker keeps locked (flock): a folder whose lock is free was left by a process that ended,
however it ended, and may be deleted by anyone.
"""

import errno
import fcntl
import os
import shutil
import weakref
from collections.abc import Generator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from secrets import token_hex
from typing import Final

_LOCK: Final = "in-use"
_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""What a file system says that has no such locks: then nothing is known to be left, and nothing is deleted."""


class Claim:
    """A folder of this process, until it is released or the process ends."""

    def __init__(self, path: Path, lock: int) -> None:
        """Own the folder at `path`, of which the open file `lock` is locked."""
        self.path = path
        self._lock: int | None = lock
        _CLAIMS.add(self)

    def release(self) -> None:
        """Delete the folder with all that is in it. In a process that was forked off its maker, nothing is done."""
        if self._lock is None:
            return
        shutil.rmtree(self.path, ignore_errors=True)
        self.disown()

    @contextmanager
    def unless_whole(self) -> Generator[None, None, None]:
        """Inside it whatever is raised releases the folder; without that it stays."""
        try:
            yield
        except BaseException:
            self.release()
            raise

    def disown(self) -> None:
        """Leave the folder to whoever else has its lock, or to the next sweep."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


_CLAIMS: Final["weakref.WeakSet[Claim]"] = weakref.WeakSet()


def _in_child() -> None:
    """Let a child that was forked hold nothing: the lock is its parent's, and so is what is in the folder."""
    for claim in list(_CLAIMS):
        claim.disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def claim(folder: Path, prefix: str) -> Claim:
    """A new folder in `folder`, which is made where it is missing, named `prefix` and a random part.

    Raises `OSError` where it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        path = folder / f"{prefix}{token_hex(8)}"
        path.mkdir(mode=0o700)
        with suppress(FileNotFoundError):  # a sweep took the folder for one that was left, before it was locked
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            if _locked(lock) is not False and (path / _LOCK).exists():
                return Claim(path, lock)
            os.close(lock)


@contextmanager
def claimed(folder: Path, prefix: str) -> Generator[Path, None, None]:
    """A folder as `claim` gives it, deleted at the end."""
    owned = claim(folder, prefix)
    try:
        yield owned.path
    finally:
        owned.release()


def sweep(folder: Path, prefix: str) -> int:
    """Delete the folders that processes left which have ended; gives how many are in use by others.

    Raises `OSError` where one cannot be deleted.
    """
    in_use = 0
    for path in folder.glob(f"{escape(prefix)}*"):
        try:
            lock = os.open(path / _LOCK, os.O_RDWR)
        except FileNotFoundError:
            with suppress(OSError):  # its maker may just be about to make the lock, and then makes another folder
                path.rmdir()
            continue
        except NotADirectoryError:
            continue
        try:
            if _locked(lock):
                shutil.rmtree(path)
            else:
                in_use += 1
        except FileNotFoundError:  # another sweep was faster
            continue
        finally:
            os.close(lock)
    return in_use


def _locked(file: int) -> bool | None:
    """Whether the lock of an open file was free and is now held here; None where there are no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as fault:
        if fault.errno in _NO_LOCKS:
            return None
        raise
    return True
