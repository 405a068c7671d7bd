"""Positions of rows sorted by several columns of whole numbers, at the price of sorting one.

Radix sort from the most significant digit (Knuth, The Art of Computer Programming, vol. 3, 5.2.5), with digits as
wide as a machine word allows: the leading bits of the columns and the row's position are packed into one 64-bit
number, which sorts several times faster than rows do. Rows that those bits do not tell apart are few, as a rule;
they are sorted again by the bits that remain.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
_WORD: Final = 63  # the sign is left out
_WIDEST: Final = 62


@dataclass(frozen=True)
class Digits:
    """A column as numbers from 0 to 2**bits - 1; equal values have equal numbers, greater ones greater."""

    values: Int64s
    bits: int

    def at(self, rows: Int64s) -> "Digits":
        """The column at some rows."""
        return Digits(self.values[rows], self.bits)


def digits(values: Int64s) -> Digits:
    """A column of any 64-bit numbers: their distance from the least one, or their ranks where that is too wide."""
    if not values.size:
        return Digits(values, 0)
    least, greatest = int(values.min()), int(values.max())
    width = (greatest - least).bit_length()
    if width <= _WIDEST:
        return Digits(values - least if least else values, width)
    distinct, ranks = np.unique(values, return_inverse=True)
    return Digits(ranks.astype(np.int64), (len(distinct) - 1).bit_length())


Column = Callable[[Int64s | None], Digits]
"""Gives a column at some rows, or at all: those that break ties need not be looked at where there are none."""


def column_of(values: Int64s) -> Column:
    """A column that is at hand."""
    return lambda at: digits(values if at is None else values[at])


class Order(NamedTuple):
    """Rows in order, and which places in it hold a row that equals the row before in all columns."""

    rows: Int64s
    repeats: Int64s


def order_by(count: int, columns: Sequence[Column]) -> Order:
    """`count` rows sorted by the columns, the first one foremost, and by their number where all are equal.

    >>> a, b = np.array([2, 1, 2, 1]), np.array([7, 9, 7, 8])
    >>> order_by(4, [column_of(a), column_of(b)])
    Order(rows=array([3, 1, 0, 2]), repeats=array([3]))
    """
    return _sorted(count, [], list(columns), None)


def _sorted(count: int, known: list[Digits], later: list[Column], at: Int64s | None) -> Order:
    """The order of `count` rows by the digits in `known`, then by the columns in `later`, taken `at` these rows."""
    place_bits = max(count - 1, 0).bit_length()
    packed, known, later = _packed(count, _WORD - place_bits, known, later, at)
    packed <<= place_bits
    packed |= np.arange(count, dtype=np.int64)
    packed.sort()
    rows = packed & ((1 << place_bits) - 1)
    packed >>= place_bits
    same = packed[1:] == packed[:-1]
    if not known and not later:
        return Order(rows, np.flatnonzero(same) + 1)
    tied, runs = _runs(same)
    if not tied.size:
        return Order(rows, tied)
    behind = rows[tied]
    digits_left = [runs, *(d.at(behind) for d in known)]
    within = _sorted(tied.size, digits_left, later, behind if at is None else at[behind])
    rows[tied] = behind[within.rows]
    return Order(rows, tied[within.repeats])


def _packed(
    count: int, room: int, known: list[Digits], later: list[Column], at: Int64s | None
) -> tuple[Int64s, list[Digits], list[Column]]:
    """As many leading bits as there is room for, as one number a row; and what remains of the columns."""
    packed: Int64s | None = None
    known, later = list(known), list(later)
    while room and (known or later):
        column = known.pop(0) if known else later.pop(0)(at)
        taken = min(column.bits, room)
        left = column.bits - taken
        leading = column.values >> left
        if packed is None:
            packed = leading
        else:
            packed <<= taken
            packed |= leading
        room -= taken
        if left:
            known.insert(0, Digits(column.values & ((1 << left) - 1), left))
    return np.zeros(count, dtype=np.int64) if packed is None else packed, known, later


def _runs(same: npt.NDArray[np.bool_]) -> tuple[Int64s, Digits]:
    """The places that equal a neighbour, where `same` tells which equal the one before; and the runs they are in."""
    tied = np.zeros(len(same) + 1, dtype=np.bool_)
    tied[1:] = same
    tied[:-1] |= same
    places = np.flatnonzero(tied)
    starts = np.ones(places.size, dtype=np.int64)
    starts[1:] = ~same[places[1:] - 1]
    runs = np.cumsum(starts) - 1
    return places, Digits(runs, max(int(runs[-1]), 0).bit_length() if runs.size else 0)
