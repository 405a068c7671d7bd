"""Each rule on a golden plan, before and after, as `explain` prints it. Executed equality is in tests/laws.

`UPDATE_GOLDEN=1 pytest tests/domain/planning/test_rules.py` writes the files again; read the
difference before you commit it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.facts import Facts, Range
from foreset.domain.planning import rules
from foreset.domain.planning.nodes import Passes, Strategy
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.planner import _lowered, select
from foreset.domain.planning.rules import RULES, Rule, optimize
from tests.domain.plans import CATALOG, MACHINE, NOON, TRIPS, WEEK, data_file, facts_of, spine_facts
from tests.domain.plans import planned as optimized

GOLDEN = Path(__file__).parents[2] / "golden" / "rules"


@dataclass(frozen=True)
class Golden:
    """A rule, a plan, and the facts that it is applied with."""

    rule: Rule
    plan: RetrievalPlan
    facts: Facts


def case(rule: Rule, features: list[str], *before: Rule, facts: Facts | None = None) -> Golden:
    """A rule on the lowered plan for some features, after some other rules."""
    given = facts or facts_of()
    spec = TrainingSetSpec(features)
    plan = _lowered(spec, select(spec, CATALOG).unwrap(), given.tables, given.spine)
    return Golden(rule, optimize(plan, given, before), given)


def spine(rows: int = 100, times: Range | None = WEEK, **facts: Any) -> Facts:
    return facts_of(spine_facts(rows, times, **facts))


UNCOUNTED = replace(TRIPS, rows=None, data_files=tuple(replace(f, rows=None) for f in TRIPS.data_files))
BIG = replace(TRIPS, rows=50_000_000, data_files=tuple(data_file(n, 10_000_000) for n in range(1, 6)))
BY_DAY = replace(TRIPS, columns=tuple(replace(c, dtype="date") if c.name == "at" else c for c in TRIPS.columns))
TIGHT = replace(MACHINE, memory_bytes=450_000_000)
BOUNDED = (rules.share_scans, rules.prune_columns, rules.push_time_bounds, rules.push_key_bounds)
READ = (*BOUNDED, rules.choose_passes)
ADVISED = (*READ, rules.choose_strategy)

CASES: dict[str, Golden] = {
    "share_scans": case(rules.share_scans, ["stats:rate", "notes:note"]),
    "prune_columns": case(rules.prune_columns, ["stats:rate"]),
    "prune_columns_of_a_shared_scan": case(rules.prune_columns, ["stats:rate", "notes:note"], rules.share_scans),
    "push_time_bounds": case(rules.push_time_bounds, ["stats:rate"]),
    "push_time_bounds_without_ttl": case(rules.push_time_bounds, ["notes:note"]),
    "push_time_bounds_shared": case(rules.push_time_bounds, ["stats:rate", "notes:note"], rules.share_scans),
    "push_time_bounds_of_no_rows": case(rules.push_time_bounds, ["stats:rate"], facts=spine(0, None)),
    "push_time_bounds_of_dates": case(rules.push_time_bounds, ["stats:rate"], facts=facts_of(table=BY_DAY)),
    "push_key_bounds": case(rules.push_key_bounds, ["stats:rate"]),
    "push_key_bounds_shared": case(rules.push_key_bounds, ["stats:rate", "notes:note"], rules.share_scans),
    "choose_strategy_of_one_time": case(rules.choose_strategy, ["stats:rate"], facts=spine(times=NOON, one_time=True)),
    "choose_strategy_of_many_times": case(rules.choose_strategy, ["stats:rate"], *READ),
    "choose_strategy_of_a_hot_key": case(
        rules.choose_strategy, ["stats:rate"], *READ, facts=spine(300_000, distinct=3, most=150_000)
    ),
    "choose_strategy_uncounted": case(rules.choose_strategy, ["stats:rate"], facts=facts_of(table=UNCOUNTED)),
    "choose_passes_of_a_small_table": case(rules.choose_passes, ["stats:rate"], *BOUNDED),
    "choose_passes_of_a_large_table": case(rules.choose_passes, ["stats:rate"], facts=facts_of(table=BIG)),
    "choose_passes_in_little_memory": case(
        rules.choose_passes, ["stats:rate"], facts=facts_of(table=BIG, machine=TIGHT)
    ),
    "fit_memory": case(rules.fit_memory, ["stats:rate"], *ADVISED),
    "fit_memory_in_parts": case(
        rules.fit_memory,
        ["stats:*", "notes:note"],
        *ADVISED,
        facts=facts_of(spine_facts(3_000_000), replace(BIG, data_files=(data_file(1, 50_000_000),)), TIGHT),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rule(name: str) -> None:
    given = CASES[name]
    after = given.rule(given.plan, given.facts)
    text = f"before\n{given.plan.explain()}\n\nafter\n{after.explain()}\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_every_rule_has_a_golden_plan() -> None:
    assert {given.rule for given in CASES.values()} == set(RULES)


def test_rules_are_idempotent() -> None:
    plan = optimized(["stats:rate", "notes:note"])
    assert optimize(plan, facts_of()) == plan


def test_the_planner_chooses_each_strategy_each_number_of_passes_and_both_deliveries() -> None:
    plans = [optimize(given.plan, given.facts) for given in CASES.values()]
    matches = [match.how for plan in plans for _, match, _ in plan.gathers]
    assert {how.strategy for how in matches if how} == set(get_args(Strategy))
    assert {scan.how.passes for plan in plans for scan in plan.scans if scan.how} == set(get_args(Passes))
    assert {plan.result.how.part_rows < plan.spine.rows for plan in plans if plan.result.how} == {True, False}
