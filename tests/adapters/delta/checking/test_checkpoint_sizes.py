"""A checkpoint that is far larger in memory than one of its size can be is not read, and the bound is named."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from foreset.adapters.delta.log.checkpoints import read_checkpoint
from foreset.adapters.delta.log.folders import folder
from foreset.adapters.delta.log.log import open_log
from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.tables import TableUnreadable


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    write_deltalake(str(tmp_path), pl.DataFrame({"k": [1]}).to_arrow())
    DeltaTable(str(tmp_path)).create_checkpoint()
    [path] = (tmp_path / "_delta_log").glob("*.checkpoint.parquet")
    return path


def repeat(path: Path, times: int) -> None:
    """The checkpoint with its rows so many times."""
    some = pa.concat_tables([pq.read_table(path)] * min(times, 1_000)).combine_chunks()
    pq.write_table(pa.concat_tables([some] * max(times // 1_000, 1)), path, compression="zstd", row_group_size=1 << 30)


@pytest.mark.parametrize("times", [1, 1_000])
def test_a_checkpoint_within_the_bound_is_read(tmp_path: Path, checkpoint: Path, times: int) -> None:
    repeat(checkpoint, times)
    log = open_log(folder(str(tmp_path), None))
    assert read_checkpoint(log, log.checkpoints[0]).problem is None


@pytest.mark.parametrize("times", [100_000, 500_000])
def test_a_checkpoint_that_expands_past_the_bound_is_not_read(tmp_path: Path, checkpoint: Path, times: int) -> None:
    repeat(checkpoint, times)
    log = open_log(folder(str(tmp_path), None))
    read = read_checkpoint(log, log.checkpoints[0])
    assert read.state is None
    assert read.problem is not None
    assert "at most 256.0 MB are read" in read.problem


def test_a_table_with_such_a_checkpoint_is_not_opened(tmp_path: Path, checkpoint: Path) -> None:
    repeat(checkpoint, 100_000)
    error = DeltaTables(tmp_path.parent).observe(str(tmp_path)).failure()
    assert isinstance(error, TableUnreadable)
    assert f"the checkpoint {checkpoint.name} cannot be read: its" in error.message
    assert "at most 256.0 MB are read" in error.message
