"""Codes of the operating system that say nothing about what a file holds: what each means, and what to do about it.

Whoever meets one must not look for damage, or for a backup: the file may be whole, and is only out of reach.
"""

import errno
import re
from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """What a code means, and the next step."""

    reason: str
    remedy: str


_AGAIN: Final = "call again; if it goes on, look at the log of the operating system"
_MEANINGS: Final[dict[int, Meaning]] = {
    errno.EMFILE: Meaning(
        "Too many open files in this process (its limit is what `ulimit -n` says)",
        "raise the limit of open files (`ulimit -n 4096`), or close stores that are not used, and call again",
    ),
    errno.ENFILE: Meaning(
        "Too many open files on this machine", "end programs that are not used, or raise the machine's limit"
    ),
    errno.ENOMEM: Meaning("Cannot allocate memory", "free memory, or use a machine with more, and call again"),
    errno.ENOSPC: Meaning("No space left on device", "free space on the disk, and call again"),
    errno.EDQUOT: Meaning("Disk quota exceeded", "free space, or have the quota raised, and call again"),
    errno.EACCES: Meaning("Permission denied", "give this user the right to it, or call as a user who has it"),
    errno.EPERM: Meaning("Operation not permitted", "give this user the right to it, or call as a user who has it"),
    errno.EROFS: Meaning("Read-only file system", "mount it so that it can be written, or use another place"),
    errno.EIO: Meaning(
        "Input/output error (the disk or its connection fails)",
        "look at the log of the operating system (dmesg) for the disk, and call again once it is well",
    ),
    errno.ENXIO: Meaning("No such device or address", "attach the device again, and call again"),
    errno.ENODEV: Meaning("No such device", "attach the device again, and call again"),
    errno.ESTALE: Meaning(
        "Stale file handle (the network file system was changed)", "mount the file system again, and call again"
    ),
    errno.ETIMEDOUT: Meaning("Connection timed out", "see that the network file system answers, and call again"),
    errno.EHOSTDOWN: Meaning("Host is down", "see that the network file system answers, and call again"),
    errno.ENOTCONN: Meaning("Transport endpoint is not connected", "mount the file system again, and call again"),
    errno.EAGAIN: Meaning("Resource temporarily unavailable", _AGAIN),
    errno.EBUSY: Meaning("Device or resource busy", _AGAIN),
    errno.EINTR: Meaning("Interrupted system call", _AGAIN),
    errno.ENOLCK: Meaning("No locks available", _AGAIN),
}
_IN_TEXT: Final = re.compile(r"\(os error (\d+)\)|\[Errno (\d+)\]")
"""How Rust and pyarrow write a code into the texts of exceptions of their own."""


def meaning_of(fault: BaseException) -> Meaning | None:
    """What the operating system's code means that a fault, or one of its causes, was made of.

    None where there is no such code, or where it does say something about the file, such as that there is none.

    >>> meaning_of(ValueError("Too many open files (os error 24)")).reason
    'Too many open files in this process (its limit is what `ulimit -n` says)'
    >>> meaning_of(FileNotFoundError(2, "No such file or directory")) is None
    True
    """
    link: BaseException | None = fault
    while link is not None:
        if (code := _code(link)) in _MEANINGS:
            return _MEANINGS[code]
        link = link.__cause__
    return None


def remedy_of(fault: BaseException) -> str:
    """The next step after a fault that says nothing about what a file holds; empty for others."""
    meaning = meaning_of(fault)
    return meaning.remedy if meaning else ""


def reason_of(code: int | None) -> str | None:
    """What a code means, in the same words on every system; None for others."""
    return _MEANINGS[code].reason if code in _MEANINGS else None


def _code(fault: BaseException) -> int:
    if isinstance(fault, OSError) and fault.errno is not None:
        return fault.errno
    found = _IN_TEXT.search(str(fault))
    return int(found[1] or found[2]) if found else 0
