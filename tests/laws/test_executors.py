"""The polars executor gives the bytes of the reference, whatever the advice: the laws, on random cases."""

import tempfile
from pathlib import Path
from typing import Literal, get_args

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.memory.executor import MemoryExecutor
from foreset.adapters.memory.tables import MemoryTables
from foreset.adapters.polars.frames.fingerprint import fingerprint
from foreset.adapters.polars.frames.profile import profile
from foreset.adapters.polars.frames.results import PolarsResults
from foreset.adapters.polars.frames.spines import PolarsSpines
from foreset.adapters.polars.matching import pieces
from foreset.adapters.polars.matching.executor import PolarsExecutor
from foreset.adapters.shared.machine import LocalMachine, SystemClock
from foreset.application.ports.engine import Assembled, PlanExecutor
from foreset.application.ports.tables import TableStore
from foreset.domain.definitions.registry import Catalog, Register, decide, replay
from foreset.domain.definitions.specs import EntitySpec, FeatureViewSpec
from foreset.domain.facts import Facts
from foreset.domain.planning.measurements import ViewServed
from foreset.domain.planning.nodes import Assemble, Match, Matching, Node, Passes, Scan, Strategy
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.planner import plan_for, select
from tests.handmade import handmade
from tests.laws.cases import DELTA_TIMES, EXACT_KEYS, Case, cases


def plan_of(case: Case, tables: TableStore) -> RetrievalPlan:
    facts = {name: tables.observe(name).unwrap().facts for name in case.tables}
    entities = tuple(s for s in case.specs if isinstance(s, EntitySpec))
    views = tuple(s for s in case.specs if isinstance(s, FeatureViewSpec))
    command = Register(entities, views, {name: f.columns for name, f in facts.items()})
    catalog = replay(decide(command, Catalog()).unwrap())
    selections = select(case.spec, catalog).unwrap()
    spine = profile(case.spine, "at", [s.join_keys for s in selections])
    return plan_for(case.spec, selections, Facts(facts, spine, LocalMachine().observe())).unwrap()


@st.composite
def advised(draw: st.DrawFn, plan: RetrievalPlan) -> RetrievalPlan:
    """The plan with any advice that is sound for it: strategies, passes, batches and parts of any size."""
    return RetrievalPlan(tuple(_advised(draw, node, plan) for node in plan.nodes))


def _advised(draw: st.DrawFn, node: Node, plan: RetrievalPlan) -> Node:
    match node:
        case Match():
            sound: list[Strategy] = list(get_args(Strategy)) if plan.spine.one_time else ["as-of"]
            strategy = draw(st.sampled_from(sound))
            return replace(node, how=Matching(strategy=strategy, why="", batch_rows=draw(st.integers(1, 20))))
        case Scan(how=how) if how is not None:
            passes = draw(st.sampled_from(get_args(Passes)))
            return replace(node, how=replace(how, passes=passes, late_bytes=draw(st.sampled_from([1, 100, 10**6]))))
        case Assemble(how=how) if how is not None:
            return replace(node, how=replace(how, part_rows=draw(st.sampled_from([1, 3, 8, 100]))))
        case _:
            return node


def made(
    executor: PlanExecutor, plan: RetrievalPlan, spine: pl.DataFrame, folder: Path
) -> tuple[Assembled, tuple[ViewServed, ...]]:
    retrieved = executor.execute(plan, spine).unwrap()
    known = PolarsSpines(MemoryTables(clock=SystemClock())).fingerprint(spine)
    assembled = PolarsResults(folder).assemble(plan, spine, known, retrieved.parts).unwrap()
    return assembled, retrieved.work().views


def check_equal(
    case: Case,
    tables: TableStore,
    plan: RetrievalPlan,
    advice: RetrievalPlan,
    threads: int,
    *,
    reference: TableStore | None = None,
) -> None:
    """`reference` has the same tables, read in another way; by default they are read in the same."""
    with tempfile.TemporaryDirectory() as folder:
        bare = RetrievalPlan((*plan.nodes[:-1], replace(plan.result, how=None)))
        expected, views = made(MemoryExecutor(reference or tables), bare, case.spine, Path(folder))
        got, got_views = made(PolarsExecutor(tables, threads), advice, case.spine, Path(folder))
        left, right = pl.DataFrame(expected.frame), pl.DataFrame(got.frame)
        assert left.schema == right.schema, advice.explain()
        assert expected.fingerprint == got.fingerprint == fingerprint(left), f"{advice.explain()}\n{left}\n{right}"
        assert fingerprint(right) == got.fingerprint
        check_counts(views, got_views, plan)


