"""Look cells up again: as a lookup, perhaps of another definition, has them in a table at some version."""

from collections.abc import Mapping
from typing import NamedTuple

from returns.result import Result, Success

from foreset.application.ports.diff import Cells
from foreset.application.ports.engine import Adapters
from foreset.application.ports.tables import ArrowStream
from foreset.domain.diff.lookups import Lookup, plan_of
from foreset.domain.errors.problem import ForesetError, Problem, refuse
from foreset.domain.errors.retrieval import SpineColumnMissing
from foreset.domain.facts import Facts, TableFacts
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.rules import optimize


class Look(NamedTuple):
    """The values, in parts with a row for each row of the cells' spine; None where no row of the table can serve.

    `ties`: only the snapshot's order decided on some.
    """

    parts: tuple[ArrowStream, ...] | None
    ties: bool


def look(asked: Mapping[str, Lookup], version: int, cells: Cells, adapters: Adapters) -> Result[Look, Problem]:
    """The values of columns by their lookups, which differ in their sources alone, for the rows that have cells."""
    like = next(iter(asked.values()))
    missing = next((name for name in like.spine_columns if name not in cells.spine_columns), None)
    if missing is not None:
        return refuse(SpineColumnMissing(column=missing, role="key", columns=cells.spine_columns))
    seen = adapters.tables.observe(like.table, version, partition_time_zone=like.partition_time_zone)
    return _looked(asked, seen.unwrap().facts, cells, adapters) if isinstance(seen, Success) else refuse(seen.failure())


def _looked(asked: Mapping[str, Lookup], table: TableFacts, cells: Cells, adapters: Adapters) -> Result[Look, Problem]:
    like = next(iter(asked.values()))
    spine = cells.spine(tuple(dict.fromkeys(like.spine_columns)))
    profile = adapters.spines.profile(spine, like.time, [tuple(name for name, _ in like.keys)])
    plan = plan_of(asked, table, profile)
    if plan is None:
        return Success(Look(None, ties=False))
    facts = Facts({table.table: table}, profile, adapters.machine.observe())
    return _run(optimize(plan, facts), spine, adapters)


def _run(plan: RetrievalPlan, spine: ArrowStream, adapters: Adapters) -> Result[Look, Problem]:
    executed = adapters.engine.execute(plan, spine)
    if not isinstance(executed, Success):
        return refuse(executed.failure())
    retrieved = executed.unwrap()
    try:
        parts = tuple(retrieved.parts)
    except ForesetError as fault:
        return refuse(fault.error)
    return Success(Look(parts, ties=any(view.ties for view in retrieved.work().views)))
