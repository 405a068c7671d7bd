"""What the columns of a Parquet file take in memory, by its footer.

A file's own size says little: a page may hold one value a million times. The footer has the number of values of each
column, those in lists included, and the size of its pages before they were compressed.
"""

import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from foreset.adapters.shared.files.input_files import OPEN
from foreset.adapters.shared.files.known_files import KnownFiles, identity
from foreset.adapters.shared.parquet.footer_marks import look_at_footer

_WIDTHS: Final = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
VIEW: Final = 16
"""Bytes of a text without its characters, and of a list without its values."""
_KEPT: Final = 4_000
_KNOWN: Final[KnownFiles[Mapping[str, "_Size"]]] = KnownFiles(_KEPT)


def decoded_row_bytes(path: str, column: str) -> float | None:
    """What a row of a column of a local file takes, by the file's name for it, in the row group where it takes most.

    A text that stands many times in a page counts once, for so it is in memory. None where that cannot be determined.
    """
    leaves = _leaves(path)
    if leaves is None:
        return None
    return sum(size.row for name, size in leaves.items() if name == column or name.startswith(f"{column}."))


def decoded_group_bytes(path: str, column: str) -> int:
    """What a column of a local file that has no others in it takes in the row group where it takes most, or 0."""
    leaves = _leaves(path) or {}
    return leaves[column].group if column in leaves else 0


class _Size(NamedTuple):
    """What a leaf takes: of a row, and in a row group, where it takes most."""

    row: float
    group: int


def _leaves(path: str) -> Mapping[str, _Size] | None:
    """What each leaf of the schema takes, by its path."""
    try:
        state = os.stat(path)  # noqa: PTH116  # a Path for each file is slow
        file = identity(path, state)
        known = _KNOWN.get(file)
        found = _read(path, state.st_size) if known is None else known
    except (OSError, ValueError, pa.ArrowException):  # as reading the file will say
        return None
    return None if found is None else _KNOWN.learn(file, found)


def _read(path: str, size: int) -> Mapping[str, _Size] | None:
    """None for a footer that is damaged, as its checksum says: pyarrow ends the process over some of them."""
    file = os.open(path, OPEN)
    try:
        look = look_at_footer(file, size)
    finally:
        os.close(file)
    if look is None or look.proved is False:
        return None
    return _by_footer(pq.read_metadata(pa.BufferReader(look.tail)))


def _by_footer(footer: Any) -> Mapping[str, _Size]:  # pyarrow has no types
    schema = [footer.schema.column(place) for place in range(footer.num_columns)]
    found = {leaf.path: _Size(0.0, 0) for leaf in schema}
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        for place, leaf in enumerate(schema):
            known, taken = found[leaf.path], _bytes(group.column(place), leaf)
            found[leaf.path] = _Size(max(known.row, taken / max(group.num_rows, 1)), max(known.group, taken))
    return found


def _bytes(chunk: Any, leaf: Any) -> int:
    values, listed = max(chunk.num_values, 0), leaf.max_repetition_level > 0
    width = leaf.length if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" else _WIDTHS.get(leaf.physical_type)
    if width is None:
        return int(values * VIEW + max(chunk.total_uncompressed_size, 0))
    return int(values * width + (VIEW if listed else 0))
