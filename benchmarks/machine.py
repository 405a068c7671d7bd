"""Where and with what it was measured."""

import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from results import Stamp

LIBRARIES = (
    "foreset",
    "polars",
    "deltalake",
    "pyarrow",
    "duckdb",
    "datafusion",
    "feast",
    "dask",
    "ibis-framework",
    "pandas",
    "numpy",
)


def watch() -> Callable[[], Stamp]:
    """Begin to watch the machine; the function that is given ends it and tells what was seen."""
    others, wall = _others(), time.perf_counter()
    return lambda: _stamp((_others() - others) / (time.perf_counter() - wall))


def _others() -> float:
    """The CPU seconds that were used so far on this machine by others than this process and its children.

    Time that a virtual machine was not given counts as used by others.
    """
    all_of_it, mine = psutil.cpu_times(), os.times()
    busy = sum(getattr(all_of_it, kind, 0.0) for kind in ("user", "nice", "system", "irq", "softirq", "steal"))
    return busy - mine.user - mine.system - mine.children_user - mine.children_system


def _stamp(others: float) -> Stamp:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}"
    return Stamp(
        when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        machine=f"{_processor()}, {os.cpu_count()} cores, {memory:.1f} GiB; {system}",
        libraries=f"Python {platform.python_version()}, {', '.join(map(_version, LIBRARIES))}",
        others=max(others, 0.0),
    )


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
