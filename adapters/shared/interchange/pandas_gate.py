"""Columns of pandas as Arrow has them, and which of them have no such form, by name and row."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from foreset.adapters.shared.frames.frame_types import WIDEST, Unfit, remedy_for, repeated_name
from foreset.adapters.shared.interchange.pandas_values import first_changed, made_at
from foreset.domain.errors.problem import told

Frame = Any
Series = Any
"""Of pandas, which is not imported for its types: whoever has a frame of it has it imported."""
_KINDS: Final = {"PeriodDtype": "period", "IntervalDtype": "interval", "SparseDtype": "sparse"}
_LONGEST: Final = 60


def unfit_pandas(frame: Frame) -> Unfit | None:
    """Why a pandas frame is not taken, as far as its types say; None where they are."""
    names = [str(name) for name in frame.columns]
    repeated = repeated_name(names)
    if repeated is not None:
        return repeated
    for name, dtype in zip(names, frame.dtypes, strict=True):
        strange = _strange(dtype)
        if strange is not None:
            shown = f"category of {dtype.categories.dtype}" if hasattr(dtype, "categories") else dtype
            return Unfit(f"its column {name!r} is {shown}, which no table holds", _remedy(name, strange))
    return None


def _strange(dtype: Any) -> str | None:
    kind = _KINDS.get(type(dtype).__name__)
    if kind is not None:
        return kind
    if type(dtype).__name__ == "CategoricalDtype" and dtype.categories is not None:
        return _strange(dtype.categories.dtype)
    return "complex" if isinstance(dtype, np.dtype) and dtype.kind in "cV" else None


def _remedy(name: str, strange: str) -> str:
    given = f"frame[{name!r}]"
    remedies = {
        "period": f"give times, {given}.dt.to_timestamp(), or texts, {given}.astype(str)",
        "interval": f"give texts, {given}.astype(str), or its ends as two columns",
        "sparse": f"give all values, {given}.sparse.to_dense()",
        "complex": f"give its parts as two columns, {given}.real and {given}.imag",
    }
    return remedies.get(strange) or remedy_for(name, strange)


def pandas_arrays(frame: Frame, faults: tuple[type[BaseException], ...]) -> dict[str, Any] | Unfit | None:
    """The columns as Arrow arrays; None where all are plain numbers and times of numpy, which polars takes as they are.

    Arrays are those that polars makes of pandas' columns, so that a frame is the same whether it comes by this way.
    """
    if all(isinstance(dtype, np.dtype) and dtype.kind != "O" for dtype in frame.dtypes):
        return None
    arrays: dict[str, Any] = {}
    for place, name in enumerate(map(str, frame.columns)):
        column = frame.iloc[:, place]
        try:
            array = arrow_array(column)
        except faults as fault:
            return _unfit_values(name, column, faults, fault)
        unfit = _too_wide(name, column, array) or _changed(name, column, array)
        if unfit is not None:
            return unfit
        arrays[name] = array
    return arrays


def arrow_array(column: Series) -> Any:  # a pyarrow.Array, without stubs
    """A column as an Arrow array."""
    if column.dtype != "object":
        return pa.array(column, from_pandas=True)
    first = next((value for value in column.array if value is not None), None)
    if first is None:
        return pa.nulls(len(column), pa.large_utf8())
    return pa.array(column, pa.large_utf8() if isinstance(first, str) else None, from_pandas=True)


def _unfit_values(name: str, column: Series, faults: tuple[type[BaseException], ...], fault: BaseException) -> Unfit:
    """Why a column has no Arrow form: the first row whose value is not of one type with those before it."""

    def fails(part: Series) -> bool:
        try:
            arrow_array(part)
        except faults:
            return True
        return False

    if column.dtype != "object" or not fails(column):
        problem = f"its column {name!r} is {column.dtype}, which no table holds ({told(fault)})"
        return Unfit(problem, remedy_for(name, str(column.dtype)), fault)
    row = _first(lambda rows: fails(column.iloc[:rows]), len(column)) - 1
    value = column.iloc[row]
    if fails(column.iloc[row : row + 1]):
        problem = f"its column {name!r} has {short(value)} ({type(value).__name__}) at row {row}, which no table holds"
    else:
        earlier = next(value for value in column.array if value is not None)
        problem = (
            f"its column {name!r} has values of several types: {short(earlier)} ({type(earlier).__name__}) comes "
            f"first, and {short(value)} ({type(value).__name__}) is at row {row}"
        )
    return Unfit(problem, f"give its values one type, for example text: frame[{name!r}].astype(str)", fault)


def _first(fails: Callable[[int], bool], rows: int) -> int:
    """The least number of leading rows that fail, of which `rows` do."""
    low, high = 0, rows
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fails(middle) else (middle, high)
    return high


def _changed(name: str, column: Series, array: Any) -> Unfit | None:
    """That Arrow has another value in place of one; None where it has none."""
    row = first_changed(column.array, array) if column.dtype == "object" else None
    if row is None:
        return None
    given, made = column.iloc[row], made_at(array, row)
    problem = (
        f"its column {name!r} is taken for {array.type}, in which {short(given)} ({type(given).__name__}) at row {row} "
        f"would become {short(made)}"
    )
    if isinstance(given, (set, frozenset)):
        return Unfit(problem, f"sets have no order: give lists in one, for example frame[{name!r}].map(sorted)")
    return Unfit(problem, f"give its values one type, for example pandas.to_datetime(frame[{name!r}]) for times")


def _too_wide(name: str, column: Series, array: Any) -> Unfit | None:
    """That decimals have more digits than a table's have; None where they have not."""
    if not pa.types.is_decimal256(array.type):
        return None
    whole = array.type.precision - array.type.scale
    rows = (row for row, value in enumerate(array.to_pylist()) if value is not None and _digits(value) > WIDEST)
    row = next(rows, None)
    where = "" if row is None else f", {short(column.iloc[row])} at row {row}"
    problem = (
        f"its column {name!r} has decimals of {whole} digits before and {array.type.scale} after the point{where}, "
        f"and a table's have {WIDEST} in all"
    )
    return Unfit(problem, f"round them, or give them as text: frame[{name!r}].astype(str)")


def _digits(value: Any) -> int:
    return len(value.as_tuple().digits)


def short(value: object) -> str:
    """A value for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
