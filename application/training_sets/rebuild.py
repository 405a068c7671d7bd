"""Build a training set again from its receipt, and prove that it is the same."""

from datetime import datetime
from typing import Literal

import msgspec
from returns.result import Result, Success

from foreset.application.event_log.erasures import not_erased
from foreset.application.event_log.history import receipt_of
from foreset.application.ports.engine import Adapters
from foreset.application.training_sets.diagnose import diagnosed
from foreset.application.training_sets.from_pin import existing_pin, from_pin, pin_of
from foreset.application.training_sets.recorded_inputs import (
    advised,
    recorded_semantics,
    recorded_spine,
    recorded_tables,
)
from foreset.application.training_sets.retrieve import Job, Made, Retrieval, run_plan
from foreset.domain.definitions.registry import Catalog
from foreset.domain.errors.files import FilesChanged, ParquetMissing
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retention import PinBroken
from foreset.domain.errors.retrieval import NotReproduced, RebuildError, SpineNotKept, TableReplaced
from foreset.domain.errors.tables import (
    DataFileGone,
    HistoryCleaned,
    NotADeltaTable,
    ObjectStoreFailed,
    TableMissing,
    TableUnreadable,
    UnsupportedTable,
    VersionMissing,
)
from foreset.domain.event_log.pins import TrainingSetPinned
from foreset.domain.event_log.receipts import OURSELVES, TrainingSetRebuilt, TrainingSetRetrieved, training_set_stream
from foreset.domain.planning.plan import RetrievalPlan

UNSERVED = (
    DataFileGone
    | FilesChanged
    | HistoryCleaned
    | NotADeltaTable
    | NotReproduced
    | ObjectStoreFailed
    | ParquetMissing
    | SpineNotKept
    | TableMissing
    | TableReplaced
    | TableUnreadable
    | UnsupportedTable
    | VersionMissing
)
"""Why tables, or the caller, do not give what a training set is made of; a pin has it."""


class Rebuilt(msgspec.Struct, frozen=True):
    """A training set that was made again, the plan that was run, and why it was made of its pin; None: it was not."""

    made: Made
    plan: RetrievalPlan
    pinned: TrainingSetPinned | None = None
    why: str | None = None


def rebuild(
    identifier: str, adapters: Adapters, catalog: Catalog, spine: object | None = None, *, pin: bool = False
) -> Result[Retrieval, RebuildError]:
    """The training set of a receipt, from the tables at the recorded versions; equal to the first, or refused.

    Where the tables cannot serve it, or with `pin`, it is made of its pin. Where there is none, the error tells what is
    gone. `spine` is needed only where the spine was not kept; it is checked against the recorded fingerprint.
    """
    began = adapters.clock.now()
    return Result.do(
        _retrieval(receipt, done)
        for receipt in receipt_of(identifier, adapters.events)
        for done in made_again(receipt, adapters, catalog, spine, began, pin=pin)
        for _ in _recorded(receipt, done, adapters)
    )


def load(
    identifier: str, adapters: Adapters, catalog: Catalog, spine: object | None = None
) -> Result[Retrieval, RebuildError]:
    """The training set of a receipt, as `rebuild` gives it, of which nothing is recorded."""
    began = adapters.clock.now()
    return Result.do(
        _retrieval(receipt, done)
        for receipt in receipt_of(identifier, adapters.events)
        for done in made_again(receipt, adapters, catalog, spine, began)
    )


def _retrieval(receipt: TrainingSetRetrieved, done: Rebuilt) -> Retrieval:
    made = done.made
    return Retrieval(receipt, made.assembled.frame, done.plan, made.measured, done.pinned is not None, done.why)


