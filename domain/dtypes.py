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

_DECIMAL: Final = re.compile(r"decimal\(\d+, ?(\d+)\)")
_DIGITS: Final = 38

NANOSECONDS: Final = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "day": 86_400_000_000_000}
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


_EPOCHS: Final = (*_SIGNED, "uint8", "uint16", "uint32")


def is_epoch(dtype: str) -> bool:
    """Whether a column may count time since 1970: whole numbers that fit 64 bits with a sign.

    >>> is_epoch("int64"), is_epoch("uint64"), is_epoch("float64")
    (True, False, False)
    """
    return dtype in _EPOCHS


def column_unit(dtype: str, epoch_unit: str | None) -> str | None:
    """The unit that a column of times counts in, `epoch_unit` being that of whole numbers; None for other columns.

    >>> column_unit("date", "ms"), column_unit("int64", "ms"), column_unit("int64", None)
    ('day', 'ms', None)
    """
    return time_unit(dtype) or (epoch_unit if is_epoch(dtype) else None)


_YEARS: Final = (-62_135_596_800, 253_402_300_800)
"""The first second of the year 1, and the first one after the year 9999."""


def epoch_limits(unit: str) -> tuple[int, int]:
    """The first and the last tick of a unit in the years 1 to 9999, as far as 64 bits have them.

    >>> epoch_limits("s")
    (-62135596800, 253402300799)
    """
    per_second = NANOSECONDS["s"] // NANOSECONDS[unit]
    return max(_YEARS[0] * per_second, -(2**63)), min(_YEARS[1] * per_second, 2**63) - 1


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

    Floats are no keys: NaN and rounding make equality a matter of taste. Decimals, and whole numbers with them, are
    compared by value, at the larger of their scales, and so are signed with unsigned whole numbers of 64 bits;
    timestamps by instant, in the finer of their units, those without a zone being in UTC. What does not fit that type
    has no equal on the other side.

    >>> joined_key("int32", "int64"), joined_key("int32", "uint32"), joined_key("int64", "string")
    ('int64', 'int64', None)
    >>> joined_key("int64", "decimal(38,0)"), joined_key("timestamp[us]", "timestamp[ns, UTC]")
    ('decimal(38,0)', 'timestamp[ns, UTC]')
    >>> joined_key("int64", "uint64")
    'decimal(38,0)'
    """
    scales = [_scale(dtype) for dtype in (left, right)]
    if any(_DECIMAL.fullmatch(dtype) for dtype in (left, right)):
        return None if None in scales else f"decimal({_DIGITS},{max(scale or 0 for scale in scales)})"
    units = [_TIMESTAMP.fullmatch(dtype) for dtype in (left, right)]
    if any(units):
        found = [unit[1] for unit in units if unit]
        return f"timestamp[{min(found, key=NANOSECONDS.__getitem__)}, UTC]" if all(units) else None
    if left not in _KEYS or right not in _KEYS:
        return None
    candidates = (left, right, *_SIGNED)
    shared = next((c for c in candidates if widens(left, c) and widens(right, c)), None)
    return f"decimal({_DIGITS},0)" if shared is None and None not in scales else shared


def _scale(dtype: str) -> int | None:
    """How many digits a key has after the point; None for types that are no exact numbers."""
    found = _DECIMAL.fullmatch(dtype)
    if found:
        return int(found[1])
    return 0 if dtype in _SIGNED or dtype in _UNSIGNED else None
