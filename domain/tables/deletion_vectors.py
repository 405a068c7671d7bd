"""Where deletion vectors are, and whether their bytes are whole.

Delta protocol, "Deletion Vectors": a vector's file begins with a version byte; at `offset` stand the size, the
vector, and its CRC-32.
"""

import zlib
from typing import Final
from uuid import UUID

from foreset.domain.tables.delta_log import DeletionVector, place_of

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_ID: Final = 20  # characters of an encoded id
_WORD: Final = 4  # bytes of a size or a checksum


def vector_place(vector: DeletionVector) -> str | None:
    """The path of a vector's file, relative to the table or absolute; None for one that stands in the log itself.

    Raises a `ValueError` for a descriptor that names no file.

    >>> vector_place(DeletionVector("u", "ab^-aqEH.-t@S}K{vb[*k^"))
    'ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin'
    """
    match vector.storage_type:
        case "i":
            return None
        case "p":
            return place_of(vector.path_or_inline_dv)
        case "u":
            prefix, encoded = vector.path_or_inline_dv[:-_ID], vector.path_or_inline_dv[-_ID:]
            name = f"deletion_vector_{UUID(bytes=_decoded(encoded))}.bin"
            return f"{prefix}/{name}" if prefix else name
        case other:
            problem = f"its storage type {other!r} is unknown"
            raise ValueError(problem)


def vector_end(vector: DeletionVector) -> int:
    """How many bytes a vector's file must have at least."""
    return (vector.offset or 0) + _WORD + vector.size_in_bytes + _WORD


def vector_problem(vector: DeletionVector, content: bytes) -> str | None:
    """What is wrong with a vector within its file's content; None where it is whole."""
    start = vector.offset or 0
    size = int.from_bytes(content[start : start + _WORD])
    if size != vector.size_in_bytes:
        return f"its file says that it has {size:,} bytes, and the log {vector.size_in_bytes:,}"
    data = content[start + _WORD : start + _WORD + size]
    told = content[start + _WORD + size : start + _WORD + size + _WORD]
    return None if zlib.crc32(data) == int.from_bytes(told) else "its checksum does not fit"


def _decoded(text: str) -> bytes:
    """The bytes of a text in Z85, five characters for four bytes."""
    words = [text[at : at + 5] for at in range(0, len(text), 5)]
    try:
        numbers = [sum(_DIGITS.index(c) * 85 ** (4 - n) for n, c in enumerate(word)) for word in words]
        return b"".join(number.to_bytes(_WORD) for number in numbers)
    except (ValueError, OverflowError) as fault:
        problem = f"{text!r} is no id in Z85"
        raise ValueError(problem) from fault
