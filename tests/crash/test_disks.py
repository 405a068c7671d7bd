"""Writes of tables to a disk that is full, or that may not be written: refused, nothing half done, nothing left."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from returns.result import Success

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.tables import WriteFailed
from foreset.domain.tables.write_options import WriteMode, WriteOptions

ROWS = pl.DataFrame({"k": range(50), "p": ["a", "b"] * 25})
NEW = ROWS[:5].with_columns(p=pl.lit("a"))
MUCH = pl.DataFrame({"k": np.random.default_rng(0).integers(0, 2**62, 400_000), "p": ["a"] * 400_000})
WRITES: dict[str, tuple[WriteMode, WriteOptions]] = {
    "append": ("append", WriteOptions()),
    "overwrite": ("overwrite", WriteOptions()),
    "replace": ("overwrite", WriteOptions(replace_where="p = 'a'")),
    "merge": ("merge", WriteOptions(merge_on=("k",))),
}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    if mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)):
        pytest.skip("a disk is mounted by root only")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode


def files(disk: Path) -> list[Path]:
    return sorted(path for path in disk.rglob("*") if path.is_file())


def rows(disk: Path) -> pl.DataFrame:
    return pl.DataFrame(DeltaTables(disk).observe("t").unwrap().read(("k", "p")).unwrap())


@pytest.mark.parametrize("kind", WRITES)
def test_a_full_disk_stops_a_write_and_leaves_the_table_as_it_was(disk: Path, kind: str) -> None:
    store = DeltaTables(disk)
    store.write("t", ROWS).unwrap()
    before = files(disk)
    error = store.write("t", MUCH, *WRITES[kind]).failure()
    assert isinstance(error, WriteFailed)
    assert "No space left on device. The table is as it was before." in str(error)
    assert files(disk) == before
    assert rows(disk).equals(ROWS)
    assert store.write("t", ROWS[:1], *WRITES[kind]).unwrap().version == 1


def test_a_full_disk_stops_the_first_write_and_leaves_nothing(disk: Path) -> None:
    assert isinstance(DeltaTables(disk).write("t", MUCH).failure(), WriteFailed)
    assert list(disk.iterdir()) == []
    assert isinstance(DeltaTables(disk).to_write("t").unwrap().replace(iter([ROWS, MUCH])).failure(), WriteFailed)
    assert list(disk.iterdir()) == []


@pytest.mark.parametrize("kind", [*WRITES, "optimize"])
def test_a_disk_that_is_full_at_any_moment(disk: Path, kind: str) -> None:
    """There is room for a bit more each time: for no file, for the data, for the staged commit, for all."""
    store = DeltaTables(disk)
    for start in range(0, 50, 10):
        store.write("t", ROWS[start : start + 10]).unwrap()
    outcomes: set[bool] = set()
    for room in range(0, 40_000, 4_096):
        before, held = rows(disk), files(disk)
        fill(disk, room)
        written = store.optimize("t") if kind == "optimize" else store.write("t", NEW, *WRITES[kind])
        (disk / "filler").unlink()
        outcomes.add(isinstance(written, Success))
        if not isinstance(written, Success):
            assert isinstance(written.failure(), WriteFailed)
            assert files(disk) == held
            assert rows(disk).equals(before)
        assert store.check("t", deep=True).unwrap().worst is None
    assert outcomes == {True, False}


def fill(disk: Path, room: int) -> None:
    """Leave so many bytes free."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(bytes(max(free - room, 0)))


@pytest.mark.parametrize("kind", WRITES)
def test_a_disk_that_may_not_be_written(disk: Path, kind: str) -> None:
    store = DeltaTables(disk)
    store.write("t", ROWS).unwrap()
    assert mount("-o", "remount,ro", str(disk)) == 0
    error = store.write("t", NEW, *WRITES[kind]).failure()
    assert isinstance(error, WriteFailed)
    assert "Read-only file system" in str(error)
    assert isinstance(store.write("new", ROWS).failure(), WriteFailed)
    assert rows(disk).equals(ROWS)
