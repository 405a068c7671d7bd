"""The machine that this process runs on, and its clock."""

import os
import resource
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from foreset.domain.facts import Resources

SHARE: Final = 2
"""By default a process takes at most one part in so many of the machine's memory."""
_CGROUP: Final = Path("/sys/fs/cgroup/memory.max")
_STATUS: Final = Path("/proc/self/status")


class LocalMachine:
    """Memory and threads of this process, observed when asked."""

    def __init__(self, memory_bytes: int | None = None, threads: int | None = None) -> None:
        """Allow so much memory to the whole process (default: half of the machine's) and so many threads (all)."""
        self._memory_bytes = memory_bytes or total_bytes() // SHARE
        self._threads = threads or os.cpu_count() or 1

    def observe(self) -> Resources:
        """What a retrieval may use now."""
        return Resources(memory_bytes=self._memory_bytes, held_bytes=held_bytes(), threads=self._threads)

    def peak_bytes(self) -> int:
        """The most memory that this process has held, where the system tells; what it holds now elsewhere."""
        try:
            line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        except OSError:
            return held_bytes()
        return int(line.split()[1]) * 1024


def held_bytes() -> int:
    """The memory that this process holds; the most that it has held where no more files can be opened to ask."""
    try:
        return int(psutil.Process().memory_info().rss)
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def total_bytes() -> int:
    """The memory of the machine, or of the container where that is less."""
    try:
        total = int(psutil.virtual_memory().total)
    except OSError:  # no more files can be opened
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = _CGROUP.read_text().strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


class SystemClock:
    """Tells the machine's time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)
