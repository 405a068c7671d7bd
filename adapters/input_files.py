"""Files that somebody names, read whole: regular files alone, and no larger than a bound.

A pipe would be waited for, and a device may have no end, so neither is opened. Everything that is wrong is an
`OSError`, with a reason that can stand in a message.
"""

import errno
import os
import stat
from typing import Final

MIB: Final = 1 << 20
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
    with os.fdopen(
        os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb"
    ) as file:
        _require_regular(os.fstat(file.fileno()).st_mode, place)
        content = file.read(largest + 1)
    if len(content) > largest:
        raise OSError(errno.EFBIG, f"it is larger than {largest:,} bytes, the most that is read", place)
    return content


def require_file(path: str | os.PathLike[str]) -> str:
    """The path, if it leads to a regular file. Raises `OSError`; nothing is opened."""
    place = os.fspath(path)
    try:
        mode = os.stat(place).st_mode  # noqa: PTH116  # a Path cannot be made of every text
    except ValueError as fault:  # NUL, or half of a surrogate pair
        raise OSError(errno.EINVAL, "its path holds a character that no file name can have", place) from fault
    _require_regular(mode, place)
    return place


def _require_regular(mode: int, place: str) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), place)
    problem = next((text for is_kind, text in _KINDS if is_kind(mode)), "it is not a regular file")
    raise OSError(errno.EINVAL, problem, place)
