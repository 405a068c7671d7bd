"""Plans executed by polars, by late materialisation: match on keys and times, then gather the asked columns."""

import polars as pl
from returns.result import Result, Success

from foreset.adapters.arrow_types import polars_dtype
from foreset.adapters.parquet_files import READ_FAULTS, unreadable
from foreset.adapters.polars.matching import find_rows
from foreset.adapters.polars.source import POSITION, Source, open_source
from foreset.adapters.polars.ties import count_ties
from foreset.application.ports import ArrowStream, Retrieved, TableStore
from foreset.domain.errors.problem import ForesetError, refuse
from foreset.domain.errors.tables import TableError, TableUnreadable
from foreset.domain.plan import RetrievalPlan, Scan


class PolarsExecutor:
    """Executes plans over any table store, reading Parquet files itself where the store says it may."""

    def __init__(self, tables: TableStore) -> None:
        """Read from `tables`."""
        self._tables = tables

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, TableError]:
        """The plan's result: a polars frame."""
        tables = ", ".join(scan.table for scan in plan.scans)
        try:
            return self._execute(plan, spine if isinstance(spine, pl.DataFrame) else pl.DataFrame(spine))
        except READ_FAULTS as fault:
            return refuse(unreadable(tables, fault))
        except ForesetError as fault:
            if isinstance(fault.error, TableUnreadable):
                return refuse(fault.error)
            raise

    def _execute(self, plan: RetrievalPlan, spine: pl.DataFrame) -> Result[Retrieved, TableError]:
        opened: dict[int, Source] = {}
        for index, node in enumerate(plan.nodes):
            if isinstance(node, Scan):
                source = self._open(node)
                if not isinstance(source, Success):
                    return refuse(source.failure())
                opened[index] = source.unwrap()
        columns, ties = spine.get_columns(), dict[str, int]()
        for gather, match, _ in plan.gathers:
            rows = opened[match.scan]
            found = find_rows(match, spine, plan.spine.time, rows)
            sources = list(dict.fromkeys(output.source for output in gather.columns))
            values = rows.gather(sources, found[POSITION])
            ties[match.view] = count_ties(gather, match, found, rows)
            columns += values.select(
                pl.col(out.source).cast(polars_dtype(out.dtype)).alias(out.name) for out in gather.columns
            ).get_columns()
        return Success(Retrieved(pl.DataFrame(columns).select(plan.result.columns), ties))

    def _open(self, scan: Scan) -> Result[Source, TableError]:
        return Result.do(
            source
            for snapshot in self._tables.observe(scan.table, scan.version)
            for source in open_source(snapshot, scan)
        )
