"""Looks at the rows of a view: nulls where there must be none, and rows that tie."""

from collections.abc import Callable
from functools import partial
from typing import Final

import polars as pl
from returns.result import Result, Success

from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.adapters.shared.parquet.scan import FileScan, collected
from foreset.application.ports.tables import Snapshot
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import FileError, TableError
from foreset.domain.facts import DataFile
from foreset.domain.feast.row_facts import RowColumns, RowFacts

_SAME: Final = "__same"  # how many rows share key and event time
_KINDS: Final = "__kinds"  # how many different features they have
_NEWEST: Final = "__newest"  # how many of the rows that were created last have different features


class PolarsRows:
    """Looks at rows in memory: at the times and keys of all of them, and at the features of those that tie."""

    def look(self, snapshot: Snapshot, columns: RowColumns, limit: int) -> Result[RowFacts, TableError]:
        """What the first `limit` rows of a table are like, in the snapshot's order."""
        beside = () if columns.created is None else (columns.created,)
        names = tuple(dict.fromkeys((*columns.keys, columns.time, *beside, *columns.features)))
        return Result.do(
            facts for files in snapshot.files(names) for facts in _look(snapshot, files, names, columns, limit)
        )


def _look(
    snapshot: Snapshot, files: tuple[DataFile, ...] | None, names: tuple[str, ...], columns: RowColumns, limit: int
) -> Result[RowFacts, TableError]:
    if files is None:
        read = snapshot.read(names)
        if not isinstance(read, Success):
            return refuse(read.failure())
        scan: FileScan | pl.DataFrame = polars_frame(read.unwrap())
    else:
        types = {column.name: column for column in snapshot.facts.columns}
        scan = FileScan(snapshot.facts.table, files, [types[name] for name in names], snapshot.storage_options)
    plain = dict.fromkeys((*columns.keys, columns.time, *([] if columns.created is None else [columns.created])))
    return Result.do(
        _facts(times, tied, columns, snapshot.facts.rows)
        for times in _answer(scan, lambda rows: rows.head(limit).select(list(plain)))
        for tied in _answer(scan, partial(_tied, times=times, columns=columns, limit=limit))
    )


def _answer(
    scan: FileScan | pl.DataFrame, ask: Callable[[pl.LazyFrame], pl.LazyFrame]
) -> Result[pl.DataFrame, FileError]:
    return collected(scan, ask) if isinstance(scan, FileScan) else Success(ask(scan.lazy()).collect())


def _tied(rows: pl.LazyFrame, times: pl.DataFrame, columns: RowColumns, limit: int) -> pl.LazyFrame:
    """Those of the first rows that share key and event time with another, whole."""
    by = [*columns.keys, columns.time]
    several = times.select(by).drop_nulls().group_by(by).len(_SAME).filter(pl.col(_SAME) > 1)
    return rows.head(limit).join(several.lazy(), on=by, how="semi") if several.height else rows.head(0)


def _facts(times: pl.DataFrame, tied: pl.DataFrame, columns: RowColumns, rows: int | None) -> RowFacts:
    keys, time, created = list(columns.keys), columns.time, columns.created
    null_key = pl.any_horizontal(pl.col(keys).is_null())
    late = pl.lit(value=False)
    if created is not None and columns.loaded_until is not None:
        late = (_moment(times, time) <= columns.loaded_until) & (_moment(times, created) > columns.loaded_until)
    counts = times.select(
        null_times=pl.col(time).is_null().sum(), null_keys=null_key.sum(), late=late.fill_null(value=False).sum()
    )
    ties, superseded = _ties(tied, columns)
    return RowFacts(
        rows=times.height,
        whole=rows is None or times.height >= rows,
        **counts.row(0, named=True),
        ties=ties,
        superseded=superseded,
    )


def _ties(tied: pl.DataFrame, columns: RowColumns) -> tuple[int, int]:
    """How many pairs of key and event time have rows that nothing tells apart, and that the created time does."""
    by, features = [*columns.keys, columns.time], list(dict.fromkeys(columns.features))
    if tied.is_empty() or not features:
        return 0, 0
    values = pl.struct(features)
    created = pl.lit(0) if columns.created is None else pl.col(columns.created)
    newest = values.filter(created.eq_missing(created.max())) if columns.created is not None else values
    groups = tied.group_by(by).agg(values.n_unique().alias(_KINDS), newest.n_unique().alias(_NEWEST))
    differing = groups.filter(pl.col(_KINDS) > 1)
    ties = differing.filter(pl.col(_NEWEST) > 1).height
    return ties, differing.height - ties


def _moment(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column of times as moments in UTC, where those without a zone are."""
    dtype = frame.schema[name]
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return pl.col(name).dt.convert_time_zone("UTC")
    return pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
