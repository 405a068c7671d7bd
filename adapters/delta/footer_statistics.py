"""The statistics in a Parquet footer, decoded here.

pyarrow decodes them too, but ends the process over a damaged one: it does not catch what its C++ code throws there. The
footer is Thrift in the compact protocol; numbers of fields are those of parquet-format's `parquet.thrift`.
"""

import struct
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from foreset.domain.statistics_audit import Claim, Value

Fields = Mapping[int, Any]
"""A Thrift struct: values by the numbers of their fields."""

_TAIL: Final = 8  # bytes: the footer's length, and the magic
_ROW_GROUPS, _COLUMNS, _META_DATA, _TYPE, _STATISTICS = 4, 1, 3, 1, 12
_OLD_MAX, _OLD_MIN, _NULLS, _MAX, _MIN = 1, 2, 3, 5, 6
_FORMATS: Final = {0: "?", 1: "i", 2: "q", 4: "f", 5: "d"}  # by physical type; those of 96 bits have no order
_UNSIGNED: Final = {"i": "I", "q": "Q"}
_BYTES: Final = (6, 7)
_BOOLEANS: Final = (1, 2)
_MICROSECONDS: Final = {"ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}
"""What a step of each unit is, as a fraction."""


def footer_of(source: Any) -> Fields:
    """The footer of an open Parquet file. Raises a `ValueError` where it is none."""
    source.seek(-_TAIL, 2)
    length = int.from_bytes(source.read(_TAIL)[:4], "little")
    source.seek(-_TAIL - length, 2)
    try:
        return _Compact(source.read(length)).fields()
    except (IndexError, struct.error, RecursionError) as fault:
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


class _Compact:
    """Thrift's compact protocol."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def fields(self) -> Fields:
        """A struct."""
        found: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._signed()
            found[number] = self._value(head & 15, within=False)
        return found

    def _value(self, kind: int, *, within: bool) -> Any:
        """A value of a kind; `within` a list a boolean is a byte, else the kind says which it is."""
        if kind in _BOOLEANS:
            return self._byte() == 1 if within else kind == 1
        readers = {
            3: self._byte,
            4: self._signed,
            5: self._signed,
            6: self._signed,
            7: lambda: struct.unpack("<d", self._bytes(8))[0],
            8: lambda: self._bytes(self._number()),
            9: self._list,
            10: self._list,
            11: self._map,
            12: self.fields,
        }
        if kind not in readers:
            problem = "its footer has a value of an unknown kind"
            raise ValueError(problem)
        return readers[kind]()

    def _list(self) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._number()  # noqa: PLR2004  # all bits: the count follows
        return [self._value(head & 15, within=True) for _ in range(count)]

    def _map(self) -> list[tuple[Any, Any]]:
        count = self._number()
        kinds = self._byte() if count else 0
        return [(self._value(kinds >> 4, within=True), self._value(kinds & 15, within=True)) for _ in range(count)]

    def _byte(self) -> int:
        self._at += 1
        return self._content[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._content):
            raise IndexError
        return self._content[self._at - count : self._at]

    def _number(self) -> int:
        """A number without a sign, seven bits in each byte."""
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:  # noqa: PLR2004  # the last byte
                return number
            shift += 7

    def _signed(self) -> int:
        number = self._number()
        return (number >> 1) ^ -(number & 1)
