"""What a log does not say, or says wrongly, Foreset does not take for an answer."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from foreset import ForesetError, get_table_info, read_delta_table
from foreset.domain.errors.problem import Problem
from foreset.domain.errors.tables import AfterLastVersion, BeforeFirstVersion, TableUnreadable
from tests.handmade import commit, handmade

FIRST = datetime(2024, 1, 1, tzinfo=UTC)  # when the first commit of a table made by hand was


def commit_file(path: Path, version: int) -> Path:
    return path / "_delta_log" / f"{version:020}.json"


@pytest.fixture
def daily(tmp_path: Path) -> Path:
    """A table of a commit a day, whose files were copied at one time, the last one first."""
    path = handmade(tmp_path / "t", [pl.DataFrame({"k": [0]})])
    for version in (1, 2, 3):
        source = handmade(tmp_path / f"source {version}", [pl.DataFrame({"k": [version]})])
        name = f"part-of-{version}.parquet"
        (source / "part-00000.parquet").rename(path / name)
        size = (path / name).stat().st_size
        add = {"path": name, "partitionValues": {}, "size": size, "modificationTime": version, "dataChange": True}
        commit(path, {"add": {**add, "stats": '{"numRecords": 1}'}})
    for version in range(4):
        copied = (FIRST + timedelta(days=100 - version)).timestamp()
        os.utime(commit_file(path, version), (copied, copied))
    return path


# === Times ===


@pytest.mark.parametrize("days", [0, 1, 1.5, 2, 2.9, 3])
def test_the_version_at_a_time_is_that_of_the_commit_and_not_of_the_files(daily: Path, days: float) -> None:
    asked = FIRST + timedelta(days=days)
    assert read_delta_table(daily, timestamp=asked)["k"].sort().to_list() == list(range(int(days) + 1))


@pytest.mark.parametrize(("days", "kind"), [(-0.1, BeforeFirstVersion), (3.1, AfterLastVersion)])
def test_a_time_outside_the_history_is_refused(daily: Path, days: float, kind: type[Problem]) -> None:
    with pytest.raises(ForesetError) as caught:
        read_delta_table(daily, timestamp=FIRST + timedelta(days=days))
    assert isinstance(caught.value.error, kind)


def test_deltalake_takes_the_times_of_files_and_is_never_outside(daily: Path) -> None:
    table = DeltaTable(daily)
    table.load_as_version(FIRST - timedelta(days=1000))
    assert table.version() == 0
    table.load_as_version(FIRST + timedelta(days=1000))
    assert table.version() == 3
    table.load_as_version(FIRST + timedelta(days=2))
    assert table.version() == 0


# === Lost writes ===


READS: list[Callable[[Path], object]] = [read_delta_table, get_table_info]


@pytest.mark.parametrize("version", [1, 3])
@pytest.mark.parametrize("read", READS)
def test_a_commit_without_a_byte_is_refused(daily: Path, version: int, read: Callable[[Path], object]) -> None:
    commit_file(daily, version).write_bytes(b"")
    with pytest.raises(ForesetError, match=f"the commit {version:020}.json of its log is empty") as caught:
        read(daily)
    assert isinstance(caught.value.error, TableUnreadable)


def test_deltalake_takes_it_for_a_commit_of_nothing(daily: Path) -> None:
    commit_file(daily, 1).write_bytes(b"")
    assert DeltaTable(daily).version() == 3
    assert sorted(pl.DataFrame(DeltaTable(daily).scan())["k"].to_list()) == [0, 2, 3]
