"""How much memory a checkpoint would take, determined before anything reads it whole.

A footer gives the bytes of a column as they are encoded. A text that repeats is encoded once and decoded for every row,
so where the footer does not rule out that a checkpoint is too large, its texts are counted, a batch at a time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from foreset.adapters.delta.log.folders import Folder
from foreset.domain.planning.explain import size

pc: Any = pyarrow.compute  # its functions are made as it is loaded, so that no checker sees them
_ACTION_BYTES: Final = 1_000
"""What an action takes in memory, about, without its texts."""
_VALUE_BYTES: Final = 100
"""What another value of an action takes, such as one more entry of a map, without its text."""
_EXPANDED: Final = 500
"""A checkpoint takes at most so many times its size in memory."""
_LEAST_BYTES: Final = 256_000_000
"""A small one may take so much."""
_BATCH: Final = 65_536
"""Rows that are counted at a time, at most."""
_PART: Final = 8
"""The part of the bound that a batch may take, as a divisor."""
_TEXT: Final = "BYTE_ARRAY"
_PREFIXED: Final = "DELTA_BYTE_ARRAY"
"""An encoding that repeats the beginning of the value before, which pyarrow does not read as a dictionary."""


@dataclass(frozen=True)
class _Texts:
    """The texts of a column in a row group."""

    path: str
    group: int
    index: int
    values: int
    encoded: int
    """Bytes of them all before decoding, so no text is longer."""
    prefixed: bool
    repeated: bool
    """Whether a row has several."""

    @property
    def most(self) -> int:
        """What they could take, if each were the longest."""
        return max(self.values, 1) * self.encoded


def check_expansion(folder: Folder, paths: Iterable[str]) -> None:
    """Raise a `ValueError` where a checkpoint's files would together take too much memory.

    Files that are not Parquet are not looked at. Raises `FOLDER_FAULTS` and `pa.ArrowException` where one cannot be
    read.
    """
    rows = size_bytes = known = 0
    unknown: list[_Texts] = []
    for path in paths:
        if path.endswith(".parquet"):
            with folder.open(path) as source:
                size_bytes += source.size()
                footer = pq.read_metadata(source)
            rows += footer.num_rows
            known += _least(footer)
            unknown.extend(_texts(path, footer))
    most = max(size_bytes * _EXPANDED, _LEAST_BYTES)
    unknown.sort(key=lambda texts: texts.most)
    while known <= most < known + sum(texts.most for texts in unknown):
        texts = unknown.pop()
        known += max(_counted(folder, texts, most), texts.encoded)
    if known > most:
        problem = (
            f"its {rows:,} rows would take at least {size(known)} of memory, and of a checkpoint of "
            f"{size(size_bytes)} at most {size(most)} are read"
        )
        raise ValueError(problem)


def _least(footer: Any) -> int:
    """What a file takes without its texts. pyarrow has no types."""
    needs = footer.num_rows * _ACTION_BYTES
    for group in map(footer.row_group, range(footer.num_row_groups)):
        for index in range(group.num_columns):
            chunk = group.column(index)
            values = chunk.num_values
            needs += 0 if chunk.physical_type == _TEXT else chunk.total_uncompressed_size
            width = footer.schema.column(index).length or 0  # of values of a fixed length
            needs += max(values - group.num_rows, 0) * _VALUE_BYTES + values * max(width, 0)
    return int(needs)


def _texts(path: str, footer: Any) -> Iterable[_Texts]:
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        for index in range(group.num_columns):
            chunk = group.column(index)
            if chunk.physical_type == _TEXT:
                yield _Texts(
                    path,
                    number,
                    index,
                    values=chunk.num_values,
                    encoded=chunk.total_uncompressed_size,
                    prefixed=_PREFIXED in chunk.encodings,
                    repeated=chunk.num_values > group.num_rows,
                )


def _counted(folder: Folder, texts: _Texts, most: int) -> int:
    """Bytes of the texts as decoded, counted until they are more than `most`.

    A batch takes no more than a part of it. Where a row has several texts it may take more alone: they are read as a
    dictionary, and where pyarrow cannot do that, nothing is read, and the most that they could take counts.
    """
    if texts.prefixed and texts.repeated:
        return texts.most
    try:
        return _running_count(folder, texts, most)
    except OSError as fault:
        if "Not yet implemented" not in str(fault):
            raise
        problem = "the encodings in its footer are not those of its pages"
        raise ValueError(problem) from fault


def _running_count(folder: Folder, texts: _Texts, most: int) -> int:
    counted, lengths = 0, _Lengths()
    batch_rows = _BATCH if texts.repeated else min(max(most // _PART // max(texts.encoded, 1), 1), _BATCH)
    with folder.open(texts.path) as source:
        footer = pq.read_metadata(source)
        named = [footer.schema.column(texts.index).path] if texts.repeated else []
        # Threads of pyarrow outlive an error over a damaged page and can abort the process at its end.
        file = pq.ParquetFile(source, metadata=footer, read_dictionary=named, pre_buffer=False)
        for batch in file.reader.iter_batches(
            batch_rows, row_groups=[texts.group], column_indices=[texts.index], use_threads=False
        ):
            counted += lengths.total(_leaf(batch.column(0)))
            if counted > most:
                break
    return counted


class _Lengths:
    """Lengths of texts; those of a dictionary are kept, since batches share one."""

    def __init__(self) -> None:
        self._dictionary: Any = None
        self._lengths: Any = None

    def total(self, texts: Any) -> int:
        """Bytes of all texts of an array."""
        if not pa.types.is_dictionary(texts.type):
            return pc.sum(pc.binary_length(texts)).as_py() or 0
        if self._dictionary is None or not self._dictionary.equals(texts.dictionary):
            self._dictionary = texts.dictionary
            self._lengths = pc.binary_length(texts.dictionary).cast(pa.int64())
        return pc.sum(self._lengths.take(texts.indices)).as_py() or 0


def _leaf(values: Any) -> Any:
    """The texts in a column of structs and lists that has no other leaf."""
    while not (pa.types.is_dictionary(values.type) or _is_text(values.type)):
        values = values.field(0) if pa.types.is_struct(values.type) else values.flatten()
    return values


def _is_text(dtype: Any) -> bool:
    return bool(pa.types.is_string(dtype) or pa.types.is_binary(dtype) or pa.types.is_large_string(dtype))
