"""Peers in turn: A B C A B C, each time in a process of its own."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import data
import guard
from compare import difference
from machine import watch
from peers import FORESET
from results import Cost, Measured, line
from shapes import WORK, Case, Output, Peer

QUICK_ROUNDS, QUICK_CALLS = 2, 10


def tell(text: str) -> None:
    """A line of progress, apart from the result."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Line:
    """A line of a case's table: who is asked for what, how often, and what it cost so far."""

    peer: Peer
    output: Output
    rounds: int
    calls: int
    answer: Path
    cost: Cost


def run(case: Case, *, quick: bool) -> Measured:
    """All rounds of a case, and how each peer's answer compares with Foreset's."""
    for dataset in case.datasets:
        if data.ensure(dataset):
            tell(f"{case.name}: made {dataset.name}")
    data.warm(case)
    watched = watch()
    with TemporaryDirectory(dir=WORK) as answers:
        lines = _lines(case, Path(answers), quick=quick)
        for turn in range(case.rounds):
            for one in lines:
                if turn < one.rounds and not one.cost.fault:
                    _measure(case, one)
                    told = one.cost.fault or f"{one.cost.wall[-1]:.4f} s"
                    tell(f"{case.name} round {turn + 1}: {line(one.peer, one.output)}: {told}")
        seen = watched()
        _compare(case, lines)
    return Measured(seen, {line(one.peer, one.output): one.cost for one in lines})


def _lines(case: Case, answers: Path, *, quick: bool) -> list[Line]:
    return [
        Line(peer, output, *_repeats(case, peer, quick=quick), answers / f"{peer.name}-{output}.parquet", Cost())
        for output in case.outputs
        for peer in case.peers
        if peer.quick or not quick
    ]


def _repeats(case: Case, peer: Peer, *, quick: bool) -> tuple[int, int]:
    """How many processes a peer gets, and how often each calls after its first call."""
    rounds = case.rounds if peer.rounds is None else peer.rounds
    calls = case.calls if peer.calls is None else peer.calls
    return (min(rounds, QUICK_ROUNDS), min(calls, QUICK_CALLS)) if quick else (rounds, calls)


def _measure(case: Case, one: Line) -> None:
    """One process of a line."""
    with TemporaryDirectory(dir=WORK) as home:
        command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("worker.py")), case.name]
        command += [one.peer.name, one.output, "--calls", str(one.calls), "--home", home]
        if not one.cost.wall:
            command += ["--answer", str(one.answer)]
        ended = guard.run(command, seconds=case.seconds, memory=case.guard)
    made = {"fault": ended.fault} if ended.fault else json.loads(ended.printed.splitlines()[-1])
    _add(one.cost, made, cold=one.calls == 0)


def _add(cost: Cost, made: dict[str, Any], *, cold: bool) -> None:
    """What a worker printed, beside what others did before."""
    cost.fault, cost.cold = made.get("fault", ""), cold
    if cost.fault:
        return
    cost.cpu.append(median(made["cpu"]))
    cost.wall.append(median(made["wall"]))
    cost.peak.append(made["peak"])
    cost.first.append(made["first"])
    cost.size = made["size"]
    cost.rows = made.get("rows", cost.rows)


def _compare(case: Case, lines: list[Line]) -> None:
    ours = {one.output: one.answer for one in lines if one.peer.name == FORESET.name and one.answer.exists()}
    for one in lines:
        if one.peer.name == FORESET.name or not one.answer.exists():
            continue
        known = one.output in ours
        one.cost.answer = (
            difference(case, ours[one.output], one.answer, one.cost.rows) if known else "Foreset gave none"
        )
