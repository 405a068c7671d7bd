"""Build a training set: plan, execute, and write the receipt."""

import msgspec
from returns.result import Result, Success

from foreset.application.plan_retrieval import Planned, plan_retrieval
from foreset.application.ports import Adapters, ArrowStream, Retrieved
from foreset.domain.errors.retrieval import RetrievalError
from foreset.domain.errors.store import StoreError
from foreset.domain.receipt import (
    SpineRecord,
    TrainingSetRetrieved,
    training_set_id,
    training_set_stream,
)
from foreset.domain.registry import Catalog
from foreset.domain.spec import TrainingSetSpec


class Retrieval(msgspec.Struct, frozen=True):
    """A training set and its receipt."""

    receipt: TrainingSetRetrieved
    frame: ArrowStream


def retrieve(
    spec: TrainingSetSpec, spine: object, adapters: Adapters, catalog: Catalog, *, keep_spine: bool = True
) -> Result[Retrieval, RetrievalError]:
    """The training set for a spec and a spine. Its receipt is in the log when this returns."""
    return Result.do(
        Retrieval(receipt, retrieved.frame)
        for planned in plan_retrieval(spec, spine, adapters, catalog)
        for retrieved in adapters.executor.execute(planned.plan, planned.spine.frame)
        for record in _spine_record(planned, adapters, keep_spine=keep_spine)
        for receipt in Success(_receipt(spec, planned, retrieved, record, adapters))
        for _ in _recorded(receipt, adapters)
    )


def _spine_record(planned: Planned, adapters: Adapters, *, keep_spine: bool) -> Result[SpineRecord, StoreError]:
    frame, reference = planned.spine.frame, planned.spine.reference
    fingerprint = adapters.spines.fingerprint(frame)
    keep = keep_spine and reference is None
    record = SpineRecord(fingerprint=fingerprint, rows=planned.plan.spine.rows, kept=keep, reference=reference)
    return adapters.spines.keep(frame, fingerprint).map(lambda _: record) if keep else Success(record)


def _receipt(
    spec: TrainingSetSpec, planned: Planned, retrieved: Retrieved, spine: SpineRecord, adapters: Adapters
) -> TrainingSetRetrieved:
    fingerprint = adapters.spines.fingerprint(retrieved.frame)
    return TrainingSetRetrieved(
        id=training_set_id(planned.plan, spine.fingerprint, fingerprint),
        spec=spec,
        plan=planned.plan,
        versions=planned.plan.versions,
        spine=spine,
        fingerprint=fingerprint,
        rows=spine.rows,
        columns=planned.plan.result.columns,
        ties=retrieved.ties,
        libraries=dict(adapters.libraries),
    )


def _recorded(receipt: TrainingSetRetrieved, adapters: Adapters) -> Result[None, RetrievalError]:
    adapters.log.info("training set retrieved", id=receipt.id, rows=receipt.rows, versions=receipt.versions)
    stream = training_set_stream(receipt.id)
    return adapters.events.append(stream, (receipt,), expected=None, at=adapters.clock.now(), actor=adapters.actor).map(
        lambda _: None
    )
