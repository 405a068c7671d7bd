"""Rows and values for people."""

import math
from typing import TypedDict

import polars as pl

from foreset.adapters.polars.diff_cells import exact_time
from foreset.application.diff_ports import Side
from foreset.domain.diff_parts import Plain


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
    if column[place : place + 1].null_count():
        return None
    try:
        value: object = column[place]
    except (OverflowError, ValueError):  # a time that Python does not have
        return f"{exact_time(column[place : place + 1]).cast(pl.String).item()} ns since 1970"
    return plain_value(value)


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
