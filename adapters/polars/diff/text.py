"""Rows and values for people."""

import math
from typing import Final, TypedDict

import polars as pl
from polars.exceptions import PanicException

from foreset.adapters.polars.diff.cells import exact_time
from foreset.application.ports.diff import Side
from foreset.domain.diff.parts import Plain

_FAR_NS: Final = 253_402_300_800 * 10**9
"""The end of the year 9999, in nanoseconds since 1970: Python has no time after it, and none as long before 1970."""


class NamedRow(TypedDict):
    """The keys and the time of a row."""

    keys: dict[str, Plain]
    time: str


def row_at(frame: pl.DataFrame, side: Side, place: int) -> NamedRow:
    """The keys and the time of a row of a side."""
    keys = {name: plain(frame[name], place) for name in side.spine if name in side.keys}
    return {"keys": keys, "time": str(plain(frame[side.time], place))}


def plain(column: pl.Series, place: int) -> Plain:
    """A value of a column: as it is, or as text where JSON has no such value."""
    one = column[place : place + 1]
    if one.null_count():
        return None
    if isinstance(one.dtype, pl.Date | pl.Datetime) and abs(exact_time(one).item()) >= _FAR_NS:
        return _since_1970(one)  # polars panics over the farthest of these
    try:
        return plain_value(one[0])
    except (OverflowError, ValueError, PanicException):  # a time that Python does not have, alone or within the value
        return _since_1970(one) if isinstance(one.dtype, pl.Date | pl.Datetime) else str(one.to_physical().to_list()[0])


def _since_1970(time: pl.Series) -> str:
    return f"{exact_time(time).cast(pl.String).item()} ns since 1970"


def plain_value(value: object) -> Plain:
    """A value as it is, or as text where JSON has no such value."""
    match value:
        case float() if not math.isfinite(value):
            return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return value.hex()
        case pl.Series():
            return str(value.to_list())
        case _:
            return str(value)
