"""The distinct keys of rows: of a table, batch by batch, and of what changed in one."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain
from typing import Final

import polars as pl
from returns.result import Result

from foreset.adapters.polars.matching.source import Reader, Source, open_source
from foreset.adapters.polars.matching.times import rescaled_tick
from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype, polars_frame
from foreset.adapters.shared.frames.epochs import as_times, held_unit
from foreset.application.ports.tables import ArrowStream, Changes, Snapshot
from foreset.domain.dtypes import joined_key
from foreset.domain.errors.problem import ForesetError, refuse
from foreset.domain.errors.tables import FileError, TableError
from foreset.domain.online.loading import KeyRows
from foreset.domain.planning.nodes import Bounds, Scan, scan_of
from foreset.domain.planning.rules.choose_passes import LATE
from foreset.domain.planning.rules.push_time_bounds import time_bounds

_BATCH: Final = 2_000_000
_TOGETHER: Final = 4_000_000
"""How many keys to collect before those that are there twice are taken out."""


class PolarsKeys:
    """Keys as polars frames, their columns named as the join keys."""

    def __init__(self, threads: int = 2) -> None:
        """Decode files with so many threads."""
        self._threads = threads

    def within(self, snapshot: Snapshot, rows: KeyRows) -> Result[ArrowStream, TableError]:
        """The distinct keys of these rows of a table."""
        scan = _scan(snapshot, rows)
        try:
            with ThreadPoolExecutor(self._threads) as workers:
                return open_source(snapshot, scan, Reader(workers, LATE // self._threads)).map(
                    lambda source: _distinct(chain([_none(source, rows)], _batches(source, rows, snapshot.facts.table)))
                )
        except ForesetError as fault:
            if isinstance(fault.error, FileError):
                return refuse(fault.error)
            raise

    def changed(self, changes: Changes, rows: KeyRows) -> Result[ArrowStream, TableError]:
        """The distinct keys of the rows that changed."""
        return changes.read().map(lambda read: _distinct([_keys(polars_frame(read), rows)]))

    def spine(self, found: Iterable[ArrowStream], rows: KeyRows, time: str, at: datetime) -> ArrowStream:
        """The keys, each once and in their order, with the time beside them."""
        frames = [polars_frame(keys) for keys in found]
        moment = pl.lit(at, dtype=pl.Datetime("us", "UTC")).alias(time)
        if not rows.keys:
            return pl.select(moment).head(int(any(frame.height for frame in frames)))
        return pl.concat(_alike(frames)).unique().sort(pl.all()).with_columns(moment)


def _alike(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Frames of keys in one type: that of a key may be wider in a later version of its table."""
    return [frame.cast(_widest(frames)) for frame in frames]


def _widest(frames: list[pl.DataFrame]) -> pl.Schema:
    widest = frames[0].schema
    for frame in frames[1:]:
        for name, dtype in frame.schema.items():
            joined = joined_key(dtype_name(widest[name]), dtype_name(dtype))
            if joined is not None and widest[name] != dtype:
                widest[name] = polars_dtype(joined)
    return widest


def _scan(snapshot: Snapshot, rows: KeyRows) -> Scan:
    facts = snapshot.facts
    wanted = {rows.event_time, *(column for _, column in rows.keys)}
    columns = (column.name for column in facts.columns if column.name in wanted)
    return scan_of(facts, columns, _bounds(snapshot, rows))


def _bounds(snapshot: Snapshot, rows: KeyRows) -> tuple[Bounds, ...]:
    """What all rows that are asked for meet, as far as files are told apart by it."""
    if rows.since_us is rows.until_us is None:
        return ()
    dtype = snapshot.facts.dtype(rows.event_time) or ""
    return (time_bounds(rows.event_time, dtype, rows.time_unit, rows.since_us, rows.until_us),)


def _none(source: Source, rows: KeyRows) -> pl.DataFrame:
    columns = dict.fromkeys([*(column for _, column in rows.keys), rows.event_time])
    return _keys(pl.DataFrame(schema={name: polars_dtype(source.dtypes[name]) for name in columns}), rows)


def _batches(source: Source, rows: KeyRows, table: str) -> Iterator[pl.DataFrame]:
    unit = held_unit(source.dtypes[rows.event_time], rows.time_unit)
    columns = list(dict.fromkeys([*(column for _, column in rows.keys), rows.event_time]))
    for _, frame in source.batches(columns, _BATCH):
        time = as_times(frame[rows.event_time], rows.time_unit, table).to_physical().cast(pl.Int64)
        wanted = time.is_not_null()
        if rows.since_us is not None:
            wanted &= time >= rescaled_tick(rows.since_us, "us", unit, "up")
        if rows.until_us is not None:
            wanted &= time <= rescaled_tick(rows.until_us, "us", unit, "down")
        yield _keys(frame.filter(wanted), rows)


def _keys(frame: pl.DataFrame, rows: KeyRows) -> pl.DataFrame:
    """The keys of a frame of the table's columns; without join keys, whether it has rows."""
    if not rows.keys:
        return pl.DataFrame({rows.event_time: [True] * min(frame.height, 1)}, schema={rows.event_time: pl.Boolean})
    return frame.select(pl.col(column).alias(key) for key, column in rows.keys).drop_nulls().unique()


def _distinct(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Each key once, with not many more of them in memory than there are. There is one part or more."""
    found: list[pl.DataFrame] = []
    for part in parts:
        found.append(part)
        if sum(frame.height for frame in found[1:]) > _TOGETHER:
            found = [pl.concat(found).unique()]
    return pl.concat(found).unique()
