"""How many bytes values take that have no fixed width: texts, lists, structs and whatever is made of them."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import polars as pl

from foreset.adapters.polars.matching.ordering import Int64s
from foreset.adapters.shared.parquet.decoded_sizes import VIEW

_FIXED: Final = 8
"""Bytes of a value that has a width, about."""


def is_open_ended(dtype: pl.DataType) -> bool:
    """Whether values of a type have no fixed width."""
    return dtype.is_nested() or isinstance(dtype, (pl.String, pl.Binary))


def value_bytes(column: pl.Series) -> Int64s:
    """About what each value of a column takes in memory, as it would by itself: values that are shared count again."""
    match column.dtype:
        case pl.String():
            found = _of(column.str.len_bytes()) + VIEW
        case pl.Binary():
            found = _of(column.bin.size()) + VIEW
        case pl.List():
            found = _lists(column)
        case pl.Array(inner=inner):
            found = _lists(column.cast(pl.List(inner)))
        case pl.Struct():
            found = _all_of(column.struct.unnest().get_columns(), column.len())
        case dtype if dtype.is_nested():  # a map is a list of pairs
            found = value_bytes(column.to_physical())
        case _:
            found = np.full(column.len(), _FIXED, dtype=np.int64)
    return found


def frame_bytes(frame: pl.DataFrame) -> Int64s:
    """The same of each row, of all columns of no fixed width together."""
    return _all_of((column for column in frame.get_columns() if is_open_ended(column.dtype)), frame.height)


def alone(frame: pl.DataFrame, most_bytes: int) -> pl.DataFrame:
    """The rows with texts of their own, in place of views of all the texts that they were chosen from.

    Where they take more than `most_bytes` they stay views: equal ones may share their characters.
    """
    texts = [name for name, dtype in frame.schema.items() if isinstance(dtype, (pl.String, pl.Binary))]
    if not texts or int(frame.select(texts).estimated_size()) > most_bytes:
        return frame
    copied = pl.DataFrame(frame.select(texts).to_arrow())
    return frame.with_columns(copied.get_columns())


def _all_of(columns: Iterable[pl.Series], rows: int) -> Int64s:
    return sum(map(value_bytes, columns), np.zeros(rows, dtype=np.int64))


def _lists(column: pl.Series) -> Int64s:
    lengths = _of(column.list.len())
    inner = (
        value_bytes(column.filter(pl.Series(lengths > 0)).explode()) if lengths.any() else np.zeros(0, dtype=np.int64)
    )
    ends = np.concatenate([[0], np.cumsum(inner, dtype=np.int64)])
    stops = np.cumsum(lengths, dtype=np.int64)
    found: Int64s = ends[stops] - ends[stops - lengths] + VIEW
    return found


def _of(counts: pl.Series) -> Int64s:
    return counts.fill_null(0).cast(pl.Int64).to_numpy()
