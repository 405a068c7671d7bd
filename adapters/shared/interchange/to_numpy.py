"""Frames as numpy arrays, of numbers where one type of numpy's holds all of them."""

from typing import Any, Final

import numpy as np
import polars as pl

from foreset.adapters.shared.interchange.pandas_columns import as_floats, object_array, python_values

_FLOAT: Final = np.dtype(np.float64)


def numpy_array(frame: pl.DataFrame, call: str) -> "np.ndarray[Any, Any]":
    """All columns as one array, shape (rows, columns).

    Numbers and booleans have numpy's common type, float64 with NaN where whole numbers or booleans have nulls; columns
    of one type of time are datetime64 or timedelta64, in UTC, with NaT. Any other mixture, and texts, decimals, 128-bit
    numbers and nested columns, is an array of objects: Python's own values, None for null.

    Raises `ValueNotHeld`, naming `call`, for a whole number that float64, the common type, would round.
    """
    columns = frame.get_columns()
    if columns and all(_is_number(column.dtype) for column in columns):
        return _numbers(columns, call)
    dtypes = set(frame.dtypes)
    if len(dtypes) == 1 and isinstance(frame.dtypes[0], (pl.Datetime, pl.Duration, pl.Date)):
        return frame.to_numpy()
    made = np.empty(frame.shape, dtype=object)
    for at, column in enumerate(columns):
        made[:, at] = object_array(python_values(column))
    return made


def _is_number(dtype: pl.DataType) -> bool:
    wide = dtype.is_decimal() or isinstance(dtype, (pl.Int128, pl.UInt128))
    return dtype == pl.Boolean or (dtype.is_numeric() and not wide)


def _numbers(columns: list[pl.Series], call: str) -> "np.ndarray[Any, Any]":
    common = np.result_type(*map(_dtype, columns))
    made = np.empty((columns[0].len(), len(columns)), dtype=common)
    for at, column in enumerate(columns):
        is_rounded = common == _FLOAT and not column.dtype.is_float()
        made[:, at] = (as_floats(column, call) if is_rounded else column).to_numpy()
    return made


def _dtype(column: pl.Series) -> "np.dtype[Any]":
    """The type that numpy has for a column: that of its numbers, float64 where whole ones have nulls."""
    if column.null_count() and not column.dtype.is_float():
        return _FLOAT
    dtype: np.dtype[Any] = column.clear().to_numpy().dtype
    return dtype
