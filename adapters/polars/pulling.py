"""Rows of a table as they are: found by keys and times alone, and then gathered, as for a training set."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import polars as pl
from returns.result import Result

from foreset.adapters.epochs import as_times, held_unit
from foreset.adapters.polars.ordering import Int64s
from foreset.adapters.polars.source import Reader, Source, open_source
from foreset.adapters.polars.times import rescaled_tick
from foreset.application.table_ports import Snapshot
from foreset.domain.errors.problem import ForesetError, refuse
from foreset.domain.errors.specs import MissingColumn, UnfitType
from foreset.domain.errors.tables import FileError, TableError
from foreset.domain.nodes import Scan
from foreset.domain.pulling import Pull
from foreset.domain.rules.choose_passes import LATE

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
    return Scan(
        table=facts.table,
        table_id=facts.table_id,
        version=facts.version,
        columns=tuple(dict.fromkeys((*pull.given(facts), *pull.keys, *times))),
        files=facts.files,
        rows=facts.rows,
        size_bytes=facts.size_bytes,
        bounds=pull.bounds(facts),
        partition_time_zone=facts.partition_time_zone,
    )


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
