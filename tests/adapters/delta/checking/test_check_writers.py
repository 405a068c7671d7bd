"""What concurrent writers did to one another is told by the log that they left."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.table_health.findings import TableFinding
from foreset.domain.table_health.log_findings import RemovedTwice
from tests.handmade import commit, handmade

Found = Callable[..., list[TableFinding]]
CommitFile = Callable[[str, int], Path]
ROWS = pl.DataFrame({"k": [1, 2], "x": [0.5, None]})


@pytest.fixture
def table(tables: DeltaTables) -> str:
    """A table of four commits."""
    for _ in range(4):
        tables.write("t", ROWS).unwrap()
    return "t"


def kinds(findings: list[TableFinding]) -> list[tuple[str, str]]:
    return [(finding.severity, type(finding).__name__) for finding in findings]


COMPACT = """
import sys
from deltalake import DeltaTable
table = DeltaTable(sys.argv[1])
print("open", flush=True)
input()
table.optimize.compact()
"""


def test_two_compactions_at_once_are_told_by_the_files_that_both_removed(
    found: Found, table: str, tmp_path: Path
) -> None:
    place = str(tmp_path / table)
    before = DeltaTable(place).count()
    command = [sys.executable, "-c", COMPACT, place]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
    for process in both:
        process.communicate("\n")
        assert process.returncode == 0
    assert DeltaTable(place).count() == 2 * before
    [twice] = found(table)
    assert isinstance(twice, RemovedTwice)
    assert (twice.severity, len(twice.files)) == ("error", 4)
    assert twice.what.startswith(
        "Version 4 (OPTIMIZE) and version 5 (OPTIMIZE) removed the same files, so they ran at once and neither saw the "
        "other: the rows of these files are there twice. Files: part-"
    )
    assert "DeltaTable(...).restore(4)" in twice.next


STALE: dict[str, tuple[Callable[[DeltaTable], Any], str, str]] = {
    "compact": (lambda t: t.optimize.compact(), "OPTIMIZE", "the rows of these files are there twice"),
    "z_order": (lambda t: t.optimize.z_order(["k"]), "OPTIMIZE", "the rows of these files are there twice"),
    "overwrite": (
        lambda t: write_deltalake(t, ROWS, mode="overwrite"),
        "WRITE",
        "the rows that version 4 wrote stand beside those of version 5",
    ),
    "delete": (lambda t: t.delete(), "DELETE", "the rows that version 5 was to delete are still there"),
}


@pytest.mark.parametrize("operation", STALE)
def test_a_writer_that_missed_a_compaction(found: Found, table: str, tmp_path: Path, operation: str) -> None:
    run, named, effect = STALE[operation]
    stale = DeltaTable(str(tmp_path / table))
    DeltaTable(str(tmp_path / table)).optimize.compact()
    run(stale)
    [twice] = found(table)
    assert twice.severity == "error"
    assert twice.what.startswith(f"Version 4 (OPTIMIZE) and version 5 ({named}) removed the same files")
    assert f"neither saw the other: {effect}. Files: " in twice.what


@pytest.mark.parametrize("remedy", ["restore", "overwrite", "delete"])
def test_rows_that_were_doubled_are_a_warning_once_the_table_was_put_right(
    found: Found, table: str, tmp_path: Path, remedy: str
) -> None:
    place = str(tmp_path / table)
    stale = DeltaTable(place)
    DeltaTable(place).optimize.compact()
    stale.optimize.compact()
    write_deltalake(place, ROWS, mode="append")
    assert kinds(found(table)) == [("error", "RemovedTwice")]
    if remedy == "restore":
        DeltaTable(place).restore(4)
        assert DeltaTable(place).count() == 8
    elif remedy == "overwrite":
        write_deltalake(place, ROWS, mode="overwrite")
    else:
        DeltaTable(place).delete()
    [twice] = found(table)
    assert twice.severity == "warning"
    assert "are there twice, until version 7 replaced or restored the table. Files: " in twice.what


@pytest.mark.parametrize("change", ["compact", "update", "restore to the doubled version"])
def test_rewriting_doubled_rows_does_not_put_them_right(found: Found, table: str, tmp_path: Path, change: str) -> None:
    place = str(tmp_path / table)
    stale = DeltaTable(place)
    DeltaTable(place).optimize.compact()
    stale.optimize.compact()
    if change == "compact":
        DeltaTable(place).optimize.compact()
    elif change == "update":
        DeltaTable(place).update(updates={"x": "1.0"})
    else:
        DeltaTable(place).delete("k = 1")
        DeltaTable(place).restore(5)
    assert kinds(found(table)) == [("error", "RemovedTwice")]


def test_a_doubling_is_found_in_a_log_that_was_cleaned_up_since(
    found: Found, table: str, tmp_path: Path, commit_file: CommitFile
) -> None:
    place = str(tmp_path / table)
    stale = DeltaTable(place)
    DeltaTable(place).optimize.compact()
    stale.optimize.compact()
    DeltaTable(place, version=4).create_checkpoint()
    for version in range(4):
        commit_file(table, version).unlink()
    assert kinds(found(table)) == [("error", "RemovedTwice")]


@pytest.mark.parametrize("operation", ["overwrite", "delete"])
def test_an_overwrite_that_missed_an_append(found: Found, table: str, tmp_path: Path, operation: str) -> None:
    stale = DeltaTable(str(tmp_path / table))
    write_deltalake(str(tmp_path / table), ROWS, mode="append")
    write_deltalake(stale, ROWS, mode="overwrite") if operation == "overwrite" else stale.delete()
    [rest] = found(table)
    assert rest.severity == "warning"
    named = "WRITE" if operation == "overwrite" else "DELETE"
    assert rest.what.startswith(f"Version 5 ({named} of the whole table) left files of earlier versions in place")
    write_deltalake(str(tmp_path / table), ROWS, mode="overwrite")
    assert found(table) == []


def test_a_file_that_was_written_over(found: Found, tmp_path: Path) -> None:
    place = handmade(tmp_path / "t", [ROWS])
    size = (place / "part-00000.parquet").stat().st_size
    again = {"path": "part-00000.parquet", "partitionValues": {}, "size": size, "modificationTime": 0}
    commit(place, {"add": {**again, "dataChange": False}})
    assert found("t") == []
    commit(place, {"add": {**again, "dataChange": True, "size": size + 1}})
    commit(place, {"add": {**again, "dataChange": True}})
    assert [finding.what for finding in found("t")] == [
        "Versions 2 and 3 both added part-00000.parquet as new data, with different sizes: it was overwritten."
    ]


def test_a_file_that_is_in_the_table_with_two_deletion_vectors(found: Found, tmp_path: Path) -> None:
    place = handmade(tmp_path / "t", [ROWS], deletion_vectors={0: [1]})
    add = {"path": "part-00000.parquet", "partitionValues": {}, "dataChange": True, "modificationTime": 0}
    commit(place, {"add": {**add, "size": (place / "part-00000.parquet").stat().st_size}})
    [twice] = found("t")
    assert twice.severity == "error"
    assert twice.what.startswith(
        "The file part-00000.parquet is in the table more than once, with the deletion vectors "
    )
