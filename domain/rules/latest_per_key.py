"""When all spine rows have one time, each key has one answer."""

from msgspec.structs import replace

from foreset.domain.plan import Match, RetrievalPlan


def latest_per_key(plan: RetrievalPlan) -> RetrievalPlan:
    """Match by the latest row per key where the spine has a single time.

    Cost: one pass and one hash table of the asked keys, whatever the number of spine rows per key; no pair of
    a spine row and a table row is ever formed.
    """
    if plan.spine.distinct_times != 1:
        return plan
    why = "all spine rows have one time"
    return RetrievalPlan(
        tuple(replace(node, strategy="latest", why=why) if isinstance(node, Match) else node for node in plan.nodes)
    )
