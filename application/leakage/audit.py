"""Hold a frame that was made without Foreset against the training set of the same rows."""

from collections.abc import Sequence

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.ports.engine import Adapters
from foreset.application.ports.leakage import FrameCount, OutsideFrames, ReportRows
from foreset.application.ports.tables import ArrowStream
from foreset.application.training_sets.retrieve import Retrieval, retrieve
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.errors.leakage import AuditFrameError, AuditRowsDiffer, AuditTypeMismatch, NoFeaturesToAudit
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import PlanError, RetrievalError, SpineError
from foreset.domain.errors.tables import TableError
from foreset.domain.leakage.assess import of_audit, worst_first
from foreset.domain.leakage.report import ColumnAudit, FrameAudit, ViewAudit
from foreset.domain.planning.nodes import Gather, Match, Scan
from foreset.domain.planning.planner import select

AuditError = AuditFrameError | RetrievalError
"""Why a frame is not held against a training set."""
_Views = tuple[tuple[ViewAudit, ...], tuple[ColumnAudit, ...]]


def audit(  # noqa: PLR0913, PLR0917  # what is held against what, and with what
    frame: object,
    spec: TrainingSetSpec,
    spine: object | None,
    frames: OutsideFrames,
    adapters: Adapters,
    catalog: Catalog,
) -> Result[FrameAudit, AuditError]:
    """What a frame's features are beside those that serve its rows by a spec.

    Without a `spine` it is the frame's own columns that are no features of the spec. The training set is built and
    recorded as any other.
    """
    return Result.do(
        _told(retrieval, count, columns, views, adapters)
        for given in _read(frame, spec.timestamp_field, adapters)
        for names in _features(spec, catalog)
        for columns in _some(frames.columns(given), names)
        for own in Success([name for name in columns if name not in names])
        for labels in _spine(given, spine, own, spec.timestamp_field, frames, adapters)
        for retrieval in retrieve(spec, labels, adapters, catalog)
        for count in Success(frames.count(given, retrieval.frame, spec.timestamp_field))
        for views in _views(retrieval, count, columns, adapters)
    )


def audit_of(
    retrieval: Retrieval, frame: object, rows: ReportRows, frames: OutsideFrames, adapters: Adapters
) -> Result[FrameAudit, AuditError]:
    """What a frame's features are beside those of a training set in hand, whose rows it has; nothing is recorded."""
    plan = retrieval.receipt.plan
    names = tuple(output.name for gather, _, _ in plan.gathers for output in gather.columns)
    spine = rows.spine(retrieval.frame, [column.name for column in plan.spine.columns])
    return Result.do(
        _told(retrieval, count, columns, views, adapters)
        for given in _read(frame, plan.spine.time, adapters)
        for columns in _some(frames.columns(given), names)
        for _ in _alike(given, spine, frames)
        for count in Success(frames.count(given, retrieval.frame, plan.spine.time))
        for views in _views(retrieval, count, columns, adapters)
    )


def _read(frame: object, time: str, adapters: Adapters) -> Result[ArrowStream, SpineError]:
    return adapters.spines.read(frame, adapters.machine.observe().free_bytes, time).map(lambda read: read.frame)


def _features(spec: TrainingSetSpec, catalog: Catalog) -> Result[tuple[str, ...], PlanError]:
    """The names of the features that a spec asks for, in its result."""
    return select(spec, catalog).map(
        lambda selections: tuple(name for selection in selections for _, name in selection.features)
    )


def _some(columns: tuple[str, ...], names: tuple[str, ...]) -> Result[tuple[str, ...], NoFeaturesToAudit]:
    if not set(columns) & set(names):
        return refuse(NoFeaturesToAudit(features=names, columns=columns))
    return Success(columns)


def _spine(  # noqa: PLR0913, PLR0917  # what is given, and with what
    given: ArrowStream,
    spine: object | None,
    own: Sequence[str],
    time: str,
    frames: OutsideFrames,
    adapters: Adapters,
) -> Result[object, SpineError | AuditRowsDiffer]:
    """The spine: the one that is named, if it has the frame's rows, or the frame's own columns."""
    if spine is None:
        return Success(frames.part(given, own))
    read = _read(spine, time, adapters)
    if not isinstance(read, Success):
        return refuse(read.failure())
    return _alike(given, read.unwrap(), frames).map(lambda _: spine)


def _alike(given: ArrowStream, spine: ArrowStream, frames: OutsideFrames) -> Result[None, AuditRowsDiffer]:
    """That a frame has the rows of a spine."""
    problem = frames.unlike(given, spine)
    if problem is None:
        return Success(None)
    return refuse(AuditRowsDiffer(frame_rows=frames.rows(given), spine_rows=frames.rows(spine), problem=problem))


def _views(
    retrieval: Retrieval, count: FrameCount, columns: tuple[str, ...], adapters: Adapters
) -> Result[_Views, AuditTypeMismatch | TableError]:
    """Each view of which the frame has features, one table at a time."""
    views: list[ViewAudit] = []
    found: list[ColumnAudit] = []
    for gather, match, scan in retrieval.plan.gathers:
        asked = replace(gather, columns=tuple(output for output in gather.columns if output.name in columns))
        if not asked.columns:
            continue
        told: Result[tuple[ViewAudit, tuple[ColumnAudit, ...]], AuditTypeMismatch | TableError] = Result.do(
            told for table in _table(asked, match, scan, adapters) for told in count.view(asked, match, table)
        )
        if not isinstance(told, Success):
            return refuse(told.failure())
        view, features = told.unwrap()
        views.append(view)
        found += features
    return Success((tuple(views), tuple(found)))


def _table(gather: Gather, match: Match, scan: Scan, adapters: Adapters) -> Result[ArrowStream, TableError]:
    """The columns of a table at which an audit looks, at the version that the training set reads."""
    times = match.times
    columns = tuple(dict.fromkeys([*(key.table for key in match.keys), *times, *gather.sources]))
    return adapters.tables.observe(scan.table, scan.version, partition_time_zone=scan.partition_time_zone).bind(
        lambda snapshot: snapshot.read(columns)
    )


def _told(
    retrieval: Retrieval, count: FrameCount, columns: tuple[str, ...], views: _Views, adapters: Adapters
) -> FrameAudit:
    receipt = retrieval.receipt
    differ, future, unwritten = count.rows()
    features = tuple(output.name for gather, _, _ in receipt.plan.gathers for output in gather.columns)
    return FrameAudit(
        id=receipt.id,
        at=adapters.clock.now(),
        rows=receipt.rows,
        time=receipt.plan.spine.time,
        differ=differ,
        from_the_future=future,
        not_yet_written=unwritten,
        views=views[0],
        columns=views[1],
        absent=tuple(name for name in features if name not in columns),
        unknown=tuple(name for name in columns if name not in receipt.columns),
        findings=worst_first(finding for view in views[0] for finding in of_audit(view, receipt.rows)),
    )
