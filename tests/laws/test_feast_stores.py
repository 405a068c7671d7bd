"""Feast's own stores, run by `FeastExecutor`, give the bytes of the reference, or the plan is refused for a reason."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.result import Success

from foreset.adapters.feast.engines.executor import FeastExecutor
from foreset.adapters.memory.executor import MemoryExecutor
from foreset.adapters.memory.tables import MemoryTables
from foreset.adapters.shared.machine import SystemClock
from foreset.application.ports.engine import PlanExecutor
from foreset.domain.errors.feast import BeyondStore, TiesUndecided
from foreset.domain.feast.engines import store_named
from tests.laws.cases import DELTA_TIMES, EXACT_KEYS, Case, cases
from tests.laws.test_executors import made, plan_of
from tests.warehouse_tables import load, on_postgres

CASES = int(os.environ.get("FORESET_LAW_CASES", "15" if settings().max_examples <= 100 else "500"))
few = settings(max_examples=CASES)


def check(case: Case, executor: Callable[[MemoryTables], PlanExecutor], *beyond: str) -> None:
    """`beyond` are reasons that a store may have to refuse a plan, beside those that all have."""
    tables = MemoryTables(case.tables, clock=SystemClock())
    plan = plan_of(case, tables)
    got = executor(tables).execute(plan, case.spine)
    with tempfile.TemporaryDirectory() as folder:
        expected, views = made(MemoryExecutor(tables), plan, case.spine, Path(folder))
        if isinstance(got, Success):
            found, found_views = made(executor(tables), plan, case.spine, Path(folder))
            assert found.fingerprint == expected.fingerprint, f"{expected.frame}\n{found.frame}"
            for view, other in zip(views, found_views, strict=True):
                assert (view.served, view.ties, view.ages) == (other.served, other.ties, other.ages)
                assert other.expired in {view.expired, None}
            return
    match got.failure():
        case TiesUndecided(view=view, rows=rows):
            assert {v.view: v.ties for v in views}[view] == rows
        case problem:
            assert isinstance(problem, BeyondStore), problem.message
            reasons = ("have nanoseconds", "are not between", "valid_until_field", *beyond)
            assert any(reason in problem.problem for reason in reasons), problem.problem


@pytest.mark.parametrize("store", ["dask", "duckdb"])
@few
@given(case=st.one_of(cases(), cases(key_kinds=EXACT_KEYS)))
def test_a_store_of_files_gives_the_bytes_of_the_reference(store: str, case: Case) -> None:
    check(case, lambda tables: FeastExecutor.open(tables, store_named(store).unwrap(), {}).unwrap())


@few
@given(case=cases(time_dtypes=DELTA_TIMES))
def test_postgres_gives_the_bytes_of_the_reference(postgres_database: str, case: Case) -> None:
    load(postgres_database, case.tables)
    check(case, lambda tables: on_postgres(postgres_database, tables, "versions"), "closed='left'", "timestamp_unit=")
