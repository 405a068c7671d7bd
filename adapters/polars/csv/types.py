"""The cells of a CSV file in types: those that are named, else those that all cells of a column are spelt in."""

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Final

import numpy as np
import polars as pl

from foreset.adapters.polars.csv.times import iso_parts, named_parts, natural_type, times

_TRUTH: Final = r"^(?:true|false)$"
_WHOLE: Final = r"^(?:0|-?[1-9][0-9]*)$"
_NUMBER: Final = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_CODE: Final = r"^-?[0-9]+[eE][0-9]+$|^-0$"
_SPECIAL: Final = r"^(?:NaN|-?inf)$"
_ANY_NUMBER: Final = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TRUTHS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_SAFE_DIGITS: Final = 15
"""A decimal number of so many digits is the only one that its float64 stands for."""


def inferred(cells: pl.Series) -> pl.Series:
    """Whole numbers, numbers, truths, dates or timestamps where each cell is spelt as one; else the texts as they are.

    A type is taken only where it holds exactly what is written: `007`, `+1`, `1e5` (which may be codes), whole numbers
    beyond int64 and numbers with more digits than a float64 has stay texts.
    """
    known = cells.drop_nulls()
    if not known.len():
        return cells
    for pattern, read in ((_TRUTH, _truths), (_WHOLE, _whole)):
        if known.str.contains(pattern).all():
            return read(cells, known)
    if known.str.contains(_NUMBER).any():
        return _floats(cells, known)
    return _iso(cells, known)


def _truths(cells: pl.Series, _: pl.Series) -> pl.Series:
    return cells == "true"


def _whole(cells: pl.Series, known: pl.Series) -> pl.Series:
    numbers = cells.cast(pl.Int64, strict=False)
    return numbers if numbers.count() == known.len() else cells


def _floats(cells: pl.Series, known: pl.Series) -> pl.Series:
    numbers = known.filter(~known.str.contains(_SPECIAL))
    if not numbers.str.contains(_NUMBER).all() or numbers.str.contains(_CODE).any() or not _is_exact(numbers):
        return cells
    return cells.cast(pl.Float64)


def _is_exact(numbers: pl.Series) -> bool:
    """Whether the float64 nearest to each number stands for it, and for no number of fewer digits."""
    digits = numbers.str.replace_all(r"[^0-9]", "").str.len_bytes()
    long = numbers.filter((digits > _SAFE_DIGITS) | numbers.str.contains("[eE]")).unique()
    return all(_stands_for(text) for text in long)


def _stands_for(text: str) -> bool:
    number = float(text)
    return math.isfinite(number) and Decimal(repr(number)) == Decimal(text)


def _iso(cells: pl.Series, known: pl.Series) -> pl.Series:
    if not known.head(1).str.contains(r"^\d{4}-\d{2}-\d{2}").all():  # most texts are none, and that is soon seen
        return cells
    parts = iso_parts(cells)
    dtype = natural_type(parts, mixed=False)
    column = None if dtype is None or parts["day"].count() < known.len() else times(parts, dtype)
    return cells if column is None or column.count() < known.len() else column


def time_column(cells: pl.Series, time_format: str | None = None) -> pl.Series:
    """The column of times: of any forms of ISO 8601, or of one that is named; null where a cell is not one."""
    parts = iso_parts(cells) if time_format is None else named_parts(cells, time_format)
    if not cells.count():
        return cells.cast(pl.Datetime("us", "UTC"))
    dtype = natural_type(parts, mixed=True)
    assert dtype is not None  # noqa: S101  # mixed forms have one
    return times(parts, dtype)


def typed(cells: pl.Series, dtype: pl.DataType, time_format: str | None = None) -> pl.Series:
    """The cells in a type that is named; null where a cell is not of it, or would lose something."""
    if dtype == pl.String:
        return cells
    if dtype == pl.Boolean:
        return cells.replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)
    if dtype.is_temporal():
        return times(iso_parts(cells) if time_format is None else named_parts(cells, time_format), dtype)
    if dtype.is_integer():
        return cells.set(~cells.str.contains(r"^[+-]?[0-9]+$"), None).str.strip_prefix("+").cast(dtype, strict=False)
    if isinstance(dtype, pl.Decimal):
        return _decimals(cells, dtype)
    return _named_floats(cells, dtype)


def _decimals(cells: pl.Series, dtype: pl.Decimal) -> pl.Series:
    read = {text: _decimal(text, dtype) for text in cells.drop_nulls().unique()}
    return pl.Series(cells.name, [None if text is None else read[text] for text in cells], dtype)


def _decimal(text: str, dtype: pl.Decimal) -> Decimal | None:
    try:
        sign, digits, exponent = Decimal(text).normalize().as_tuple() if text.isascii() else (0, (), "n")
    except InvalidOperation:
        return None
    if not isinstance(exponent, int) or "_" in text:  # not a number, or infinite
        return None
    whole = len(digits) + exponent if digits != (0,) else 0
    fits = -exponent <= dtype.scale and whole <= (dtype.precision or 38) - dtype.scale
    return Decimal((sign, digits, exponent)) if fits else None


def _named_floats(cells: pl.Series, dtype: pl.DataType) -> pl.Series:
    """The nearest floats; whole numbers that they do not hold, and numbers beyond their range, are not taken."""
    refused = [text for text in cells.drop_nulls().unique() if not _has_float(text, single=dtype == pl.Float32)]
    return cells.set(cells.is_in(refused), None).str.strip_prefix("+").cast(dtype, strict=False)


def _has_float(text: str, *, single: bool) -> bool:
    if re.fullmatch(_SPECIAL, text):
        return True
    if not re.fullmatch(_ANY_NUMBER, text):
        return False
    number = float(np.float32(text)) if single else float(text)
    return math.isfinite(number) and (not re.fullmatch(r"[+-]?[0-9]+", text) or int(text) == int(number))
