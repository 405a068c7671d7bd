"""Form pairs of spine and table rows only where they are few."""

from typing import Final

from msgspec.structs import replace

from foreset.domain.plan import Match, Node, RetrievalPlan, Scan

PAIRS_PER_ROW: Final = 2
"""How many pairs a table row may form before sorting the rows is cheaper: ranking a pair costs about what sorting a
row does."""
SMALL: Final = 2_000_000
"""So many pairs cost less than a sort is worth."""


def choose_join(plan: RetrievalPlan) -> RetrievalPlan:
    """Match by join and maximum where pairs are bounded, by an as-of join otherwise.

    A table row pairs with every spine row of its key, so the pairs are at most the table's rows times the
    spine rows of the most frequent key. The bound needs no look at the table, and holds for any skew there.
    """
    return RetrievalPlan(tuple(_chosen(node, plan) for node in plan.nodes))


def _chosen(node: Node, plan: RetrievalPlan) -> Node:
    if not isinstance(node, Match) or node.strategy == "latest":
        return node
    scan = plan.nodes[node.scan]
    rows = scan.rows if isinstance(scan, Scan) else None
    if rows is None:
        return replace(node, strategy="as-of", why="the table's log does not count its rows")
    pairs = rows * node.most_rows
    if node.most_rows <= PAIRS_PER_ROW or pairs <= SMALL:
        return replace(node, strategy="join", why=f"at most {pairs:,} pairs of rows")
    return replace(node, strategy="as-of", why=f"up to {pairs:,} pairs of rows would be too many")
