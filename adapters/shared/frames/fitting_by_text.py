"""Texts for values, and values for texts, where one stands for the other exactly; null where it does not.

The texts are those of Arrow, which Feast's own stores write. A text is read where it is how its value is written (`7`,
and not `007`); numbers with a fraction may be written in any way, and times in ISO 8601, without a zone in UTC.
"""

from collections.abc import Callable
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.compute

pc: Final[Any] = pyarrow.compute  # its functions are made as it is imported, which no checker sees
_ZONE: Final = r"(Z|[+-]\d{2}:?\d{2})$"


def to_text(column: pl.Series) -> pl.Series | None:
    """The texts of values; None where the type has none."""
    values = column.to_arrow()
    if column.dtype.is_nested() or column.dtype == pl.Duration:
        return None
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
        values = values.cast(pa.timestamp(column.dtype.time_unit, "UTC"))
    texts = _cast(values, pa.string())
    if column.dtype == pl.Time:  # of nanoseconds in polars, of microseconds wherever it comes from
        texts = pc.coalesce(_cast(_cast(values, pa.time64("us")), pa.string()), texts)
    return _series(column.name, texts, pl.String())


def from_text(column: pl.Series, target: pl.DataType) -> pl.Series | None:
    """The values of texts; None where the type has no texts."""
    texts = column.to_arrow().cast(pa.string())
    wanted = pl.Series(dtype=target).to_arrow().type
    if target.is_nested() or isinstance(target, (pl.Duration, pl.Time)):
        return None
    if isinstance(target, pl.Datetime):
        return _series(column.name, _times(texts, target), target)
    values = _cast(texts, wanted)
    if target.is_integer() or isinstance(target, (pl.Boolean, pl.Date)):
        same = pc.equal(values.cast(pa.string()), texts)
        values = pc.if_else(same, values, pa.scalar(None, wanted))
    if target.is_float():
        infinite = pc.and_(pc.is_inf(values), pc.invert(pc.match_substring(texts, "inf", ignore_case=True)))
        values = pc.if_else(infinite, pa.scalar(None, wanted), values)
    return _series(column.name, values, target)


def _times(texts: Any, target: pl.Datetime) -> Any:
    """Times in UTC, with a zone where the type has one."""
    zoned = pc.match_substring_regex(texts, _ZONE)
    moments = pa.timestamp(target.time_unit, "UTC")
    with_zone = _cast(pc.if_else(zoned, texts, None), moments)
    without = _cast(pc.if_else(zoned, None, texts), pa.timestamp(target.time_unit))
    found = pc.coalesce(with_zone, pc.assume_timezone(without, "UTC"))
    return found if target.time_zone is not None else found.cast(pa.timestamp(target.time_unit))


def _series(name: str, values: Any, dtype: pl.DataType) -> pl.Series:
    return pl.Series(name, pl.from_arrow(values)).cast(dtype)


def _cast(values: Any, wanted: Any) -> Any:  # pyarrow's arrays and types, without stubs
    """The values in another type, null where one has no place in it."""
    try:
        return pc.cast(values, wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        one: Callable[[Any], Any] = lambda value: _one(value, wanted)  # noqa: E731
        return pa.array([one(value) for value in values], wanted)


def _one(value: Any, wanted: Any) -> Any:
    try:
        return pc.cast(value, wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
