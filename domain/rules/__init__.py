"""The rules that improve a plan: each a pure function in a file of its own, applied in order.

A rule gives an equivalent plan, and the same plan where it has nothing to say. Rules read only the plan, whose
nodes carry the observed facts.
"""

from collections.abc import Callable

from foreset.domain.plan import RetrievalPlan
from foreset.domain.rules.choose_join import choose_join
from foreset.domain.rules.latest_per_key import latest_per_key
from foreset.domain.rules.prune_columns import prune_columns
from foreset.domain.rules.push_time_bounds import push_time_bounds
from foreset.domain.rules.share_scans import share_scans

Rule = Callable[[RetrievalPlan], RetrievalPlan]

RULES: tuple[Rule, ...] = (share_scans, prune_columns, push_time_bounds, latest_per_key, choose_join)


def optimize(plan: RetrievalPlan, rules: tuple[Rule, ...] = RULES) -> RetrievalPlan:
    """The plan after all rules."""
    for rule in rules:
        plan = rule(plan)
    return plan
