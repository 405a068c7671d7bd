"""The rules that improve a plan: each a pure function in a file of its own, applied in the order of `RULES`.

A rule gives an equivalent plan, and the same plan where it has nothing to say. Most write advice into the nodes; what
they decide by are the plan and the facts that adapters observed.
"""

from collections.abc import Callable

from foreset.domain.facts import Facts
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.rules.choose_passes import choose_passes
from foreset.domain.planning.rules.choose_strategy import choose_strategy
from foreset.domain.planning.rules.fit_memory import fit_memory
from foreset.domain.planning.rules.prune_columns import prune_columns
from foreset.domain.planning.rules.push_key_bounds import push_key_bounds
from foreset.domain.planning.rules.push_time_bounds import push_time_bounds
from foreset.domain.planning.rules.share_scans import share_scans

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
