"""From a training-set spec to a plan: a pure function of spec, catalog and facts."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import msgspec
from returns.result import Result, Success

from foreset.domain.definitions.registry import Catalog, FeatureView, needed_columns, unfit_feature, unfit_time
from foreset.domain.definitions.specs import DeltaSource, FeatureRef, FeatureViewSpec, TrainingSetSpec
from foreset.domain.dtypes import epoch_limits, is_epoch, joined_key, time_unit
from foreset.domain.errors.problem import listed, refuse
from foreset.domain.errors.retrieval import (
    DoesNotFit,
    KeyTypeMismatch,
    NameClash,
    NoCreatedTime,
    NullSpineTime,
    PlanError,
    SpineColumnMissing,
    UnfitSpineTime,
)
from foreset.domain.errors.specs import InvalidSpec, MissingColumn, UnknownFeature
from foreset.domain.errors.tables import EpochOutOfRange, StatisticsContradict
from foreset.domain.facts import DataFile, Facts, Resources, SpineFacts, TableFacts
from foreset.domain.planning.data_skipping import contradiction
from foreset.domain.planning.explain import size
from foreset.domain.planning.nodes import (
    EVENT_TIME,
    Assemble,
    Gather,
    KeyPair,
    Match,
    Node,
    Output,
    Scan,
    Spine,
    scan_of,
)
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.rules import optimize

_MICROSECOND = timedelta(microseconds=1)


class Selection(msgspec.Struct, frozen=True):
    """A view and the features that are asked of it, each with its name in the result."""

    view: FeatureView
    join_keys: tuple[str, ...]
    features: tuple[tuple[str, str], ...]


def select(spec: TrainingSetSpec, catalog: Catalog) -> Result[tuple[Selection, ...], PlanError]:
    """The views that a spec asks for, in the order of their first mention, with their features."""
    asked: dict[str, list[tuple[str, str]]] = {}
    for ref in spec.references:
        found = catalog.view(ref.view)
        if not isinstance(found, Success):
            return refuse(found.failure())
        view = found.unwrap()
        known = tuple(field.name for field in view.spec.fields)
        if ref.feature != "*" and ref.feature not in known:
            return refuse(UnknownFeature(view=ref.view, feature=ref.feature, known=known))
        if ref.feature == "*" and ref.alias is not None:
            problem = "one alias cannot name all features of a view"
            return refuse(InvalidSpec(spec=f"{ref}", problem=problem, remedy="name the feature"))
        names = known if ref.feature == "*" else (ref.feature,)
        asked.setdefault(ref.view, []).extend((name, _output_name(ref, name, spec)) for name in names)
    views = (catalog.views[name] for name in asked)
    return Success(tuple(Selection(v, catalog.join_keys(v.spec), tuple(asked[v.spec.name])) for v in views))


def _output_name(ref: FeatureRef, feature: str, spec: TrainingSetSpec) -> str:
    return ref.alias or (f"{ref.view}__{feature}" if spec.full_feature_names else feature)


def unknown_versions(spec: TrainingSetSpec, selections: tuple[Selection, ...]) -> InvalidSpec | None:
    """A version given for a table that no asked view reads."""
    tables = tuple(selection.view.spec.source.table for selection in selections)
    for table in spec.versions:
        if table not in tables:
            problem = f"versions names the table {table!r}, which none of its features is from"
            return InvalidSpec(spec="TrainingSetSpec", problem=problem, remedy=f"name one of {', '.join(tables)}")
    return None


def plan_for(
    spec: TrainingSetSpec, selections: tuple[Selection, ...], facts: Facts
) -> Result[RetrievalPlan, PlanError]:
    """The plan, after all rules.

    `facts` has every table that the selections read. The same arguments give the same plan.
    """
    tables, spine = facts.tables, facts.spine
    for problem in (_spine_problem(spec, selections, spine), _clash(selections, spine)):
        if problem is not None:
            return refuse(problem)
    for selection in selections:
        table = tables[selection.view.spec.source.table]
        problem = _view_problem(selection, table, spec) or _key_problem(selection, table, spine)
        if problem is not None:
            return refuse(problem)
    plan = optimize(_lowered(spec, selections, tables, spine), facts)
    contradicted = contradicted_statistics(plan, tables)
    return refuse(contradicted) if contradicted is not None else _fitting(plan, facts.resources)


def contradicted_statistics(plan: RetrievalPlan, tables: Mapping[str, TableFacts]) -> StatisticsContradict | None:
    """A file of the plan's tables that cannot be skipped or read by its statistics, for they contradict each other."""
    for scan in plan.scans:
        met = contradiction(tables[scan.table].data_files, scan.bounds)
        if met is not None:
            return contradicting(scan.table, *met, "log")
    return None


