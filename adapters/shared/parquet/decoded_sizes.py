"""What the columns of a Parquet file take in memory, by its footer.

A file's own size says little: a page may hold one value a million times. The footer has the number of values of each
column, those in lists included, and the size of its pages before they were compressed.
"""

import os
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from foreset.adapters.shared.files.input_files import OPEN
from foreset.adapters.shared.parquet.footer_marks import look_at_footer

_WIDTHS: Final = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_VIEW: Final = 16
"""Bytes of a text beside its characters, and of a list beside its values."""
_KEPT: Final = 4_000
_KNOWN: OrderedDict[tuple[str, int, int, int], Mapping[str, float]] = OrderedDict()
_LOCK: Final = Lock()


def decoded_row_bytes(path: str, column: str) -> float | None:
    """What a row of a column of a local file takes, by the file's name for it, in the row group where it takes most.

    A text that stands many times in a page counts once, for so it is in memory. None where that cannot be determined.
    """
    leaves = _leaves(path)
    if leaves is None:
        return None
    return sum(size for name, size in leaves.items() if name == column or name.startswith(f"{column}."))


def _leaves(path: str) -> Mapping[str, float] | None:
    """The same of each leaf of the schema, by its path."""
    try:
        seen = os.stat(path)  # noqa: PTH116  # a Path for each file is slow
        key = (path, seen.st_ino, seen.st_size, seen.st_mtime_ns)
        with _LOCK:
            known = _KNOWN.get(key)
        if known is None:
            known = _read(path, seen.st_size)
    except (OSError, ValueError, pa.ArrowException):  # as reading the file will say
        return None
    if known is None:
        return None
    with _LOCK:
        _KNOWN[key] = known
        _KNOWN.move_to_end(key)
        while len(_KNOWN) > _KEPT:
            _KNOWN.popitem(last=False)
    return known


def _read(path: str, size: int) -> Mapping[str, float] | None:
    """None for a footer that is damaged, as its checksum says: pyarrow ends the process over some of them."""
    file = os.open(path, OPEN)
    try:
        look = look_at_footer(file, size)
    finally:
        os.close(file)
    if look is None or look.proved is False:
        return None
    return _by_footer(pq.read_metadata(pa.BufferReader(look.tail)))


def _by_footer(footer: Any) -> Mapping[str, float]:  # pyarrow has no types
    schema = [footer.schema.column(place) for place in range(footer.num_columns)]
    found = {leaf.path: 0.0 for leaf in schema}
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        for place, leaf in enumerate(schema):
            found[leaf.path] = max(found[leaf.path], _bytes(group.column(place), leaf) / max(group.num_rows, 1))
    return found


def _bytes(chunk: Any, leaf: Any) -> int:
    values, listed = max(chunk.num_values, 0), leaf.max_repetition_level > 0
    width = leaf.length if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" else _WIDTHS.get(leaf.physical_type)
    if width is None:
        return int(values * _VIEW + max(chunk.total_uncompressed_size, 0))
    return int(values * width + (_VIEW if listed else 0))
