"""Where values come from: a plan that tells, in place of the values that serve, which rows they are of."""

from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from foreset.domain.facts import TableFacts
from foreset.domain.planning.nodes import POSITION, Gather, Match, Node, Output, Scan, Spine
from foreset.domain.planning.plan import RetrievalPlan

Told = Callable[[Match, Scan], tuple[str, ...]]
"""Which columns of the rows that serve are told."""


class ViewProvenance(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of the rows that serve a view, by the names of the columns that tell it.

    `position` is null where no row serves. `columns` maps the table's columns to those that have their values.
    """

    view: str
    match: Match
    scan: Scan
    position: str
    columns: dict[str, str]

    @property
    def event_time(self) -> str:
        """The column that has the event times."""
        return self.columns[self.match.event_time]

    @property
    def created_time(self) -> str | None:
        """The column that has the created times; None where the view has none."""
        return None if self.match.created_time is None else self.columns[self.match.created_time]


class Provenance(msgspec.Struct, frozen=True):
    """A plan that tells which rows serve, and how its columns are read."""

    plan: RetrievalPlan
    views: tuple[ViewProvenance, ...]


def times(match: Match, _: Scan) -> tuple[str, ...]:
    """The times of the rows that serve."""
    return tuple(dict.fromkeys(name for name in (match.event_time, match.created_time) if name is not None))


def whole_rows(_: Match, scan: Scan) -> tuple[str, ...]:
    """All columns that the plan reads: the rows from which it can be run again."""
    return scan.columns


def provenance(plan: RetrievalPlan, tables: Mapping[str, TableFacts], told: Told = times) -> Provenance:
    """The plan that matches as `plan` does and gathers what `told` says, in the types that the tables have.

    It has no advice of its own: give it to `optimize`.
    """
    nodes: list[Node] = []
    views: list[ViewProvenance] = []
    for node in plan.nodes:
        if isinstance(node, Gather):
            view = _told(len(views), node, plan, told)
            views.append(view)
            nodes.append(_gather(node, view, tables[view.scan.table]))
        else:
            nodes.append(node if isinstance(node, Spine) else replace(node, how=None))
    names = (name for view in views for name in (view.position, *view.columns.values()))
    result = replace(plan.result, how=None, columns=(*(column.name for column in plan.spine.columns), *names))
    return Provenance(RetrievalPlan((*nodes[:-1], result)), tuple(views))


def _told(index: int, gather: Gather, plan: RetrievalPlan, told: Told) -> ViewProvenance:
    match = plan.nodes[gather.match]
    assert isinstance(match, Match)  # noqa: S101  # the planner builds it so
    scan = plan.nodes[match.scan]
    assert isinstance(scan, Scan)  # noqa: S101  # the planner builds it so
    columns = {name: f"<{index}> {name}" for name in told(match, scan)}
    return ViewProvenance(view=match.view, match=match, scan=scan, position=f"<{index}> {POSITION}", columns=columns)


def _gather(gather: Gather, view: ViewProvenance, table: TableFacts) -> Gather:
    told = tuple(Output(source, name, table.dtype(source) or "") for source, name in view.columns.items())
    return replace(gather, columns=(Output(POSITION, view.position, "int64"), *told))
