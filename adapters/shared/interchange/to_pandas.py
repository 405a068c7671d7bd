"""Frames as pandas frames: the one way from ours to pandas'. Which type becomes which: `pandas_columns`.

A column of a pandas spine has the type that it had there: see `pandas_dtypes`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import polars as pl

from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.adapters.shared.frames.pandas_rows import PandasRows, PandasType, types_of
from foreset.adapters.shared.interchange.pandas_columns import is_simple, object_array, pandas_column, plain_column
from foreset.adapters.shared.interchange.pandas_dtypes import noted_column


def pandas_frame(frame: Any) -> pd.DataFrame:  # whatever has an Arrow stream
    """A frame as a pandas frame with a plain index, a copy.

    Raises `ValueNotHeld` for a time of day with nanoseconds and for a date outside of the years 1 to 9999, which Python
    has not.
    """
    types = types_of(frame)

    def made(column: pl.Series) -> "pd.Series[Any]":
        note = types.get(column.name)
        return pandas_column(column) if note is None else noted_column(column, note)

    return _converted(polars_frame(frame), types, made)


def plain_frame(frame: Any, call: str) -> pd.DataFrame:  # as above
    """A frame for estimators: numbers and booleans are numpy's own, float64 with NaN where there are nulls.

    Categories are as `pandas_frame` has them. Raises `ValueNotHeld`, naming `call`, for a whole number beside nulls
    that float64 would round.
    """
    types = {name: note for name, note in types_of(frame).items() if note.categories}

    def made(column: pl.Series) -> "pd.Series[Any]":
        note = types.get(column.name)
        return plain_column(column, call) if note is None else noted_column(column, note)

    return _converted(polars_frame(frame), types, made)


def features_and_target(
    frame: Any,  # as above
    features: Iterable[str],
    target: str,
    call: str,
) -> "tuple[pd.DataFrame, pd.Series[Any]]":
    """The columns `features`, shape (rows, features), and the target, shape (rows,), as `plain_frame` has them."""
    rows, types = polars_frame(frame), types_of(frame)
    names = list(features)
    X = plain_frame(PandasRows(rows.select(names), types), call)  # the field's own name
    y: pd.Series[Any] = plain_frame(PandasRows(rows.select(target), types), call)[target]
    return X, y


def _converted(
    rows: pl.DataFrame, types: Mapping[str, PandasType], made: Callable[[pl.Series], "pd.Series[Any]"]
) -> pd.DataFrame:
    """Columns that polars converts as they are in one step, the others each by `made`."""
    simple = [column.name for column in rows.get_columns() if column.name not in types and is_simple(column)]
    whole = rows.select(simple).to_pandas()
    if len(simple) == rows.width:
        return whole
    others = {column.name: made(column) for column in rows.get_columns() if column.name not in simple}
    return pd.DataFrame({name: others.get(name, whole.get(name)) for name in rows.columns}, copy=False)


def frame_of_values(columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    """Columns of Python's own values, None for null, as a pandas frame that keeps every digit.

    Whole numbers with nulls are Int64 or UInt64, booleans with nulls boolean; whole numbers beyond 64 bits are objects.
    """
    return pd.DataFrame({name: _series(values) for name, values in columns.items()})


def _series(values: list[Any]) -> "pd.Series[Any]":
    known = [value for value in values if value is not None]
    if len(known) == len(values) or not known:
        return pd.Series(values)
    made: Any = values
    if all(isinstance(value, bool) for value in known):
        made = pd.array(values, dtype="boolean")
    elif all(type(value) is int for value in known):
        signed = pl.Series(known, dtype=pl.Int128)
        holds = next((t for t in (pl.Int64, pl.UInt64) if not signed.cast(t, strict=False).null_count()), None)
        made = object_array(values) if holds is None else pd.array(values, dtype=holds.__name__)  # type: ignore[call-overload]  # its stubs list texts
    return pd.Series(made)
