"""The names of column types, and which fits which.

A dtype is a string of this grammar, the same in specs, events, facts and plans:

    bool  int8 int16 int32 int64  uint8 uint16 uint32 uint64  float32 float64
    string  binary  date  timestamp[ms|us|ns]  timestamp[ms|us|ns, ZONE]  decimal(P,S)
    list<DTYPE>  struct<NAME: DTYPE, ...>  map<DTYPE, DTYPE>

A timestamp with a zone is an instant; one without is a naive local time, which Foreset reads as UTC.
"""

import re
from typing import Final

_SIGNED: Final = ("int8", "int16", "int32", "int64")
_UNSIGNED: Final = ("uint8", "uint16", "uint32", "uint64")
_FLOATS: Final = ("float32", "float64")
_EXACT_IN_FLOAT: Final = {
    "float32": ("int8", "int16", "uint8", "uint16"),
    "float64": ("int8", "int16", "int32", "uint8", "uint16", "uint32", "float32"),
}
_KEYS: Final = (*_SIGNED, *_UNSIGNED, "string", "binary", "bool", "date")
_PLAIN: Final = (*_KEYS, *_FLOATS)
_TIMESTAMP: Final = re.compile(r"timestamp\[(ms|us|ns)(?:, ([^\]]+))?\]")
_NESTED: Final = re.compile(r"(decimal\(\d+,-?\d+\)|list<.+>|struct<.*>|map<.+>)")

NANOSECONDS: Final = {"ns": 1, "us": 1_000, "ms": 1_000_000, "day": 86_400_000_000_000}
"""How many nanoseconds one step of each time unit is."""


def is_dtype(name: str) -> bool:
    """Whether `name` is of the grammar.

    >>> is_dtype("timestamp[us, UTC]"), is_dtype("double")
    (True, False)
    """
    return name in _PLAIN or bool(_TIMESTAMP.fullmatch(name) or _NESTED.fullmatch(name))


def time_unit(dtype: str) -> str | None:
    """The unit that a time column counts in: `ms`, `us`, `ns`, `day` for a date; None for other columns.

    >>> time_unit("timestamp[us, UTC]"), time_unit("date"), time_unit("string")
    ('us', 'day', None)
    """
    if dtype == "date":
        return "day"
    match = _TIMESTAMP.fullmatch(dtype)
    return match.group(1) if match else None


def widens(narrow: str, wide: str) -> bool:
    """Whether every value of `narrow` has an equal value in `wide`.

    >>> widens("int32", "int64"), widens("uint32", "int64"), widens("int64", "float64")
    (True, True, False)
    """
    if narrow == wide:
        return True
    if wide in _EXACT_IN_FLOAT:
        return narrow in _EXACT_IN_FLOAT[wide]
    if narrow in _UNSIGNED:
        rank = _UNSIGNED.index(narrow)
        return wide in _UNSIGNED[rank:] or wide in _SIGNED[rank + 1 :]
    return narrow in _SIGNED and wide in _SIGNED[_SIGNED.index(narrow) :]


_WIDTHS: Final = {"bool": 1, "int8": 1, "int16": 2, "int32": 4, "date": 4, "float32": 4} | {
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
}
_FIXED: Final = ("int64", "uint64", "float64")
_DECIMAL_BYTES: Final = 16


def width(dtype: str) -> int | None:
    """How many bytes a value takes in memory; None where that depends on the value.

    >>> width("int32"), width("timestamp[us, UTC]"), width("string")
    (4, 8, None)
    """
    if dtype.startswith("decimal"):
        return _DECIMAL_BYTES
    if dtype in _FIXED or _TIMESTAMP.fullmatch(dtype):
        return 8
    return _WIDTHS.get(dtype)


def joined_key(left: str, right: str) -> str | None:
    """The dtype in which two join keys are compared, or None when they must not be compared.

    Floats are no keys: NaN and rounding make equality a matter of taste.

    >>> joined_key("int32", "int64"), joined_key("int32", "uint32"), joined_key("int64", "string")
    ('int64', 'int64', None)
    """
    if left not in _KEYS or right not in _KEYS:
        return None
    candidates = (left, right, *_SIGNED)
    return next((c for c in candidates if widens(left, c) and widens(right, c)), None)
