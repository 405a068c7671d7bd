"""Whether values of Python are the same once Arrow has them: it cuts what does not fit the type of the first value.

A date before a datetime makes a column of dates, nanoseconds go, bytes become texts, sets get an order.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Final
from uuid import UUID

import numpy as np

_NOTHING: Final = frozenset({type(None), float})
"""What stands for a missing value next to values of any type: None, and NaN."""
_EXACT: Final[tuple[frozenset[type], ...]] = (
    frozenset({int, float, Decimal, np.int64, np.int32, np.float64, np.float32}),
    frozenset({str}),
    frozenset({bytes}),
    frozenset({date}),
    frozenset({UUID}),
)
"""Types whose values Arrow keeps, or refuses, where a column has no others."""


class _NotPython:
    """What stands for a value that Python has no object for, such as a date of a year without four digits."""

    def __repr__(self) -> str:
        return "a value that Python does not have"


_NOT_PYTHON: Final = _NotPython()
_TRUTHS: Final = frozenset({bool, type(None)})
"""Beside floats, which are not only NaN, Arrow makes numbers of them."""


def first_changed(values: Sequence[object], array: Any) -> int | None:  # a pyarrow.Array, without stubs
    """The first row whose value is another one in the array; None where none is."""
    types = _leaves(values)
    if types <= _TRUTHS or any(_keeps(exact, types, values) for exact in _EXACT):
        return None
    return next((row for row, value in enumerate(values) if not _same(value, made_at(array, row))), None)


def _keeps(exact: frozenset[type], types: frozenset[type], values: Sequence[object]) -> bool:
    """Whether the types are these and nothing else; of floats, which may be times to Arrow, only NaN is nothing."""
    if not types <= exact | _NOTHING:
        return False
    return float in exact or float not in types or all(value != value for value in values if type(value) is float)  # noqa: PLR0124  # NaN


def made_at(array: Any, row: int) -> object:
    """What Arrow made of a value; what is no value of Python's is none that was given."""
    try:
        return array[row].as_py()
    except (OverflowError, ValueError):
        return _NOT_PYTHON


def _leaves(values: Iterable[object]) -> frozenset[type]:
    """The types of values, and of the elements of those that are lists."""
    types = set(map(type, values))
    if types & {list, tuple} and types <= {list, tuple, type(None)}:
        return _leaves(chain.from_iterable(value for value in values if isinstance(value, (list, tuple))))
    if types & {np.ndarray} and types <= {np.ndarray, type(None)}:
        return frozenset(v.dtype.type for v in values if isinstance(v, np.ndarray))
    return frozenset(types)


def _same(given: object, made: object) -> bool:
    match given:
        case list() | tuple() | np.ndarray():
            elements = list(given)
            return isinstance(made, list) and len(elements) == len(made) and all(map(_same, elements, made))
        case dict():
            return isinstance(made, dict) and all(_same(value, made.get(name)) for name, value in given.items())
        case str() | bytes() | bool() | np.bool_():
            return isinstance(made, (str, bytes, bool)) and given == made
        case date():
            return _same_time(given, made)
        case _:
            return bool(given == made) if made is not None else _is_missing(given)


def _same_time(given: date, made: object) -> bool:
    if isinstance(given, datetime) and isinstance(made, datetime):
        return (given.tzinfo is None) == (made.tzinfo is None) and given == made
    if made is None:
        return _is_missing(given)
    return isinstance(given, datetime) == isinstance(made, datetime) and given == made


def _is_missing(value: object) -> bool:
    """Whether a value is None, or one of those that are not equal to themselves, such as NaN, NaT and pandas' NA."""
    if value is None:
        return True
    equal = value == value  # noqa: PLR0124  # by which NaN is known
    return not isinstance(equal, bool | np.bool_) or not equal  # pyright: ignore[reportUnnecessaryIsInstance]  # NA
