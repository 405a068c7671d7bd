"""The rules that improve a plan: each a pure function in a file of its own, applied in order.

A rule gives an equivalent plan, and the same plan where it has nothing to say. Most write advice into the nodes;
what they decide by are the plan and the facts that adapters observed.
"""

from collections.abc import Callable

from foreset.domain.facts import Facts
from foreset.domain.plan import RetrievalPlan
from foreset.domain.rules.choose_passes import choose_passes
from foreset.domain.rules.choose_strategy import choose_strategy
from foreset.domain.rules.fit_memory import fit_memory
from foreset.domain.rules.prune_columns import prune_columns
from foreset.domain.rules.push_key_bounds import push_key_bounds
from foreset.domain.rules.push_time_bounds import push_time_bounds
from foreset.domain.rules.share_scans import share_scans

Rule = Callable[[RetrievalPlan, Facts], RetrievalPlan]

RULES: tuple[Rule, ...] = (
    share_scans,
    prune_columns,
    push_time_bounds,
    push_key_bounds,
    choose_passes,
    choose_strategy,
    fit_memory,
)


def optimize(plan: RetrievalPlan, facts: Facts, rules: tuple[Rule, ...] = RULES) -> RetrievalPlan:
    """The plan after all rules."""
    for rule in rules:
        plan = rule(plan, facts)
    return plan
