"""A fingerprint of a frame: the same for every chunking, engine and thread count.

SHA-256 over the names, types and number of rows, and of each column its validity and its values in their order,
with nulls as zeros. Floats count by their bits, so a fingerprint proves bit for bit equality.
"""

import hashlib
from typing import Any

import numpy as np
import polars as pl

from foreset.adapters.arrow_types import dtype_name


def fingerprint(frame: pl.DataFrame) -> str:
    """The fingerprint, 64 hexadecimal digits."""
    digest = hashlib.sha256(f"foreset-frame.v1/{frame.height}".encode())
    for column in frame.get_columns():
        digest.update(f"/{column.name!r}:{dtype_name(column.dtype)}".encode())
        digest.update(_column(column))
    return digest.hexdigest()


def _column(column: pl.Series) -> bytes:
    digest = hashlib.sha256()
    _update(digest, column)
    return digest.digest()


def _update(digest: Any, column: pl.Series) -> None:  # noqa: ANN401  # hashlib's own type has no name
    if column.null_count():
        digest.update(np.packbits(column.is_not_null().to_numpy()).tobytes())
    dtype = column.dtype
    if isinstance(dtype, pl.Struct):
        for name in [field.name for field in dtype.fields]:
            _update(digest, column.struct.field(name))
    elif isinstance(dtype, (pl.List, pl.Array)):
        lists = column.cast(pl.List(dtype.inner))
        lengths = lists.list.len().fill_null(0)
        digest.update(lengths.cast(pl.UInt64).to_numpy().tobytes())
        _update(digest, lists.filter(lengths > 0).explode())
    elif dtype in (pl.String, pl.Binary, pl.Categorical, pl.Enum):
        _update_bytes(digest, column)
    elif dtype == pl.Null:
        pass
    elif isinstance(dtype, pl.Decimal):
        _update_bytes(digest, column.cast(pl.String))
    else:
        zero = False if dtype == pl.Boolean else 0
        digest.update(np.ascontiguousarray(column.to_physical().fill_null(zero).to_numpy()).data)


def _update_bytes(digest: Any, column: pl.Series) -> None:  # noqa: ANN401
    values = column if column.dtype == pl.Binary else column.cast(pl.String).cast(pl.Binary)
    filled = values.fill_null(b"")
    digest.update(filled.bin.size().cast(pl.UInt64).to_numpy().tobytes())
    array = filled.rechunk().to_arrow()
    offsets, data = array.buffers()[1:]
    if data is not None and len(array):
        bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
        digest.update(memoryview(data)[bounds[0] : bounds[-1]])
