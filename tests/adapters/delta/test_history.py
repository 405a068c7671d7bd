"""Which version was current when: by the commit times in the log, and by nothing else."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.tables import (
    AfterLastVersion,
    AmbiguousTime,
    BeforeFirstVersion,
    CommitTimeMissing,
    HistoryCleaned,
)

Dated = Callable[[str, dict[int, int | None]], None]
ROW = pl.DataFrame({"k": [1]})


def at(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@pytest.fixture
def table(tables: DeltaTables, dated: Dated) -> str:
    """Four versions, committed at the seconds 10, 20, 20 and 40."""
    for _ in range(4):
        tables.write("t", ROW).unwrap()
    dated("t", {0: 10_000, 1: 20_000, 2: 20_000, 3: 40_000})
    return "t"


@pytest.mark.parametrize(("second", "version"), [(10, 0), (19.999, 0), (20, 2), (39.999, 2), (40, 3)])
def test_the_version_current_at_a_time(table: str, tmp_path: Path, second: float, version: int) -> None:
    tables = DeltaTables(tmp_path)
    assert tables.version_at(table, at(second)).unwrap() == version
    assert tables.version_at(table, at(second).replace(tzinfo=None)).unwrap() == version
    tokyo = at(second).astimezone(timezone(timedelta(hours=9)))
    assert tables.version_at(table, tokyo).unwrap() == version


def test_the_modification_times_of_the_files_do_not_count(table: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / table, copy)
    for number, path in enumerate(sorted((copy / "_delta_log").iterdir(), reverse=True)):
        os.utime(path, (number * 1000, number * 1000))
    tables = DeltaTables(tmp_path)
    assert [tables.version_at("copy", at(s)).unwrap() for s in (10, 25, 40)] == [0, 2, 3]


def test_before_the_first_and_after_the_last_commit(table: str, tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    before = tables.version_at(table, at(9.999)).failure()
    assert isinstance(before, BeforeFirstVersion)
    assert "the table 't' did not exist: version 0, its first, was committed at 1970-01-01T00:00:10+00:00" in str(
        before
    )
    after = tables.version_at(table, at(40.001)).failure()
    assert isinstance(after, AfterLastVersion)
    assert "after the last commit of the table 't': version 3, committed at 1970-01-01T00:00:40+00:00" in str(after)


@pytest.mark.parametrize("second", [5, 9.999, 10, 15, 19.999])
def test_a_time_that_a_clock_which_ran_back_makes_ambiguous(
    table: str, tmp_path: Path, dated: Dated, second: float
) -> None:
    dated(table, {2: 5_000})
    tables = DeltaTables(tmp_path)
    error = tables.version_at(table, at(second)).failure()
    assert isinstance(error, AmbiguousTime)
    assert (error.later, error.earlier) == (2, 0 if second < 10 else 1)
    assert "version 2 says it was committed at 1970-01-01T00:00:05+00:00, and version" in str(error)
    assert str(error).endswith("A writer's clock ran back. Next: name a version.")
    assert [tables.version_at(table, at(s)).unwrap() for s in (20, 39, 40)] == [2, 2, 3]
    assert isinstance(tables.version_at(table, at(4.999)).failure(), BeforeFirstVersion)


def test_the_commits_own_times_come_before_the_writers(
    table: str, tmp_path: Path, commit_file: Callable[[str, int], Path]
) -> None:
    path = commit_file(table, 1)
    path.write_text(path.read_text().replace('"timestamp": 20000', '"timestamp": 20000, "inCommitTimestamp": 15000'))
    tables = DeltaTables(tmp_path)
    assert [tables.version_at(table, at(second)).unwrap() for second in (14.999, 15, 20)] == [0, 1, 2]


def test_a_commit_without_a_time_is_not_guessed(table: str, tmp_path: Path, dated: Dated) -> None:
    dated(table, {1: None})
    tables = DeltaTables(tmp_path)
    error = tables.version_at(table, at(15)).failure()
    assert isinstance(error, CommitTimeMissing)
    assert "current at 1970-01-01T00:00:15+00:00 cannot be told: the commits of these versions have no time: 1." in str(
        error
    )
    assert [tables.version_at(table, at(second)).unwrap() for second in (20, 30, 40)] == [2, 2, 3]


def test_a_cleaned_log_still_tells_what_it_holds(
    table: str, tmp_path: Path, commit_file: Callable[[str, int], Path]
) -> None:
    DeltaTable(str(tmp_path / table), version=2).create_checkpoint()
    commit_file(table, 0).unlink()
    commit_file(table, 1).unlink()
    tables = DeltaTables(tmp_path)
    assert tables.version_at(table, at(30)).unwrap() == 2
    error = tables.version_at(table, at(15)).failure()
    assert isinstance(error, HistoryCleaned)
    assert "its log was cleaned up to version 2, committed at 1970-01-01T00:00:20+00:00" in str(error)
    assert tables.observe(table, 0).failure().first == 2


def test_when_the_newest_version_was_committed(table: str, tmp_path: Path) -> None:
    assert DeltaTables(tmp_path).committed_at(table).unwrap() == at(40)
