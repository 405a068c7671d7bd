"""Read only the rows whose event time can serve some spine row."""

from msgspec.structs import replace

from foreset.domain.plan import Match, RetrievalPlan, Scan, TimeBounds


def push_time_bounds(plan: RetrievalPlan) -> RetrievalPlan:
    """Bound each scan by the spine's times and the ttl: laws 2 and 3, seen from the table's side.

    No row later than the last spine time serves, and none older than the first one less the ttl. A scan that is
    shared is bounded by what any of its matches needs, and left open where they use different event times.

    Cost: files and row groups outside the bounds are skipped by their statistics without being opened.
    """
    return RetrievalPlan(
        tuple(
            replace(node, bounds=_bounds(plan, index)) if isinstance(node, Scan) else node
            for index, node in enumerate(plan.nodes)
        )
    )


def _bounds(plan: RetrievalPlan, scan: int) -> TimeBounds | None:
    matches = [node for node in plan.nodes if isinstance(node, Match) and node.scan == scan]
    times = {match.event_time for match in matches}
    if plan.spine.time_range is None or len(times) != 1:
        return None
    first, last = plan.spine.time_range
    ages = [match.ttl_us for match in matches if match.ttl_us is not None]
    least = first - max(ages) if len(ages) == len(matches) else None
    return TimeBounds(times.pop(), least, last)
