"""Frames in Parquet files of our own, for results that do not fit in memory."""

import os
import shutil
import weakref
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

_NAMES = count()


class SpilledFrame:
    """A frame in a file, which goes when the frame is dropped or the process ends."""

    def __init__(self, path: Path, rows: int) -> None:
        """Own the file at `path`."""
        self.path = str(path)
        self.height = rows
        self._end = weakref.finalize(self, _remove, path)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Its rows, a row group at a time."""
        with pq.ParquetFile(self.path) as file:
            schema = file.schema_arrow
        batches = (batch for frame in self.batches() for batch in frame.to_arrow().cast(schema).to_batches())
        reader: Any = pa.RecordBatchReader.from_batches(schema, batches)
        return reader.__arrow_c_stream__(requested_schema)

    def batches(self) -> Iterator[pl.DataFrame]:
        """Its rows, a row group at a time."""
        with pq.ParquetFile(self.path) as file:
            for group in range(file.metadata.num_row_groups):
                yield pl.DataFrame(file.read_row_group(group))

    def lazy(self) -> pl.LazyFrame:
        """Its rows as a lazy frame over the file."""
        return pl.scan_parquet(self.path, glob=False)

    def copy_to(self, place: Path) -> None:
        """Give the file another name too, or copy it where that cannot be done."""
        try:
            os.link(self.path, place)
        except OSError:  # another file system, or one without links
            shutil.copyfile(self.path, place)


class SpillWriter:
    """Writes a `SpilledFrame` part by part; what was written goes if it is not `done`."""

    def __init__(self, folder: Path) -> None:
        """Write to a new file in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        self._path = folder / f"{os.getpid()}-{next(_NAMES)}.parquet"
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def write(self, frame: pl.DataFrame) -> None:
        """Add rows, as a row group."""
        table = frame.to_arrow()
        if self._writer is None:
            texts = [field.name for field in table.schema if not pa.types.is_floating(field.type)]
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd", use_dictionary=texts)
        self._writer.write_table(table, row_group_size=max(frame.height, 1))
        self._rows += frame.height

    def done(self) -> SpilledFrame:
        """The frame."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        return SpilledFrame(self._path, self._rows)

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """Remove what was not done."""
        if kind is not None:
            if self._writer is not None:
                self._writer.close()
            _remove(self._path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what processes left that were killed."""
    for left in folder.glob("*-*.parquet"):
        owner = left.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            _remove(left)
