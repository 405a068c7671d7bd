"""Small files are put together: rows and their order stay, and nobody's rows are doubled or lost."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.delta.writing.compaction import alone
from foreset.domain.errors.table_writes import TableBusy

Read = Callable[..., pl.DataFrame]
Files = Callable[[str], list[Path]]
FRAME = pl.DataFrame({"k": [1, 2], "p": ["a", "b"]})
OTHER = FRAME.with_columns(k=pl.col("k") + 10)


def test_a_compaction_of_deltalakes_that_came_first_doubles_nothing(
    tables: DeltaTables, read: Read, interrupted: Callable[..., None], tmp_path: Path
) -> None:
    """deltalake's own two compactions at once double every row."""
    for row in range(2):
        tables.write("t", FRAME[row : row + 1]).unwrap()
    interrupted(DeltaTable(tmp_path / "t").optimize.compact)
    done = tables.optimize("t").unwrap()
    assert (done.merged, done.facts.version, done.facts.rows) == (0, 2, 2)
    assert sorted(read("t").rows()) == FRAME.rows()


def test_what_was_put_together_is_kept_where_others_appended(
    tables: DeltaTables, read: Read, interrupted: Callable[..., None], tmp_path: Path, data_files: Files
) -> None:
    for row in range(2):
        tables.write("t", FRAME[row : row + 1]).unwrap()
    interrupted(lambda: DeltaTables(tmp_path).write("t", OTHER).unwrap())
    done = tables.optimize("t").unwrap()
    assert (done.merged, done.into, done.facts.files) == (2, 1, 2)
    assert read("t").equals(pl.concat([FRAME, OTHER]))
    assert len(data_files("t")) == 4


def test_what_was_put_together_is_given_up_where_others_replaced_it(
    tables: DeltaTables, read: Read, interrupted: Callable[..., None], tmp_path: Path, data_files: Files
) -> None:
    for row in range(2):
        tables.write("t", FRAME[row : row + 1]).unwrap()
    interrupted(lambda: DeltaTables(tmp_path).write("t", OTHER, "overwrite").unwrap())
    assert tables.optimize("t").unwrap().merged == 0
    assert read("t").equals(OTHER)
    assert len(data_files("t")) == 3


def test_one_process_optimizes_at_a_time(tables: DeltaTables, tmp_path: Path) -> None:
    for _ in range(2):
        tables.write("t", FRAME).unwrap()
    holding = "import sys; from pathlib import Path; from foreset.adapters.delta.writing.compaction import alone\n"
    holding += "with alone(Path(sys.argv[1])) as free: print(free, flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", holding, str(tmp_path / "t")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout
    assert other.stdout.readline() == "True\n"
    assert tables.optimize("t").failure() == TableBusy(table="t")
    tables.write("t", FRAME).unwrap()  # others write meanwhile
    other.communicate()
    with alone(tmp_path / "t") as free:
        assert free
    assert tables.optimize("t").unwrap().merged == 3


@pytest.mark.parametrize(("at_once", "files"), [(1, 6), (2, 3), (3, 2), (100, 1)])
def test_files_are_put_together_up_to_a_size(tables: DeltaTables, read: Read, at_once: int, files: int) -> None:
    for _ in range(6):
        size = tables.write("t", FRAME).unwrap().data_files[0].size_bytes
    assert tables.optimize("t", at_once * size).unwrap().facts.files == files
    assert read("t").equals(pl.concat([FRAME] * 6))
