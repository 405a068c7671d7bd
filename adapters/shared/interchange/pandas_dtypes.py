"""pandas frames as polars frames that remember the pandas types of their columns, and such columns in pandas again."""

from io import BytesIO
from typing import Any, Final

import pandas as pd
import polars as pl
import pyarrow as pa

from foreset.adapters.shared.frames.pandas_rows import PandasRows, PandasType, arrow_type, categories_of, noted
from foreset.adapters.shared.interchange.pandas_columns import (
    category,
    nullable,
    object_array,
    pandas_column,
    python_values,
)

_CATEGORY: Final = "category"
_ARROW: Final = "arrow"
_TEXTS: Final[dict[str, Any]] = {
    f"{name}[{storage}]": pd.StringDtype(storage, na_value=missing)
    for name, missing in (("string", pd.NA), ("str", float("nan")))
    for storage in ("python", "pyarrow")
}
_UNFIT: Final = (TypeError, ValueError, NotImplementedError, pa.ArrowException, pl.exceptions.PolarsError)


# === From pandas ===


def with_types(rows: pl.DataFrame, frame: Any) -> pl.DataFrame | PandasRows:
    """The rows of the pandas frame `frame`, with notes of its types; ordered categories of texts become Enum."""
    rows = rows.with_columns(
        column.cast(enum)
        for column, dtype in zip(rows.get_columns(), frame.dtypes, strict=True)
        if (enum := _enum(dtype)) is not None and isinstance(column.dtype, (pl.Categorical, pl.String))
    )
    notes = {
        column.name: note
        for column, dtype in zip(rows.get_columns(), frame.dtypes, strict=True)
        if (note := _note(column, dtype)) is not None
    }
    return noted(rows, notes)


def _enum(dtype: Any) -> pl.Enum | None:
    """The Enum that a type is; None for all but ordered categories of texts."""
    if not isinstance(dtype, pd.CategoricalDtype) or not dtype.ordered or dtype.categories.dtype != object:
        return None
    texts = list(dtype.categories)
    return pl.Enum(texts) if texts and all(isinstance(text, str) for text in texts) else None


def _note(column: pl.Series, dtype: Any) -> PandasType | None:
    """The note of a column, None where its type comes back without one, or cannot be noted."""
    sample = pl.Series(column.name, [None] if column.null_count() else [], dtype=column.dtype)
    if pandas_column(sample).dtype == dtype:
        return None
    try:
        note = _described(dtype)
        return note if noted_column(column.clear(), note).dtype == dtype else None
    except _UNFIT:
        return None


def _described(dtype: Any) -> PandasType:
    if isinstance(dtype, pd.CategoricalDtype):
        categories = pl.from_pandas(pd.DataFrame({"": dtype.categories}))
        stream = BytesIO()
        categories.write_ipc_stream(stream)
        inner = _note(categories.to_series(), dtype.categories.dtype)
        return PandasType(_CATEGORY, ordered=bool(dtype.ordered), categories=stream.getvalue(), inner=inner)
    if isinstance(dtype, pd.ArrowDtype):
        return PandasType(_ARROW, schema=pa.schema([("", dtype.pyarrow_dtype)]).serialize().to_pybytes())
    text = next((name for name, known in _TEXTS.items() if isinstance(dtype, pd.StringDtype) and dtype == known), None)
    return PandasType(text or str(dtype))


# === To pandas ===


def noted_column(column: pl.Series, note: PandasType) -> "pd.Series[Any]":
    """A column in the pandas type that was noted for it."""
    made: Any
    if note.name == _CATEGORY:
        made = _category(column, note)
    elif note.name == _ARROW:
        made = pd.arrays.ArrowExtensionArray(column.to_arrow().cast(arrow_type(note)))
    elif note.name in _TEXTS:
        made = pd.array(column.to_list(), dtype=_TEXTS[note.name])
    elif note.name == "object":
        made = object_array(python_values(column))
    elif note.name in {"Float32", "Float64"}:
        made = nullable(column, note.name)
    else:
        made = pandas_column(column).astype(note.name)  # type: ignore[call-overload]  # as above
    return pd.Series(made, name=column.name)


def _category(column: pl.Series, note: PandasType) -> pd.Categorical:
    values = categories_of(note)
    shown = pandas_column(values) if note.inner is None else noted_column(values, note.inner)
    if isinstance(column.dtype, (pl.Categorical, pl.Enum, pl.String)):
        column, values = column.cast(pl.String), values.cast(pl.String)
    return category(column, values.cast(column.dtype, strict=False), pd.Index(shown.array), ordered=note.ordered)