def check_counts(expected: tuple[ViewServed, ...], got: tuple[ViewServed, ...], plan: RetrievalPlan) -> None:
    """Rows and pairs are the executor's own; `expired` cannot be told where files were skipped for their age."""
    found = {view.view: view for view in got}
    skipping = {scan.table for scan in plan.scans if any(bounds.least is not None for bounds in scan.bounds)}
    tables = {match.view: scan.table for _, match, scan in plan.gathers}
    for view in expected:
        other = found[view.view]
        assert (view.served, view.ties, view.ages) == (other.served, other.ties, other.ages)
        assert view.expired == other.expired or (other.expired is None and tables[view.view] in skipping)


@given(st.data(), cases(), st.integers(1, 3))
def test_polars_gives_the_bytes_of_the_reference(data: st.DataObject, case: Case, threads: int) -> None:
    tables = MemoryTables(case.tables, clock=SystemClock())
    plan = plan_of(case, tables)
    check_equal(case, tables, plan, data.draw(advised(plan)), threads)


@given(st.data(), cases(far=True), st.integers(1, 3))
def test_times_of_all_years_serve_as_in_the_reference(data: st.DataObject, case: Case, threads: int) -> None:
    tables = MemoryTables(case.tables, clock=SystemClock())
    plan = plan_of(case, tables)
    check_equal(case, tables, plan, data.draw(advised(plan)), threads)


@given(st.data(), cases(key_kinds=EXACT_KEYS), st.integers(1, 3))
def test_decimal_and_time_keys_match_by_value_and_by_instant(data: st.DataObject, case: Case, threads: int) -> None:
    tables = MemoryTables(case.tables, clock=SystemClock())
    plan = plan_of(case, tables)
    check_equal(case, tables, plan, data.draw(advised(plan)), threads)


@given(
    st.data(),
    st.one_of(
        cases(time_dtypes=DELTA_TIMES),
        cases(time_dtypes=DELTA_TIMES, key_kinds=EXACT_KEYS),
        cases(time_dtypes=DELTA_TIMES, far=True),
    ),
    st.integers(1, 3),
    st.sampled_from([0, 3, 10**6]),
)
def test_polars_over_delta_gives_the_bytes_of_the_reference(
    data: st.DataObject, case: Case, threads: int, large: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_LARGE", large)
        tables = DeltaTables(Path(folder))
        for name, frame in case.tables.items():
            middle = frame.height // 2
            tables.write(name, frame[:middle]).unwrap()
            tables.write(name, frame[middle:]).unwrap()
        plan = plan_of(case, tables)
        check_equal(case, tables, plan, data.draw(advised(plan)), threads)


@given(
    st.data(),
    cases(time_dtypes=DELTA_TIMES),
    st.integers(1, 3),
    st.sampled_from([0, 3, 10**6]),
    st.sampled_from([None, "id", "name"]),
)
def test_deleted_rows_and_mapped_columns_change_nothing(
    data: st.DataObject, case: Case, threads: int, large: int, mapping: Literal["id", "name"] | None
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_LARGE", large)
        live = {
            name: data.draw(deleted_from(Path(folder, name), frame, mapping)) for name, frame in case.tables.items()
        }
        plan = plan_of(case, tables := DeltaTables(Path(folder)))
        reference = MemoryTables(live, clock=SystemClock())
        check_equal(case, tables, plan, data.draw(advised(plan)), threads, reference=reference)


@st.composite
def deleted_from(
    draw: st.DrawFn, path: Path, frame: pl.DataFrame, mapping: Literal["id", "name"] | None
) -> pl.DataFrame:
    """A table of two files at `path`, from which some rows of `frame` are deleted; gives the others."""
    files = [frame[: frame.height // 2], frame[frame.height // 2 :]]
    gone = [draw(st.sets(st.integers(0, file.height - 1))) if file.height else set[int]() for file in files]
    vectors = {number: rows for number, rows in enumerate(gone) if rows}
    handmade(path, files, mapping=mapping, deletion_vectors=vectors, group_rows=draw(st.sampled_from([1, 2, None])))
    kept = [
        file.with_row_index("row").filter(~pl.col("row").is_in(rows)) for file, rows in zip(files, gone, strict=True)
    ]
    return pl.concat(kept).drop("row")
