"""Read only the columns that something needs."""

from msgspec.structs import replace

from foreset.domain.facts import Facts
from foreset.domain.planning.nodes import Match, Scan
from foreset.domain.planning.plan import RetrievalPlan


def prune_columns(plan: RetrievalPlan, _facts: Facts) -> RetrievalPlan:
    """Leave in each scan the keys, times and gathered columns of its matches, in the table's order.

    Cost: Parquet is decoded by column, so a column that nobody asked for is pure loss.
    """
    needed: dict[int, set[str]] = {}
    for gather, match, _ in plan.gathers:
        columns = needed.setdefault(match.scan, set())
        columns |= _matched_on(match) | set(gather.sources)
    return RetrievalPlan(
        tuple(
            replace(node, columns=tuple(c for c in node.columns if c in needed.get(index, ())))
            if isinstance(node, Scan)
            else node
            for index, node in enumerate(plan.nodes)
        )
    )


def _matched_on(match: Match) -> set[str]:
    return {key.table for key in match.keys} | set(match.times)