def contradicting(table: str, file: DataFile, column: str, where: str) -> StatisticsContradict:
    """The error for a column's bounds in a file, which contradict each other."""
    least, greatest = file.ranges[column]
    return StatisticsContradict(table=table, file=file.path, where=where, column=column, least=least, greatest=greatest)


# === What can be wrong ===


def _spine_problem(spec: TrainingSetSpec, selections: tuple[Selection, ...], spine: SpineFacts) -> PlanError | None:
    names = tuple(column.name for column in spine.columns)
    dtype = spine.dtype(spec.timestamp_field)
    if dtype is None:
        return SpineColumnMissing(column=spec.timestamp_field, role="time column", columns=names)
    for selection in selections:
        for key in selection.join_keys:
            if key not in names:
                role = f"join key of the feature view {selection.view.spec.name!r}"
                return SpineColumnMissing(column=key, role=role, columns=names)
    if time_unit(dtype) is None:
        return UnfitSpineTime(column=spec.timestamp_field, dtype=dtype)
    if spine.null_times:
        return NullSpineTime(column=spec.timestamp_field, count=spine.null_times, first_row=spine.first_null_time or 0)
    return None


def _clash(selections: tuple[Selection, ...], spine: SpineFacts) -> NameClash | None:
    owners = {column.name: ["the spine"] for column in spine.columns}
    for selection in selections:
        for feature, name in selection.features:
            owners.setdefault(name, []).append(f"{selection.view.spec.name}:{feature}")
    return next((NameClash(name=n, sources=tuple(o)) for n, o in owners.items() if len(o) > 1), None)


def _view_problem(selection: Selection, table: TableFacts, spec: TrainingSetSpec) -> PlanError | None:
    """A column that is needed and that the table no longer has at this version, or whose type no longer fits."""
    view = selection.view.spec
    columns = {column.name: column.dtype for column in table.columns}
    asked = tuple(feature for feature, _ in selection.features)
    for column, role in needed_columns(view, selection.join_keys, asked):
        if column not in columns:
            return MissingColumn(
                view=view.name,
                table=table.table,
                at=f" at version {table.version}",
                column=column,
                role=role,
                columns=tuple(columns),
                remedy=_without(column, selection, columns),
            )
    if spec.known_by_each_row and view.source.created_timestamp_field is None:
        return NoCreatedTime(view=view.name)
    return unfit_time(view, columns) or unfit_feature(view, columns, asked) or _beyond_years(view, table)


def _beyond_years(view: FeatureViewSpec, table: TableFacts) -> EpochOutOfRange | None:
    """A whole number that is no time of its unit, by the statistics of the log: its file may be skipped."""
    source, unit = view.source, view.source.timestamp_unit
    if unit is None:
        return None
    least, greatest = epoch_limits(unit)
    for column in map(source.column, source.time_fields):
        if not is_epoch(table.dtype(column) or ""):
            continue
        ends = (end for file in table.data_files for end in file.ranges.get(column, ()))
        beyond = next((end for end in ends if not least <= end <= greatest), None)
        if beyond is not None:
            return EpochOutOfRange(table=table.table, column=column, value=beyond, unit=unit)
    return None


def _without(column: str, selection: Selection, columns: Collection[str]) -> str:
    """What to do about a column that is gone: ask for other features where that helps, or for another version."""
    view = selection.view.spec
    older = f"name a version that has it: TrainingSetSpec(..., versions={{{view.source.table!r}: ...}})"
    if column in {name for name, _ in needed_columns(view, selection.join_keys, ())}:
        return f"{older[0].upper()}{older[1:]}, or register the view again with a column that the table has"
    left = [f.name for f in view.fields if view.source.column(f.name) in columns]
    if not left:
        return f"{older[0].upper()}{older[1:]}, or register the view again with columns that the table has"
    names = listed(f"{view.name}:{name}" for name in left)
    return f"Ask for the features that are left ({names}), {older}, or register the view again without it"


def _key_problem(selection: Selection, table: TableFacts, spine: SpineFacts) -> KeyTypeMismatch | None:
    view = selection.view.spec
    for key in selection.join_keys:
        source = view.source.column(key)
        left, right = spine.dtype(key) or "", table.dtype(source) or ""
        if joined_key(left, right) is None:
            return KeyTypeMismatch(
                view=view.name, spine_column=key, spine_dtype=left, table_column=source, table_dtype=right
            )
    return None


