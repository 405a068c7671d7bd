"""Observe what a training set needs, then plan it: nothing is read but facts."""

from datetime import datetime

import msgspec
from returns.result import Result, Success

from foreset.application.ports.engine import Adapters, SpineFrame
from foreset.domain.definitions.recordable import unrecordable
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import DeltaSource, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import KnownInFuture, PlanError, VersionNotKnownYet
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.errors.tables import AfterLastVersion, TableError
from foreset.domain.facts import Facts, TableFacts
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.planner import Selection, plan_for, select, unknown_versions


class Planned(msgspec.Struct, frozen=True):
    """A plan, and the spine it was made for."""

    plan: RetrievalPlan
    spine: SpineFrame


def plan_retrieval(
    spec: TrainingSetSpec, spine: object, adapters: Adapters, catalog: Catalog
) -> Result[Planned, PlanError]:
    """The plan for a spec and a spine. Names come first, then tables, then the spine: cheap mistakes are told early."""
    return Result.do(
        Planned(plan, frame)
        for selections in _selected(spec, adapters, catalog)
        for tables in _observed(spec, selections, adapters)
        for frame in adapters.spines.read(spine, adapters.machine.observe().free_bytes, spec.timestamp_field)
        for plan in plan_for(spec, selections, _facts(spec, selections, tables, frame, adapters))
    )


def _selected(spec: TrainingSetSpec, adapters: Adapters, catalog: Catalog) -> Result[tuple[Selection, ...], PlanError]:
    unfit = unrecordable(spec)
    if unfit is not None:
        return refuse(unfit)
    now = adapters.clock.now()
    if spec.known_by is not None and spec.known_by > now:
        return refuse(KnownInFuture(at=spec.known_by.isoformat(), now=now.isoformat()))
    selected = select(spec, catalog)
    if isinstance(selected, Success):
        unknown = unknown_versions(spec, selected.unwrap())
        if unknown is not None:
            return refuse(unknown)
    return selected


def _facts(
    spec: TrainingSetSpec,
    selections: tuple[Selection, ...],
    tables: dict[str, TableFacts],
    spine: SpineFrame,
    adapters: Adapters,
) -> Facts:
    keys = tuple(dict.fromkeys(selection.join_keys for selection in selections))
    profile = adapters.spines.profile(spine.frame, spec.timestamp_field, keys, _partitions(selections, tables))
    return Facts(tables, profile, adapters.machine.observe())


def _partitions(selections: tuple[Selection, ...], tables: dict[str, TableFacts]) -> frozenset[str]:
    """The join keys by which some table is partitioned."""
    return frozenset(
        key
        for selection in selections
        for key in selection.join_keys
        if selection.view.spec.source.column(key) in tables[selection.view.spec.source.table].partition_columns
    )


def _observed(
    spec: TrainingSetSpec, selections: tuple[Selection, ...], adapters: Adapters
) -> Result[dict[str, TableFacts], PlanError]:
    """The facts of each table, all at versions that are fixed here (law 7)."""
    found: dict[str, TableFacts] = {}
    for selection in selections:
        source = selection.view.spec.source
        tellable = _tellable(spec, selection.view.spec, adapters)
        if not isinstance(tellable, Success):
            return refuse(tellable.failure())
        if source.table in found:
            if found[source.table].partition_time_zone != source.partition_time_zone:
                return refuse(_two_zones(source))
            continue
        facts: Result[TableFacts, PlanError] = Result.do(
            snapshot.facts
            for version in version_of(spec, source, adapters)
            for snapshot in adapters.tables.observe(
                source.table, version, source.storage_options, partition_time_zone=source.partition_time_zone
            )
        )
        if not isinstance(facts, Success):
            return refuse(facts.failure())
        found[source.table] = facts.unwrap()
    return Success(found)


def _two_zones(source: DeltaSource) -> InvalidSpec:
    return InvalidSpec(
        spec=f"DeltaSource({source.table!r})",
        problem="two of the views asked for have it with different values of partition_time_zone",
        remedy="register them with the same one",
    )


def version_of(spec: TrainingSetSpec, source: DeltaSource, adapters: Adapters) -> Result[int | None, TableError]:
    """The version to read: the one named, the one current at `known_at`, or None for the newest."""
    if source.table in spec.versions or spec.known_by is None:
        return Success(spec.versions.get(source.table))
    return _current(source, spec.known_by, adapters)


def _current(source: DeltaSource, at: datetime, adapters: Adapters) -> Result[int | None, TableError]:
    resolved = Result.do(
        version
        for _ in adapters.tables.observe(source.table, storage_options=source.storage_options)
        for version in adapters.tables.version_at(source.table, at)
    )
    match resolved.swap():
        case Success(AfterLastVersion(last=last)):
            return Success(last)  # the time has passed, so nothing can still be committed before it
        case _:
            return resolved


def _tellable(spec: TrainingSetSpec, view: FeatureViewSpec, adapters: Adapters) -> Result[None, VersionNotKnownYet]:
    """That a time in `known_at` can be told: by created times, or by a version that was there by then."""
    source, at = view.source, spec.known_by
    named = spec.versions.get(source.table)
    if at is None or named is None or source.created_timestamp_field is not None:
        return Success(None)
    current = _current(source, at, adapters).value_or(None)
    if current is not None and named <= current:
        return Success(None)
    return refuse(VersionNotKnownYet(view=view.name, table=source.table, version=named, at=at.isoformat()))
