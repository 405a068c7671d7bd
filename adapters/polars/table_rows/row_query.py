"""Rows of a table as they are, found by keys and times alone and then gathered, as for a training set.

Who names no keys and times gets every key at every time at which the table has a row of it.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal

import numpy as np
import polars as pl
from returns.result import Result, Success

from foreset.adapters.polars.matching.ordering import Int64s
from foreset.adapters.polars.matching.source import Reader, Source, open_source
from foreset.adapters.polars.matching.times import rescaled_tick
from foreset.adapters.shared.frames.epochs import as_times, held_unit
from foreset.application.ports.tables import Snapshot
from foreset.domain.errors.problem import ForesetError, refuse
from foreset.domain.errors.specs import MissingColumn, UnfitType
from foreset.domain.errors.tables import FileError, TableError
from foreset.domain.planning.nodes import Scan, scan_of
from foreset.domain.planning.row_query import Pull
from foreset.domain.planning.rules.choose_passes import LATE


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


_BATCH: Final = 2_000_000
_EVENT, _CREATED, _AT = "__event", "__created", "__at"


def pulled(
    pull: Pull, snapshot: Snapshot, threads: int = 2
) -> Result[pl.DataFrame, TableError | MissingColumn | UnfitType]:
    """The rows that are asked for, in memory."""
    problem = pull.problem(snapshot.facts)
    if problem is not None:
        return refuse(problem)
    try:
        with ThreadPoolExecutor(threads) as workers:
            return open_source(snapshot, _scan(pull, snapshot), Reader(workers, LATE // threads)).map(
                lambda source: _timed(
                    source.gather(pull.given(snapshot.facts), _positions(pull, snapshot, source)).whole(), pull
                )
            )
    except ForesetError as fault:
        if isinstance(fault.error, FileError):
            return refuse(fault.error)
        raise


def _timed(rows: pl.DataFrame, pull: Pull) -> pl.DataFrame:
    """The rows, whose times that are whole numbers are timestamps."""
    times = {pull.event_time, pull.created_time} & set(rows.columns)
    return rows.with_columns(as_times(rows[name], pull.time_unit, pull.table) for name in sorted(filter(None, times)))


def _scan(pull: Pull, snapshot: Snapshot) -> Scan:
    facts = snapshot.facts
    times = (pull.event_time, *((pull.created_time,) if pull.created_time else ()))
    columns = dict.fromkeys((*pull.given(facts), *pull.keys, *times))
    return scan_of(facts, columns, pull.bounds(facts))


def _positions(pull: Pull, snapshot: Snapshot, source: Source) -> Int64s:
    """Where the rows are in the source, in the order in which they are given."""
    found = pl.DataFrame(schema={_AT: pl.Int64})
    for rows in _within(pull, snapshot, source):
        found = pl.concat([found, rows]) if found.width == rows.width else rows
        if pull.latest:
            found = _latest(found, pull)
    if pull.order != "stored" and found.height:
        first = pull.order == "newest first"
        found = found.sort([_EVENT, _CREATED, _AT], descending=first, nulls_last=first)
    return found[_AT].to_numpy().astype(np.int64)


def _within(pull: Pull, snapshot: Snapshot, source: Source) -> Iterator[pl.DataFrame]:
    """Keys, times and positions of the rows within the bounds, batch by batch."""
    unit = held_unit(snapshot.facts.dtype(pull.event_time) or "", pull.time_unit)
    since = None if pull.since_us is None else rescaled_tick(pull.since_us, "us", unit, "up")
    until = None if pull.until_us is None else rescaled_tick(pull.until_us, "us", unit, "down")
    times = [pull.event_time, *([pull.created_time] if pull.created_time else [])]
    event, created = (name and f"time {name}" for name in (pull.event_time, pull.created_time))
    for offset, read in source.batches(list(dict.fromkeys([*pull.keys, *times])), _BATCH):
        frame = read.with_columns(
            as_times(read[name], pull.time_unit, pull.table).alias(f"time {name}") for name in dict.fromkeys(times)
        )
        rows = frame.select(
            *(pl.col(key).alias(f"__key{place}") for place, key in enumerate(pull.keys)),
            pl.col(str(event)).to_physical().cast(pl.Int64).alias(_EVENT),
            (pl.col(created).to_physical() if created else pl.lit(None)).cast(pl.Int64).alias(_CREATED),
        ).with_columns(pl.int_range(offset, offset + pl.len(), dtype=pl.Int64).alias(_AT))
        wanted = pl.col(_EVENT).is_not_null()
        if since is not None:
            wanted &= pl.col(_EVENT) >= since
        if until is not None:
            wanted &= pl.col(_EVENT) <= until
        if pull.order != "stored":
            wanted &= pl.all_horizontal(pl.lit(value=True), *(pl.col(key).is_not_null() for key in _keys(pull)))
        yield rows.filter(wanted)


def _keys(pull: Pull) -> list[str]:
    return [f"__key{place}" for place in range(len(pull.keys))]


def _latest(rows: pl.DataFrame, pull: Pull) -> pl.DataFrame:
    """The row of each key that is preferred (law 4)."""
    ordered = rows.sort([_EVENT, _CREATED, _AT], nulls_last=False)
    return ordered.unique(subset=_keys(pull), keep="last") if pull.keys else ordered.tail(1)
