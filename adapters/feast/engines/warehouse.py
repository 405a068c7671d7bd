"""Warehouses: they are asked for the table that they have beside the Delta table, in a query that restores the laws."""

from collections.abc import Collection, Iterator
from functools import reduce
from typing import Final

import msgspec
import polars as pl
from returns.result import Result, Success

from foreset.adapters.feast.engines.feast_store import Request, StockStore, ttl_of
from foreset.adapters.feast.engines.label_batch import AT, LABEL, Asked, asked_of, nanoseconds
from foreset.adapters.feast.engines.prepared_rows import FROM
from foreset.adapters.feast.engines.protocol import Question, Served, served_ages
from foreset.adapters.feast.engines.store_times import beyond
from foreset.adapters.feast.engines.warehouse_query import (
    EVENT,
    TIED,
    TOTAL,
    UnfitColumnError,
    WarehouseQuery,
    warehouse_query,
)
from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype
from foreset.domain.definitions.warehouse_names import in_sql, is_table_name
from foreset.domain.errors.feast import (
    BeyondStore,
    ExecutionError,
    OfflineStoreWrong,
    TiesUndecided,
    WarehouseDiffers,
)
from foreset.domain.errors.problem import refuse
from foreset.domain.planning.measurements import ViewServed
from foreset.domain.planning.nodes import Match, Scan

TIES: Final = "ties"
"""The defect that is accepted where values decide ties."""
_EXACT: Final = 1 << 53
"""Up to here floats are whole numbers without gaps."""


class Warehouse:
    """Serves views by a warehouse."""

    def __init__(self, stock: StockStore, accept: Collection[str]) -> None:
        """Ask `stock`; `accept` names defects that may show."""
        self._stock = stock
        self._accept = accept

    def serve(self, question: Question) -> Result[Served, ExecutionError]:
        """The columns of the rows that serve."""
        asked = asked_of(question.match, question.spine, question.time, self._stock.store.unit)
        return Result.do(
            served
            for query in self._query(question)
            for answer in self._answer(question, asked, query)
            for rows in self._judged(question, asked, answer)
            for served in self._served(question, rows)
        )

    def _query(self, question: Question) -> Result[WarehouseQuery, BeyondStore]:
        match, table = question.match, _relation(question.scan, self._stock.store.quotes)
        view, unfit = match.view, _beyond_queries(match)
        if unfit is not None:
            return refuse(BeyondStore(store=self._stock.store.name, view=view, problem=unfit))
        if table is None:
            problem = "its source does not say under which name the warehouse sees the table"
            remedy = "name it: DeltaSource(..., warehouse_table='schema.table'), or use offline_store_type='delta'"
            name = question.scan.warehouse_table
            if not isinstance(name, msgspec.UnsetType):
                problem = f"its warehouse_table {name!r} is not the name of a table"
                remedy = "name a table, or register the query as DeltaSource(..., warehouse_query='SELECT ...')"
            return refuse(BeyondStore(store=self._stock.store.name, view=view, problem=problem, remedy=remedy))
        dtypes = {column.name: column.dtype for column in question.snapshot.facts.columns}
        try:
            return Success(warehouse_query(self._stock.store, table, question.match, question.gather.columns, dtypes))
        except UnfitColumnError as fault:
            return refuse(BeyondStore(store=self._stock.store.name, view=view, problem=str(fault)))

    def _answer(self, question: Question, asked: Asked, query: WarehouseQuery) -> Result[pl.DataFrame, ExecutionError]:
        """What is answered for each label, or nothing."""
        view = question.match.view
        problem = beyond(self._stock.store, view, asked)
        if problem is not None:
            return refuse(problem)
        answers = [pl.DataFrame(schema={LABEL: pl.Int64, **dict.fromkeys(query.features, pl.Null)})]
        for labels in _apart(asked):
            request = Request(asked.keys, labels, query.features, FROM, ttl_of(question.match.ttl_us))
            answer = self._stock.serve(view, request, query=query.text)
            if not isinstance(answer, Success):
                return refuse(answer.failure())
            answers.append(answer.unwrap())
        whole = pl.concat(answers, how="vertical_relaxed")
        if whole[LABEL].n_unique() < whole.height:
            several = "it gave several rows for one key and time"
            return refuse(OfflineStoreWrong(store=self._stock.store.name, view=view, problem=several))
        return Success(whole)

    def _judged(
        self, question: Question, asked: Asked, answer: pl.DataFrame
    ) -> Result[pl.DataFrame, WarehouseDiffers | TiesUndecided]:
        """The answer for each spine row, if it is of the snapshot and not of chance; null where a row is too old."""
        match, scan = question.match, question.scan
        totals = answer[TOTAL].drop_nulls().cast(pl.Int64)
        if len(totals) and scan.rows is not None and totals[0] != scan.rows:
            return refuse(
                WarehouseDiffers(
                    view=match.view, warehouse_table=_shown(scan), found=int(totals[0]),
                    table=scan.table, version=scan.version, rows=scan.rows,
                )
            )  # fmt: skip
        rows = pl.DataFrame([asked.label, asked.times.alias(AT)]).join(
            answer, on=LABEL, how="left", maintain_order="left"
        )
        if match.ttl_us is not None:
            young = pl.lit(_instants(rows[EVENT])) >= pl.col(AT) - pl.lit(match.ttl_us * 1_000, dtype=pl.Int128)
            rows = rows.select(pl.when(young).then(pl.col(name)).alias(name) for name in answer.columns)
        tied = rows.filter(pl.col(TIED).cast(pl.Int64) > 1).height
        if tied and TIES not in self._accept:
            return refuse(TiesUndecided(store=self._stock.store.name, view=match.view, rows=tied))
        return Success(rows)

    def _served(self, question: Question, rows: pl.DataFrame) -> Result[Served, BeyondStore]:
        columns: list[pl.Series] = []
        for index, output in enumerate(question.gather.columns):
            given = rows[f"feature_{index}"]
            values = _exactly(given, polars_dtype(output.dtype))
            if values is None:
                came = f"the values of {output.source!r} come back as {dtype_name(given.dtype)}"
                problem = f"{came}, and not all of them are {output.dtype}"
                return refuse(BeyondStore(store=self._stock.store.name, view=question.match.view, problem=problem))
            columns.append(values.alias(output.name))
        served = rows[TIED].len() - rows[TIED].null_count()
        ties = rows.filter(pl.col(TIED).cast(pl.Int64) > 1).height
        ages = served_ages(nanoseconds(question.spine[question.time]), _instants(rows[EVENT]))
        view = ViewServed(view=question.match.view, rows=0, pairs=0, served=served, ties=ties, ages=ages)
        return Success(Served(pl.DataFrame(columns), view))


