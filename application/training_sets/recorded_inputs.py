"""What a receipt names, found again: its tables at their versions, its spine, its plan with advice for this machine."""

from returns.result import Result, Success

from foreset.application.event_log.erasures import not_erased
from foreset.application.ports.engine import Adapters, Fingerprint
from foreset.application.ports.tables import ArrowStream
from foreset.domain.definitions.registry import Catalog
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retention import SemanticsTooNew
from foreset.domain.errors.retrieval import RebuildError, SpineDiffers, SpineNotKept, TableReplaced
from foreset.domain.errors.tables import TableUnreadable
from foreset.domain.event_log.receipts import FIRST_IDENTITY, TrainingSetRetrieved, spine_name
from foreset.domain.facts import Facts, TableFacts
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.rules import optimize
from foreset.domain.planning.semantics import KNOWN, Semantics, semantics_of

Spine = tuple[ArrowStream, Fingerprint]
"""A spine, and its fingerprint."""


def recorded_semantics(receipt: TrainingSetRetrieved) -> Result[Semantics, SemanticsTooNew]:
    """The laws by which a training set was built; an error for those that only a newer Foreset knows."""
    found = semantics_of(receipt.semantics)
    if found is None:
        return refuse(SemanticsTooNew(id=receipt.id, found=receipt.semantics, known=tuple(map(str, KNOWN))))
    return Success(found)


def advised(
    plan: RetrievalPlan, tables: dict[str, TableFacts], spine: ArrowStream, adapters: Adapters
) -> RetrievalPlan:
    """A plan with advice for this machine, which may be another than the one that it was made on."""
    keys = tuple(dict.fromkeys(tuple(key.spine for key in match.keys) for _, match, _ in plan.gathers))
    profile = adapters.spines.profile(spine, plan.spine.time, keys)
    return optimize(plan, Facts(tables, profile, adapters.machine.observe()))


def options_of(table: str, catalog: Catalog) -> dict[str, str] | None:
    """The storage options that the views over a table have."""
    sources = (view.spec.source for view in catalog.views.values())
    return next((source.storage_options for source in sources if source.table == table), None)


def recorded_tables(
    receipt: TrainingSetRetrieved, adapters: Adapters, catalog: Catalog
) -> Result[dict[str, TableFacts], RebuildError]:
    """The facts of the recorded tables at the recorded versions."""
    facts: dict[str, TableFacts] = {}
    for scan in receipt.plan.scans:
        options, zone = options_of(scan.table, catalog), scan.partition_time_zone
        seen = adapters.tables.observe(scan.table, scan.version, options, partition_time_zone=zone)
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


def recorded_spine(
    receipt: TrainingSetRetrieved, given: object | None, adapters: Adapters
) -> Result[Spine, RebuildError]:
    """The spine: the one given, the one kept, or what its reference leads to; it must be the one that was used.

    Where the reference leads to it no more, and where it was not kept, it may be kept for another retrieval. That of a
    training set from whose rows a key was erased is refused.
    """
    return Result.do(spine for _ in not_erased(receipt, adapters.events) for spine in _spine(receipt, given, adapters))


def _spine(receipt: TrainingSetRetrieved, given: object | None, adapters: Adapters) -> Result[Spine, RebuildError]:
    record = receipt.spine
    name = spine_name(record.fingerprint)
    if given is None and record.reference is None and record.kept:
        return kept_spine(name, receipt, adapters)
    found = _read(receipt, record.reference if given is None else given, adapters)
    if given is not None or isinstance(found, Success):
        return found
    same = kept_spine(name, receipt, adapters)  # of another retrieval, which had it as a frame
    return same if isinstance(same, Success) else found


def _read(receipt: TrainingSetRetrieved, source: object | None, adapters: Adapters) -> Result[Spine, RebuildError]:
    if source is None:
        return refuse(SpineNotKept(id=receipt.id, fingerprint=receipt.spine.fingerprint))
    return Result.do(
        checked
        for spine in adapters.spines.read(source, adapters.machine.observe().free_bytes, receipt.plan.spine.time)
        for checked in _checked(spine.frame, receipt, adapters)
    )


def kept_spine(name: str, receipt: TrainingSetRetrieved, adapters: Adapters) -> Result[Spine, RebuildError]:
    """The spine that is kept under a name; it must be the one that was used.

    In the first identity a spine of categories or arrays has the name of one of texts or lists. Where an older Foreset
    has kept the former under the name, its values in their plain types are the latter.
    """
    return Result.do(
        checked
        for kept in adapters.kept.load(name)
        for checked in _checked(_as_recorded(kept, receipt, adapters), receipt, adapters)
    )


def _as_recorded(kept: ArrowStream, receipt: TrainingSetRetrieved, adapters: Adapters) -> ArrowStream:
    former = adapters.spines.fingerprint(kept).former if receipt.spine.identity != FIRST_IDENTITY else None
    is_plain = former is not None and former.value == receipt.spine.fingerprint
    return adapters.spines.plain(kept) if is_plain else kept


def _checked(frame: ArrowStream, receipt: TrainingSetRetrieved, adapters: Adapters) -> Result[Spine, RebuildError]:
    found = adapters.spines.fingerprint(frame)
    if receipt.spine.identity == FIRST_IDENTITY and found.former is not None:
        found = found.former
    if found.value != receipt.spine.fingerprint:
        return refuse(SpineDiffers(id=receipt.id, recorded=receipt.spine.fingerprint, found=found.value))
    return Success((frame, found))
