"""Frames that are kept: compressed Parquet files, wherever bytes are kept."""

from collections.abc import Collection
from io import BytesIO

import polars as pl
from msgspec import MsgspecError
from polars.exceptions import PolarsError
from returns.result import Result, Success

from foreset.adapters.shared.files.blobs import Blobs, InvalidNameError
from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.adapters.shared.frames.named_parts import columns_with, types_of_parts
from foreset.adapters.shared.frames.pandas_rows import NOTES, decoded, encoded, noted, types_of
from foreset.adapters.shared.parquet.scan import READ_FAULTS
from foreset.application.ports.tables import ArrowStream
from foreset.domain.errors.event_log import InvalidFrameName, KeptLost, StoreError, StoreUnwritable
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.system import by_code, or_out_of_reach


def _changed_type(rows: pl.DataFrame, content: BytesIO) -> str | None:
    """Which column of a frame has another type in its Parquet file; None where all have their own."""
    content.seek(0)
    held = pl.read_parquet_schema(content)
    column = next((name for name, dtype in rows.schema.items() if held.get(name) != dtype), None)
    if column is None:
        return None
    return f"Parquet holds its column {column!r} as {held.get(column)}, and not as {rows.schema[column]}"


def _own_values(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows, with no more values in memory than they have.

    A slice of lists of categories shares the items of the whole, and Parquet's dictionary would keep them all.
    """
    order = pl.int_range(rows.height, eager=True)
    return rows.with_columns(column.gather(order) for column in rows.get_columns() if _has_inner_categories(column))


def _has_inner_categories(column: pl.Series) -> bool:
    parts = types_of_parts(column.name, column.dtype, [column.name])
    return column.dtype.is_nested() and any(isinstance(part, pl.Categorical) for part in parts)


class ParquetFrames:
    """Frames as Parquet, compressed by zstd."""

    def __init__(self, blobs: Blobs) -> None:
        """Keep their bytes in `blobs`."""
        self._blobs = blobs

    def keep(self, name: str, frame: ArrowStream) -> Result[None, StoreError]:
        """Keep a frame, unless there is one of its name."""
        content = BytesIO()
        try:
            if self._blobs.size(name) is not None:
                return Success(None)
            rows = _own_values(polars_frame(frame))
            notes = types_of(frame)
            rows.write_parquet(content, compression="zstd", metadata={NOTES: encoded(notes)} if notes else None)
            if changed := _changed_type(rows, content):
                return refuse(StoreUnwritable(path=self._blobs.place(name), problem=changed))
            self._blobs.write(name, content.getvalue())
        except (OSError, PolarsError) as fault:
            return refuse(self._unwritable(name, fault))
        return Success(None)

    def load(self, name: str, columns: Collection[str] | None = None) -> Result[ArrowStream, StoreError]:
        """A frame that was kept, or the `columns` that it has; the others are not decoded."""
        try:
            content = BytesIO(self._blobs.read(name))
            text = pl.read_parquet_metadata(content).get(NOTES)
            notes = decoded(text) if text else {}
            content.seek(0)
            if columns is None:
                return Success(noted(pl.read_parquet(content), notes))
            there = columns_with(pl.read_parquet_schema(content), columns)
            content.seek(0)
            return Success(noted(pl.read_parquet(content, columns=there), notes) if there else pl.DataFrame())
        except (*READ_FAULTS, MsgspecError) as fault:
            return refuse(self._unreadable(name, fault))

    def names(self, prefix: str) -> Result[tuple[str, ...], StoreError]:
        """The names of the kept frames that begin so, in order."""
        try:
            return Success(self._blobs.names(prefix))
        except OSError as fault:
            return refuse(self._unreadable(prefix, fault))

    def size(self, name: str) -> Result[int, StoreError]:
        """How many bytes of Parquet a kept frame takes."""
        try:
            size = self._blobs.size(name)
        except OSError as fault:
            return refuse(self._unreadable(name, fault))
        if size is None:
            return refuse(KeptLost(place=self._blobs.place(name), problem="it is not there"))
        return Success(size)

    def remove(self, name: str) -> Result[bool, StoreError]:
        """Forget a frame; whether it was there."""
        try:
            return Success(self._blobs.remove(name))
        except OSError as fault:
            return refuse(self._unwritable(name, fault))

    def sweep(self) -> Result[None, StoreError]:
        """Delete what processes left that were killed while they kept a frame."""
        try:
            self._blobs.sweep()
            return Success(None)
        except OSError as fault:
            return refuse(self._unwritable("", fault))

    def _unwritable(self, name: str, fault: Exception) -> StoreError:
        if isinstance(fault, InvalidNameError):
            return self._invalid(name, fault)
        return by_code(StoreUnwritable(path=self._blobs.place(name), problem=told(fault)), fault)

    def _unreadable(self, name: str, fault: Exception) -> StoreError:
        if isinstance(fault, InvalidNameError):
            return self._invalid(name, fault)
        place = self._blobs.place(name)
        return or_out_of_reach(KeptLost(place=place, problem=told(fault)), place, fault)

    def _invalid(self, name: str, fault: Exception) -> InvalidFrameName:
        return because(InvalidFrameName(name=name, store=self._blobs.place("").rpartition("/")[0]), fault)
