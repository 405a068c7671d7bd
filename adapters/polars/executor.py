"""Plans executed by polars and numpy, by late materialisation: match on keys and times, then gather what is asked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import polars as pl
from msgspec.structs import replace
from returns.result import Result, Success

from foreset.adapters.arrow_types import polars_dtype, polars_frame
from foreset.adapters.polars.labels import labels_of
from foreset.adapters.polars.matching import Found, find_rows
from foreset.adapters.polars.ordering import Int64s
from foreset.adapters.polars.rows import Sides
from foreset.adapters.polars.served_ages import AgeCount, ages_of
from foreset.adapters.polars.source import NO_ROW, Reader, Source, open_source
from foreset.adapters.polars.ties import count_ties
from foreset.application.ports import Retrieved
from foreset.application.table_ports import ArrowStream, TableStore
from foreset.domain.errors.problem import ForesetError, refuse
from foreset.domain.errors.tables import FileError, TableError
from foreset.domain.measured import TableRead, ViewServed, Work
from foreset.domain.nodes import POSITION, Gather, Match, Scan
from foreset.domain.plan import RetrievalPlan
from foreset.domain.rules.choose_passes import LATE
from foreset.domain.rules.fit_memory import FEWEST_ROWS


class PolarsExecutor:
    """Executes plans over any table store, reading Parquet files itself where the store says it may."""

    def __init__(self, tables: TableStore, threads: int = 2, *, verify: bool = True) -> None:
        """Read from `tables`; so many views, and pieces of a table, are worked on side by side.

        `verify`: the checksums of files are looked at before they are read.
        """
        self._tables = tables
        self._threads = threads
        self._verify = verify

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, TableError]:
        """The plan's gathered columns, in polars frames."""
        try:
            return self._execute(plan, polars_frame(spine))
        except ForesetError as fault:
            if isinstance(fault.error, FileError):
                return refuse(fault.error)
            raise

    def _execute(self, plan: RetrievalPlan, spine: pl.DataFrame) -> Result[Retrieved, TableError]:
        opened = self._opened(plan)
        if not isinstance(opened, Success):
            return refuse(opened.failure())
        run = _Run(plan, spine, opened.unwrap(), self._threads)
        return Success(Retrieved(run.parts(), run.work))

    def _opened(self, plan: RetrievalPlan) -> Result[dict[int, Source], TableError]:
        """The sources by the index of their scan."""
        workers = ThreadPoolExecutor(self._threads)
        found: dict[int, Source] = {}
        for index, node in enumerate(plan.nodes):
            if isinstance(node, Scan):
                late_bytes = node.how.late_bytes if node.how else LATE
                event_times = {match.event_time for match in plan.matches(index)}
                source: Result[Source, TableError] = Result.do(
                    source
                    for snapshot in self._tables.observe(
                        node.table, node.version, partition_time_zone=node.partition_time_zone
                    )
                    for source in open_source(
                        snapshot, node, Reader(workers, late_bytes // self._threads, self._verify), event_times
                    )
                )
                if not isinstance(source, Success):
                    return refuse(source.failure())
                found[index] = source.unwrap()
        return Success(found)


@dataclass
class _Tally:
    """What was done for a view so far."""

    rows: int = 0
    pairs: int = 0
    served: int = 0
    ties: int = 0
    expired: int | None = 0
    ages: AgeCount = field(default_factory=AgeCount)

    def add(self, found: Found, ages: Int64s, ties: int, *, past_unread: bool) -> None:
        """Some more."""
        self.rows, self.pairs = self.rows + found.rows, self.pairs + found.pairs
        self.served, self.ties = self.served + ages.size, self.ties + ties
        untold = past_unread and found.unreached > 0
        self.expired = None if self.expired is None or untold else self.expired + found.expired
        self.ages.add(ages)

    def told(self, view: str) -> ViewServed:
        """What was done."""
        return ViewServed(
            view=view,
            rows=self.rows,
            pairs=self.pairs,
            served=self.served,
            ties=self.ties,
            expired=self.expired,
            ages=self.ages.told(),
        )


@dataclass(frozen=True)
class _View:
    """A view's place in the plan, its match, what is gathered of it, and what was done."""

    place: int
    gather: Gather
    match: Match
    tally: _Tally

    def given(self, values: pl.DataFrame) -> pl.DataFrame:
        """The asked columns, named and typed as in the result, of a frame that has them."""
        outputs = self.gather.columns
        asked = pl.Schema({output.name: polars_dtype(output.dtype) for output in outputs})
        if values.schema == asked:
            return values
        return pl.DataFrame([values[out.source].cast(asked[out.name]).alias(out.name) for out in outputs])


@dataclass(frozen=True)
class _Group:
    """Views of one table whose rows serve alike: they are matched once, and their columns read together."""

    views: tuple[_View, ...]
    source: Source
    table: str

    def serve(self, spine: pl.DataFrame, time: str) -> list[pl.DataFrame]:
        """The asked columns of the rows that serve some spine rows, a frame for each view."""
        match = self.views[0].match
        most = (match.how and match.how.batch_rows) or FEWEST_ROWS
        sides = Sides(match, labels_of(match, spine, time), self.source, most, self.table)
        found = find_rows(sides)
        ages = ages_of(found, sides.labels, sides.terms.event_unit)
        for view in self.views:
            ties = count_ties(view.gather, sides, found)
            view.tally.add(found, ages, ties, past_unread=self.source.past_unread)
        del sides  # what matching needed is not needed to gather
        values = self._values(found.position)
        return [view.given(values) for view in self.views]

    def _values(self, positions: Int64s) -> pl.DataFrame:
        """What any view asks of the rows at `positions`."""
        values = self.source.gather(list(dict.fromkeys(s for v in self.views for s in v.gather.sources)), positions)
        if not any(output.source == POSITION for view in self.views for output in view.gather.columns):
            return values
        places = pl.Series(POSITION, positions).set(pl.Series(positions == NO_ROW), None)
        return values.hstack([places])


def _groups(plan: RetrievalPlan, sources: dict[int, Source]) -> list[_Group]:
    """The views of a plan, those together whose matches differ in nothing but the view."""
    alike: dict[Match, list[_View]] = {}
    tables: dict[int, str] = {}
    for place, (gather, match, scan) in enumerate(plan.gathers):
        tables[match.scan] = scan.table
        of_any = replace(match, view="", view_version=0)
        alike.setdefault(of_any, []).append(_View(place, gather, match, _Tally()))
    return [_Group(tuple(views), sources[match.scan], tables[match.scan]) for match, views in alike.items()]


class _Run:
    """A plan that is being run."""

    def __init__(self, plan: RetrievalPlan, spine: pl.DataFrame, sources: dict[int, Source], threads: int) -> None:
        self._plan = plan
        self._spine = spine
        self._sources = sources
        self._groups = _groups(plan, sources)
        how = plan.result.how
        self._part_rows = max(how.part_rows if how else spine.height, 1)
        self._at_a_time = min(len(self._groups), threads, how.views_at_a_time if how else 1)

    def parts(self) -> Iterator[pl.DataFrame]:
        """The gathered columns, for as many spine rows at a time as the plan advises."""
        for start in range(0, max(self._spine.height, 1), self._part_rows):
            rows = self._spine.slice(start, self._part_rows)
            yield pl.concat(self._served(rows), how="horizontal")

    def _served(self, rows: pl.DataFrame) -> list[pl.DataFrame]:
        time = self._plan.spine.time
        if self._at_a_time == 1:
            return [frame for group in self._groups for frame in group.serve(rows, time)]
        with ThreadPoolExecutor(self._at_a_time) as workers:
            begun = [workers.submit(group.serve, rows, time) for group in self._groups]
            return [frame for serving in begun for frame in serving.result()]

    def work(self) -> Work:
        """What was done so far."""
        views = sorted((view for group in self._groups for view in group.views), key=lambda view: view.place)
        tables = {node.table: self._sources[i] for i, node in enumerate(self._plan.nodes) if isinstance(node, Scan)}
        return Work(
            tables=tuple(_read(table, source) for table, source in tables.items()),
            views=tuple(view.tally.told(view.match.view) for view in views),
        )


def _read(table: str, source: Source) -> TableRead:
    files, size_bytes, verified = source.read()
    return TableRead(table=table, files=files, size_bytes=size_bytes, verified=verified)
