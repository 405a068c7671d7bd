"""What must be let go before a process forks: connections, which a child would share with its parent.

SQLite loses track of its locks in a child that is forked while the file is open, and a server's answers go to
whichever of two processes reads them first. So each is let go before a fork, and opened again when it is needed.
"""

import os
import threading
import weakref
from abc import ABC, abstractmethod
from typing import Final


class ForkSafe(ABC):
    """Something with a connection, which is opened when it is needed, under `_lock`, and let go before each fork."""

    def __init__(self) -> None:
        """Begin without a connection. To be called last: from then on a fork may ask that it be let go."""
        self._lock = threading.Lock()
        _KNOWN.add(self)

    @abstractmethod
    def _disconnect(self) -> None:
        """Let the connection go, if there is one."""

    def close(self) -> None:
        """Let the connection go. A later call opens it again."""
        with self._lock:
            self._disconnect()

    def __del__(self) -> None:
        """Let the connection go with its holder: nobody else can reach it any more."""
        self._disconnect()

    def before_fork(self) -> None:
        """Let the connection go and keep every thread out until `after_fork`."""
        self._lock.acquire()
        self._disconnect()

    def after_fork(self) -> None:
        """Let threads in again: in the parent, and in the child."""
        self._lock.release()


_KNOWN: Final["weakref.WeakSet[ForkSafe]"] = weakref.WeakSet()
_STOPPED: Final[list[ForkSafe]] = []
_FORKING: Final = threading.Lock()


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
