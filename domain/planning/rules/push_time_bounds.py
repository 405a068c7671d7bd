"""Read only the rows whose event time can serve some spine row."""

from msgspec.structs import replace

from foreset.domain.dtypes import NANOSECONDS, column_unit, time_unit
from foreset.domain.facts import Facts
from foreset.domain.planning.nodes import Bounds, Scan
from foreset.domain.planning.plan import RetrievalPlan


def push_time_bounds(plan: RetrievalPlan, facts: Facts) -> RetrievalPlan:
    """Bound each scan by the spine's times and the ttl: laws 2 and 3, seen from the table's side.

    No row later than the last spine time serves, and none older than the first one less the ttl. A scan that is
    shared is bounded by what any of its matches needs, and left open where they use different event times, or count
    them in different units. Ends of validity bound nothing: a null has no end, and statistics do not show nulls.

    Cost: files, row groups and partitions outside the bounds are skipped by their statistics without being opened.
    """
    return RetrievalPlan(
        tuple(
            _bounded(node, index, plan, facts) if isinstance(node, Scan) else node
            for index, node in enumerate(plan.nodes)
        )
    )


def _bounded(scan: Scan, index: int, plan: RetrievalPlan, facts: Facts) -> Scan:
    matches = plan.matches(index)
    times = {(match.event_time, match.epoch_unit) for match in matches}
    others = tuple(bounds for bounds in scan.bounds if bounds.column not in {name for name, _ in times})
    if plan.spine.time_range is None or len(times) != 1:
        return replace(scan, bounds=others)
    first, last = plan.spine.time_range
    ages = [match.ttl_us for match in matches]
    least = None if None in ages else first - max(age for age in ages if age is not None)
    column, epoch_unit = times.pop()
    dtype = facts.tables[scan.table].dtype(column) or ""
    return replace(scan, bounds=(*others, time_bounds(column, dtype, epoch_unit, least, last)))


def time_bounds(column: str, dtype: str, epoch_unit: str | None, least: int | None, greatest: int | None) -> Bounds:
    """Bounds of a column of times, from microseconds: in days for dates, in their own unit for whole numbers.

    >>> time_bounds("at", "int64", "s", 1, 2_500_000)
    Bounds(column='at', is_time=False, least=1, greatest=2, values=None)
    """
    unit = column_unit(dtype, epoch_unit)
    if time_unit(dtype) not in {None, "day"} or unit is None:
        return Bounds(column=column, is_time=True, least=least, greatest=greatest)
    step, per_us = NANOSECONDS[unit], NANOSECONDS["us"]
    low = None if least is None else _within(-(-least * per_us // step))
    return Bounds(column=column, least=low, greatest=None if greatest is None else _within(greatest * per_us // step))


def _within(tick: int) -> int:
    """A tick, or the end of the whole numbers that a column can hold."""
    return min(max(tick, -(2**63)), 2**63 - 1)
