"""Writes of tables by processes that are killed, and by processes that write at once.

FORESET_CRASH_RUNS sets how often a process is killed in each kind of write, by default a few times.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations_with_replacement
from pathlib import Path
from typing import TypeAlias

import polars as pl
import pytest
from deltalake import DeltaTable

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.memory import MemoryClock, MemoryTables
from foreset.application.ports.tables import TableStore
from foreset.domain.table_health.file_findings import Leftovers, OrphanFiles, SmallFiles
from tests.crash import table_worker
from tests.crash.table_worker import KINDS, START
from tests.crash.table_worker import rows as worker_rows

RUNS = int(os.environ.get("FORESET_CRASH_RUNS", "1"))
Told: TypeAlias = list[tuple[str, int, int]]
"""What a process was told is done: the kind of write, its number, its version."""


class Worker:
    def __init__(self, folder: Path) -> None:
        command = [sys.executable, table_worker.__file__, str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.line() == "ready"

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def tell(self, kind: str, table: str, first: int, writes: int) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{kind} {table} {first} {writes}\n")
        self.process.stdin.flush()

    def answers(self) -> Told:
        """What was done, until the process says that all is, or ends."""
        told: Told = []
        while (line := self.line()) not in {"done", ""}:
            kind, number, version = line.split()
            told.append((kind, int(number), int(version)))
        return told

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            stream.close()


@contextmanager
def workers(folder: Path, number: int) -> Iterator[list[Worker]]:
    started = [Worker(folder) for _ in range(number)]
    try:
        yield started
    finally:
        for worker in started:
            worker.end()


def rows(store: TableStore, table: str) -> pl.DataFrame:
    return pl.DataFrame(store.observe(table).unwrap().read(("k", "p", "write")).unwrap())


def replayed(told: Told) -> pl.DataFrame:
    """The rows after these writes, one after the other in the order of their versions."""
    memory = MemoryTables({"t": START}, clock=MemoryClock())
    for kind, number, _ in sorted(told, key=lambda write: write[2]):
        KINDS[kind](memory, "t", number)
    return rows(memory, "t")


def check(folder: Path, table: str) -> None:
    """Nothing is wrong with a table but files that nobody names or that are small; deltalake finds the same rows."""
    store = DeltaTables(folder)
    findings = store.check(table, deep=True).unwrap().findings
    assert [str(found) for found in findings if not isinstance(found, (OrphanFiles, Leftovers, SmallFiles))] == []
    seen = pl.DataFrame(DeltaTable(folder / table).scan()).select("k", "p", "write")
    assert sorted(seen.rows()) == sorted(rows(store, table).rows())


@pytest.mark.parametrize("kind", KINDS)
def test_a_process_that_is_killed_leaves_a_whole_version(tmp_path: Path, kind: str) -> None:
    chance = random.Random(kind)  # noqa: S311  # moments, not secrets
    store, told = DeltaTables(tmp_path), Told()
    store.write("t", START).unwrap()
    for run in range(RUNS):
        told += small_appends(store, 1_000_000 + run * 100) if kind == "optimize" else []
        first = run * 1_000
        told += killed(tmp_path, kind, first, chance.uniform(0, 0.08))
        known = max((version for _, _, version in told), default=0)
        version = store.observe("t").unwrap().facts.version
        assert version in {known, known + 1}
        if version > known:  # it was committed, and killed before it could tell
            number = max((number + 1 for kind_, number, _ in told if kind_ == kind and number >= first), default=first)
            told.append((kind, number, version))
        assert rows(store, "t").equals(replayed(told))
        check(tmp_path, "t")
    KINDS[kind](store, "t", 999)
    check(tmp_path, "t")


def small_appends(store: DeltaTables, first: int) -> Told:
    return [("append", number, KINDS["append"](store, "t", number)) for number in range(first, first + 20)]


def killed(folder: Path, kind: str, first: int, moment: float) -> Told:
    """What was done of many writes by a process that was killed after a while."""
    with workers(folder, 1) as (worker,):
        worker.tell(kind, "t", first, 1_000)
        time.sleep(moment)
        worker.process.kill()
        return [told for told in worker.answers() if told[2] >= 0]


def test_writes_at_once_are_as_if_one_came_after_the_other(tmp_path: Path) -> None:
    """Each kind beside each: what every process was told is the whole history, and the rows are those of that order."""
    store = DeltaTables(tmp_path)
    with workers(tmp_path, 2) as (one, other):
        for pair, kinds in enumerate(combinations_with_replacement(KINDS, 2)):
            table = f"t{pair}"
            store.write(table, START).unwrap()
            before = [
                ("append", -number, store.write(table, worker_rows(-number)).unwrap().version) for number in range(1, 6)
            ]
            for worker, kind, first in zip((one, other), kinds, (0, 100), strict=True):
                worker.tell(kind, table, first, 5)
            told = [*before, *(write for worker in (one, other) for write in worker.answers() if write[2] >= 0)]
            versions = sorted(version for _, _, version in told)
            assert versions == list(range(1, store.observe(table).unwrap().facts.version + 1)), kinds
            assert rows(store, table).equals(replayed(told)), kinds
            check(tmp_path, table)


@pytest.mark.slow
def test_many_processes_append_and_each_row_is_there_once(tmp_path: Path) -> None:
    store = DeltaTables(tmp_path)
    store.write("t", START).unwrap()
    with workers(tmp_path, 8) as started:
        for number, worker in enumerate(started):
            worker.tell("append", "t", number * 1_000, 50)
        told = [write for worker in started for write in worker.answers()]
    assert sorted(version for _, _, version in told) == list(range(1, 401))
    assert rows(store, "t").equals(replayed(told))
    check(tmp_path, "t")
