"""A Parquet file written part by part, each part a row group."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from foreset.adapters.shared.parquet.footer_marks import MarkedFile


class Sink(Protocol):
    """A file that is written."""

    file: Any
    """It, open, as pyarrow writes to it."""

    def settle(self) -> None:
        """End the file: it is there, whole and durable."""
        ...

    def discard(self) -> None:
        """Remove it."""
        ...


class LocalSink:
    """A file on a local disk."""

    def __init__(self, path: Path) -> None:
        """Write to `path`, in a folder that is there."""
        self._path = path
        self.file = path.open("wb")

    def settle(self) -> None:
        """End the file, durably."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()

    def discard(self) -> None:
        """Remove it."""
        with suppress(OSError):
            self.file.close()
        self._path.unlink(missing_ok=True)


class ParquetFileWriter:
    """Writes one file. It is there, whole and durable, after `close`; `discard` takes back what was written.

    Pages have checksums and so has the footer, so that readers can tell a bit that flipped. As a context manager it
    closes at the end, and discards where something was raised.
    """

    def __init__(self, path: Path, sink: Sink | None = None) -> None:
        """Write to `path`, in a folder that is there, or to the open file `sink`, which is called so."""
        self.path = path
        self.rows = 0
        self.size_bytes = 0
        self._writer: pq.ParquetWriter | None = None
        self._sink: Sink = sink or LocalSink(path)
        self._marked = MarkedFile(self._sink.file)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End."""
        if kind is None:
            self.close()
        else:
            self.discard()

    def write(self, rows: Any) -> None:
        """Add rows, of a polars frame or a pyarrow table."""
        table = rows.to_arrow() if isinstance(rows, pl.DataFrame) else rows
        if self._writer is None:
            options: Any = {
                "compression": "zstd",
                # Numbers with a fraction seldom repeat: looking for what repeats costs more than writing them.
                "use_dictionary": [field.name for field in table.schema if not pa.types.is_floating(field.type)],
                "write_page_checksum": True,  # so that a flipped bit is found: see docs/check.md
            }
            self._writer = pq.ParquetWriter(self._marked, table.schema, **options)
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
        pa.default_memory_pool().release_unused()
        self.rows += table.num_rows
        self.size_bytes = self._sink.file.tell()

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            with self._marked:
                self._writer.close()
        self.size_bytes = self._sink.file.tell()
        self._sink.settle()

    def discard(self) -> None:
        """Remove the file."""
        if self._writer is not None:
            with suppress(OSError):
                self._writer.close()
            self._writer.is_open = False  # or it would try once more when it is collected
        self._sink.discard()
