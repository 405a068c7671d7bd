"""A plan of provenance tells the rows that serve: the polars executor as the reference does, and rightly."""

import polars as pl
from hypothesis import given

from foreset.adapters.memory.executor import MemoryExecutor
from foreset.adapters.memory.tables import MemoryTables
from foreset.adapters.polars.frames.profile import profile
from foreset.adapters.polars.matching.executor import PolarsExecutor
from foreset.adapters.shared.machine import LocalMachine, SystemClock
from foreset.application.ports.engine import PlanExecutor
from foreset.domain.facts import Facts
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.provenance import Provenance, provenance, whole_rows
from foreset.domain.planning.rules import optimize
from tests.laws.cases import Case, cases
from tests.laws.test_executors import plan_of


def told(executor: PlanExecutor, plan: RetrievalPlan, spine: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(pl.DataFrame(part) for part in executor.execute(plan, spine).unwrap().parts)


def traced(case: Case, tables: MemoryTables) -> tuple[RetrievalPlan, Provenance]:
    plan = plan_of(case, tables)
    facts = {name: tables.observe(name).unwrap().facts for name in case.tables}
    spine = profile(case.spine, "at", [tuple(key.spine for key in match.keys) for _, match, _ in plan.gathers])
    traced = provenance(plan, facts, whole_rows)
    return plan, Provenance(optimize(traced.plan, Facts(facts, spine, LocalMachine().observe())), traced.views)


@given(cases())
def test_the_rows_that_serve_are_told_by_both(case: Case) -> None:
    tables = MemoryTables(case.tables, clock=SystemClock())
    plan, trace = traced(case, tables)
    expected = told(MemoryExecutor(tables), trace.plan, case.spine)
    assert told(PolarsExecutor(tables), trace.plan, case.spine).select(expected.columns).equals(expected)
    values = told(MemoryExecutor(tables), plan, case.spine)
    for (gather, _, _), view in zip(plan.gathers, trace.views, strict=True):
        for output in gather.columns:
            assert expected[view.columns[output.source]].equals(values[output.name])


@given(cases())
def test_the_rows_that_served_serve_again_without_the_others(case: Case) -> None:
    tables = MemoryTables(case.tables, clock=SystemClock())
    plan, trace = traced(case, tables)
    rows = told(MemoryExecutor(tables), trace.plan, case.spine)
    kept: dict[str, pl.DataFrame] = {}
    for view in trace.views:
        named = {view.position: "position"} | {told: name for name, told in view.columns.items()}
        served = rows.select(pl.col(told).alias(name) for told, name in named.items()).drop_nulls("position")
        kept[view.scan.table] = pl.concat([served, *([kept[view.scan.table]] if view.scan.table in kept else [])])
    fewer = {name: frame.unique("position").sort("position").drop("position") for name, frame in kept.items()}
    again = told(MemoryExecutor(MemoryTables(fewer, clock=SystemClock())), plan, case.spine)
    assert again.equals(told(MemoryExecutor(tables), plan, case.spine))
