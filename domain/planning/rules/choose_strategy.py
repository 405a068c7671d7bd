"""Match as the spine's times ask for, in whatever shape its keys are."""

from msgspec.structs import replace

from foreset.domain.facts import Facts
from foreset.domain.planning.nodes import Match, Matching, Node, Scan
from foreset.domain.planning.plan import RetrievalPlan


def choose_strategy(plan: RetrievalPlan, _facts: Facts) -> RetrievalPlan:
    """Match by the latest row per key where the spine has a single time, by an as-of search otherwise.

    Cost: `latest` is one pass over keys and times with one slot per asked key; nothing is sorted but ties. `as-of`
    sorts the table's keys and times as one number a row and searches it with the spine's in order, so its cost does
    not depend on how spine rows and table rows spread over the keys: a key that half of all rows have costs what any
    other rows do. Neither forms a pair of rows; how many a join would have formed is estimated and shown.
    """
    return RetrievalPlan(tuple(_chosen(node, plan) for node in plan.nodes))


def _chosen(node: Node, plan: RetrievalPlan) -> Node:
    if not isinstance(node, Match):
        return node
    pairs = _pairs(node, plan)
    if plan.spine.one_time:
        return replace(node, how=Matching(strategy="latest", why="all spine rows have one time", pairs=pairs))
    return replace(node, how=Matching(strategy="as-of", why="spine rows have times of their own", pairs=pairs))


def _pairs(match: Match, plan: RetrievalPlan) -> int | None:
    """Rows that are read, times the mean number of spine rows of a key; None where the log does not count rows."""
    scan = plan.nodes[match.scan]
    if not isinstance(scan, Scan):
        return None
    rows = scan.rows if scan.how is None else scan.how.rows
    return None if rows is None else rows * plan.spine.rows // max(match.distinct_keys, 1)
