"""Each rule on a golden plan, before and after, as `explain` prints it. Executed equality is in tests/laws.

`UPDATE_GOLDEN=1 pytest tests/domain/test_rules.py` writes the files anew; read the difference before you commit it.
"""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from foreset.domain import rules
from foreset.domain.plan import RetrievalPlan, Scan
from foreset.domain.planning import _lowered, select
from foreset.domain.rules import RULES, Rule, optimize
from foreset.domain.spec import TrainingSetSpec
from tests.domain.plans import CATALOG, NOON, TRIPS, spine_facts
from tests.domain.plans import planned as optimized

GOLDEN = Path(__file__).parents[1] / "golden" / "rules"


def lowered(features: list[str], **facts: object) -> RetrievalPlan:
    spec = TrainingSetSpec(features)
    spine = spine_facts(**facts)  # type: ignore[arg-type]  # wrong or loose on purpose
    return _lowered(spec, select(spec, CATALOG).unwrap(), {"trips": TRIPS}, spine)


def unknown_rows(plan: RetrievalPlan) -> RetrievalPlan:
    return RetrievalPlan(tuple(replace(n, rows=None) if isinstance(n, Scan) else n for n in plan.nodes))


CASES: dict[str, tuple[Rule, RetrievalPlan]] = {
    "share_scans": (rules.share_scans, lowered(["stats:rate", "notes:note"])),
    "prune_columns": (rules.prune_columns, lowered(["stats:rate"])),
    "prune_columns_of_a_shared_scan": (rules.prune_columns, rules.share_scans(lowered(["stats:rate", "notes:note"]))),
    "push_time_bounds": (rules.push_time_bounds, lowered(["stats:rate"])),
    "push_time_bounds_without_ttl": (rules.push_time_bounds, lowered(["notes:note"])),
    "push_time_bounds_shared": (rules.push_time_bounds, rules.share_scans(lowered(["stats:rate", "notes:note"]))),
    "push_time_bounds_of_no_rows": (rules.push_time_bounds, lowered(["stats:rate"], rows=0, times=None, distinct=0)),
    "latest_per_key": (rules.latest_per_key, lowered(["stats:rate"], times=NOON, distinct=1)),
    "latest_per_key_leaves_many_times": (rules.latest_per_key, lowered(["stats:rate"])),
    "choose_join_few_pairs": (rules.choose_join, lowered(["stats:rate"])),
    "choose_join_hot_key": (rules.choose_join, lowered(["stats:rate"], rows=300_000, most=120_000)),
    "choose_join_unknown_rows": (rules.choose_join, unknown_rows(lowered(["stats:rate"]))),
}


@pytest.mark.parametrize("name", CASES)
def test_rule(name: str) -> None:
    rule, before = CASES[name]
    text = f"before\n{before.explain()}\n\nafter\n{rule(before).explain()}\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_every_rule_has_a_golden_plan() -> None:
    assert {rule for rule, _ in CASES.values()} == set(RULES)


def test_rules_are_idempotent() -> None:
    plan = optimized(["stats:rate", "notes:note"])
    assert optimize(plan) == plan


def test_every_strategy_is_chosen_somewhere() -> None:
    strategies = {match.strategy for rule, plan in CASES.values() for _, match, _ in rule(plan).gathers}
    assert strategies == {"latest", "join", "as-of"}
