"""The peers made of polars alone: what one writes by hand, and scans as floors."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import polars as pl
from ready import Job, Ready, handed, joins, labels
from shapes import CREATED, ROW, SPINE_TIME, TIME, Case, View

NUMBER = "number"


def join_asof(job: Job) -> Ready:
    """Sort by time and created time, join_asof by key, and back to the spine's order."""
    spine = labels(job.case)
    return Ready(lambda: handed(_asof(job.case, spine, _table), job))


def filtered(job: Job) -> Ready:
    """The same over rows that can match by their time: who knows the spine's times can write that."""
    spine = labels(job.case)

    def call() -> object:
        first, last = spine.select(pl.min(SPINE_TIME), pl.max(SPINE_TIME).alias("last")).collect().row(0)
        return handed(_asof(job.case, spine, partial(_between, first=first, last=last)), job)

    return Ready(call)


def sample(job: Job) -> Ready:
    """The same for the sample of the spine that is compared, over the rows of its keys."""
    spine = labels(job.case).filter(pl.col(ROW) % job.case.step == 0).collect().lazy()

    def of_keys(view: View) -> pl.LazyFrame:
        return _table(view).join(spine, on=list(view.keys), how="semi")

    return Ready(lambda: _asof(job.case, spine, of_keys).collect())


def max_by(job: Job) -> Ready:
    """A hash join of keys, times and row numbers, the best row of each spine row, and its features by its number."""
    spine, view = labels(job.case), joins(job.case)[0]
    table = pl.scan_delta(str(view.table)).with_row_index(NUMBER)
    rank = [TIME, CREATED] if view.created else [TIME]
    old = pl.col(SPINE_TIME) - view.ttl if view.ttl else pl.lit(None)

    def call() -> object:
        pairs = table.select(NUMBER, *view.keys, *rank).join(spine, on=list(view.keys))
        held = pairs.filter(pl.col(TIME) <= pl.col(SPINE_TIME), (pl.col(TIME) >= old).fill_null(value=True))
        best = held.group_by(ROW).agg(pl.col(NUMBER).max_by(pl.struct(rank))).collect()
        wanted = pl.col(NUMBER).is_in(best[NUMBER].unique().implode())
        features = table.filter(wanted).select(NUMBER, *view.features)
        matched = best.lazy().join(features, on=NUMBER).drop(NUMBER)
        joined = spine.join(matched, on=ROW, how="left").sort(ROW)
        return handed(joined, job)

    return Ready(call)


def scan(job: Job) -> Ready:
    """Read keys, times and the asked columns, whole: less than that, no join by hand can do."""
    return Ready(lambda: [_table(view).collect() for view in joins(job.case)], answers=False)


def sums(job: Job) -> Ready:
    """The same without keeping them."""

    def call() -> object:
        return [_table(view).select(pl.all().to_physical().sum()).collect() for view in joins(job.case)]

    return Ready(call, answers=False)


def schema(job: Job) -> Ready:
    """Open the table, no row of it read."""
    path = str(job.case.views[0].table)
    return Ready(lambda: pl.scan_delta(path).collect_schema(), answers=False)


def _table(view: View) -> pl.LazyFrame:
    times = [TIME, CREATED] if view.created else [TIME]
    return pl.scan_delta(str(view.table)).select(*view.keys, *times, *view.features)


def _between(view: View, first: datetime, last: datetime) -> pl.LazyFrame:
    oldest = pl.lit(first) - view.ttl if view.ttl else pl.lit(first)
    rows = _table(view).filter(pl.col(TIME) <= last)
    return rows.filter(pl.col(TIME) >= oldest) if view.ttl else rows


def _asof(case: Case, spine: pl.LazyFrame, rows: Callable[[View], pl.LazyFrame]) -> pl.LazyFrame:
    """One join_asof after another. Sortedness is not checked where there is a `by`: both sides are sorted here."""
    joined = spine.sort(SPINE_TIME)
    for view in joins(case):
        order = [TIME, CREATED] if view.created else [TIME]
        right = rows(view).sort(order).select(*view.keys, TIME, *view.features)
        joined = joined.join_asof(
            right,
            left_on=SPINE_TIME,
            right_on=TIME,
            by=list(view.keys),
            tolerance=view.ttl,
            check_sortedness=False,
        ).drop(TIME)
    return joined.sort(ROW)
