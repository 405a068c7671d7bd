"""What was learned of local files, for as long as each is the same file: its place on the disk, its size, its time."""

import os
from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
Identity = tuple[str, int, int, int, int]


def identity(path: str, state: os.stat_result) -> Identity:
    """What a file is known by; another file in its place is another one."""
    return path, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


class KnownFiles(Generic[T]):
    """What is known of the files that were asked for last, `most` of them. May be used by any number of threads."""

    def __init__(self, most: int) -> None:
        """Know nothing yet."""
        self._most = most
        self._known: OrderedDict[Identity, T] = OrderedDict()
        self._lock = Lock()

    def get(self, file: Identity) -> T | None:
        """What is known of a file."""
        with self._lock:
            if file in self._known:
                self._known.move_to_end(file)
            return self._known.get(file)

    def learn(self, file: Identity, value: T) -> T:
        """What is known of a file: `value`, unless another thread was faster."""
        with self._lock:
            known = self._known.setdefault(file, value)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
            return known
