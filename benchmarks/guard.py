"""Processes under limits of time and memory."""

import subprocess
import tempfile
import time
from dataclasses import dataclass

import psutil
from shapes import GB

POLL = 0.2
"""Seconds between two looks at a process."""
SPARE = 1 * GB
"""What the machine must have left: where others use it too, a process can exhaust it within its own limit."""

LONGEST = 200
"""Characters of a failure that are told."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: what it printed, and why it was stopped or what it failed with, if so."""

    printed: str
    fault: str


def run(command: list[str], *, seconds: float, memory: int) -> Ended:
    """Run a program to its end, or to its limit of wall seconds or resident bytes."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err)
        stopped = _watch(child, seconds, memory)
        out.seek(0)
        err.seek(0)
        told = err.read().strip().splitlines()
        if stopped:
            return Ended("", f"stopped: {stopped}")
        if child.returncode:
            return Ended("", f"failed: {told[-1][:LONGEST] if told else f'exit code {child.returncode}'}")
        return Ended(out.read(), "")


def _watch(child: subprocess.Popen[bytes], seconds: float, memory: int) -> str:
    """Wait for a process; why it was stopped, empty where it was not."""
    until = time.monotonic() + seconds
    seen = psutil.Process(child.pid)
    while True:
        try:
            child.wait(POLL)
        except subprocess.TimeoutExpired:
            reason = _excess(seen, until, seconds, memory)
            if reason:
                child.kill()
                child.wait()
                return reason
        else:
            return ""


def _excess(seen: psutil.Process, until: float, seconds: float, memory: int) -> str:
    if time.monotonic() > until:
        return f"not done after {seconds:,.0f} s"
    try:
        held = seen.memory_info().rss
    except psutil.Error:
        return ""  # it has just ended
    if held > memory:
        return f"it held over {memory / GB:.0f} GB"
    if psutil.virtual_memory().available < SPARE:
        return f"the machine had no memory left, of which it held {held / GB:.1f} GB"
    return ""
