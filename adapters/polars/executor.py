"""Plans executed by polars and numpy, by late materialisation: match on keys and times, then gather what is asked."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl
from returns.result import Result, Success

from foreset.adapters.arrow_types import polars_dtype
from foreset.adapters.parquet_files import READ_FAULTS, unreadable
from foreset.adapters.polars.labels import labels_of
from foreset.adapters.polars.matching import Found, find_rows
from foreset.adapters.polars.ordering import Int64s
from foreset.adapters.polars.source import NO_ROW, Source, open_source
from foreset.adapters.polars.ties import count_ties
from foreset.application.ports import ArrowStream, Retrieved, TableStore
from foreset.domain.errors.problem import ForesetError, raised, refuse
from foreset.domain.errors.tables import TableError, TableUnreadable
from foreset.domain.measured import TableRead, ViewServed, Work
from foreset.domain.plan import Gather, Match, RetrievalPlan, Scan

_BATCH_ROWS = 4_000_000
_LATE_BYTES = 128_000_000


class PolarsExecutor:
    """Executes plans over any table store, reading Parquet files itself where the store says it may."""

    def __init__(self, tables: TableStore, threads: int = 2) -> None:
        """Read from `tables`; so many views, and pieces of a table, are worked on side by side."""
        self._tables = tables
        self._threads = threads

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, TableError]:
        """The plan's gathered columns, in polars frames."""
        rows = spine if isinstance(spine, pl.DataFrame) else pl.DataFrame(spine)
        try:
            return self._execute(plan, rows)
        except READ_FAULTS as fault:
            return refuse(_unreadable(plan, fault))
        except ForesetError as fault:
            if isinstance(fault.error, TableUnreadable):
                return refuse(fault.error)
            raise

    def _execute(self, plan: RetrievalPlan, spine: pl.DataFrame) -> Result[Retrieved, TableError]:
        opened = self._opened(plan)
        if not isinstance(opened, Success):
            return refuse(opened.failure())
        sources = opened.unwrap()
        views = [_View(gather, match, sources[match.scan]) for gather, match, _ in plan.gathers]
        how = plan.result.how
        at_a_time = min(how.views_at_a_time if how else 1, self._threads)
        served = _side_by_side(lambda view: view.serve(spine, plan.spine.time), views, at_a_time)
        ties = {view.match.view: one.ties for view, one in zip(views, served, strict=True)}
        return Success(Retrieved(_parts(plan, views, served), ties, lambda: _work(plan, sources, views, served)))

    def _opened(self, plan: RetrievalPlan) -> Result[dict[int, Source], TableError]:
        """The sources by the index of their scan."""
        workers = ThreadPoolExecutor(self._threads)
        found: dict[int, Source] = {}
        for index, node in enumerate(plan.nodes):
            if isinstance(node, Scan):
                late_bytes = node.how.late_bytes if node.how else _LATE_BYTES
                source: Result[Source, TableError] = Result.do(
                    source
                    for snapshot in self._tables.observe(node.table, node.version)
                    for source in open_source(snapshot, node, workers, late_bytes // self._threads)
                )
                if not isinstance(source, Success):
                    return refuse(source.failure())
                found[index] = source.unwrap()
        return Success(found)


@dataclass(frozen=True)
class _Served:
    """The table row of each spine row, and how many were decided by order alone."""

    positions: Int64s
    rows: int
    pairs: int
    ties: int


@dataclass(frozen=True)
class _View:
    """A match, what is gathered of it, and its table."""

    gather: Gather
    match: Match
    source: Source

    def serve(self, spine: pl.DataFrame, time: str) -> _Served:
        """Find the rows."""
        most = (self.match.how and self.match.how.batch_rows) or _BATCH_ROWS
        labels = labels_of(self.match, spine, time)
        found: Found = find_rows(self.match, labels, self.source, most)
        ties = count_ties(self.gather, self.match, found, labels, self.source, most)
        return _Served(found.position, found.rows, found.pairs, ties)

    def columns(self, positions: Int64s) -> list[pl.Series]:
        """The asked columns of the rows at some positions."""
        names = list(dict.fromkeys(output.source for output in self.gather.columns))
        values = self.source.gather(names, positions)
        return [values[out.source].cast(polars_dtype(out.dtype)).alias(out.name) for out in self.gather.columns]


def _side_by_side(serve: Callable[[_View], _Served], views: Sequence[_View], at_a_time: int) -> list[_Served]:
    if min(len(views), at_a_time) == 1:
        return [serve(view) for view in views]
    with ThreadPoolExecutor(at_a_time) as workers:
        return list(workers.map(serve, views))


def _parts(plan: RetrievalPlan, views: Sequence[_View], served: Sequence[_Served]) -> Iterator[pl.DataFrame]:
    """The gathered columns, for as many spine rows at a time as the plan advises."""
    how = plan.result.how
    rows = plan.spine.rows
    step = max(how.part_rows if how else rows, 1)
    try:
        for start in range(0, max(rows, 1), step):
            pairs = zip(views, served, strict=True)
            yield pl.DataFrame([c for view, one in pairs for c in view.columns(one.positions[start : start + step])])
    except READ_FAULTS as fault:
        raise raised(_unreadable(plan, fault)) from fault


def _work(plan: RetrievalPlan, sources: dict[int, Source], views: Sequence[_View], served: Sequence[_Served]) -> Work:
    tables: list[TableRead] = []
    for index, source in sources.items():
        scan = plan.nodes[index]
        assert isinstance(scan, Scan)  # noqa: S101  # sources are opened for scans
        files, size = source.read()
        tables.append(TableRead(table=scan.table, files=files, size_bytes=size))
    return Work(
        tables=tuple(tables),
        views=tuple(
            ViewServed(
                view=view.match.view,
                rows=one.rows,
                pairs=one.pairs,
                served=int(np.count_nonzero(one.positions != NO_ROW)),
            )
            for view, one in zip(views, served, strict=True)
        ),
    )


def _unreadable(plan: RetrievalPlan, fault: BaseException) -> TableUnreadable:
    return unreadable(", ".join(scan.table for scan in plan.scans), fault)
