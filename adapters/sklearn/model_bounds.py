"""What is looked at of a skops file before it is unpacked: how large it is, and becomes.

The sizes are those of the archive's own directory. Python's zipfile gives no more bytes of an entry than it names, so a
directory that lies is a damaged file, and not a larger one.
"""

import json
import struct
import tokenize
import zlib
from io import BytesIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from numpy.lib import format as npy

LARGEST_MODEL: Final = 4 << 30
"""Bytes of a model's file."""
LARGEST_UNPACKED: Final = 16 << 30
"""Bytes of all that is in it."""
MOST_ENTRIES: Final = 100_000
LARGEST_SCHEMA: Final = 256 << 20
"""Bytes of the text that describes the pipeline."""
LARGEST_RATIO: Final = 2_000
"""How many times larger it may become, beyond the first MiB; deflate reaches half of this on zeros alone."""
DEEPEST: Final = 500
"""How deep the description may be nested: skops follows it by recursion."""
LARGEST_HEADER: Final = 10_000
"""Bytes of the header of an array, which numpy's own reader keeps to as well."""

MODEL_FAULTS: Final = (
    BadZipFile, LookupError, ValueError, TypeError, AttributeError, ImportError, ArithmeticError, RecursionError,
    EOFError, MemoryError, NotImplementedError, RuntimeError, AssertionError, SyntaxError, tokenize.TokenError,
    zlib.error, struct.error,
)  # fmt: skip
"""What skops, numpy and zipfile raise over a file that is damaged or made up."""


def require_modest(data: bytes) -> None:
    """Raise a `ValueError` for what would be too much to unpack; whatever else is wrong is one of `MODEL_FAULTS`."""
    with ZipFile(BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            _refuse(f"it has {len(entries):,} entries, more than {MOST_ENTRIES:,}")
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > LARGEST_UNPACKED:
            _refuse(f"it becomes {unpacked:,} bytes, more than {LARGEST_UNPACKED:,}")
        schema = archive.getinfo("schema.json")
        if schema.file_size > LARGEST_SCHEMA:
            _refuse(f"its description has {schema.file_size:,} bytes, more than {LARGEST_SCHEMA:,}")
        if len({entry.filename for entry in entries}) < len(entries):
            _refuse("it has two entries of one name")
        if unpacked > (1 << 20) + len(data) * LARGEST_RATIO:
            _refuse(f"it becomes {unpacked:,} bytes, more than {LARGEST_RATIO:,} times its size")
        _require_shallow(json.loads(archive.read(schema)))
        for entry in entries:
            if entry.filename.endswith(".npy"):
                _require_array(archive, entry)


def _require_shallow(node: Any) -> None:
    level = [node]
    for _ in range(DEEPEST):
        level = [part for held in level for part in _parts(held)]
        if not level:
            return
    _refuse(f"its description is nested in more than {DEEPEST} levels")


def _parts(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _require_array(archive: ZipFile, entry: Any) -> None:
    """Refuse an array whose header names more bytes than the entry has: numpy would allocate them first."""
    with archive.open(entry) as file:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file, max_header_size=LARGEST_HEADER)
    size = dtype.itemsize
    for length in shape:
        size *= int(length)
    if not dtype.hasobject and size > entry.file_size:
        _refuse(f"the array {entry.filename} is said to have {size:,} bytes, and the file has {entry.file_size:,}")


def _refuse(problem: str) -> None:
    raise ValueError(problem)
