"""Plans executed by one of Feast's own offline stores, with the laws restored that it breaks."""

from collections.abc import Collection, Iterator, Mapping

import polars as pl
from returns.result import Result, Success

from foreset.adapters.feast.engines.feast_store import StockStore
from foreset.adapters.feast.engines.file_store import StoreOfFiles
from foreset.adapters.feast.engines.protocol import Answering, Question, Served
from foreset.adapters.feast.engines.warehouse import Warehouse
from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.application.ports.engine import Retrieved
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.domain.errors.feast import ExecutionError, LoadError
from foreset.domain.errors.problem import refuse
from foreset.domain.feast.engines import FeastStore
from foreset.domain.planning.measurements import TableRead, ViewServed, Work
from foreset.domain.planning.plan import RetrievalPlan


class FeastExecutor:
    """Executes plans by a store of Feast's, a request for each view. The bounds of scans are not used."""

    def __init__(self, tables: TableStore, stock: StockStore, accept: Collection[str] = ()) -> None:
        """Read tables from `tables`, and ask `stock`; `accept` names defects that may show."""
        self._tables = tables
        self._store: Answering = StoreOfFiles(stock) if stock.store.kind == "files" else Warehouse(stock, accept)

    @classmethod
    def open(
        cls, tables: TableStore, store: FeastStore, options: Mapping[str, object], accept: Collection[str] = ()
    ) -> "Result[FeastExecutor, LoadError]":
        """The executor, its store loaded, with the options of Feast's section `offline_store`."""
        return StockStore.open(store, options).map(lambda stock: cls(tables, stock, accept))

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, ExecutionError]:
        """The columns that the plan gathers, in as many frames as it advises parts."""
        rows = polars_frame(spine)
        frames: list[pl.DataFrame] = []
        views: list[ViewServed] = []
        tables: dict[str, TableRead] = {}
        for gather, match, scan in plan.gathers:
            served: Result[Served, ExecutionError] = Result.do(
                served
                for snapshot in self._tables.observe(
                    scan.table, scan.version, partition_time_zone=scan.partition_time_zone
                )
                for served in self._store.serve(Question(gather, match, scan, snapshot, rows, plan.spine.time))
            )
            if not isinstance(served, Success):
                return refuse(served.failure())
            frames.append(served.unwrap().columns)
            views.append(served.unwrap().view)
            tables[scan.table] = TableRead(table=scan.table, files=scan.files, size_bytes=scan.size_bytes)
        work = Work(tables=tuple(tables.values()), views=tuple(views))
        return Success(Retrieved(_parts(plan, pl.concat(frames, how="horizontal")), lambda: work))


def _parts(plan: RetrievalPlan, served: pl.DataFrame) -> Iterator[pl.DataFrame]:
    how = plan.result.how
    rows = max(how.part_rows if how else served.height, 1)
    for start in range(0, max(served.height, 1), rows):
        yield served.slice(start, rows)
