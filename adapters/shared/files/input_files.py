"""Files that somebody names, read whole: regular files alone, and no larger than a bound.

A pipe would be waited for, and a device may have no end, so neither is opened. Everything that is wrong is an
`OSError`, with a reason that can stand in a message.
"""

import errno
import os
import stat
from pathlib import Path
from typing import Final

OPEN: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
"""How a file is opened for reading so that a pipe, which it may have become, is not waited for."""
MIB: Final = 1 << 20
GIB: Final = 1 << 30
LARGEST_READ: Final = 2 * GIB
"""Bytes of a file that is read whole: a commit or a deletion vector of a table, a registry of Feast."""
LARGEST_SPEC: Final = 8 * MIB
"""Bytes of a file that people write: specs, and the configuration of Feast."""

_KINDS: Final = (
    (stat.S_ISFIFO, "it is a named pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)


def input_bytes(path: str | os.PathLike[str], largest: int) -> bytes:
    """The content of a regular file of at most `largest` bytes. Raises `OSError`."""
    place = require_file(path)
    # The file may have been replaced since it was looked at: a pipe is not waited for, and is refused all the same.
    with os.fdopen(os.open(place, OPEN), "rb") as file:
        found = os.fstat(file.fileno())
        _require_regular(found.st_mode, place)
        if found.st_size <= largest:
            content = file.read(found.st_size + 1)
            # It may grow, and a file of /proc has content without a size.
            while len(content) <= largest and (more := file.read(MIB)):
                content += more
            if len(content) <= largest:
                return content
    raise OSError(errno.EFBIG, f"it is larger than {largest:,} bytes, the most that is read", place)


def require_file(path: str | os.PathLike[str]) -> str:
    """The path, if it leads to a regular file. Raises `OSError`; nothing is opened."""
    place = os.fspath(path)
    try:
        mode = os.stat(place).st_mode  # noqa: PTH116  # a Path cannot be made of every text
    except ValueError as fault:  # NUL, or half of a surrogate pair
        raise OSError(errno.EINVAL, "its path holds a character that no file name can have", place) from fault
    _require_regular(mode, place)
    return place


def require_regular(entry: "os.DirEntry[str]") -> None:
    """Raise `OSError` for what a folder lists and that is a pipe, a socket or a device; links to nothing are let be."""
    if not (entry.is_file() or entry.is_dir() or (entry.is_symlink() and not Path(entry.path).exists())):
        require_file(entry.path)


def _require_regular(mode: int, place: str) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), place)
    problem = next((text for is_kind, text in _KINDS if is_kind(mode)), "it is not a regular file")
    raise OSError(errno.EINVAL, problem, place)
