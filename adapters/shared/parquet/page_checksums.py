"""The checksums of a Parquet file's pages, compared with the bytes that are there; nothing is decompressed.

A page's header has the CRC-32 of what follows it. The header itself has none, so what it says is compared with the
footer: pages must fill their column chunk, and hold its values, in one of its encodings. Numbers of fields are those of
parquet-format's `parquet.thrift`.
"""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from foreset.adapters.shared.parquet.thrift import PageHeader, page_header

_BLOCK: Final = 1 << 20
"""Bytes of a file that are held at a time."""
_LONGEST: Final = 1 << 24
"""No page's header is longer: it holds a least and a greatest value at the most."""
_KIND, _SIZE, _COMPRESSED, _CRC = 1, 2, 3, 4
_DATA, _DICTIONARY, _DATA_2 = 5, 7, 8
_VALUES: Final = 1
_KINDS: Final = {0: (_DATA, 2), 2: (_DICTIONARY, 2), 3: (_DATA_2, 4)}
"""By the type of a page: the field with what is said of it, and the field of its encoding in there."""
_LEVELS: Final = {3, 4}
"""The encodings of levels: RLE, and BIT_PACKED."""
_ENCODINGS: Final = {
    name: number
    for number, name in {
        0: "PLAIN",
        2: "PLAIN_DICTIONARY",
        3: "RLE",
        4: "BIT_PACKED",
        5: "DELTA_BINARY_PACKED",
        6: "DELTA_LENGTH_BYTE_ARRAY",
        7: "DELTA_BYTE_ARRAY",
        8: "RLE_DICTIONARY",
        9: "BYTE_STREAM_SPLIT",
    }.items()
}
_BITS: Final = 2**32 - 1


class PageDamageError(Exception):
    """What is wrong with a column chunk, as its text."""


@dataclass(frozen=True)
class Chunk:
    """Where a column is in a row group, and what the footer says of it."""

    start: int
    size: int
    decoded: int
    values: int
    encodings: frozenset[int]


class Window:
    """Bytes of an open file, a block of which is held."""

    def __init__(self, file: int) -> None:
        """Look at `file`."""
        self._file = file
        self._held, self._base = b"", 0

    def bytes_at(self, at: int, need: int) -> tuple[bytes, int]:
        """Bytes among which those from `at` on are, `need` of them where the file has so many, and their place."""
        place = at - self._base
        if place < 0 or place + need > len(self._held):
            self._held, self._base, place = os.pread(self._file, max(_BLOCK, need), at), at, 0
        return self._held, place

    def crc(self, at: int, stop: int) -> int:
        """The CRC-32 of the bytes from `at` up to `stop`. Raises a `ValueError` where the file ends before."""
        crc = 0
        while at < stop:
            held, place = self.bytes_at(at, 1)
            some = memoryview(held)[place : place + stop - at]
            if not some:
                raise ValueError
            crc, at = zlib.crc32(some, crc), at + len(some)
        return crc


def chunk_of(column: Any) -> Chunk:
    """A column chunk of a footer that pyarrow has read; pyarrow has no types."""
    start = column.data_page_offset
    if column.has_dictionary_page and 0 < column.dictionary_page_offset < start:
        start = column.dictionary_page_offset
    known = frozenset(_ENCODINGS[name] for name in column.encodings if name in _ENCODINGS)
    return Chunk(start, column.total_compressed_size, column.total_uncompressed_size, column.num_values, known)


def verify_chunk(window: Window, chunk: Chunk, *, strict: bool) -> bool:
    """Whether every page of a column chunk has a checksum. Raises `PageDamageError` where one does not fit.

    `strict`: pages without one, and what contradicts the footer, are damages too. Where a page has a checksum the rest
    is taken strictly, for then the writer keeps them.
    """
    values = decoded = pages = summed = 0
    try:
        for header, length, crc in _pages(window, chunk):
            pages, summed = pages + 1, summed + (_CRC in header)
            if _CRC in header and header[_CRC] & _BITS != crc:
                problem = f"the checksum of page {pages} does not fit its bytes"
                raise PageDamageError(problem)
            values += _values(header, chunk)
            decoded += length + header[_SIZE]
        _compare(chunk, values, decoded)
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        if strict or summed:
            problem = f"the header of page {pages + 1} cannot be right"
            raise PageDamageError(problem) from fault
        return False
    if summed != pages and (strict or summed):
        problem = f"{pages - summed} of its {pages} pages have lost their checksum"
        raise PageDamageError(problem)
    return summed == pages


def _values(header: PageHeader, chunk: Chunk) -> int:
    """The values of a page of data, none for a dictionary. Raises a `ValueError` or `KeyError` for what cannot be."""
    kind = header[_KIND]
    if kind not in _KINDS:
        raise ValueError
    at, encoding_at = _KINDS[kind]
    said = header[at]
    levels = {said[3], said[4]} if at == _DATA else set[int]()
    if (chunk.encodings and said[encoding_at] not in chunk.encodings) or not levels <= _LEVELS:
        raise ValueError
    return 0 if at == _DICTIONARY else int(said[_VALUES])


def _compare(chunk: Chunk, values: int, decoded: int) -> None:
    """Raise a `ValueError` where pages are not what the footer says."""
    if values != chunk.values or decoded != chunk.decoded:
        raise ValueError


def _pages(window: Window, chunk: Chunk) -> Iterator[tuple[PageHeader, int, int]]:
    """The header of each page, its length, and the CRC-32 of the page's bytes."""
    at, end = chunk.start, chunk.start + chunk.size
    while at < end:
        header, after = _header(window, at, end)
        stop = after + header[_COMPRESSED]
        if not after <= stop <= end:
            raise ValueError
        yield header, after - at, window.crc(after, stop)
        at = stop


def _header(window: Window, at: int, end: int) -> tuple[PageHeader, int]:
    """A page's header, and the place behind it."""
    need = 1
    while True:
        held, place = window.bytes_at(at, min(need, end - at))
        try:
            header, after = page_header(held, place)
        except IndexError:
            need = max(2 * need, len(held) - place + 1)
            if need > min(_LONGEST, end - at):
                raise ValueError from None
        else:
            return header, at + after - place
