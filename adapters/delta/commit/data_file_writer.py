"""The data files that a write makes: several for each partition beyond a size, with what the log is told of them."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import uuid4

import polars as pl
import polars.selectors as cs

from foreset.adapters.delta.commit.file_columns import FileColumns
from foreset.adapters.delta.commit.local_storage import Storage
from foreset.adapters.delta.commit.statistics import FileStatistics
from foreset.adapters.shared.parquet.writer import ParquetFileWriter
from foreset.adapters.shared.rows.partitions import Partition, folder_of, parts
from foreset.domain.tables.delta_log import Add
from foreset.domain.tables.write_options import TARGET_BYTES

_GROUP_ROWS: Final = 1_000_000
_GROUP_BYTES: Final = 128_000_000
"""How many rows of a file stand together, and how much they may take in memory."""


@dataclass(frozen=True)
class Shape:
    """How a table's rows are put into files.

    By its partition columns; with statistics of the columns `indexed` in the log; up to about `target_bytes` each.
    """

    columns: FileColumns
    partition_by: tuple[str, ...]
    indexed: tuple[str, ...]
    target_bytes: int = TARGET_BYTES


@dataclass(frozen=True)
class NewFile:
    """A file that was written. `path` is relative to the table's folder, `stats` the JSON text for the log."""

    path: str
    rows: int
    size_bytes: int
    partition: Partition
    stats: str

    @property
    def encoded(self) -> str:
        """The path as the log has it."""
        return quote(self.path, safe="/=-_.~!$&'()+,;:@")

    def add(self, modified_ms: int, *, data_change: bool = True) -> Add:
        """The action that makes it part of the table."""
        return Add(
            path=self.encoded,
            partition_values=self.partition,
            size=self.size_bytes,
            modification_time=modified_ms,
            data_change=data_change,
            stats=self.stats,
        )


class NewFiles:
    """The files of a write. Those that its commit does not name are to be discarded."""

    def __init__(self, storage: Storage) -> None:
        """Write to a table's folder."""
        self.storage = storage
        self._made: list[str] = []

    def write(self, frames: Iterable[pl.DataFrame], shape: Shape, *, under: str = "") -> list[NewFile]:
        """Write rows in their order. Files of a partition have names that sort in the order of their rows.

        `under` is a folder of the table, ending in a slash.
        """
        write_id, files = uuid4(), list[NewFile]()
        with ExitStack() as opened:
            current: _OpenFile | None = None
            for partition, group in _groups(frames, shape):
                in_log = {shape.columns.in_log(name): text for name, text in partition.items()}
                if current and (current.partition != in_log or current.size_bytes >= shape.target_bytes):
                    files.append(current.close())
                    current = None
                if current is None:
                    path = f"{under}{folder_of(partition)}part-{len(files):05}-{write_id}.parquet"
                    current = self._open(path, in_log, shape)
                    opened.callback(current.give_up)
                current.write(group)
                del group
            return [*files, *([current.close()] if current else [])]

    def rewrite(self, frames: Iterable[pl.DataFrame], path: str, partition: Partition, shape: Shape) -> NewFile:
        """Write rows of one partition to one file at a path."""
        file = self._open(path, partition, shape)
        with ExitStack() as opened:
            opened.callback(file.give_up)
            for frame in frames:
                for group in _row_groups(_stored(frame, shape.partition_by), _GROUP_BYTES):
                    file.write(group)
            return file.close()

    def discard(self, but: Collection[str] = ()) -> None:
        """Remove the files, but those that are named, and forget them."""
        self.storage.remove(path for path in self._made if path not in but)
        self._made = [path for path in self._made if path in but]

    def _open(self, path: str, partition: Partition, shape: Shape) -> "_OpenFile":
        self._made.append(path)
        return _OpenFile(self.storage.create(path), path, partition, shape)


class _OpenFile:
    def __init__(self, writer: ParquetFileWriter, path: str, partition: Partition, shape: Shape) -> None:
        self._writer, self._path, self._columns = writer, path, shape.columns
        self.partition, self._done = partition, False
        self._statistics = FileStatistics({name: shape.columns.in_log(name) for name in shape.indexed})

    @property
    def size_bytes(self) -> int:
        return self._writer.size_bytes

    def write(self, frame: pl.DataFrame) -> None:
        self._writer.write(self._columns.arrow(frame))
        self._statistics.add(frame)

    def close(self) -> NewFile:
        self._writer.close()
        self._done = True
        return NewFile(self._path, self._writer.rows, self._writer.size_bytes, self.partition, self._statistics.text())

    def give_up(self) -> None:
        """Let go of the file where it was not ended."""
        if not self._done:
            self._writer.discard()


def _groups(frames: Iterable[pl.DataFrame], shape: Shape) -> Iterator[tuple[Partition, pl.DataFrame]]:
    """Rows of a partition that stand together in a file, without the partition's columns."""
    for frame in frames:
        for partition, rows in parts(frame, shape.partition_by):
            for group in _row_groups(_stored(rows, shape.partition_by), shape.target_bytes):
                yield partition, group
                del group
            del rows
        del frame  # or it would stay in memory while the next one is read


def _stored(frame: pl.DataFrame, by: tuple[str, ...]) -> pl.DataFrame:
    """The columns that a file holds: neither those of its partition, nor those that are null by their type."""
    return frame.select(~cs.by_dtype(pl.Null) - cs.by_name(*by))


def _row_groups(frame: pl.DataFrame, target_bytes: int) -> Iterator[pl.DataFrame]:
    row_bytes = max(int(frame.estimated_size()) // max(frame.height, 1), 1)
    return frame.iter_slices(max(min(_GROUP_ROWS, min(_GROUP_BYTES, target_bytes) // row_bytes), 1))