def _fitting(plan: RetrievalPlan, resources: Resources) -> Result[RetrievalPlan, DoesNotFit]:
    """The plan, unless even its smallest batches and parts take more memory than there may be."""
    how = plan.result.how
    if how is None or how.peak_bytes <= how.budget_bytes:
        return Success(plan)
    return refuse(
        DoesNotFit(
            what="The training set",
            needs=size(how.peak_bytes),
            budget=size(how.budget_bytes),
            held=f", of which {size(resources.held_bytes)} is held already",
        )
    )


# === Lowering ===


def _lowered(
    spec: TrainingSetSpec, selections: tuple[Selection, ...], tables: Mapping[str, TableFacts], spine: SpineFacts
) -> RetrievalPlan:
    nodes: list[Node] = [
        Spine(
            columns=spine.columns,
            time=spec.timestamp_field,
            rows=spine.rows,
            time_range=spine.time_range,
            one_time=spine.one_time,
        )
    ]
    gathers: list[int] = []
    for selection in selections:
        table = tables[selection.view.spec.source.table]
        nodes.append(_scan(table, selection.view.spec.source))
        nodes.append(_match(len(nodes) - 1, selection, table, spec, spine))
        nodes.append(_gather(len(nodes) - 1, selection, table))
        gathers.append(len(nodes) - 1)
    columns = tuple(column.name for column in spine.columns) + _asked_order(spec, selections)
    nodes.append(Assemble(spine=0, gathers=tuple(gathers), columns=columns))
    return RetrievalPlan(tuple(nodes))


def _asked_order(spec: TrainingSetSpec, selections: tuple[Selection, ...]) -> tuple[str, ...]:
    """The features' names in the result, in the order in which they were asked."""
    views = {selection.view.spec.name: iter(selection.features) for selection in selections}
    sizes = {s.view.spec.name: len(s.view.spec.fields) for s in selections}
    return tuple(
        next(views[ref.view])[1] for ref in spec.references for _ in range(sizes[ref.view] if ref.feature == "*" else 1)
    )


def _scan(table: TableFacts, source: DeltaSource) -> Scan:
    return msgspec.structs.replace(
        scan_of(table, (column.name for column in table.columns)),
        warehouse_table=source.warehouse_table or msgspec.UNSET,
        warehouse_query=source.warehouse_query or msgspec.UNSET,
    )


def _match(scan: int, selection: Selection, table: TableFacts, spec: TrainingSetSpec, spine: SpineFacts) -> Match:
    view, source = selection.view.spec, selection.view.spec.source
    created = source.created_timestamp_field
    facts = spine.key_facts(selection.join_keys)
    return Match(
        spine=0,
        scan=scan,
        view=view.name,
        view_version=selection.view.version,
        keys=tuple(_key_pair(key, view, table, spine) for key in selection.join_keys),
        event_time=source.column(source.timestamp_field),
        created_time=source.column(created) if created else None,
        ttl_us=view.age_limit // _MICROSECOND if view.age_limit else None,
        known_at=_known_at_us(spec),
        closed="left" if view.closed == "left" else msgspec.UNSET,
        valid_until=source.column(source.valid_until_field) if source.valid_until_field else msgspec.UNSET,
        time_unit=source.timestamp_unit or msgspec.UNSET,
        distinct_keys=facts.distinct if facts else 0,
        most_rows=facts.most_rows if facts else 0,
    )


def _key_pair(key: str, view: FeatureViewSpec, table: TableFacts, spine: SpineFacts) -> KeyPair:
    column = view.source.column(key)
    dtype = joined_key(spine.dtype(key) or "", table.dtype(column) or "")
    assert dtype is not None  # noqa: S101  # _key_problem refused the others
    return KeyPair(key, column, dtype)


def _known_at_us(spec: TrainingSetSpec) -> int | str | tuple[int, str] | None:
    at = spec.known_by
    if at is None:
        return EVENT_TIME if spec.known_by_each_row else None
    at_us = (at - datetime.fromtimestamp(0, at.tzinfo)) // _MICROSECOND
    return (at_us, EVENT_TIME) if spec.known_by_each_row else at_us


def _gather(match: int, selection: Selection, table: TableFacts) -> Gather:
    source = selection.view.spec.source
    declared = {field.name: field.dtype for field in selection.view.spec.fields}
    return Gather(
        match=match,
        columns=tuple(
            Output(source.column(f), name, declared[f] or table.dtype(source.column(f)) or "")
            for f, name in selection.features
        ),
    )
