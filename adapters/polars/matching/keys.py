"""Join keys as small whole numbers, the same in spine and table.

Whole numbers and dates of a narrow range are their distance from the least one that the spine asks for, which costs
a subtraction a row; all other keys are looked up in a hash table of the spine's distinct keys.
"""

from collections.abc import Sequence
from math import prod
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from foreset.adapters.polars.matching.ordering import Int64s
from foreset.domain.facts import Range

Mask = npt.NDArray[np.bool_]
NO_CODE: Final = -1
_CODE: Final = "__code"
_FEW: Final = 1 << 20
"""So many numbers may always stand side by side in memory, however few of them are asked for."""
_SPREAD: Final = 16
"""How many numbers there may be to each spine row before a table of them costs more than hashing."""
_MOST: Final = 0.75
"""Where the spine asks for this share of all keys, leaving out the others costs more than sorting them too."""


class Coded(NamedTuple):
    """The codes of a table's rows, and which of them are asked for (None: all); other rows' codes mean nothing."""

    codes: Int64s
    asked: Mask | None


class KeyCodes(Protocol):
    """Codes from 0 to `size` - 1; `spine` has those of the spine's rows, NO_CODE where a key is null."""

    size: int
    spine: Int64s

    def of(self, keys: Sequence[pl.Series]) -> Coded:
        """The codes of a table's rows. `keys` has a column for each of the spine's, of the same type."""
        ...


def shared_key(rows: int) -> pl.Series:
    """The key of all rows of a view without entities."""
    return pl.repeat(0, rows, dtype=pl.Int8, eager=True)


def key_codes(labels: Sequence[pl.Series]) -> KeyCodes:
    """The codes for the keys of a spine, a column a key."""
    ranges = [_range(column) for column in labels]
    found = [place for place in ranges if place is not None]
    if len(found) == len(ranges):
        size = prod(place.width for place in found)
        if size <= max(_FEW, _SPREAD * labels[0].len()):
            return _Dense(labels, found, size)
    return _Hashed(labels)


class _Range(NamedTuple):
    least: int
    width: int


def _range(column: pl.Series) -> _Range | None:
    """The range of a column whose values fit signed 64 bits."""
    found = range_of(column)
    return None if found is None or found[1] >= 1 << 63 else _Range(found[0], found[1] - found[0] + 1)


def range_of(column: pl.Series) -> Range | None:
    """The least and greatest of whole numbers or dates; None for other types, and for a column of nulls."""
    if not (column.dtype.is_integer() or column.dtype == pl.Date):
        return None
    physical = column.to_physical()
    least, greatest = physical.min(), physical.max()
    return (least, greatest) if isinstance(least, int) and isinstance(greatest, int) else None


class _Dense:
    """Distances from the least key; of several keys, as the digits of one number."""

    def __init__(self, labels: Sequence[pl.Series], ranges: Sequence[_Range], size: int) -> None:
        self.size = size
        self._ranges = ranges
        self._wanted: Mask | None = None
        codes, known = self.of(labels)
        self.spine = codes if known is None else np.where(known, codes, NO_CODE)
        wanted = np.zeros(size, dtype=np.bool_)
        wanted[codes if known is None else codes[known]] = True
        self._wanted = None if np.count_nonzero(wanted) > _MOST * size else wanted

    def of(self, keys: Sequence[pl.Series]) -> Coded:
        codes = np.zeros(0, dtype=np.int64)
        asked: Mask | None = None
        for index, (column, place) in enumerate(zip(keys, self._ranges, strict=True)):
            values, known = whole_numbers(column)
            distance = values - place.least  # wraps around where it does not fit, and is then outside
            if known is not None or _reaches_out(values, place):
                inside = distance.view(np.uint64) < place.width
                asked = both(asked, inside if known is None else inside & known)
            codes = codes * place.width + distance if index else distance
        if self._wanted is not None:
            asked = both(asked, self._wanted.take(codes, mode="clip"))
        return Coded(codes, asked)


def _reaches_out(values: Int64s, place: _Range) -> bool:
    return bool(values.size) and (values.min() < place.least or values.max() >= place.least + place.width)


class _Hashed:
    """The places of keys among the spine's distinct ones."""

    def __init__(self, labels: Sequence[pl.Series]) -> None:
        rows = _frame(labels)
        self._names = rows.columns
        self._distinct = rows.unique().drop_nulls().with_row_index(_CODE)
        self.size = self._distinct.height
        codes, known = self.of(labels)
        self.spine = codes if known is None else np.where(known, codes, NO_CODE)

    def of(self, keys: Sequence[pl.Series]) -> Coded:
        joined = _frame(keys).join(self._distinct, on=self._names, how="left", maintain_order="left")
        return Coded(*whole_numbers(joined[_CODE]))


def _frame(keys: Sequence[pl.Series]) -> pl.DataFrame:
    return pl.DataFrame([column.alias(f"__key{index}") for index, column in enumerate(keys)])


def whole_numbers(column: pl.Series) -> tuple[Int64s, Mask | None]:
    """Whole numbers, dates or times as 64-bit numbers, and where they are known (None: everywhere)."""
    physical = column.to_physical()
    known = physical.is_not_null().to_numpy() if physical.null_count() else None
    filled = physical if known is None else physical.fill_null(0)
    if filled.dtype == pl.UInt64:
        return filled.to_numpy().view(np.int64), known
    return filled.cast(pl.Int64).to_numpy(), known


def both(left: Mask | None, right: Mask) -> Mask:
    """Where both hold; None holds everywhere."""
    return right if left is None else left & right
