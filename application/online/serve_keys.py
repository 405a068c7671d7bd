"""The rows that serve some keys of a view now: planned and run as a training set of these keys, all at one time."""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.ports.engine import Adapters
from foreset.application.ports.feast import Served
from foreset.application.ports.tables import ArrowStream, Snapshot
from foreset.application.training_sets.plan import plan_retrieval
from foreset.domain.definitions.registry import Catalog, FeatureView
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.errors.event_log import EventUnreadable
from foreset.domain.errors.feast import ExecutionError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import PlanError
from foreset.domain.errors.specs import MissingColumn, UnknownView
from foreset.domain.errors.tables import TableError
from foreset.domain.facts import TableFacts
from foreset.domain.online.loading import key_rows
from foreset.domain.planning.nodes import Gather, Match, Output
from foreset.domain.planning.plan import RetrievalPlan


@dataclass(frozen=True)
class Serving:
    """A plan for the keys of a spine, whose result has the view's features and its times under these names."""

    plan: RetrievalPlan
    spine: ArrowStream
    event_time: str
    created_time: str | None
    time_unit: str | None

    @property
    def keys(self) -> int:
        """How many keys the spine has."""
        return self.plan.spine.rows

    def served(self, adapters: Adapters) -> Result[Served, ExecutionError]:
        """Run the plan."""
        return adapters.executor.execute(self.plan, self.spine).map(
            lambda found: Served(self.spine, found.parts, self.event_time, self.created_time, self.time_unit)
        )


def online_view(name: str, catalog: Catalog) -> Result[FeatureView, UnknownView | EventUnreadable]:
    """A view by its name."""
    return catalog.view(name)


def observed(
    view: FeatureView, catalog: Catalog, adapters: Adapters, version: int | None = None
) -> Result[Snapshot, TableError | MissingColumn]:
    """A view's table at a version, the newest by default, which has the columns of its keys and its time."""
    source = view.spec.source
    rows = key_rows(view, catalog)
    return Result.do(
        whole
        for snapshot in adapters.tables.observe(
            source.table, version, source.storage_options, partition_time_zone=source.partition_time_zone
        )
        for whole in _with_columns(
            snapshot, view, [*map(source.column, source.time_fields), *(column for _, column in rows.keys)]
        )
    )


def _with_columns(
    snapshot: Snapshot, view: FeatureView, columns: Collection[str]
) -> Result[Snapshot, TableError | MissingColumn]:
    facts = snapshot.facts
    missing = next((column for column in columns if facts.dtype(column) is None), None)
    if missing is None:
        return Success(snapshot)
    return refuse(
        MissingColumn(
            view=view.spec.name,
            table=facts.table,
            at=f" at version {facts.version}",
            column=missing,
            role="keys and times",
            columns=tuple(column.name for column in facts.columns),
        )
    )


def time_column(view: FeatureView, catalog: Catalog) -> str:
    """A name for the time of a spine of keys, which no key and no feature has."""
    return _free("at", view, catalog)


def _free(name: str, view: FeatureView, catalog: Catalog) -> str:
    taken = {*catalog.join_keys(view.spec), *(field.name for field in view.spec.fields)}
    while name in taken:
        name = f"_{name}"
    return name


def serving(
    view: FeatureView, catalog: Catalog, spine: ArrowStream, facts: TableFacts, adapters: Adapters
) -> Result[Serving, PlanError]:
    """The plan for a spine of a view's keys, at the version of its table that `facts` are of."""
    event_time, created_time = (_free(name, view, catalog) for name in ("__event_time", "__created_time"))
    spec = TrainingSetSpec(
        [f"{view.spec.name}:*"],
        timestamp_field=time_column(view, catalog),
        versions={view.spec.source.table: facts.version},
    )
    has_created = view.spec.source.created_timestamp_field is not None
    return plan_retrieval(spec, spine, adapters, catalog).map(
        lambda planned: Serving(
            _with_times(planned.plan, facts, event_time, created_time),
            planned.spine.frame,
            event_time,
            created_time if has_created else None,
            view.spec.source.timestamp_unit,
        )
    )


def _with_times(plan: RetrievalPlan, facts: TableFacts, event_time: str, created_time: str) -> RetrievalPlan:
    """The plan, which gathers the times of the rows that serve too."""
    nodes = tuple(
        replace(node, columns=(*node.columns, *_times(plan.nodes[node.match], facts, event_time, created_time)))
        if isinstance(node, Gather)
        else node
        for node in plan.nodes
    )
    return RetrievalPlan(nodes)


def _times(match: msgspec.Struct, facts: TableFacts, event_time: str, created_time: str) -> tuple[Output, ...]:
    assert isinstance(match, Match)  # noqa: S101  # the planner builds it so
    wanted = ((match.event_time, event_time), (match.created_time, created_time))
    return tuple(Output(column, name, facts.dtype(column) or "") for column, name in wanted if column is not None)