def _beyond_queries(match: Match) -> str | None:
    """What a match asks that the queries for warehouses do not say; None where that is nothing."""
    if match.ends is not None:
        return f"its rows end at {match.ends!r} (valid_until_field), and an as-of join does not go back to older ones"
    if match.closed == "left":
        return "it leaves out events at the label's own instant (closed='left'), and warehouses take them in"
    if match.epoch_unit is not None:
        return f"its times are whole numbers (timestamp_unit={match.epoch_unit!r}), and not timestamps"
    return None


def _apart(asked: Asked) -> Iterator[pl.DataFrame]:
    """The labels, those apart whose keys and times are one text when they are put side by side."""
    if asked.labels.is_empty():
        return
    written = reduce(lambda left, right: left + right, (pl.col(key).cast(pl.String) for key in asked.keys))
    turns = asked.labels.with_columns(turn=pl.int_range(pl.len()).over(written, AT))
    for turn in range(int(turns["turn"].sort()[-1]) + 1):
        yield turns.filter(pl.col("turn") == turn).drop("turn")


def _instants(column: pl.Series) -> pl.Series:
    """Times in nanoseconds since the epoch; UTC where they have no zone. Where none came back they have no type."""
    return column.cast(pl.Int128) if column.dtype == pl.Null else nanoseconds(column)


def _exactly(column: pl.Series, wanted: pl.DataType) -> pl.Series | None:
    """The values in another type, or None where that changes some."""
    if column.dtype.is_float() and wanted.is_integer() and (column.abs() > _EXACT).any():
        return None
    if isinstance(wanted, pl.Datetime) and isinstance(column.dtype, pl.Datetime) and wanted.time_zone:
        column = column.dt.replace_time_zone("UTC") if column.dtype.time_zone is None else column
    try:
        values = column.cast(wanted)
    except pl.exceptions.InvalidOperationError:
        return None
    if isinstance(wanted, pl.Decimal):
        return values
    return values if values.cast(column.dtype).eq_missing(column).all() else None


def _relation(scan: Scan, quotes: str) -> str | None:
    """What a query reads from: the table by its name, or the query that was registered; None for neither."""
    if not isinstance(scan.warehouse_query, msgspec.UnsetType):
        return f"({scan.warehouse_query}) given"
    name = scan.warehouse_table
    return in_sql(name, quotes) if not isinstance(name, msgspec.UnsetType) and is_table_name(name) else None


def _shown(scan: Scan) -> str:
    return str(scan.warehouse_table) if isinstance(scan.warehouse_query, msgspec.UnsetType) else "its warehouse_query"