def made_again(  # noqa: PLR0913  # what is made again, of what, and since when
    receipt: TrainingSetRetrieved,
    adapters: Adapters,
    catalog: Catalog,
    spine: object | None,
    began: datetime,
    *,
    pin: bool = False,
) -> Result[Rebuilt, RebuildError]:
    """The training set of a receipt, as `rebuild` makes it, of which nothing is recorded."""
    return Result.do(
        done
        for _ in recorded_semantics(receipt)
        for _ in not_erased(receipt, adapters.events)
        for done in _rebuilt(receipt, adapters, catalog, spine, began, pin=pin)
    )


def _rebuilt(  # noqa: PLR0913  # what is made again, of what, and since when
    receipt: TrainingSetRetrieved,
    adapters: Adapters,
    catalog: Catalog,
    spine: object | None,
    began: datetime,
    *,
    pin: bool,
) -> Result[Rebuilt, RebuildError]:
    if pin:
        return Result.do(
            rebuilt
            for found in existing_pin(receipt.id, adapters.events)
            for rebuilt in _from_pin(receipt, found, adapters, began, None)
        )
    made = from_tables(receipt, adapters, catalog, spine, began)
    if isinstance(made, Success):
        return made
    error = made.failure()
    if not isinstance(error, UNSERVED):
        return made
    pinned = pin_of(receipt.id, adapters.events).value_or(None)
    if pinned is not None:
        return _from_pin(receipt, pinned, adapters, began, error.message.partition(" Next: ")[0])
    return refuse(diagnosed(error, receipt, adapters, catalog, spine))


def from_tables(
    receipt: TrainingSetRetrieved, adapters: Adapters, catalog: Catalog, spine: object | None, began: datetime
) -> Result[Rebuilt, RebuildError]:
    """The training set made of the tables, with the recorded fingerprint."""
    return Result.do(
        Rebuilt(made, plan)
        for tables in recorded_tables(receipt, adapters, catalog)
        for frame, known in recorded_spine(receipt, spine, adapters)
        for plan in Success(advised(receipt.plan, tables, frame, adapters))
        for made in run_plan(Job(plan, frame, known, began), adapters)
        for _ in _same(receipt, made)
    )


def _from_pin(
    receipt: TrainingSetRetrieved, pin: TrainingSetPinned, adapters: Adapters, began: datetime, why: str | None
) -> Result[Rebuilt, RebuildError]:
    return Result.do(
        Rebuilt(made, plan, pin, why)
        for made, plan in from_pin(pin, receipt, adapters, began)
        for _ in same_as_pinned(receipt, made)
    )


def _same(receipt: TrainingSetRetrieved, made: Made) -> Result[None, NotReproduced]:
    found = made.assembled.fingerprint
    if found != receipt.fingerprint:
        return refuse(NotReproduced(id=receipt.id, recorded=receipt.fingerprint, found=found))
    return Success(None)


def same_as_pinned(receipt: TrainingSetRetrieved, made: Made) -> Result[None, PinBroken]:
    """That what was made of a pin is the training set."""
    found = made.assembled.fingerprint
    if found != receipt.fingerprint:
        problem = f"what is built of it has the fingerprint {found}, and {receipt.fingerprint} was recorded"
        return refuse(PinBroken(id=receipt.id, problem=problem))
    return Success(None)


def _recorded(receipt: TrainingSetRetrieved, done: Rebuilt, adapters: Adapters) -> Result[None, RebuildError]:
    source: Literal["tables", "pin"] = "tables" if done.pinned is None else "pin"
    adapters.log.info("training set rebuilt", id=receipt.id, fingerprint=receipt.fingerprint, source=source)
    event = TrainingSetRebuilt(
        id=receipt.id,
        fingerprint=receipt.fingerprint,
        libraries=dict(adapters.libraries),
        executed_by=adapters.executed_by if done.pinned is None else OURSELVES,
        source=source,
        why=done.why,
    )
    return adapters.events.append(
        training_set_stream(receipt.id), (event,), expected=None, at=adapters.clock.now(), actor=adapters.actor
    ).map(lambda _: None)
