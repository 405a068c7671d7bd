"""Read only the rows whose event time can serve some spine row."""

from typing import Final

from msgspec.structs import replace

from foreset.domain.dtypes import NANOSECONDS
from foreset.domain.facts import Facts
from foreset.domain.nodes import Bounds, Scan
from foreset.domain.plan import RetrievalPlan

DAY: Final = NANOSECONDS["day"] // NANOSECONDS["us"]


def push_time_bounds(plan: RetrievalPlan, facts: Facts) -> RetrievalPlan:
    """Bound each scan by the spine's times and the ttl: laws 2 and 3, seen from the table's side.

    No row later than the last spine time serves, and none older than the first one less the ttl. A scan that is
    shared is bounded by what any of its matches needs, and left open where they use different event times.

    Cost: files, row groups and partitions outside the bounds are skipped by their statistics without being opened.
    """
    return RetrievalPlan(
        tuple(
            _bounded(node, index, plan, facts) if isinstance(node, Scan) else node
            for index, node in enumerate(plan.nodes)
        )
    )


def _bounded(scan: Scan, index: int, plan: RetrievalPlan, facts: Facts) -> Scan:
    times = {match.event_time for match in plan.matches(index)}
    others = tuple(bounds for bounds in scan.bounds if bounds.column not in times)
    if plan.spine.time_range is None or len(times) != 1:
        return replace(scan, bounds=others)
    first, last = plan.spine.time_range
    ages = [match.ttl_us for match in plan.matches(index)]
    least = None if None in ages else first - max(age for age in ages if age is not None)
    column = times.pop()
    if facts.tables[scan.table].dtype(column) == "date":
        days = Bounds(column=column, least=None if least is None else -(-least // DAY), greatest=last // DAY)
        return replace(scan, bounds=(*others, days))
    return replace(scan, bounds=(*others, Bounds(column=column, is_time=True, least=least, greatest=last)))
