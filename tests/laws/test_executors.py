"""The polars executor gives the bytes of the reference, whatever the strategy: the laws, on random cases."""

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from msgspec.structs import replace

from foreset.adapters.clock import SystemClock
from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.memory.executor import MemoryExecutor
from foreset.adapters.memory.tables import MemoryTables
from foreset.adapters.polars import source
from foreset.adapters.polars.executor import PolarsExecutor
from foreset.adapters.polars.fingerprint import fingerprint
from foreset.adapters.polars.profile import profile
from foreset.application.ports import Retrieved, TableStore
from foreset.domain.plan import Match, RetrievalPlan, Strategy
from foreset.domain.planning import plan_for, select
from foreset.domain.registry import Catalog, Register, decide, replay
from foreset.domain.spec import EntitySpec, FeatureViewSpec
from tests.laws.cases import DELTA_TIMES, Case, cases


def plan_of(case: Case, tables: TableStore) -> RetrievalPlan:
    facts = {name: tables.observe(name).unwrap().facts for name in case.tables}
    entities = tuple(s for s in case.specs if isinstance(s, EntitySpec))
    views = tuple(s for s in case.specs if isinstance(s, FeatureViewSpec))
    command = Register(entities, views, {name: f.columns for name, f in facts.items()})
    catalog = replay(decide(command, Catalog()).unwrap())
    selections = select(case.spec, catalog).unwrap()
    spine = profile(case.spine, "at", [s.join_keys for s in selections])
    return plan_for(case.spec, selections, facts, spine).unwrap()


def with_strategy(plan: RetrievalPlan, strategy: Strategy) -> RetrievalPlan:
    return RetrievalPlan(tuple(replace(n, strategy=strategy) if isinstance(n, Match) else n for n in plan.nodes))


def strategies(plan: RetrievalPlan) -> list[RetrievalPlan]:
    """The plan as it is, and with every strategy that is sound for it."""
    sound: list[Strategy] = ["join", "as-of"]
    if plan.spine.distinct_times == 1:
        sound.append("latest")
    return [plan, *(with_strategy(plan, strategy) for strategy in sound)]


def check_equal(expected: Retrieved, got: Retrieved, plan: RetrievalPlan) -> None:
    left, right = pl.DataFrame(expected.frame), pl.DataFrame(got.frame)
    assert left.schema == right.schema, plan.explain()
    assert fingerprint(left) == fingerprint(right), f"{plan.explain()}\n{left}\n{right}"
    assert expected.ties == got.ties, f"{plan.explain()}\n{left}"


@given(cases())
def test_polars_gives_the_bytes_of_the_reference(case: Case) -> None:
    tables = MemoryTables(case.tables, clock=SystemClock())
    plan = plan_of(case, tables)
    expected = MemoryExecutor(tables).execute(plan, case.spine).unwrap()
    for variant in strategies(plan):
        check_equal(expected, PolarsExecutor(tables).execute(variant, case.spine).unwrap(), variant)


@pytest.mark.parametrize("small_bytes", [0, source.SMALL_BYTES], ids=["by file", "in memory"])
@given(case=cases(time_dtypes=DELTA_TIMES))
def test_polars_over_delta_gives_the_bytes_of_the_reference(case: Case, small_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "SMALL_BYTES", small_bytes)
        tables = DeltaTables(Path(folder))
        for name, frame in case.tables.items():
            middle = frame.height // 2
            tables.write(name, frame[:middle]).unwrap()
            tables.write(name, frame[middle:]).unwrap()
        plan = plan_of(case, tables)
        expected = MemoryExecutor(tables).execute(plan, case.spine).unwrap()
        for variant in strategies(plan):
            check_equal(expected, PolarsExecutor(tables).execute(variant, case.spine).unwrap(), variant)
