"""Changed rows as a frame: the table's columns, then `_change_type`, `_commit_version` and `_commit_timestamp`.

Rows are compared bit by bit: a null equals a null, floats are equal where their bits are (so that -0.0 is not 0.0, and
a NaN is itself), also inside of lists, structs and maps. Of rows that are there several times each one counts.
"""

from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from foreset.domain.tables.changes import CHANGE_TYPE, COMMIT_TIMESTAMP, COMMIT_VERSION, ChangeType

TOLD: Final = {CHANGE_TYPE: pl.String(), COMMIT_VERSION: pl.Int64(), COMMIT_TIMESTAMP: pl.Datetime("us", "UTC")}
"""The columns beside the table's, with their types."""
_FLOATS: Final[dict[object, pl.DataType]] = {
    pl.Float16(): pl.UInt16(),
    pl.Float32(): pl.UInt32(),
    pl.Float64(): pl.UInt64(),
}
_NUMBER: Final = "number"  # of a row among those that are equal
_ROW: Final = "row"


def as_changes(
    rows: pl.DataFrame, change: ChangeType | None, version: int | None = None, at_us: int | None = None
) -> pl.DataFrame:
    """The rows with the columns that tell how, in which version and when they changed.

    Where `change` is None the rows have `_change_type` already.
    """
    told: dict[str, str | int | None] = {COMMIT_VERSION: version, COMMIT_TIMESTAMP: at_us}
    if change is not None:
        told[CHANGE_TYPE] = change
    rows = rows.with_columns(pl.lit(value).cast(TOLD[name]).alias(name) for name, value in told.items())
    return rows.select(pl.exclude(*TOLD), *TOLD)


def difference(before: pl.DataFrame, after: pl.DataFrame, together: int = 1_000_000) -> pl.DataFrame:
    """The rows of `before` that `after` has not, or has fewer times, and then those that `after` has more of.

    Both have the same columns. The order is that of the frames. About `together` rows of both are compared at a time,
    so that not much memory is needed beside the frames.
    """
    groups = 1 + (before.height + after.height) // together
    old, new = _group_of(before, groups), _group_of(after, groups)
    gone: list[pl.Series] = []
    come: list[pl.Series] = []
    for group in range(groups):
        these, those = _numbered(before, old == group), _numbered(after, new == group)
        gone.append(_beyond(these, those))
        come.append(_beyond(those, these))
    return pl.concat(
        [as_changes(before[pl.concat(gone).sort()], "delete"), as_changes(after[pl.concat(come).sort()], "insert")]
    )


def _group_of(frame: pl.DataFrame, groups: int) -> pl.Series:
    """The group of each row, by a hash of its plain values: equal rows have the same."""
    plain = [name for name, dtype in frame.schema.items() if not dtype.is_nested()]
    if groups == 1 or not plain:
        return pl.repeat(0, frame.height, dtype=pl.UInt64, eager=True)
    return frame.select(plain).hash_rows() % groups


def _numbered(frame: pl.DataFrame, chosen: pl.Series) -> pl.DataFrame:
    """The chosen rows by their bits, under names of ours, each with its number among those that are equal."""
    columns = [bits(pl.col(name), dtype).alias(f"_{at}") for at, (name, dtype) in enumerate(frame.schema.items())]
    rows = frame.filter(chosen).select(columns)
    number = pl.int_range(pl.len()).over(rows.columns).alias(_NUMBER)
    return rows.with_columns(number).with_columns(chosen.arg_true().alias(_ROW))


def _beyond(these: pl.DataFrame, those: pl.DataFrame) -> pl.Series:
    """The positions of these rows that are not among those."""
    keys = [name for name in these.columns if name != _ROW]
    return these.join(those, on=keys, how="anti", nulls_equal=True)[_ROW]


def bits(column: pl.Expr, dtype: pl.DataType | DataTypeClass) -> pl.Expr:
    """A column with whole numbers in place of floats, equal where their bits are; as it is where it has none."""
    match dtype:
        case pl.Map():
            return bits(column.to_physical(), pl.Series(dtype=dtype).to_physical().dtype)
        case pl.List(inner=inner):
            return column.list.eval(bits(pl.element(), inner)) if inner.is_nested() or inner in _FLOATS else column
        case pl.Array(inner=inner):
            return column.arr.eval(bits(pl.element(), inner)) if inner.is_nested() or inner in _FLOATS else column
        case pl.Struct(fields=[_, *_] as fields):
            inside = pl.struct(bits(column.struct.field(field.name), field.dtype).alias(field.name) for field in fields)
            return pl.when(column.is_not_null()).then(inside)
        case _:
            return column.reinterpret(dtype=_FLOATS[dtype]) if dtype in _FLOATS else column
