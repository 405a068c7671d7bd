"""Times that a table counts as whole numbers since 1970-01-01 UTC, taken for the timestamps that they are."""

from typing import Final, Literal, cast

import polars as pl

from foreset.domain.dtypes import column_unit, epoch_limits
from foreset.domain.errors.problem import raised
from foreset.domain.errors.tables import EpochOutOfRange

_HELD: Final = {"s": "ms"}
"""In which unit polars holds what it has no unit for."""


def held_unit(dtype: str, epoch_unit: str | None) -> str:
    """The unit of a column of times after `as_times`.

    >>> held_unit("int64", "s"), held_unit("timestamp[us]", "s")
    ('ms', 'us')
    """
    unit = column_unit(dtype, epoch_unit) or ""
    return _HELD.get(unit, unit)


def as_times(column: pl.Series, epoch_unit: str | None, table: str) -> pl.Series:
    """A column of times of a table: whole numbers as timestamps in UTC, other columns as they are.

    Raises `ForesetError` with `EpochOutOfRange` for a number outside of the years 1 to 9999.
    """
    if epoch_unit is None or not column.dtype.is_integer():
        return column
    least, greatest = epoch_limits(epoch_unit)
    for value in (column.min(), column.max()):
        if value is not None and not least <= int(cast("int", value)) <= greatest:
            shown = int(cast("int", value))
            raise raised(EpochOutOfRange(table=table, column=column.name, value=shown, unit=epoch_unit))
    ticks = column.cast(pl.Int64)
    unit = cast('Literal["ms", "us", "ns"]', _HELD.get(epoch_unit, epoch_unit))
    return (ticks * 1_000 if epoch_unit in _HELD else ticks).cast(pl.Datetime(unit, "UTC"))
