"""Put small files together: the rows stay what they are, and in their order.

Only files that are neighbours in the snapshot's order, and of one partition, are put together: so of two appends the
later one still wins a tie. What was put together is committed even where others have appended meanwhile, for their
files come later in the order.
"""

import fcntl
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
from returns.result import Result, Success

from foreset.adapters.delta.commit.base_version import PinnedTable
from foreset.adapters.delta.commit.data_file_writer import NewFiles
from foreset.adapters.delta.log.log import LOG
from foreset.adapters.delta.writing.rewriting import in_place, rows_of
from foreset.domain.errors.problem import raised, refuse
from foreset.domain.errors.tables import TableMissing, TableWriteError
from foreset.domain.facts import DataFile
from foreset.domain.tables.delta_commit import TableChange
from foreset.domain.tables.delta_log import Add
from foreset.domain.tables.writer_features import unwritable

_GROUP_BYTES: Final = 128_000_000
"""How much of several files is put into one row group, in memory."""


@dataclass(frozen=True)
class _Merged:
    """Files that became one."""

    files: tuple[DataFile, ...]
    add: Add


class CompactionPlan:
    """Small files of a table, put together up to about `target_bytes`."""

    def __init__(self, table: str, place: str, files: NewFiles, target_bytes: int) -> None:
        """Write the table at `place`."""
        self._table, self._place, self._files, self._bytes = table, place, files, target_bytes
        self._done: list[_Merged] = []
        self._known: frozenset[str] = frozenset()

    @property
    def merged(self) -> int:
        """How many files were put together."""
        return sum(len(merged.files) for merged in self._done)

    @property
    def into(self) -> int:
        """How many files they became."""
        return len(self._done)

    def change(self, base: PinnedTable | None) -> Result[TableChange | None, TableWriteError]:
        """The files that come, and those that go."""
        if base is None:
            return refuse(TableMissing(table=self._table, place=self._place))
        unfit = unwritable(self._table, base.settings, base.protocol)
        if unfit is not None:
            return refuse(unfit)
        if not self._done or not all(self._stands(merged, base) for merged in self._done):
            self._files.discard()
            self._known = frozenset(file.path for file in base.snapshot.facts.data_files)
            written = self._written(base)
            if not isinstance(written, Success):
                return refuse(written.failure())
            self._done = written.unwrap()
        return Success(self._change(base) if self._done else None)

    def _change(self, base: PinnedTable) -> TableChange:
        return TableChange(
            operation="OPTIMIZE",
            parameters={"targetSize": str(self._bytes), "predicate": "[]"},
            adds=tuple(merged.add for merged in self._done),
            removes=tuple(base.live[file.path] for merged in self._done for file in merged.files),
            data_change=False,
        )

    def _written(self, base: PinnedTable) -> Result[list[_Merged], TableWriteError]:
        done: list[_Merged] = []
        for run in small_neighbours(base.snapshot.facts.data_files, self._bytes):
            made = in_place(base, self._files, list(run), _rows(base, run))
            if not isinstance(made, Success):
                return refuse(made.failure())
            done.append(_Merged(tuple(run), made.unwrap().add(run[0].modified_ms, data_change=False)))
        return Success(done)

    def _stands(self, merged: _Merged, base: PinnedTable) -> bool:
        """Whether files that were put together are still in the table as they were, side by side."""
        files, first = base.snapshot.facts.data_files, merged.files[0]
        at = next((number for number, file in enumerate(files) if file == first), len(files))
        strange = any(file.modified_ms == first.modified_ms and file.path not in self._known for file in files)
        return files[at : at + len(merged.files)] == merged.files and not strange


def small_neighbours(files: Sequence[DataFile], target_bytes: int) -> Iterator[list[DataFile]]:
    """Runs of two or more neighbours of one partition, each smaller than `target_bytes`, and together hardly larger."""
    run: list[DataFile] = []
    for file in files:
        size = sum(held.size_bytes for held in run)
        joins = run and file.partition == run[-1].partition and size + file.size_bytes <= target_bytes
        if not joins:
            if len(run) > 1:
                yield run
            run = []
        if file.size_bytes < target_bytes:
            run.append(file)
    if len(run) > 1:
        yield run


def _rows(base: PinnedTable, run: Sequence[DataFile]) -> Iterator[pl.DataFrame]:
    """The rows of the files, in pieces that are no larger in memory than they need to be."""
    names = tuple(column.name for column in base.snapshot.facts.columns)
    held: list[pl.DataFrame] = []
    for file in run:
        read = rows_of(base, file, names)
        if not isinstance(read, Success):
            raise raised(read.failure())
        held.append(read.unwrap())
        if sum(frame.estimated_size() for frame in held) >= _GROUP_BYTES:
            yield pl.concat(held)
            held = []
    if held:
        yield pl.concat(held)


@contextmanager
def alone(place: Path) -> Generator[bool, None, None]:
    """Whether no other process puts files of the local table at `place` together, for as long as this lasts."""
    try:
        opened = os.open(place / LOG, os.O_RDONLY)
    except FileNotFoundError:
        yield True  # there is no table
        return
    try:
        yield _locked(opened)
    finally:
        os.close(opened)


def _locked(opened: int) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: there the commit alone decides
        return True
    return True
