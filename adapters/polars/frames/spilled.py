"""Frames in Parquet files of our own, for results that do not fit in memory."""

import os
import shutil
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from foreset.adapters.shared.files.claims import Claim


class SpilledFrame:
    """A frame in a file, which is deleted with the frame, or when the process that made it ends."""

    def __init__(self, path: Path, owned: Claim) -> None:
        """Read the file at `path`, and own the folder that it is in."""
        self.path = str(path)
        self._end = weakref.finalize(self, owned.release)

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
                yield pl.DataFrame(file.read_row_group(group, use_threads=False))
                pa.default_memory_pool().release_unused()

    def copy_to(self, place: Path) -> None:
        """Give the file another name too, or copy it where that cannot be done."""
        try:
            os.link(self.path, place)
        except OSError:  # another file system, or one without links
            shutil.copyfile(self.path, place)
