"""Read a table once, however many views take from it."""

from msgspec.structs import replace

from foreset.domain.facts import Facts
from foreset.domain.planning.nodes import Assemble, Gather, Match, Node, Scan
from foreset.domain.planning.plan import RetrievalPlan


def share_scans(plan: RetrievalPlan, _facts: Facts) -> RetrievalPlan:
    """Let equal scans be one node.

    Cost: two views over the same table at the same version would decode the same key and time columns twice.
    """
    kept: list[Node] = []
    moved: dict[int, int] = {}
    for index, node in enumerate(plan.nodes):
        rewired = _rewired(node, moved)
        if isinstance(rewired, Scan) and rewired in kept:
            moved[index] = kept.index(rewired)
            continue
        moved[index] = len(kept)
        kept.append(rewired)
    return RetrievalPlan(tuple(kept))


def _rewired(node: Node, moved: dict[int, int]) -> Node:
    """The node with its inputs where they are now."""
    match node:
        case Match():
            return replace(node, spine=moved[node.spine], scan=moved[node.scan])
        case Gather():
            return replace(node, match=moved[node.match])
        case Assemble():
            return replace(node, spine=moved[node.spine], gathers=tuple(moved[g] for g in node.gathers))
        case _:
            return node
