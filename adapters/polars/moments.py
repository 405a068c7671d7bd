"""Every key at every time at which a table has a row of it: a spine for those who name none."""

from collections.abc import Sequence
from typing import Literal

import polars as pl
from returns.result import Result, Success

from foreset.adapters.polars.pulling import pulled
from foreset.application.table_ports import Snapshot
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import MissingColumn, UnfitType
from foreset.domain.errors.tables import TableError
from foreset.domain.pulling import Pull


def moments(
    pulls: Sequence[tuple[Pull, Snapshot]], keys: Sequence[tuple[str, ...]], time: str
) -> Result[pl.DataFrame, TableError | MissingColumn | UnfitType]:
    """The distinct rows of `keys` (named so) and of times, which are named `time` and in UTC; by time, then by key.

    A row that comes from a table without some key is null there.
    """
    found: list[pl.DataFrame] = []
    for (pull, snapshot), names in zip(pulls, keys, strict=True):
        rows = pulled(pull, snapshot)
        if not isinstance(rows, Success):
            return refuse(rows.failure())
        frame = rows.unwrap()
        columns = (pl.col(column).alias(name) for column, name in zip(pull.keys, names, strict=True))
        found.append(frame.select(*columns, _in_utc(frame[pull.event_time]).alias(time)).unique())
    unit: Literal["ns", "us"] = "ns" if any(frame.schema[time] == pl.Datetime("ns", "UTC") for frame in found) else "us"
    timed = [frame.with_columns(pl.col(time).dt.cast_time_unit(unit)) for frame in found]
    whole = pl.concat(timed, how="diagonal_relaxed").unique()
    named = [name for name in whole.columns if name != time]
    return Success(whole.select(*named, time).sort([time, *named], nulls_last=True))


def _in_utc(times: pl.Series) -> pl.Series:
    if not isinstance(times.dtype, pl.Datetime):
        return times.cast(pl.Datetime("us", "UTC"))
    return (times.dt.replace_time_zone("UTC") if times.dtype.time_zone is None else times).dt.convert_time_zone("UTC")
