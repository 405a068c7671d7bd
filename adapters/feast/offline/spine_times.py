"""Times of an entity frame that come as texts or as objects of Python.

pandas reads them in nanoseconds, which reach from 1677 to 2262. A column with times beyond is in microseconds, from the
year 1 to 9999.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd

from foreset.domain.errors.feast import TimeNotRead
from foreset.domain.errors.problem import because, raised

_READ: Final[dict[str, Any]] = {"utc": True, "format": "ISO8601"}
_FAULTS: Final = (ValueError, TypeError, OverflowError)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST: Final = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST: Final = (datetime(9999, 12, 31, 23, 59, 59, 999999, UTC) - _EPOCH) // _MICROSECOND
_CLOCK: Final = frozenset({"now", "today"})
"""Texts for which pandas looks at the clock."""


def is_text(column: "pd.Series[Any]") -> bool:
    """Whether a column may hold texts, or objects."""
    return bool(pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column))


def read_times(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Times in UTC of texts in ISO 8601, or of times of Python and numpy, UTC without a zone; null stays null.

    They are in nanoseconds where all are in their range, and else in microseconds. Raises `ForesetError` with the first
    row whose value is no time, is outside of the years 1 to 9999, or has nanoseconds where microseconds are needed.
    """
    column = column.astype(object)
    times: pd.Series[Any] = pd.to_datetime(column, errors="coerce", **_READ)
    clock = column.map(lambda value: isinstance(value, str) and value.strip().lower() in _CLOCK)
    if clock.any():
        raise _refusal(column, int(clock.to_numpy().argmax()))
    left = (times.isna() & column.notna()).to_numpy().nonzero()[0]
    return times if not len(left) else _in_microseconds(column, times, [int(row) for row in left])


def _in_microseconds(column: "pd.Series[Any]", times: "pd.Series[Any]", rows: list[int]) -> "pd.Series[Any]":
    """The times, with those of the rows that nanoseconds do not hold."""
    far = {row: tick for row, tick in zip(rows, _far(column, rows), strict=True) if tick is not None}
    finer = times.dt.nanosecond.gt(0).to_numpy()
    if far and finer.any():
        why = ": it has nanoseconds, and other times are of years that are counted in microseconds"
        raise _refusal(column, int(finer.argmax()), why=why)
    ticks = times.dt.as_unit("us").astype("int64").to_numpy().copy()
    ticks[list(far)] = list(far.values())
    return pd.Series(ticks.view("datetime64[us]"), index=column.index, name=column.name).dt.tz_localize("UTC")


def _far(column: "pd.Series[Any]", rows: list[int]) -> Iterator[int | None]:
    """Microseconds since the epoch; None for texts that mean null."""
    of_text = cache(_of_text)
    for row in rows:
        value = column.iloc[row]
        try:
            tick = of_text(value) if isinstance(value, str) else _of_time(value)
        except _FAULTS as fault:
            raise _refusal(column, row, fault) from fault
        if tick is not None and not _FIRST <= tick <= _LAST:
            raise _refusal(column, row, why=": it is not in the years 1 to 9999 of UTC")
        yield tick


def _of_text(text: str) -> int | None:
    try:
        pd.to_datetime(pd.Series([text], dtype=object), **_READ)  # which also says that it is in ISO 8601
    except pd.errors.OutOfBoundsDatetime:
        return _of_time(text)
    return None


def _of_time(value: object) -> int:
    if not isinstance(value, date | np.datetime64 | str):
        msg = f"{type(value).__name__} is no time"
        raise TypeError(msg)
    moment = pd.Timestamp(value)
    zoned = moment.tz_localize("UTC") if moment.tzinfo is None else moment
    return int(zoned.as_unit("us", round_ok=False).asm8.astype("int64"))


def _refusal(column: "pd.Series[Any]", row: int, fault: BaseException | None = None, why: str = "") -> Exception:
    problem = TimeNotRead(column=str(column.name), row=row, value=repr(column.iloc[row])[:80], why=why)
    return raised(problem if fault is None else because(problem, fault))
