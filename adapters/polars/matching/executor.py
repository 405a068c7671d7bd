"""Plans executed by polars and numpy, by late materialisation: match on keys and times, then gather what is asked."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import polars as pl
from msgspec.structs import replace
from returns.result import Result, Success

from foreset.adapters.polars.matching.gathered import NO_ROW, Gathered, Room, TooWideError, runs, widths_of
from foreset.adapters.polars.matching.labels import labels_of
from foreset.adapters.polars.matching.matching import Found, find_rows
from foreset.adapters.polars.matching.ordering import Int64s
from foreset.adapters.polars.matching.rows import Sides
from foreset.adapters.polars.matching.served_ages import AgeCount, ages_of
from foreset.adapters.polars.matching.source import Reader, Source, open_source
from foreset.adapters.polars.matching.ties import count_ties
from foreset.adapters.shared.frames.arrow_types import polars_dtype, polars_frame
from foreset.adapters.shared.machine import held_bytes
from foreset.application.ports.engine import Retrieved
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.domain.dtypes import width
from foreset.domain.errors.problem import ForesetError, raised, refuse
from foreset.domain.errors.tables import FileError, RowTooLarge, TableError, TextsTooLarge
from foreset.domain.planning.explain import size
from foreset.domain.planning.measurements import TableRead, ViewServed, Work
from foreset.domain.planning.nodes import POSITION, Gather, Match, Scan
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.rules.choose_passes import LATE
from foreset.domain.planning.rules.fit_memory import FEWEST_ROWS

_LEAST_ROOM: Final = 32_000_000
"""Bytes that values may take however little memory there is: parts of fewer rows cost more than they save."""
_EACH_ONCE: Final = 4
"""The rows that serve, each once, take at most one part in so many of the memory that is left."""
_WHOLE: Final = 4
"""So may values that are served whole: they are hashed, put together and written beside."""
_PARTS: Final = 10
"""So may a part of those that are not: allocators keep what one part took while the next is made."""
_ONE_ROW: Final = 16
"""So may the values of one row, which is not cut: read, decoded, picked, hashed, put together, encoded and written."""
_DECODED: Final = 4
"""How often the texts of a row group are in memory: unpacked, decoded, picked, and kept by allocators."""
_FEWER: Final = 0.7
"""How much fewer spine rows to serve together than would just have fitted."""


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

    @property
    def columns(self) -> list[str]:
        """The columns that are gathered."""
        return list(dict.fromkeys(source for view in self.views for source in view.gather.sources))

    def gather(self, spine: pl.DataFrame, time: str, room: Room | None) -> "_Served":
        """The rows that serve some spine rows. Raises a `TooWideError` where they take more."""
        match = self.views[0].match
        most = (match.how and match.how.batch_rows) or FEWEST_ROWS
        sides = Sides(match, labels_of(match, spine, time), self.source, most, self.table)
        found = find_rows(sides)
        ages = ages_of(found, sides.labels, sides.terms.event_unit)
        ties = [count_ties(view.gather, sides, found, room) for view in self.views]
        del sides  # what matching needed is not needed to gather
        rows = self.source.gather(self.columns, found.position, room)
        return _Served(self.views, rows, found, ages, ties, self.source.past_unread)


@dataclass(frozen=True)
class _Served:
    """The rows that serve some spine rows, for the views of a group."""

    views: tuple[_View, ...]
    rows: Gathered
    found: Found
    ages: Int64s
    ties: Sequence[int]
    past_unread: bool

    def count(self) -> None:
        """Add what was done to what was done before: once nothing is looked at again in smaller parts."""
        for view, ties in zip(self.views, self.ties, strict=True):
            view.tally.add(self.found, self.ages, ties, past_unread=self.past_unread)

    def whole(self) -> list[pl.DataFrame]:
        """The asked columns of each view, for all spine rows; for the last time."""
        return self._of(self.rows.whole(), self.found.position)

    def slice(self, start: int, stop: int) -> list[pl.DataFrame]:
        """The same for some of the spine rows."""
        return self._of(self.rows.slice(start, stop), self.found.position[start:stop])

    def _of(self, values: pl.DataFrame, positions: Int64s) -> list[pl.DataFrame]:
        if any(output.source == POSITION for view in self.views for output in view.gather.columns):
            places = pl.Series(POSITION, positions).set(pl.Series(positions == NO_ROW), None)
            values = values.hstack([places])
        return [view.given(values) for view in self.views]


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
        outputs = [output for gather, _, _ in plan.gathers for output in gather.columns]
        self._most_row_bytes = 0
        self._is_wide = any(width(output.dtype) is None for output in outputs)
        self._row_bytes = sum(width(output.dtype) or 0 for output in outputs)

    def parts(self) -> Iterator[pl.DataFrame]:
        """The gathered columns, for as many spine rows at a time as the plan advises, or for fewer.

        What values of no fixed width take is known once the rows that serve are: then parts are cut smaller.
        """
        self._most_row_bytes = (self._room_bytes() or 0) // _ONE_ROW
        self._check_texts()
        start, rows = 0, self._part_rows
        while start < max(self._spine.height, 1):
            part = self._spine.slice(start, rows)
            try:
                served = self._served(part, self._room())
            except TooWideError as fault:
                rows = max(min(int(part.height * fault.share * _FEWER), part.height // 2), 1)
                continue
            for values in served:
                values.count()
            yield from self._cut(served)
            start += max(part.height, 1)

    def _room_bytes(self) -> int | None:
        """How much memory values may take with what the process holds; None where the plan knows their widths."""
        how = self._plan.result.how
        if how is None or not self._is_wide:
            return None
        return max(how.budget_bytes - held_bytes(), _LEAST_ROOM)

    def _check_texts(self) -> None:
        """Raise a `ForesetError` where the texts of a row group, decoded together, take more than there is."""
        free, how = self._room_bytes(), self._plan.result.how
        if free is None or how is None:
            return
        found = [group.source.largest_texts(group.columns) for group in self._groups]
        taken, column, file = max(found, default=(0, "", ""))
        if taken * _DECODED > free:
            least = size(held_bytes() + taken * _DECODED)
            given = size(how.budget_bytes)
            raise raised(TextsTooLarge(column=column, file=file, texts=size(taken), least=least, budget=given))

    def _room(self) -> Room | None:
        """How much of it the rows that serve may take."""
        free = self._room_bytes()
        return None if free is None else Room(free // _EACH_ONCE, self._most_row_bytes)

    def _cut(self, served: Sequence[_Served]) -> Iterator[pl.DataFrame]:
        """What was served, whole where that fits, and else in runs of spine rows."""
        free = self._room_bytes()
        if free is not None:
            widths = widths_of([values.rows for values in served], self._row_bytes)
            self._check_rows(int(widths.max(initial=0)))
            if int(widths.sum()) > free // _WHOLE:
                for start, stop in runs(widths, free // _PARTS):
                    yield _side_by_side(values.slice(start, stop) for values in served)
                return
        yield _side_by_side(values.whole() for values in served)

    def _check_rows(self, widest: int) -> None:
        """Raise a `ForesetError` where the values of a row of the training set take more than those of one may."""
        if widest > self._most_row_bytes:
            what = "A row of the training set"
            raise raised(RowTooLarge(what=what, needs=size(widest), most=size(self._most_row_bytes)))

    def _served(self, rows: pl.DataFrame, room: Room | None) -> list[_Served]:
        time = self._plan.spine.time
        if self._at_a_time == 1:
            return [group.gather(rows, time, room) for group in self._groups]
        with ThreadPoolExecutor(self._at_a_time) as workers:
            begun = [workers.submit(group.gather, rows, time, room) for group in self._groups]
            return [serving.result() for serving in begun]

    def work(self) -> Work:
        """What was done so far."""
        views = sorted((view for group in self._groups for view in group.views), key=lambda view: view.place)
        tables = {node.table: self._sources[i] for i, node in enumerate(self._plan.nodes) if isinstance(node, Scan)}
        return Work(
            tables=tuple(_read(table, source) for table, source in tables.items()),
            views=tuple(view.tally.told(view.match.view) for view in views),
        )


def _side_by_side(served: Iterable[list[pl.DataFrame]]) -> pl.DataFrame:
    return pl.concat((frame for frames in served for frame in frames), how="horizontal")


def _read(table: str, source: Source) -> TableRead:
    files, size_bytes, verified = source.read()
    return TableRead(table=table, files=files, size_bytes=size_bytes, verified=verified)
