"""Whole processes, start to end: what it costs to begin."""

import os
import subprocess
import sys
import time
from pathlib import Path

from machine import watch
from results import Cost, Measured

PASS, POLARS, IMPORT, HELP = "python -c pass", "import polars", "import foreset", "foreset --help"
LIMITS = {IMPORT: 0.15, HELP: 0.3}
"""Seconds of wall time that they may take."""


def run(repeats: int) -> Measured:
    """All starts in turn; one round ahead of them fills the caches and is not counted."""
    watched = watch()
    costs = {name: Cost() for name in _commands()}
    for turn in range(repeats + 1):
        for name, command in _commands().items():
            _start(command, costs[name], counted=turn > 0)
    return Measured(watched(), costs)


def _start(command: list[str], cost: Cost, *, counted: bool) -> None:
    wall = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - wall
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        cost.fault = f"failed: exit code {child.returncode}"
    elif counted:
        cost.cpu.append(used.ru_utime + used.ru_stime)
        cost.wall.append(wall)


def _commands() -> dict[str, list[str]]:
    python = sys.executable
    return {
        PASS: [python, "-c", "pass"],
        POLARS: [python, "-c", "import polars"],
        IMPORT: [python, "-c", "import foreset"],
        HELP: [str(Path(python).with_name("foreset")), "--help"],
    }
