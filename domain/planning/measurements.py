"""What a retrieval took, beside what its plan expected."""

from collections.abc import Iterator

import msgspec

from foreset.domain.planning.ages import Ages, span
from foreset.domain.planning.explain import size
from foreset.domain.planning.plan import RetrievalPlan


class TableRead(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a table. A file that was opened twice, for keys and for features, counts once.

    `verified` are the files all of whose pages that were read have checksums, which fit their bytes; None where nobody
    looked.
    """

    table: str
    files: int
    size_bytes: int
    verified: int | None = None


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """Of how many files the checksums were compared with what was read, among `files` that were read.

    The others have no checksums, or are in an object store.
    """

    files: int
    verified: int


class ViewServed(msgspec.Struct, frozen=True, kw_only=True):
    """What a view gave: table rows of asked keys and times, pairs of them with spine rows of their key, rows served.

    `ties` counts the spine rows that only the snapshot's order decided, where another row would have given other
    values. A spine that was served in parts counts a table row for each part that it came near to. `expired` counts the
    spine rows that nothing serves and that a row would serve but for its age (law 3); None where that cannot be told,
    for files were skipped that hold older rows only. `ages` are those of the values that served, None where there are
    none. An executor that does not count these says None.
    """

    view: str
    rows: int
    pairs: int
    served: int
    ties: int
    expired: int | None = None
    ages: Ages | None = None


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What an executor did."""

    tables: tuple[TableRead, ...] = ()
    views: tuple[ViewServed, ...] = ()

    @property
    def verified(self) -> Verified | None:
        """The files whose checksums were looked at; None where those of some table were not."""
        counts = [read.verified for read in self.tables]
        if not counts or None in counts:
            return None
        files = sum(read.files for read in self.tables)
        return Verified(files=files, verified=sum(count or 0 for count in counts))


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a retrieval took: the work, the size of its result in memory, the process's peak memory, wall seconds."""

    work: Work
    result_bytes: int
    peak_bytes: int
    seconds: float


def beside(plan: RetrievalPlan, measured: Measured) -> str:
    """Estimates and what happened, side by side, as text."""
    rows = [("", "estimated", "actual"), *_tables(plan, measured), *_views(plan, measured), *_whole(plan, measured)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = (f"{name:<{widths[0]}}  {left:>{widths[1]}}  {right:>{widths[2]}}" for name, left, right in rows)
    return "\n".join(lines)


def _tables(plan: RetrievalPlan, measured: Measured) -> Iterator[tuple[str, str, str]]:
    expected = {scan.table: scan.how for scan in plan.scans}
    for read in measured.work.tables:
        how = expected.get(read.table)
        yield f"{read.table}: files read", _count(how.files if how else None), f"{read.files:,}"
        if read.verified is not None:
            yield f"{read.table}: files verified", "-", f"{read.verified:,}"
        yield f"{read.table}: bytes read", "-" if how is None else size(how.size_bytes), size(read.size_bytes)


def _views(plan: RetrievalPlan, measured: Measured) -> Iterator[tuple[str, str, str]]:
    expected = {match.view: (match, scan) for _, match, scan in plan.gathers}
    for view in measured.work.views:
        match, scan = expected[view.view]
        rows = scan.how.rows if scan.how else None
        yield f"{view.view}: table rows looked at", _count(rows and rows * plan.parts), f"{view.rows:,}"
        yield f"{view.view}: pairs not formed", _count(match.how.pairs if match.how else None), f"{view.pairs:,}"
        yield f"{view.view}: spine rows served", _count(plan.spine.rows), f"{view.served:,}"
        if view.expired is not None:
            yield f"{view.view}: spine rows whose value expired", "-", f"{view.expired:,}"
        if view.ages is not None:
            yield f"{view.view}: mean age of the values", "-", span(view.ages.mean_us)


def _whole(plan: RetrievalPlan, measured: Measured) -> Iterator[tuple[str, str, str]]:
    how = plan.result.how
    yield "result in memory", "-" if how is None else size(how.result_bytes), size(measured.result_bytes)
    yield "memory of the process, peak", "-" if how is None else size(how.peak_bytes), size(measured.peak_bytes)
    yield "seconds", "-", f"{measured.seconds:.3f}"


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"
