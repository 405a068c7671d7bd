"""A fingerprint of a frame: the same for every chunking, engine and thread count.

SHA-256 over the names, types and number of rows, and of each column its validity and its values in their order,
with nulls as zeros. Floats count by their bits, so a fingerprint proves bit for bit equality.
"""

import hashlib
from typing import Any

import numpy as np
import polars as pl

from foreset.adapters.arrow_types import dtype_name

_AS_TEXT = (pl.Categorical, pl.Enum, pl.Decimal, pl.Int128, pl.UInt128)
"""Types whose bytes are not the same everywhere, or that numpy does not have."""


def fingerprint(frame: pl.DataFrame) -> str:
    """The fingerprint, 64 hexadecimal digits."""
    nulls = frame.null_count().row(0)
    values = frame.select(_values(c, has_nulls=bool(n)) for c, n in zip(frame.get_columns(), nulls, strict=True))
    digest = hashlib.sha256(f"foreset-frame.v1/{frame.height}".encode())
    for column, filled, null_count in zip(frame.get_columns(), values.get_columns(), nulls, strict=True):
        digest.update(f"/{column.name!r}:{dtype_name(column.dtype)}".encode())
        digest.update(_column(column, filled, has_nulls=bool(null_count)))
    return digest.hexdigest()


def _values(column: pl.Series, *, has_nulls: bool) -> pl.Expr:
    """The column with its nulls as zeros and its times as whole numbers; nested columns as they are."""
    dtype, value = column.dtype, pl.col(column.name)
    if dtype.is_nested() or dtype == pl.Null:
        return value
    if isinstance(dtype, _AS_TEXT):
        value = value.cast(pl.String)
    if dtype.is_temporal():
        value = value.to_physical()
    if not has_nulls:
        return value
    if dtype == pl.Boolean:
        return value.fill_null(value=False)
    return value.fill_null(_nothing(dtype))


def _nothing(dtype: pl.DataType) -> int | str | bytes:
    """What stands where a value is null."""
    if dtype == pl.Binary:
        return b""
    return 0 if dtype.is_temporal() or (dtype.is_numeric() and not isinstance(dtype, _AS_TEXT)) else ""


def _column(column: pl.Series, filled: pl.Series, *, has_nulls: bool) -> bytes:
    digest = hashlib.sha256()
    if has_nulls:
        digest.update(np.packbits(column.is_not_null().to_numpy()).tobytes())
    dtype = column.dtype
    if isinstance(dtype, pl.Struct):
        digest.update(fingerprint(column.struct.unnest()).encode())
    elif isinstance(dtype, pl.Map):
        digest.update(fingerprint(column.to_physical().to_frame()).encode())
    elif isinstance(dtype, (pl.List, pl.Array)):
        lists = column.cast(pl.List(dtype.inner))
        lengths = lists.list.len().fill_null(0)
        digest.update(lengths.cast(pl.UInt64).to_numpy().tobytes())
        digest.update(fingerprint(lists.filter(lengths > 0).explode().to_frame()).encode())
    elif isinstance(filled.dtype, (pl.String, pl.Binary)):
        _update_bytes(digest, filled)
    elif dtype != pl.Null:
        digest.update(np.ascontiguousarray(filled.to_numpy()).data)
    return digest.digest()


def _update_bytes(digest: Any, column: pl.Series) -> None:  # hashlib's own type has no name
    """The lengths of the values, then the values end to end."""
    values = column.cast(pl.Binary)
    digest.update(values.bin.size().cast(pl.UInt64).to_numpy().tobytes())
    array = values.rechunk().to_arrow()
    offsets, data = array.buffers()[1:]
    if data is not None and len(array):
        bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
        digest.update(memoryview(data)[bounds[0] : bounds[-1]])
