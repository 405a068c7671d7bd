"""Keys by which rows replace others: which columns may be keys, and which rows of a frame have no key of their own."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from returns.result import Result, Success

from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype
from foreset.adapters.shared.frames.fitting import first_null, row_shown
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.table_writes import RowRefused, UnfitKey
from foreset.domain.facts import Column

_ROW: Final = "row number of the merge"


def unfit_keys(table: str, keys: Sequence[str], columns: Sequence[Column]) -> UnfitKey | None:
    """Why rows of a table of these columns cannot be merged by keys; None where they can."""
    names = tuple(column.name for column in columns)
    known = {column.name: polars_dtype(column.dtype) for column in columns if column.name in keys}
    for key in keys:
        if key not in known:
            return UnfitKey(table=table, column=key, problem="the table does not have it", columns=names)
        if known[key].is_float() or known[key].is_nested() or known[key] == pl.Null:
            problem = f"it is {dtype_name(known[key])}, of which values are not equal or different for certain"
            return UnfitKey(table=table, column=key, problem=problem, columns=names)
    return None


def keyed(table: str, frame: pl.DataFrame, keys: Sequence[str]) -> Result[pl.DataFrame, RowRefused]:
    """The keys of a frame, if each row has one that no other row has. Refused with the first row otherwise."""
    null = first_null(frame, keys)
    if null is not None:
        column, row = null
        problem = f"its key {column!r} is null, which is equal to no key"
        values, remedy = row_shown(frame, row, keys), "leave the row out, or fill its key"
        return refuse(RowRefused(table=table, row=row, values=values, problem=problem, remedy=remedy))
    repeated = frame.select(keys).with_row_index(_ROW).filter(~pl.struct(keys).is_first_distinct())
    if repeated.height:
        row = int(repeated[_ROW][0])
        problem = "an earlier row has the same key"
        values, remedy = row_shown(frame, row, keys), "keep one row of each key"
        return refuse(RowRefused(table=table, row=row, values=values, problem=problem, remedy=remedy))
    return Success(frame.select(keys))


def have_key(rows: pl.DataFrame, keyed: pl.DataFrame) -> pl.Series:
    """For each row whether its key is among these; a null is equal to nothing."""
    found = rows.select(keyed.columns).with_row_index(_ROW).join(keyed, on=keyed.columns, how="semi")
    marks = np.zeros(rows.height, dtype=bool)
    marks[found[_ROW].to_numpy()] = True
    return pl.Series(marks)
