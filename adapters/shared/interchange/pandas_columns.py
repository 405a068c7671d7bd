"""Columns as pandas series: every digit, tick and category, whatever that takes.

What becomes what:

    whole numbers, booleans           numpy's own types; with nulls pandas' nullable ones (Int64, UInt8, boolean)
    floats                            numpy's own types, null as NaN
    128-bit numbers, decimals, texts, binary, dates, times, nulls    object: Python's own values, null as None
    timestamps, durations             datetime64 and timedelta64 of the same unit and zone, null as NaT
    Enum                              ordered category of all its categories
    Categorical                       category of the values, in the order in which they first come
    lists, arrays                     object: numpy arrays; of numbers that have nulls arrays of Python's own values
    structs, maps                     object: dicts, and lists of pairs, of Python's own values
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd
import polars as pl

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.domain.errors.problem import because, raised
from foreset.domain.errors.retrieval import ValueNotHeld

_TICKS_OF_A_MICROSECOND: Final = 1_000
_WHOLE: Final[tuple[type[pl.DataType], ...]] = (
    pl.Int8,
    pl.Int16,
    pl.Int32,
    pl.Int64,
    pl.UInt8,
    pl.UInt16,
    pl.UInt32,
    pl.UInt64,
)
_NULLABLE: Final[dict[type[pl.DataType], str]] = {pl.Boolean: "boolean", **{dtype: dtype.__name__ for dtype in _WHOLE}}
"""pandas' types for columns with nulls, by the types of columns that numpy has only without."""


def is_simple(column: pl.Series) -> bool:
    """Whether polars' own conversion keeps all of a column."""
    dtype = column.dtype
    if type(dtype) in _NULLABLE:
        return column.null_count() == 0
    return dtype.is_float() or isinstance(dtype, (pl.String, pl.Binary, pl.Datetime, pl.Duration, pl.Decimal, pl.Null))


def pandas_column(column: pl.Series) -> "pd.Series[Any]":
    """A column as pandas has it. Raises `ValueNotHeld` for what Python's times do not hold.

    That are times of day with nanoseconds, and dates outside of the years 1 to 9999 (times outside of them only within
    lists, structs and maps).
    """
    name, dtype = column.name, column.dtype
    made: Any
    if is_simple(column):
        made = column.to_pandas()
    elif type(dtype) in _NULLABLE:
        made = nullable(column, _NULLABLE[type(dtype)])
    elif isinstance(dtype, pl.Enum):
        made = _category(column, dtype.categories, ordered=True)
    elif isinstance(dtype, pl.Categorical):
        texts = column.cast(pl.String)
        made = _category(texts, texts.drop_nulls().unique(maintain_order=True), ordered=False)
    else:
        made = object_array(python_values(column))
    return pd.Series(made, name=name)


def nullable(column: pl.Series, dtype: str) -> Any:  # an extension array of pandas
    """Numbers or booleans as an array of pandas' own, in which nulls are `NA`."""
    known: Any = pd.array([], dtype=dtype)  # type: ignore[call-overload]  # its stubs list texts
    filled = column.fill_null(False if column.dtype == pl.Boolean else 0)  # a value
    return type(known)(filled.to_numpy().astype(known.dtype.numpy_dtype), column.is_null().to_numpy().copy())


def _category(column: pl.Series, categories: pl.Series, *, ordered: bool) -> pd.Categorical:
    return category(column.cast(pl.String), categories, pd.Index(categories.to_list(), dtype=object), ordered=ordered)


def category(column: pl.Series, values: pl.Series, categories: "pd.Index[Any]", *, ordered: bool) -> pd.Categorical:
    """A column as a category: `values` are its categories as polars has them, `categories` as pandas has them."""
    known = pl.DataFrame({"value": values}).with_row_index("code").with_columns(pl.col("code").cast(pl.Int64))
    codes = column.alias("value").to_frame().join(known, on="value", how="left", maintain_order="left")["code"]
    dtype: Any = pd.CategoricalDtype(categories, ordered=ordered)
    return pd.Categorical.from_codes(codes.fill_null(-1).to_numpy(), dtype=dtype)


# === Python's own values ===


def object_array(values: Iterable[Any]) -> "np.ndarray[Any, Any]":
    """Values as an array of objects, also where they are arrays themselves."""
    listed = list(values)
    made = np.empty(len(listed), dtype=object)
    for at, value in enumerate(listed):
        made[at] = value
    return made


