"""Which stored types a Delta type takes: what readers widen, and what old writers stored otherwise."""

import re
from typing import Final

_DECIMAL: Final = re.compile(r"decimal\((\d+), ?(-?\d+)\)")
_SMALL: Final = frozenset({"int8", "int16", "int32", "uint8", "uint16"})
_TAKEN: Final[dict[str, frozenset[str]]] = {
    "boolean": frozenset({"bool"}),
    "byte": _SMALL,  # Parquet holds every small number in 32 bits, and old writers did not say which it was
    "short": _SMALL,
    "integer": _SMALL,
    "long": _SMALL | {"int64", "uint32"},
    "float": frozenset({"float32", "float16"}),
    "double": _SMALL | {"float32", "float64", "float16"},
    "string": frozenset({"string", "binary"}),
    "binary": frozenset({"binary", "string"}),
    "date": frozenset({"date"}),
}
_DIGITS: Final = {"int8": 3, "uint8": 3, "int16": 5, "uint16": 5, "int32": 10, "uint32": 10, "int64": 19}


def takes(delta: str, stored: str) -> bool:
    """Whether a column of a Delta type may be stored as `stored`, a dtype.

    Types that are not known here are taken, for nothing is known against them.

    >>> takes("long", "int32"), takes("integer", "int64"), takes("decimal(10,2)", "decimal(8,2)")
    (True, False, True)
    """
    if stored == "null":
        return True
    if delta in _TAKEN:
        return stored in _TAKEN[delta]
    if delta in {"timestamp", "timestamp_ntz"}:
        return stored.startswith("timestamp") or (delta == "timestamp_ntz" and stored == "date")
    if (wanted := _DECIMAL.fullmatch(delta)) is not None:
        return _decimal(int(wanted[1]), int(wanted[2]), stored)
    return True


def _decimal(precision: int, scale: int, stored: str) -> bool:
    """A decimal takes others with no more digits on either side of the point, and whole numbers that fit."""
    if (held := _DECIMAL.fullmatch(stored)) is not None:
        return int(held[2]) <= scale and int(held[1]) - int(held[2]) <= precision - scale
    return stored in _DIGITS and _DIGITS[stored] <= precision - scale
