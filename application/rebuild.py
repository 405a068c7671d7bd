"""Build a training set again from its receipt, and prove that it is the same."""

from returns.result import Result, Success

from foreset.application.history import receipt_of
from foreset.application.ports import Adapters, ArrowStream
from foreset.application.retrieve import Retrieval
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import (
    NotReproduced,
    RebuildError,
    SpineDiffers,
    SpineNotKept,
    TableReplaced,
)
from foreset.domain.receipt import TrainingSetRebuilt, TrainingSetRetrieved, training_set_stream
from foreset.domain.registry import Catalog


def rebuild(
    identifier: str, adapters: Adapters, catalog: Catalog, spine: object | None = None
) -> Result[Retrieval, RebuildError]:
    """The training set of a receipt, from the tables at the recorded versions; equal to the first, or refused.

    `spine` is needed only where the spine was not kept; it is checked against the recorded fingerprint.
    """
    return Result.do(
        Retrieval(receipt, retrieved.frame)
        for receipt in receipt_of(identifier, adapters.events)
        for _ in _same_tables(receipt, adapters, catalog)
        for frame in _spine(receipt, spine, adapters)
        for retrieved in adapters.executor.execute(receipt.plan, frame)
        for _ in _verified(receipt, retrieved.frame, adapters)
    )


def _same_tables(receipt: TrainingSetRetrieved, adapters: Adapters, catalog: Catalog) -> Result[None, RebuildError]:
    options = {view.spec.source.table: view.spec.source.storage_options for view in catalog.views.values()}
    for scan in receipt.plan.scans:
        seen = adapters.tables.observe(scan.table, scan.version, options.get(scan.table))
        if not isinstance(seen, Success):
            return refuse(seen.failure())
        found = seen.unwrap().facts.table_id
        if found != scan.table_id:
            return refuse(TableReplaced(table=scan.table, recorded=scan.table_id, found=found))
    return Success(None)


def _spine(
    receipt: TrainingSetRetrieved, given: object | None, adapters: Adapters
) -> Result[ArrowStream, RebuildError]:
    record = receipt.spine
    source = given if given is not None else record.reference
    if source is None and not record.kept:
        return refuse(SpineNotKept(id=receipt.id, fingerprint=record.fingerprint))
    if source is None:
        return Result.do(
            checked
            for kept in adapters.spines.load(record.fingerprint)
            for checked in _checked(kept, receipt, adapters)
        )
    return Result.do(
        checked for spine in adapters.spines.read(source) for checked in _checked(spine.frame, receipt, adapters)
    )


def _checked(
    frame: ArrowStream, receipt: TrainingSetRetrieved, adapters: Adapters
) -> Result[ArrowStream, RebuildError]:
    found = adapters.spines.fingerprint(frame)
    if found != receipt.spine.fingerprint:
        return refuse(SpineDiffers(id=receipt.id, recorded=receipt.spine.fingerprint, found=found))
    return Success(frame)


def _verified(receipt: TrainingSetRetrieved, frame: ArrowStream, adapters: Adapters) -> Result[None, RebuildError]:
    found = adapters.spines.fingerprint(frame)
    if found != receipt.fingerprint:
        return refuse(NotReproduced(id=receipt.id, recorded=receipt.fingerprint, found=found))
    adapters.log.info("training set rebuilt", id=receipt.id, fingerprint=found)
    event = TrainingSetRebuilt(id=receipt.id, fingerprint=found, libraries=dict(adapters.libraries))
    return adapters.events.append(
        training_set_stream(receipt.id), (event,), expected=None, at=adapters.clock.now(), actor=adapters.actor
    ).map(lambda _: None)
