"""The threads of polars and deltalake, which a forked child lacks though it has all else of its parent.

Both start threads when they are first used, and keep them. In a child that is forked after that, polars waits for ever
for threads that are not there, and deltalake panics. A child that is forked before that starts threads of its own.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

_FORKED_WITHOUT_EXEC: Final = 0x40
"""Linux, PF_FORKNOEXEC: the process is a fork, and has not replaced its program since."""
_STAT: Final = Path("/proc/self/stat")
_TASKS: Final = Path("/proc/self/task")
_TRIES: Final = 100
_PAUSE: Final = 0.01
"""How often, and how many seconds apart, threads without a name are looked at again."""
_ANSWERS_WITHIN: Final = 10.0
"""Seconds for a query of two numbers. Only where threads are lost is there no answer."""


class VendorThreads:
    """Whether work of polars and deltalake can be done in this process."""

    def __init__(self) -> None:
        """Begin with nothing known: neither is used yet by Foreset."""
        self._process: int | None = None
        self._lost = False
        self._forked = False
        self._lock = threading.Lock()

    def begin(self) -> bool:
        """Whether the threads are or can be started here. From then on, children that are forked have lost them."""
        if self._process == os.getpid() and not self._lost:
            return True
        with self._lock:
            if not self._lost and self._process != os.getpid():
                self._lost = self._process is not None or (self._is_fork() and _threads_are_lost())
                self._process = os.getpid()
        return not self._lost

    def in_child(self) -> None:
        """Note, in a child that was just forked, that its parent's threads are not here."""
        self._lost = self._process is not None
        self._forked = True
        self._lock = threading.Lock()

    def _is_fork(self) -> bool:
        """Whether this process was forked, also before this module was loaded."""
        return self._forked or _was_forked()


def _was_forked() -> bool:
    try:
        fields = _STAT.read_text().rpartition(")")[2].split()
    except OSError:  # not Linux
        return False
    return bool(int(fields[6]) & _FORKED_WITHOUT_EXEC)


def _threads_are_lost() -> bool:
    """In a fork: whether polars or deltalake was used before it. Both are asked, for each keeps threads of its own."""
    polars, deltalake = "polars" in sys.modules, "deltalake" in sys.modules
    return (polars and (_pool_is_lost() or not _answers(_query))) or (deltalake and _panics(_open_no_table))


def _pool_is_lost() -> bool:
    """Whether polars takes its pool for started, and no thread of it is here."""
    import polars as pl  # noqa: PLC0415  # loaded already, but not by the import of foreset

    try:
        before = _tasks().keys()
        pl.thread_pool_size()  # starts the pool, unless it was
        for _ in range(_TRIES):
            now = _tasks()
            if now.keys() - before or any(_is_of_pool(name) for name in now.values()):
                return False
            if not _has_nameless(now):
                return True
            time.sleep(_PAUSE)
    except OSError:  # not Linux
        return False
    return True


def _tasks() -> dict[str, str]:
    """The threads of this process, by their ids, with their names."""
    found: dict[str, str] = {}
    for task in os.listdir(_TASKS):  # noqa: PTH208  # ids, not paths
        try:
            found[task] = (_TASKS / task / "comm").read_text().strip()
        except OSError:  # it ended meanwhile
            continue
    return found


def _is_of_pool(name: str) -> bool:
    prefix, _, number = name.partition("-")
    return prefix == "polars" and number.isdigit()


def _has_nameless(tasks: dict[str, str]) -> bool:
    """Whether threads still have the process's name: those of a pool name themselves when they first run."""
    own = {str(thread.native_id) for thread in threading.enumerate()}
    process = tasks.get(str(os.getpid()))
    return any(name == process for task, name in tasks.items() if task not in own)


def _query() -> None:
    """What needs both kinds of threads of polars: those that compute, and those that read and write."""
    import polars as pl  # noqa: PLC0415  # loaded already, but not by the import of foreset

    file = BytesIO()
    pl.DataFrame({"x": [1, 2]}).write_parquet(file)
    file.seek(0)
    pl.scan_parquet(file).group_by("x").len().collect()


def _answers(question: Callable[[], None]) -> bool:
    asked = threading.Thread(target=question, daemon=True)
    asked.start()
    asked.join(_ANSWERS_WITHIN)
    return not asked.is_alive()


def _open_no_table() -> None:
    import deltalake  # noqa: PLC0415  # as above

    deltalake.DeltaTable(str(Path(__file__).parent))


def _panics(call: Callable[[], None]) -> bool:
    """Whether a call ends in a panic of Rust, which is no `Exception`; its report on standard error is left out."""
    with _silent():
        try:
            call()
        except Exception:  # noqa: BLE001  # there is no table, so the threads answered
            return False
        except BaseException as fault:
            if type(fault).__name__ != "PanicException":
                raise
            return True
    return False


@contextmanager
def _silent() -> Generator[None, None, None]:
    """Nothing goes to the process's standard error, whoever writes to it."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


VENDOR_THREADS: Final = VendorThreads()
"""Of this process."""

if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=VENDOR_THREADS.in_child)
