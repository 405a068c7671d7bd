"""Rows that come part by part, as a polars LazyFrame."""

from collections.abc import Iterator

import polars as pl
from polars.io.plugins import register_io_source

from foreset.application.ports.engine import StoredFrame


def lazy_frame(stored: StoredFrame) -> pl.LazyFrame:
    """The rows of a frame in a file, read when they are collected; the file stays as long as the LazyFrame does."""

    def rows(
        columns: list[str] | None, predicate: pl.Expr | None, limit: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        left = limit
        for batch in map(pl.DataFrame, stored.batches()):
            part = batch if left is None else batch.head(left)
            left = None if left is None else left - part.height
            part = part if predicate is None else part.filter(predicate)
            yield part if columns is None else part.select(columns)
            if left == 0:
                return

    return register_io_source(rows, schema=pl.DataFrame(next(iter(stored.batches()))).schema, is_pure=True)