def python_values(column: pl.Series) -> list[Any]:
    """The values of a column as Python has them, None for null; nanoseconds as `Timestamp` and `Timedelta`."""
    match column.dtype:
        case pl.List() | pl.Array():
            return _arrays(column)
        case pl.Struct(fields=fields):
            inside = [python_values(column.struct.field(field.name).alias(field.name)) for field in fields]
            names = [field.name for field in fields]
            known = column.is_not_null().to_list()
            return [dict(zip(names, row, strict=True)) if there else None for there, row in _rows(known, inside)]
        case pl.Map():
            return [row if row is None else list(row.items()) for row in column.to_list()]
        case pl.Datetime(time_unit="ns") | pl.Duration(time_unit="ns"):
            return [None if value is pd.NaT else value for value in column.to_pandas()]
        case pl.Time() | pl.Date() | pl.Datetime():
            return _times(column)
        case _:
            return column.to_list()


def _rows(known: list[bool], columns: list[list[Any]]) -> Iterable[tuple[bool, tuple[Any, ...]]]:
    return zip(known, zip(*columns, strict=True) if columns else ((),) * len(known), strict=True)


def _arrays(column: pl.Series) -> list[Any]:
    """Lists as arrays that are slices of one."""
    inner: Any = column.dtype.inner if isinstance(column.dtype, (pl.List, pl.Array)) else None
    lists = column.cast(pl.List(inner))
    lengths = lists.list.len()
    whole = lists.filter((lengths > 0).fill_null(value=False)).explode()
    values, ends = _array(whole), lengths.fill_null(0).cum_sum().to_list()
    return [
        None if length is None else values[end - length : end]
        for length, end in zip(lengths.to_list(), ends, strict=True)
    ]


def _array(column: pl.Series) -> "np.ndarray[Any, Any]":
    """The values of lists: an array of numpy's own type where that holds them all."""
    dtype = column.dtype
    holds = is_simple(column) and (dtype.is_numeric() or dtype == pl.Boolean) and not dtype.is_decimal()
    if holds or (isinstance(dtype, pl.Datetime | pl.Duration) and getattr(dtype, "time_zone", None) is None):
        return column.to_numpy()
    return object_array(python_values(column))


def _times(column: pl.Series) -> list[Any]:
    """Times of day, dates, and times of whole microseconds."""
    if isinstance(column.dtype, pl.Time):
        odd = (column.to_physical() % _TICKS_OF_A_MICROSECOND != 0).fill_null(value=False)
        if odd.any():
            row = int(odd.arg_max() or 0)
            raise raised(not_held("to_pandas()", "Python's time of day", column, row, _shown(column, row)))
    try:
        return column.to_list()
    except (ValueError, OverflowError) as fault:
        row = next(row for row in range(len(column)) if not _is_python(column.slice(row, 1)))
        problem = not_held("to_pandas()", "Python's date", column, row, _shown(column, row), "does not reach")
        raise raised(because(problem, fault)) from fault


def _shown(column: pl.Series, row: int) -> str:
    """A time as text, for a message; one with a zone in UTC."""
    zoned = isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None
    return f"{(column.dt.convert_time_zone('UTC') if zoned else column).slice(row, 1).dt.to_string()[0]}"


def _is_python(value: pl.Series) -> bool:
    try:
        value.to_list()
    except (ValueError, OverflowError):
        return False
    return True


# === What numpy's numbers hold ===


def as_floats(column: pl.Series, call: str) -> pl.Series:
    """Whole numbers or booleans as float64, null as NaN. Raises `ValueNotHeld` for a number that it would round."""
    floats = column.cast(pl.Float64)
    if column.dtype != pl.Boolean:
        rounded = floats.cast(pl.Int128, strict=False).ne_missing(column.cast(pl.Int128))
        if rounded.any():
            row = int(rounded.arg_max() or 0)
            raise raised(not_held(call, "float64", column, row, str(column[row])))
    return floats


def not_held(  # noqa: PLR0913, PLR0917  # the parts of its message
    call: str, held_in: str, column: pl.Series, row: int, value: str, why: str = "would round"
) -> ValueNotHeld:
    """The error for a value that a type of Python's or numpy's does not hold."""
    return ValueNotHeld(
        call=call, column=column.name, dtype=dtype_name(column.dtype), row=row, value=value, held_in=held_in, why=why
    )


def plain_column(column: pl.Series, call: str) -> "pd.Series[Any]":
    """A column for estimators: as `pandas_column`, but numbers and booleans are numpy's own, with NaN for null.

    Raises `ValueNotHeld` for a whole number beside nulls that float64 would round.
    """
    if type(column.dtype) in _NULLABLE and column.null_count():
        return pd.Series(as_floats(column, call).to_numpy(), name=column.name)
    return pandas_column(column)
