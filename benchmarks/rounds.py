"""Peers in turn: A B C A B C, each time in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from cases import FORESET, PEERS, WORK, Case, calls_of, rounds_of
from compare import Difference, difference

LIMIT = 900
"""Seconds that a worker may take."""


@dataclass
class Cost:
    """What a peer cost, process by process: CPU and wall seconds (medians of its calls), peak bytes, the first call."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    peak: list[int] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    cold: bool = False
    fault: str = ""
    difference: Difference | None = None

    def add(self, made: dict[str, Any]) -> None:
        """One more process, by what its worker printed."""
        self.cpu.append(median(made["cpu"]))
        self.wall.append(median(made["wall"]))
        self.peak.append(made["peak"])
        self.first.append(made["first"])


def tell(text: str) -> None:
    """A line of progress, apart from the result."""
    print(text, file=sys.stderr, flush=True)


def run(case: Case, *, quick: bool) -> dict[str, Cost]:
    """All rounds of a case, and how each peer's answer compares with Foreset's."""
    rounds = {peer: rounds_of(case, peer, quick=quick) for peer in case.peers}
    costs = {peer: Cost(cold=calls_of(case, peer, quick=quick) == 0) for peer in case.peers if rounds[peer]}
    for turn in range(max(rounds.values())):
        for peer, cost in costs.items():
            if turn < rounds[peer] and not cost.fault:
                _measure(case, peer, cost, calls_of(case, peer, quick=quick))
                tell(f"{case.name} round {turn + 1}: {peer} {cost.fault or f'{cost.wall[-1]:.4f} s'}")
    for peer, cost in costs.items():
        if peer != FORESET and _answer(case, peer).exists():
            cost.difference = difference(case, _answer(case, FORESET), _answer(case, peer))
    return costs


def _answer(case: Case, peer: str) -> Path:
    return case.folder / f"answer-{peer}.parquet"


def _measure(case: Case, peer: str, cost: Cost, calls: int) -> None:
    home = WORK / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("worker.py")), case.name, peer]
    command += ["--calls", str(calls), "--home", str(home)]
    if not cost.wall:
        command += ["--answer", str(_answer(case, peer))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        cost.fault = f"over {LIMIT} s"
        return
    if done.returncode:
        tell(done.stderr)
        cost.fault = f"failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
        return
    cost.add(json.loads(done.stdout.splitlines()[-1]))


def processes(commands: dict[str, list[str]], repeats: int) -> dict[str, Cost]:
    """Whole processes, start to end, in turn; one round ahead of them fills the caches and is not counted."""
    costs = {name: Cost() for name in commands}
    for turn in range(repeats + 1):
        for name, command in commands.items():
            wall = time.perf_counter()
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, used = os.wait4(child.pid, 0)
            wall = time.perf_counter() - wall
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                costs[name].fault = f"exit code {child.returncode}"
            elif turn:
                costs[name].cpu.append(used.ru_utime + used.ru_stime)
                costs[name].wall.append(wall)
    return costs


def commands() -> dict[str, list[str]]:
    """The starts that are measured."""
    python = sys.executable
    return {
        "python -c pass": [python, "-c", "pass"],
        "import polars": [python, "-c", "import polars"],
        "import foreset": [python, "-c", "import foreset"],
        "foreset --help": [str(Path(python).with_name("foreset")), "--help"],
    }


def title(peer: str) -> str:
    """The peer's name in a table."""
    return PEERS.get(peer, peer)
