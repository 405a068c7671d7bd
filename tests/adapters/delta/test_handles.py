"""A store that has a table open sees what others do to it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.tables import TableMissing, VersionMissing

Read = Callable[..., pl.DataFrame]


def rows(*values: int) -> pl.DataFrame:
    return pl.DataFrame({"k": list(values)})


@pytest.fixture(params=["name", "url"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A table by its name, and by a URL, as those in object stores are named."""
    return "t" if request.param == "name" else (tmp_path / "t").as_uri()


def test_an_append_of_another_process_is_seen(tables: DeltaTables, table: str, read: Read, tmp_path: Path) -> None:
    tables.write(table, rows(1)).unwrap()
    assert read(table).height == 1
    code = "import sys, polars as pl; from deltalake import write_deltalake as w;"
    code += "w(sys.argv[1], pl.DataFrame({'k': [2]}), mode='append')"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "t")], check=True)
    assert read(table)["k"].to_list() == [1, 2]
    assert read(table, 0)["k"].to_list() == [1]
    assert tables.observe(table).unwrap().facts.version == 1


def test_a_warm_store_gives_the_same_snapshot_again(tables: DeltaTables, table: str) -> None:
    tables.write(table, rows(1)).unwrap()
    assert tables.observe(table).unwrap() is tables.observe(table).unwrap()


@pytest.mark.parametrize("commits", [1, 2, 4])
def test_a_table_deleted_and_made_again_is_another_one(
    tables: DeltaTables, table: str, read: Read, tmp_path: Path, commits: int
) -> None:
    for _ in range(2):
        tables.write(table, rows(1)).unwrap()
    old = tables.observe(table).unwrap().facts
    shutil.rmtree(tmp_path / "t")
    assert isinstance(tables.observe(table).failure(), TableMissing)
    for number in range(commits):
        DeltaTables(tmp_path).write(table, rows(10 + number)).unwrap()
    new = tables.observe(table).unwrap().facts
    assert (new.version, new.rows) == (commits - 1, commits)
    assert new.table_id != old.table_id
    assert read(table, 0)["k"].to_list() == [10]


def test_a_table_made_again_without_a_look_in_between(
    tables: DeltaTables, table: str, read: Read, tmp_path: Path
) -> None:
    for _ in range(3):
        tables.write(table, rows(1)).unwrap()
    shutil.rmtree(tmp_path / "t")
    write_deltalake(str(tmp_path / "t"), rows(7))
    assert read(table)["k"].to_list() == [7]
    assert isinstance(tables.observe(table, 2).failure(), VersionMissing)


def test_a_table_restored_from_a_backup_and_written_on(
    tables: DeltaTables, table: str, read: Read, tmp_path: Path
) -> None:
    """The id and the version are those of before, and the rows are not."""
    tables.write(table, rows(1)).unwrap()
    shutil.copytree(tmp_path / "t", tmp_path / "backup")
    tables.write(table, rows(2)).unwrap()
    assert read(table)["k"].to_list() == [1, 2]
    shutil.rmtree(tmp_path / "t")
    shutil.copytree(tmp_path / "backup", tmp_path / "t")
    write_deltalake(str(tmp_path / "t"), rows(3), mode="append")
    assert read(table)["k"].to_list() == [1, 3]


def test_a_table_is_called_as_it_was_asked_for(tables: DeltaTables, tmp_path: Path) -> None:
    tables.write("t", rows(1)).unwrap()
    path = str(tmp_path / "t")
    assert [tables.observe(name).unwrap().facts.table for name in ("t", path, "t")] == ["t", path, "t"]


def test_a_compaction_changes_the_files_and_not_the_rows(
    tables: DeltaTables, table: str, read: Read, tmp_path: Path
) -> None:
    for number in range(3):
        tables.write(table, rows(number)).unwrap()
    before = tables.observe(table).unwrap().facts
    DeltaTable(str(tmp_path / "t")).optimize.compact()
    after = tables.observe(table).unwrap().facts
    assert (before.files, after.files, after.version) == (3, 1, 3)
    assert sorted(read(table)["k"]) == [0, 1, 2]
    assert read(table, 2)["k"].to_list() == [0, 1, 2]
