"""Thrift's compact protocol, in which Parquet writes its footers and the headers of its pages."""

import struct
from collections.abc import Mapping
from typing import Any, Final

Fields = Mapping[int, Any]
"""A Thrift struct: values by the numbers of their fields."""

TOO_SHORT: Final = (IndexError, struct.error, RecursionError)
"""What is raised where the bytes end before the struct does."""
_TRUE, _BYTE, _DOUBLE, _BINARY, _MAP, _STRUCT = 1, 3, 7, 8, 11, 12
_BOOLEANS: Final = (1, 2)
_NUMBERS: Final = (4, 5, 6)
_LISTS: Final = (9, 10)
_LONGEST: Final = 70
"""More bits than a number of 64 takes, seven in each byte."""
_LAST_FIELD: Final = 12
"""No struct of a page's header has a field of a higher number: today 8, and newer writers may add a few."""

PageHeader = dict[int, Any]
"""As `Fields`, without what is no number or struct."""


def page_header(content: bytes, at: int) -> tuple[PageHeader, int]:
    """A struct of numbers and structs, from the byte `at`, and the place behind it; values of other kinds are left out.

    A file has very many headers of pages, so this does without the calls of `Compact`. Raises an `IndexError` where the
    bytes end before it does, and a `ValueError` for what is no such struct.
    """
    found: PageHeader = {}
    field = 0
    while head := content[at]:
        at += 1
        kind, step = head & 15, head >> 4
        if kind in _BOOLEANS and step:
            field += step
            continue
        if kind == _STRUCT and step:
            field += step
            found[field], at = page_header(content, at)
            continue
        number = content[at]
        at += 1
        if number > 127:  # noqa: PLR2004  # not the last byte
            number, at = _longer(content, number & 127, at)
        if kind in _NUMBERS and step:
            field += step
            found[field] = (number >> 1) ^ -(number & 1)
        elif kind == _BINARY and step:
            field += step
            at += number
        else:
            problem = "it has a value of a kind that no page's header has"
            raise ValueError(problem)
    if field > _LAST_FIELD:
        problem = "it has a field that no page's header has"
        raise ValueError(problem)
    return found, at + 1


def _longer(content: bytes, number: int, at: int) -> tuple[int, int]:
    """A number of several bytes, of which the first is read, and the place behind it."""
    for shift in range(7, _LONGEST, 7):
        byte = content[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:  # noqa: PLR2004  # the last byte
            return number, at
    problem = "it has a number of more than 64 bits"
    raise ValueError(problem)


class Compact:
    """Structs in some bytes, read from a place on. `at` is the place behind what was read."""

    def __init__(self, content: bytes, at: int = 0) -> None:
        """Read `content` from the byte `at`."""
        self._content = content
        self.at = at

    def fields(self) -> Fields:
        """A struct. Raises a `ValueError` for what is none, and one of `TOO_SHORT` where the bytes end within it."""
        found: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._signed()
            found[number] = self._value(head & 15, within=False)
        return found

    def _value(self, kind: int, *, within: bool) -> Any:  # noqa: PLR0911  # one for each kind; a table of them is slower
        """A value of a kind; `within` a list a boolean is a byte, else the kind says which it is."""
        if kind in _NUMBERS:
            return self._signed()
        if kind == _BINARY:
            return self._bytes(self._number())
        if kind == _STRUCT:
            return self.fields()
        if kind in _LISTS:
            return self._list()
        if kind in _BOOLEANS:
            return self._byte() == 1 if within else kind == _TRUE
        if kind == _BYTE:
            return self._byte()
        if kind == _DOUBLE:
            return struct.unpack("<d", self._bytes(8))[0]
        if kind == _MAP:
            return self._map()
        problem = "its footer has a value of an unknown kind"
        raise ValueError(problem)

    def _list(self) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._number()  # noqa: PLR2004  # all bits: the count follows
        self._fits(count)
        return [self._value(head & 15, within=True) for _ in range(count)]

    def _map(self) -> list[tuple[Any, Any]]:
        count = self._number()
        self._fits(count)
        kinds = self._byte() if count else 0
        return [(self._value(kinds >> 4, within=True), self._value(kinds & 15, within=True)) for _ in range(count)]

    def _fits(self, count: int) -> None:
        """Every value takes a byte at the least, so no list has more values than bytes are left."""
        if count > len(self._content) - self.at:
            raise IndexError

    def _byte(self) -> int:
        self.at += 1
        return self._content[self.at - 1]

    def _bytes(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self._content):
            raise IndexError
        return self._content[self.at - count : self.at]

    def _number(self) -> int:
        """A number without a sign, seven bits in each byte."""
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:  # noqa: PLR2004  # the last byte
                return number
            shift += 7
            if shift > _LONGEST:
                problem = "its footer has a number of more than 64 bits"
                raise ValueError(problem)

    def _signed(self) -> int:
        number = self._number()
        return (number >> 1) ^ -(number & 1)
