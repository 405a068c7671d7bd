"""A checksum of a Parquet file's footer, which the format has none of.

The files that Foreset writes have twelve bytes between their last page and their footer: a name, and the CRC-32 of all
that follows. Readers find the footer from the end of a file, and never look there.
"""

import os
import zlib
from dataclasses import dataclass
from typing import Any, Final, Self

_NAME: Final = b"FORESETC"
_LENGTH: Final = 4
_MARK: Final = len(_NAME) + _LENGTH
_END: Final = 8
"""Bytes behind a footer: its length, and `PAR1`."""
_LOOK: Final = 1 << 16
"""Bytes of a file's end that are read at first."""


class MarkedFile:
    """An open file as pyarrow writes to it. What is written once it `ends` is the footer, before which a mark comes."""

    closed = False

    def __init__(self, file: Any) -> None:
        """Write through to `file`."""
        self._file = file
        self._footer: list[bytes] | None = None

    def write(self, content: Any) -> int:
        """Write some bytes."""
        if self._footer is None:
            return int(self._file.write(content))
        self._footer.append(bytes(memoryview(content)))
        return len(self._footer[-1])

    def tell(self) -> int:
        """How many bytes were written."""
        return int(self._file.tell()) + sum(map(len, self._footer or ()))

    def flush(self) -> None:
        """As the file does."""
        self._file.flush()

    def close(self) -> None:
        """Nothing: the file is ended by whoever opened it."""

    def __enter__(self) -> Self:
        """What is written now is the footer."""
        self._footer = []
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write it, and its mark."""
        tail, self._footer = b"".join(self._footer or ()), None
        if kind is None:
            self._file.write(_NAME + zlib.crc32(tail).to_bytes(_LENGTH, "little") + tail)


@dataclass(frozen=True)
class FooterLook:
    """A footer with the eight bytes behind it, and whether a mark proves it: None where there is no mark."""

    tail: bytes
    proved: bool | None


def look_at_footer(file: int, size: int) -> FooterLook | None:
    """The footer of an open file of this size; None for what is not a Parquet file."""
    end = os.pread(file, min(_LOOK, size), max(size - _LOOK, 0))
    length = int.from_bytes(end[-_END:-4], "little") + _END
    if len(end) < _END or not end.endswith(b"PAR1") or length > size:
        return None
    if length + _MARK > len(end):
        end = os.pread(file, min(length + _MARK, size), max(size - length - _MARK, 0))
    tail, before = end[-length:], end[:-length][-_MARK:]
    if not before.startswith(_NAME):
        return FooterLook(tail, None)
    return FooterLook(tail, zlib.crc32(tail) == int.from_bytes(before[len(_NAME) :], "little"))
