"""A table store in a folder, and ways to reach into a table's log."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset.adapters.delta.commit.local_storage import LocalStorage
from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.problem import Problem
from foreset.domain.table_health.findings import TableFinding


@pytest.fixture
def tables(tmp_path: Path) -> DeltaTables:
    return DeltaTables(tmp_path)


@pytest.fixture
def read(tables: DeltaTables) -> Callable[..., pl.DataFrame]:
    """All rows of a table, by a store that may have it open."""

    def rows(table: str, version: int | None = None) -> pl.DataFrame:
        snapshot = tables.observe(table, version).unwrap()
        return pl.DataFrame(snapshot.read(tuple(column.name for column in snapshot.facts.columns)).unwrap())

    return rows


@pytest.fixture
def refused(tables: DeltaTables) -> Callable[..., Problem]:
    """Why a table's rows cannot be had."""

    def error(table: str, version: int | None = None) -> Problem:
        seen = tables.observe(table, version)
        problem: Problem = seen.bind(lambda s: s.read(tuple(c.name for c in s.facts.columns))).failure()
        assert " Next: " in str(problem)
        return problem

    return error


@pytest.fixture
def commit_file(tmp_path: Path) -> Callable[[str, int], Path]:
    return lambda table, version: tmp_path / table / "_delta_log" / f"{version:020}.json"


@pytest.fixture
def dated(commit_file: Callable[[str, int], Path]) -> Callable[[str, dict[int, int | None]], None]:
    """Set the times of commits, in milliseconds since the epoch; None takes `commitInfo` out."""

    def change(table: str, times: dict[int, int | None]) -> None:
        for version, time in times.items():
            path = commit_file(table, version)
            actions = [json.loads(line) for line in path.read_text().splitlines()]
            for action in actions:
                if "commitInfo" in action:
                    action["commitInfo"]["timestamp"] = time
            kept = [action for action in actions if time is not None or "commitInfo" not in action]
            path.write_text("\n".join(json.dumps(action) for action in kept))

    return change


@pytest.fixture
def data_files(tmp_path: Path) -> Callable[[str], list[Path]]:
    return lambda table: sorted((tmp_path / table).rglob("*.parquet"))


@pytest.fixture
def found(tables: DeltaTables) -> Callable[..., list[TableFinding]]:
    """What a check finds in a table that is above advice."""

    def findings(table: str, *, deep: bool = False) -> list[TableFinding]:
        report = tables.check(table, deep=deep).unwrap()
        assert all(finding.what.endswith(".") and finding.next.endswith(".") for finding in report.findings)
        return [finding for finding in report.findings if finding.severity != "advice"]

    return findings


@pytest.fixture
def edited(commit_file: Callable[[str, int], Path]) -> Callable[[str, int, Callable[[dict[str, Any]], None]], None]:
    """Change the actions of a commit, each by a function that is given it."""

    def edit(table: str, version: int, change: Callable[[dict[str, Any]], None]) -> None:
        actions = [json.loads(line) for line in commit_file(table, version).read_text().splitlines()]
        for action in actions:
            change(action)
        commit_file(table, version).write_text("\n".join(json.dumps(action) for action in actions if action))

    return edit


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Do something when the files of the next write are there, and its commit is not."""

    def arrange(do: Callable[[], object]) -> None:
        commit, waiting = LocalStorage.commit, [do]

        def committing(self: LocalStorage, *arguments: Any) -> None:
            if waiting:
                waiting.pop()()
            commit(self, *arguments)

        monkeypatch.setattr(LocalStorage, "commit", committing)

    return arrange


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "t")
