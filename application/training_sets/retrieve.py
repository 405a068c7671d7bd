"""Build a training set: plan, execute, put together, and write the receipt."""

from datetime import datetime
from typing import NamedTuple

import msgspec
from returns.result import Result, Success

from foreset.application.event_log.erasures import spine_not_erased
from foreset.application.ports.engine import Adapters, Assembled, Fingerprint, Progress, Retrieved, StoredFrame
from foreset.application.ports.tables import ArrowStream
from foreset.application.training_sets.plan import Planned, plan_retrieval
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.feast import ExecutionError
from foreset.domain.errors.retrieval import OutputUnwritable, RetrievalError
from foreset.domain.event_log.receipts import (
    IDENTITY,
    SpineRecord,
    TrainingSetRetrieved,
    semantics_for,
    spine_name,
    training_set_id,
    training_set_stream,
)
from foreset.domain.planning.measurements import Measured
from foreset.domain.planning.plan import RetrievalPlan


class Retrieval(msgspec.Struct, frozen=True):
    """A training set, its receipt, the plan that was run, and what it took.

    `pinned`: it was made of its pin, in place of the tables, because of `why`, or because that was asked for.
    """

    receipt: TrainingSetRetrieved
    frame: ArrowStream | StoredFrame
    plan: RetrievalPlan
    measured: Measured
    pinned: bool = False
    why: str | None = None


def retrieve(  # noqa: PLR0913  # what is asked, of what, and how it is kept and told
    spec: TrainingSetSpec,
    spine: object,
    adapters: Adapters,
    catalog: Catalog,
    *,
    keep_spine: bool = True,
    progress: Progress | None = None,
) -> Result[Retrieval, RetrievalError]:
    """The training set for a spec and a spine. Its receipt is in the log when this returns."""
    began = adapters.clock.now()
    return Result.do(
        Retrieval(receipt, made.assembled.frame, planned.plan, made.measured)
        for planned in plan_retrieval(spec, spine, adapters, catalog)
        for known in Success(adapters.spines.fingerprint(planned.spine.frame))
        for _ in spine_not_erased(known, adapters.events)
        for record in _spine_record(planned, known, adapters, keep_spine=keep_spine)
        for made in run_plan(Job(planned.plan, planned.spine.frame, known, began, progress), adapters)
        for receipt in Success(_receipt(spec, planned, made, record, adapters))
        for _ in spine_not_erased(known, adapters.events)  # while it was made
        for _ in _recorded(receipt, adapters)
    )


class Made(NamedTuple):
    """The rows of a training set, and what it took."""

    assembled: Assembled
    measured: Measured


class Job(NamedTuple):
    """A plan to run, for a spine whose fingerprint is known, since when it is worked on, and whom to tell of it."""

    plan: RetrievalPlan
    spine: ArrowStream
    known: Fingerprint
    began: datetime
    progress: Progress | None = None


def run_plan(job: Job, adapters: Adapters) -> Result[Made, ExecutionError | OutputUnwritable]:
    """Execute a plan and put its result together."""
    return Result.do(
        Made(assembled, _measured(retrieved, assembled, adapters, job.began))
        for retrieved in adapters.executor.execute(job.plan, job.spine)
        for assembled in adapters.results.assemble(job.plan, job.spine, job.known, retrieved.parts, job.progress)
    )


def _measured(retrieved: Retrieved, assembled: Assembled, adapters: Adapters, began: datetime) -> Measured:
    return Measured(
        work=retrieved.work(),
        result_bytes=assembled.size_bytes,
        peak_bytes=adapters.machine.peak_bytes(),
        seconds=(adapters.clock.now() - began).total_seconds(),
    )


def _spine_record(
    planned: Planned, known: Fingerprint, adapters: Adapters, *, keep_spine: bool
) -> Result[SpineRecord, StoreError]:
    frame, reference = planned.spine.frame, planned.spine.reference
    keep = keep_spine and reference is None
    record = SpineRecord(
        fingerprint=known.value, rows=planned.plan.spine.rows, kept=keep, reference=reference, identity=IDENTITY
    )
    return adapters.kept.keep(spine_name(known.value), frame).map(lambda _: record) if keep else Success(record)


def _receipt(
    spec: TrainingSetSpec, planned: Planned, made: Made, spine: SpineRecord, adapters: Adapters
) -> TrainingSetRetrieved:
    fingerprint = made.assembled.fingerprint
    return TrainingSetRetrieved(
        id=training_set_id(planned.plan, spine.fingerprint, fingerprint),
        spec=spec,
        plan=planned.plan,
        versions=planned.plan.versions,
        spine=spine,
        fingerprint=fingerprint,
        rows=spine.rows,
        columns=planned.plan.result.columns,
        ties={view.view: view.ties for view in made.measured.work.views},
        libraries=dict(adapters.libraries),
        semantics=semantics_for(planned.plan),
        executed_by=adapters.executed_by,
        served=made.measured.work.views,
        verified=made.measured.work.verified or msgspec.UNSET,
    )


def _recorded(receipt: TrainingSetRetrieved, adapters: Adapters) -> Result[None, RetrievalError]:
    adapters.log.info("training set retrieved", id=receipt.id, rows=receipt.rows, versions=receipt.versions)
    stream = training_set_stream(receipt.id)
    return adapters.events.append(stream, (receipt,), expected=None, at=adapters.clock.now(), actor=adapters.actor).map(
        lambda _: None
    )
