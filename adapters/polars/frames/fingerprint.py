"""A fingerprint of a frame: the same for every chunking, engine, strategy and thread count.

BLAKE3 over the number of rows and, of each column, its name, its type and a digest of its values in their order. A
column's digest is of its values with zeros for nulls, and of which are null where any is. Floats count by their bits,
so that a fingerprint proves bit for bit equality. A digest can be made part by part, and a column that is in two
frames is read once.

Types count with all that they are: categories in their order, lengths of arrays. In the first identity, by which older
receipts name spines, categories count as texts and arrays as lists; of all other types the two are the same.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
import polars as pl
from blake3 import blake3

from foreset.adapters.shared.frames.arrow_types import exact_name, plain_dtype
from foreset.adapters.shared.frames.named_parts import types_of_parts

_AS_TEXT = (pl.Categorical, pl.Enum, pl.Decimal, pl.Int128, pl.UInt128)
"""Types whose bytes are not the same everywhere, or that numpy does not have."""
_SCHEME: Final = b"foreset-frame.v2"


def fingerprint(frame: pl.DataFrame) -> str:
    """The fingerprint, 64 hexadecimal digits."""
    return combined(frame.height, {column.name: column_digest(column) for column in frame.get_columns()})


def combined(rows: int, columns: Mapping[str, str]) -> str:
    """The fingerprint of a frame, from the digests of its columns."""
    whole = blake3(_SCHEME + f"/{rows}".encode())
    for name, digest in columns.items():
        whole.update(f"/{name!r}:{digest}".encode())
    return whole.hexdigest()


def column_digest(column: pl.Series, named: Callable[[pl.DataType], str] = exact_name) -> str:
    """The digest of a whole column."""
    made = ColumnDigest(column.dtype, named)
    made.update(column)
    return made.hexdigest()


class ColumnDigest:
    """A digest that grows with the column; how it is cut into parts does not count."""

    def __init__(self, dtype: pl.DataType, named: Callable[[pl.DataType], str] = exact_name) -> None:
        """Begin with no rows. `named` gives types their names in the digest."""
        self._dtype = dtype
        self._values = blake3(f"{named(dtype)}/".encode())
        self._lengths: blake3 | None = None
        self._nulls: blake3 | None = None
        self._rows = 0
        self._inner = [ColumnDigest(inner, named) for inner in _inner(dtype)]

    def update(self, column: pl.Series) -> None:
        """Add the next rows."""
        self._add_nulls(column)
        self._rows += column.len()
        if isinstance(self._dtype, (pl.List, pl.Array)):
            self._add_lists(column)
        elif self._inner:
            fields = column.struct.unnest() if isinstance(self._dtype, pl.Struct) else _pairs(column).to_frame()
            for digest, field in zip(self._inner, fields.get_columns(), strict=True):
                digest.update(field)
        elif self._dtype != pl.Null:
            self._add_values(_filled(column))

    def hexdigest(self) -> str:
        """The digest of all rows so far."""
        parts = [("length", self._lengths), *(("inner", digest) for digest in self._inner), ("known", self._nulls)]
        others = [f"{role}:{digest.hexdigest()}" for role, digest in parts if digest is not None]
        return blake3("/".join([self._values.hexdigest(), *others]).encode()).hexdigest()

    def _add_nulls(self, column: pl.Series) -> None:
        """Which are null: hashed from the first null on, with what was before it."""
        if self._nulls is None and column.null_count():
            self._nulls = blake3(b"\x01" * self._rows)
        if self._nulls is not None:
            self._nulls.update(_bytes(column.is_not_null()))

    def _add_lengths(self, lengths: pl.Series) -> None:
        if self._lengths is None:
            self._lengths = blake3()
        self._lengths.update(_bytes(lengths.cast(pl.UInt64)))

    def _add_lists(self, column: pl.Series) -> None:
        inner = self._dtype.inner if isinstance(self._dtype, (pl.List, pl.Array)) else None
        lists = column.cast(pl.List(inner or pl.Null))
        lengths = lists.list.len().fill_null(0)
        self._add_lengths(lengths)
        self._inner[0].update(lists.filter(lengths > 0).explode())

    def _add_values(self, column: pl.Series) -> None:
        if not isinstance(column.dtype, (pl.String, pl.Binary)):
            self._values.update(_bytes(column))
            return
        values = column.cast(pl.Binary)
        self._add_lengths(values.bin.size())
        array = values.rechunk().to_arrow()
        offsets, data = array.buffers()[1:]
        if data is not None and len(array):
            bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
            self._values.update(memoryview(data)[bounds[0] : bounds[-1]])


def _inner(dtype: pl.DataType) -> list[pl.DataType]:
    """What a nested type is made of."""
    match dtype:
        case pl.List(inner=pl.DataType() as inner) | pl.Array(inner=pl.DataType() as inner):
            return [inner]
        case pl.Struct(fields=fields):
            return [field.dtype if isinstance(field.dtype, pl.DataType) else field.dtype() for field in fields]
        case pl.Map():
            return [_pairs(pl.Series(dtype=dtype)).dtype]
        case _:
            return []


def _pairs(column: pl.Series) -> pl.Series:
    """A column of maps as lists of pairs; categories, whose codes are others in each process, are their texts."""
    parts = types_of_parts(column.name, column.dtype, [column.name])
    if isinstance(column.dtype, pl.Map) and any(isinstance(part, pl.Categorical) for part in parts):
        pairs = pl.List(pl.Struct({"key": column.dtype.key, "value": column.dtype.value}))
        column = column.cast(pairs).cast(plain_dtype(pairs))
    return column.to_physical()


def _bytes(column: pl.Series) -> memoryview:
    return np.ascontiguousarray(column.to_numpy()).view(np.uint8).data


def _filled(column: pl.Series) -> pl.Series:
    """The column with its nulls as zeros and its times as whole numbers."""
    dtype = column.dtype
    if isinstance(dtype, _AS_TEXT):
        column = column.cast(pl.String)
    if dtype.is_temporal():
        column = column.to_physical()
    return column.fill_null(_nothing(column.dtype)) if column.null_count() else column


def _nothing(dtype: pl.DataType) -> bool | int | str | bytes:
    """What stands where a value is null."""
    if dtype == pl.Boolean:
        return False
    if dtype == pl.Binary:
        return b""
    return 0 if dtype.is_numeric() else ""


def digests(columns: Iterable[pl.Series]) -> dict[str, str]:
    """The digests of some columns, by name."""
    return {column.name: column_digest(column) for column in columns}
