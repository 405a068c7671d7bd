"""Stores that read files: they are given a Parquet file with the rows that may serve, and tell which one does.

The values are then taken from the snapshot by that row's position, so no type changes on the way. What a store answers
is held against the rows that it was given, one by one: an answer that breaks a law is an error.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl
from feast.data_format import ParquetFormat
from returns.result import Result, Success

from foreset.adapters.feast.engines.feast_store import Request, StockStore
from foreset.adapters.feast.engines.label_batch import LABEL, Asked, asked_of
from foreset.adapters.feast.engines.prepared_rows import FROM, POSITION, ServingRows, serving_rows
from foreset.adapters.feast.engines.protocol import Question, Served, served_ages
from foreset.adapters.feast.engines.store_times import beyond, sent
from foreset.adapters.shared.frames.arrow_types import polars_dtype
from foreset.domain.errors.feast import BeyondStore, ExecutionError, OfflineStoreWrong
from foreset.domain.errors.problem import ForesetError, refuse
from foreset.domain.errors.tables import EpochOutOfRange, TableError
from foreset.domain.planning.measurements import ViewServed
from foreset.domain.planning.nodes import Match


class StoreOfFiles:
    """Serves views by a store that reads Parquet files. The copy lies in the folder for temporary files, and goes."""

    def __init__(self, stock: StockStore) -> None:
        """Ask `stock`."""
        self._stock = stock

    def serve(self, question: Question) -> Result[Served, ExecutionError]:
        """The columns of the rows that serve."""
        match = question.match
        if match.ends is not None:
            return refuse(unending(self._stock.store.name, match))
        asked = asked_of(match, question.spine, question.time, self._stock.store.unit)
        return Result.do(
            served
            for table in _read(question, _looked_at(match))
            for rows in _rows(question, table, asked)
            for found in self._found(match, asked, rows)
            for served in _gathered(question, asked, rows, found)
        )

    def _found(self, match: Match, asked: Asked, rows: ServingRows) -> Result["_Found", ExecutionError]:
        """The rows that serve."""
        if asked.labels.is_empty() or rows.frame.is_empty():
            return Success(_Found(pl.repeat(None, len(asked.label), dtype=pl.Int64, eager=True), 0))
        problem = beyond(self._stock.store, match.view, asked, (rows.frame[FROM], rows.finer))
        if problem is not None:
            return refuse(problem)
        return self._answer(match, asked, rows).map(lambda answer: _young(match, asked, rows, answer))

    def _answer(self, match: Match, asked: Asked, rows: ServingRows) -> Result[pl.DataFrame, ExecutionError]:
        unit = self._stock.store.unit
        request = Request(asked.keys, asked.labels, (POSITION,), FROM)
        with TemporaryDirectory(prefix="foreset-") as folder:
            copy = Path(folder) / "rows.parquet"
            # In one row group, and so in one part of dask's: of many, it does not always keep the last row.
            sent(rows.frame, FROM, unit).write_parquet(copy, row_group_size=rows.frame.height)
            answer = self._stock.serve(match.view, request, path=str(copy), file_format=ParquetFormat())
        return Result.do(
            checked for told in answer for checked in _checked(self._stock.store.name, match, asked, rows, told)
        )


def unending(store: str, match: Match) -> BeyondStore:
    """Why a store does not serve a view whose rows end."""
    problem = f"its rows end at {match.ends!r} (valid_until_field), and an as-of join does not go back to older ones"
    return BeyondStore(store=store, view=match.view, problem=problem)


def _rows(question: Question, table: pl.DataFrame, asked: Asked) -> Result[ServingRows, EpochOutOfRange]:
    try:
        return Success(serving_rows(question.match, table, asked, question.scan.table))
    except ForesetError as fault:
        if isinstance(fault.error, EpochOutOfRange):
            return refuse(fault.error)
        raise


def _checked(
    store: str, match: Match, asked: Asked, rows: ServingRows, answer: pl.DataFrame
) -> Result[pl.DataFrame, OfflineStoreWrong]:
    """The answer, if every label is served as it must be."""
    told = answer.select(pl.col(LABEL).cast(pl.Int64), pl.col(POSITION).fill_nan(None).cast(pl.Int64))
    mistakes = max(told.height - told[LABEL].n_unique(), rows.mistakes(asked.labels, told))
    if mistakes:
        problem = f"of {asked.labels.height} keys and times, {mistakes} are served otherwise than the laws say"
        return refuse(OfflineStoreWrong(store=store, view=match.view, problem=problem))
    return Success(told)


class _Found(NamedTuple):
    """The position of the row that serves each spine row, or null; how many rows were too old to."""

    position: pl.Series
    expired: int


def _young(match: Match, asked: Asked, rows: ServingRows, answer: pl.DataFrame) -> _Found:
    """What is not too old (law 3); where the answer is, all other rows are too."""
    found = pl.DataFrame([asked.label, asked.times.alias("at")]).join(
        answer, on=LABEL, how="left", maintain_order="left"
    )
    if match.ttl_us is None:
        return _Found(found[POSITION], 0)
    event = found.select(pl.lit(rows.event).gather(pl.col(POSITION)).alias("event"))["event"]
    least = pl.col("at") - pl.lit(match.ttl_us * 1_000, dtype=pl.Int128)
    young = found.with_columns(event).select(pl.when(pl.col("event") >= least).then(POSITION))[POSITION]
    return _Found(young, young.null_count() - found[POSITION].null_count())


# === Values ===


def _gathered(question: Question, asked: Asked, rows: ServingRows, found: _Found) -> Result[Served, ExecutionError]:
    outputs, position = question.gather.columns, found.position
    sources = tuple(dict.fromkeys(output.source for output in outputs))
    return _read(question, sources).map(
        lambda values: Served(
            pl.DataFrame(
                [_at(values[out.source].cast(polars_dtype(out.dtype)), position).alias(out.name) for out in outputs]
            ),
            ViewServed(
                view=question.match.view,
                rows=rows.frame.height,
                pairs=0,
                served=len(position) - position.null_count(),
                ties=_ties(rows, position, values),
                expired=found.expired,
                ages=served_ages(asked.times, _at(rows.event, position)),
            ),
        )
    )


def _at(values: pl.Series, positions: pl.Series) -> pl.Series:
    """The values at positions; null where a position is."""
    padded = values.extend_constant(None, 1)  # an empty column has no row that a null index could be read against
    return padded.gather(positions.fill_null(len(values)))


def _ties(rows: ServingRows, found: pl.Series, values: pl.DataFrame) -> int:
    """How many spine rows were served by order alone, where another row would have given other values."""
    served = found.to_frame(POSITION).join(rows.tied, on=POSITION)
    rivals = rows.tied.join(served, on="group", how="semi")
    told = values.select(pl.struct(pl.all()).alias("values").gather(rivals[POSITION]))
    differing = rivals.hstack(told).group_by("group").agg(pl.col("values").n_unique()).filter(pl.col("values") > 1)
    return served.join(differing, on="group", how="semi").height


def _looked_at(match: Match) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(key.table for key in match.keys), *match.times]))


def _read(question: Question, columns: Sequence[str]) -> Result[pl.DataFrame, TableError]:
    return question.snapshot.read(tuple(columns)).map(lambda frame: pl.DataFrame(frame).rechunk())
