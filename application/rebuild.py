"""Build a training set again from its receipt, and prove that it is the same."""

from returns.result import Result, Success

from foreset.application.history import receipt_of
from foreset.application.ports import Adapters, ArrowStream, Fingerprint
from foreset.application.retrieve import Job, Retrieval, run_plan
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import (
    NotReproduced,
    RebuildError,
    SpineDiffers,
    SpineNotKept,
    TableReplaced,
)
from foreset.domain.errors.tables import TableUnreadable
from foreset.domain.facts import Facts, TableFacts
from foreset.domain.plan import RetrievalPlan
from foreset.domain.receipt import TrainingSetRebuilt, TrainingSetRetrieved, spine_name, training_set_stream
from foreset.domain.registry import Catalog
from foreset.domain.rules import optimize


def rebuild(
    identifier: str, adapters: Adapters, catalog: Catalog, spine: object | None = None
) -> Result[Retrieval, RebuildError]:
    """The training set of a receipt, from the tables at the recorded versions; equal to the first, or refused.

    `spine` is needed only where the spine was not kept; it is checked against the recorded fingerprint.
    """
    began = adapters.clock.now()
    return Result.do(
        Retrieval(receipt, made.assembled.frame, plan, made.measured)
        for receipt in receipt_of(identifier, adapters.events)
        for tables in _same_tables(receipt, adapters, catalog)
        for frame, known in _spine(receipt, spine, adapters)
        for plan in Success(_advised(receipt.plan, tables, frame, adapters))
        for made in run_plan(Job(plan, frame, known, began), adapters)
        for _ in _verified(receipt, made.assembled.fingerprint, adapters)
    )


def _advised(
    plan: RetrievalPlan, tables: dict[str, TableFacts], spine: ArrowStream, adapters: Adapters
) -> RetrievalPlan:
    """The recorded plan with advice for this machine, which may be another than the one that it was made on."""
    keys = tuple(dict.fromkeys(tuple(key.spine for key in match.keys) for _, match, _ in plan.gathers))
    profile = adapters.spines.profile(spine, plan.spine.time, keys)
    return optimize(plan, Facts(tables, profile, adapters.machine.observe()))


def _same_tables(
    receipt: TrainingSetRetrieved, adapters: Adapters, catalog: Catalog
) -> Result[dict[str, TableFacts], RebuildError]:
    """The facts of the recorded tables at the recorded versions."""
    facts: dict[str, TableFacts] = {}
    options = {view.spec.source.table: view.spec.source.storage_options for view in catalog.views.values()}
    for scan in receipt.plan.scans:
        seen = adapters.tables.observe(
            scan.table,
            scan.version,
            options.get(scan.table),
            partition_time_zone=scan.partition_time_zone,
        )
        if not isinstance(seen, Success):
            return refuse(seen.failure())
        facts[scan.table] = seen.unwrap().facts
        found = facts[scan.table].table_id
        if found != scan.table_id:
            return refuse(TableReplaced(table=scan.table, recorded=scan.table_id, found=found))
        gone = next((name for name in scan.columns if facts[scan.table].dtype(name) is None), None)
        if gone is not None:
            problem = f"its version {scan.version} has no column {gone!r} any more, so its log was changed"
            return refuse(TableUnreadable(table=scan.table, problem=problem))
    return Success(facts)


def _spine(
    receipt: TrainingSetRetrieved, given: object | None, adapters: Adapters
) -> Result[tuple[ArrowStream, Fingerprint], RebuildError]:
    record = receipt.spine
    source = given if given is not None else record.reference
    if source is None and not record.kept:
        return refuse(SpineNotKept(id=receipt.id, fingerprint=record.fingerprint))
    if source is None:
        return Result.do(
            checked
            for kept in adapters.kept.load(spine_name(record.fingerprint))
            for checked in _checked(kept, receipt, adapters)
        )
    return Result.do(
        checked
        for spine in adapters.spines.read(source, adapters.machine.observe().free_bytes)
        for checked in _checked(spine.frame, receipt, adapters)
    )


def _checked(
    frame: ArrowStream, receipt: TrainingSetRetrieved, adapters: Adapters
) -> Result[tuple[ArrowStream, Fingerprint], RebuildError]:
    found = adapters.spines.fingerprint(frame)
    if found.value != receipt.spine.fingerprint:
        return refuse(SpineDiffers(id=receipt.id, recorded=receipt.spine.fingerprint, found=found.value))
    return Success((frame, found))


def _verified(receipt: TrainingSetRetrieved, found: str, adapters: Adapters) -> Result[None, RebuildError]:
    if found != receipt.fingerprint:
        return refuse(NotReproduced(id=receipt.id, recorded=receipt.fingerprint, found=found))
    adapters.log.info("training set rebuilt", id=receipt.id, fingerprint=found)
    event = TrainingSetRebuilt(
        id=receipt.id, fingerprint=found, libraries=dict(adapters.libraries), executed_by=adapters.executed_by
    )
    return adapters.events.append(
        training_set_stream(receipt.id), (event,), expected=None, at=adapters.clock.now(), actor=adapters.actor
    ).map(lambda _: None)
