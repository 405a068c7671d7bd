"""The statistics in a Parquet footer, decoded here.

pyarrow decodes them too, but ends the process over a damaged one: it does not catch what its C++ code throws there. The
footer is Thrift in the compact protocol; numbers of fields are those of parquet-format's `parquet.thrift`.
"""

import struct
from decimal import Decimal
from typing import Any, Final

from foreset.adapters.shared.parquet.thrift import TOO_SHORT, Compact, Fields
from foreset.domain.table_health.statistics_audit import Claim, Value

_TAIL: Final = 8  # bytes: the footer's length, and the magic
_ROW_GROUPS, _COLUMNS, _META_DATA, _TYPE, _STATISTICS = 4, 1, 3, 1, 12
_OLD_MAX, _OLD_MIN, _NULLS, _MAX, _MIN = 1, 2, 3, 5, 6
_FORMATS: Final = {0: "?", 1: "i", 2: "q", 4: "f", 5: "d"}  # by physical type; those of 96 bits have no order
_UNSIGNED: Final = {"i": "I", "q": "Q"}
_BYTES: Final = (6, 7)
_MICROSECONDS: Final = {"ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}
"""What a step of each unit is, as a fraction."""


def footer_of(source: Any) -> Fields:
    """The footer of an open Parquet file. Raises a `ValueError` where it is none."""
    source.seek(-_TAIL, 2)
    length = int.from_bytes(source.read(_TAIL)[:4], "little")
    source.seek(-_TAIL - length, 2)
    try:
        return Compact(source.read(length)).fields()
    except TOO_SHORT as fault:
        problem = "its footer ends too early"
        raise ValueError(problem) from fault


def claim(footer: Fields, group: int, column: int, dtype: str, unit: str) -> Claim:
    """What a footer says of a column in a row group; nothing where it says what cannot be.

    `unit` is that of a column of times in the file.
    """
    try:
        chunk = footer[_ROW_GROUPS][group][_COLUMNS][column][_META_DATA]
        told, physical = chunk.get(_STATISTICS, {}), chunk[_TYPE]
        nulls = told.get(_NULLS)
        old = not ({_MAX, _MIN} & set(told)) and physical in _FORMATS and not dtype.startswith(("uint", "decimal"))
        least, greatest = (told.get(n) for n in ((_OLD_MIN, _OLD_MAX) if old else (_MIN, _MAX)))
        if least is None or greatest is None:
            return Claim(nulls=nulls)
        return Claim(
            nulls=nulls,
            least=_value(least, physical, dtype, unit),
            greatest=_value(greatest, physical, dtype, unit),
        )
    except (KeyError, IndexError, TypeError, AttributeError, struct.error, ArithmeticError):
        return Claim()


def _value(told: bytes, physical: int, dtype: str, unit: str) -> Value | None:
    """A bound in the form in which values are compared; None for types without an order."""
    if physical in _BYTES:
        if dtype.startswith("decimal"):
            return _scaled(int.from_bytes(told, signed=True), dtype)
        return told if dtype in {"string", "binary"} else None
    plain = _FORMATS.get(physical)
    if plain is None:
        return None
    [number] = struct.unpack(f"<{_UNSIGNED.get(plain, plain) if dtype.startswith('uint') else plain}", told)
    if dtype.startswith("timestamp"):
        times, by = _MICROSECONDS[unit]
        return int(number) * times // by
    return _scaled(number, dtype) if dtype.startswith("decimal") else number


def _scaled(number: int, dtype: str) -> Decimal:
    _, _, scale = dtype.rstrip(")").partition(",")
    return Decimal(number).scaleb(-int(scale))
