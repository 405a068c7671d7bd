"""What must be let go before a process forks: connections, which a child would share with its parent.

SQLite loses track of its locks in a child that is forked while the file is open, and a server's answers go to
whichever of two processes reads them first. So each is let go before a fork, and opened again when it is needed.
"""

import os
import threading
import weakref
from typing import Final, Protocol


class Held(Protocol):
    """Something that holds a connection, and a lock around it."""

    def before_fork(self) -> None:
        """Let the connection go and keep every thread out until `after_fork`."""
        ...

    def after_fork(self) -> None:
        """Let threads in again: in the parent, and in the child."""
        ...


_KNOWN: Final["weakref.WeakSet[Held]"] = weakref.WeakSet()
_STOPPED: Final[list[Held]] = []
_FORKING: Final = threading.Lock()


def let_go_before_forks(held: Held) -> None:
    """See to it that `held` lets its connection go before each fork, as long as it lives."""
    _KNOWN.add(held)


def _before_fork() -> None:
    _FORKING.acquire()  # one fork at a time, so that two threads cannot wait for each other's connections
    for held in list(_KNOWN):
        held.before_fork()
        _STOPPED.append(held)


def _after_fork() -> None:
    while _STOPPED:
        _STOPPED.pop().after_fork()
    _FORKING.release()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
