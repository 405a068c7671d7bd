"""Which rows of a spine are in some boxes."""

from collections.abc import Collection
from typing import Final

import polars as pl

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.domain.dtypes import NANOSECONDS, time_unit
from foreset.domain.errors.retention import Affected
from foreset.domain.retention.affected_rows import Box, Limit

_FIRST: Final = 10
"""So many rows are named."""
_ROW: Final = "<row>"


def within(spine: pl.DataFrame, boxes: Collection[Box]) -> Affected:
    """How many rows are in any of the boxes, and the first of them."""
    inside = [_inside(box, spine.schema) for box in boxes]
    if not inside:
        return Affected(0, spine.height, ())
    found = spine.with_row_index(_ROW).filter(pl.any_horizontal(inside))[_ROW]
    return Affected(len(found), spine.height, tuple(found.head(_FIRST).to_list()))


def _inside(box: Box, schema: pl.Schema) -> pl.Expr:
    met = [pl.col(name).is_not_null() for name in box.known]
    met += [_meets(limit, schema[limit.column]) for limit in box.limits]
    return pl.all_horizontal(met) if met else pl.lit(value=True)


def _meets(limit: Limit, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(limit.column)
    if limit.text is not None:
        return column.cast(pl.String) == limit.text
    value = _microseconds(column, dtype) if limit.is_time else column.to_physical()
    met = pl.lit(value=True)
    if limit.least is not None:
        met &= value >= limit.least
    if limit.greatest is not None:
        met &= value <= limit.greatest
    return met


def _microseconds(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Times as whole microseconds, rounded down, as far as 64 bits have them."""
    step = NANOSECONDS[time_unit(dtype_name(dtype)) or "us"]
    whole = column.to_physical().cast(pl.Int64)
    return whole // 1_000 if step == 1 else whole * (step // NANOSECONDS["us"])
