"""Delete the files of a table that its newest version does not need, and no training set by accident with them."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.event_log.history import receipt_of, unreadable_receipts
from foreset.application.ports.engine import Adapters
from foreset.application.retention.impact import RetentionError, retention
from foreset.application.retention.pin import PinError, pin
from foreset.application.training_sets.from_pin import existing_pin, whole_pin
from foreset.application.training_sets.recorded_inputs import options_of
from foreset.domain.definitions.registry import Catalog
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retention import NothingToVacuum, RetentionTooShort, VacuumFailed, WouldLose
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.event_log.pins import TableVacuumed
from foreset.domain.retention.vacuum_rule import Retention

VacuumError = RetentionError | PinError | WouldLose | RetentionTooShort | VacuumFailed
"""Why a table is not vacuumed, or not to the end."""


_NONE: Final[Result[tuple[str, ...], PinError]] = Success(())


class VacuumTask(msgspec.Struct, frozen=True, kw_only=True):
    """What to vacuum, keeping what was removed within `hours` (None: what the table asks for), and what may be lost.

    `lose` are ids of training sets, or beginnings of them. `pin_first`: those that would be lost are pinned before.
    `force`: `hours` may be less than the table asks for. `dry_run`: nothing is deleted.
    """

    table: str
    hours: float | None = None
    lose: tuple[str, ...] = ()
    pin_first: bool = False
    force: bool = False
    dry_run: bool = False


class Vacuumed(msgspec.Struct, frozen=True, kw_only=True):
    """What a vacuum did, or would do: the retention that it went by, the files that are gone, the sets pinned for it.

    `lost` are the training sets that were named as lost, and are.
    """

    retention: Retention
    deleted: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    dry_run: bool = False


def vacuum(task: VacuumTask, adapters: Adapters, catalog: Catalog) -> Result[Vacuumed, VacuumError]:
    """Delete what `retention` tells, if no training set is lost by it that was not named.

    Pins that sets will rest on are read and proved whole before anything is deleted. The event is recorded before the
    first file goes, so that none goes unrecorded; a vacuum that was cut short is completed by the next.
    """
    return Result.do(
        done
        for named in _named(task.lose, adapters)
        for told in retention(task.table, task.hours, adapters, catalog, named)
        for _ in _known(told)
        for _ in _long_enough(task, told)
        for pinned in (_pin(told, named, adapters, catalog) if task.pin_first and not task.dry_run else _NONE)
        for after in (retention(task.table, task.hours, adapters, catalog, named) if pinned else Success(told))
        for _ in _no_loss(task, after, named)
        for _ in _whole_pins(after, adapters)
        for done in _done(_planned(task, after, named, pinned), adapters, options_of(task.table, catalog))
    )


def _named(lose: Iterable[str], adapters: Adapters) -> Result[frozenset[str], VacuumError]:
    """The ids of the sets that are named as lost, also of those of which no receipt can be decoded."""
    found: set[str] = set()
    given = tuple(lose)
    known = adapters.events.read().map(unreadable_receipts) if given else Success({})
    for identifier in given:
        if identifier in known.value_or({}):
            found.add(identifier)
            continue
        receipt = receipt_of(identifier, adapters.events)
        if not isinstance(receipt, Success):
            return refuse(receipt.failure())
        found.add(receipt.unwrap().id)
    return Success(frozenset(found))


def _known(told: Retention) -> Result[None, NothingToVacuum]:
    """That all is known which the table asks of those who delete its files."""
    if told.unknown is None:
        return Success(None)
    problem = f"it uses {told.unknown}, and which files it needs with that is not known here"
    remedy = "vacuum it with an engine that supports that (for example Spark)"
    return refuse(NothingToVacuum(table=told.table, problem=problem, remedy=remedy))


def _long_enough(task: VacuumTask, told: Retention) -> Result[None, RetentionTooShort]:
    if told.hours < told.table_hours and not task.force and not task.dry_run:
        return refuse(RetentionTooShort(table=task.table, hours=f"{told.hours:g}", asked=f"{told.table_hours:g}"))
    return Success(None)


def _pin(
    told: Retention, named: frozenset[str], adapters: Adapters, catalog: Catalog
) -> Result[tuple[str, ...], PinError]:
    """Pin what would be lost and is not named."""
    done: list[str] = []
    for found in told.of("lost"):
        if found.id not in named:
            made = pin(found.id, adapters, catalog)
            if not isinstance(made, Success):
                return refuse(made.failure())
            done.append(found.id)
    return Success(tuple(done))


def _no_loss(task: VacuumTask, told: Retention, named: frozenset[str]) -> Result[None, WouldLose]:
    lost = tuple(found.id for found in told.of("lost") if found.id not in named)
    if lost and not (task.dry_run and task.pin_first):
        return refuse(WouldLose(table=task.table, hours=f"{told.hours:g}", sets=lost))
    return Success(None)


def _whole_pins(told: Retention, adapters: Adapters) -> Result[None, PinError]:
    """That what sets will rest on is there and whole."""
    for found in told.of("pinned"):
        whole: Result[object, PinError] = Result.do(
            pinned
            for receipt in receipt_of(found.id, adapters.events)
            for known in existing_pin(found.id, adapters.events)
            for pinned in whole_pin(known, receipt, adapters)
        )
        if not isinstance(whole, Success):
            return refuse(whole.failure())
    return Success(None)


def _planned(task: VacuumTask, told: Retention, named: frozenset[str], pinned: tuple[str, ...]) -> Vacuumed:
    lost = (*(found.id for found in told.of("lost", "gone") if found.id in named), *told.unread)
    return Vacuumed(retention=told, lost=lost, pinned=pinned, dry_run=task.dry_run)


def _done(planned: Vacuumed, adapters: Adapters, options: Mapping[str, str] | None) -> Result[Vacuumed, VacuumError]:
    told = planned.retention
    if planned.dry_run or not told.files:
        return Success(planned)
    paths = tuple(file.path for file in told.files)
    return Result.do(
        replace(planned, deleted=deleted)
        for _ in _recorded(told, planned.lost, adapters)
        for deleted in adapters.tables.delete(told.table, paths, options)
    )


def _recorded(told: Retention, lost: tuple[str, ...], adapters: Adapters) -> Result[object, StaleWrite | StoreError]:
    adapters.log.info("table vacuumed", table=told.table, files=len(told.files), lost=lost)
    event = TableVacuumed(
        table=told.table,
        version=told.version,
        hours=told.hours,
        files=len(told.files),
        size_bytes=told.size_bytes,
        lost=lost,
        pinned=tuple(found.id for found in told.of("pinned")),
    )
    return adapters.events.append(
        f"table/{told.table}", (event,), expected=None, at=adapters.clock.now(), actor=adapters.actor
    )
