"""Pin a training set: keep the rows that served it, so that it can be rebuilt without its tables."""

from collections.abc import Mapping
from typing import Final

import msgspec
from returns.result import Result, Success

from foreset.application.event_log.erasures import not_erased
from foreset.application.event_log.history import receipt_of
from foreset.application.ports.engine import Adapters, ServedBy
from foreset.application.ports.tables import ArrowStream
from foreset.application.training_sets.diagnose import diagnosed, lost_versions
from foreset.application.training_sets.from_pin import existing_pin, from_pin, pin_of, whole_pin
from foreset.application.training_sets.rebuild import same_as_pinned
from foreset.application.training_sets.recorded_inputs import (
    Spine,
    advised,
    recorded_semantics,
    recorded_spine,
    recorded_tables,
)
from foreset.domain.definitions.registry import Catalog
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retention import OnlyPin
from foreset.domain.errors.retrieval import RebuildError
from foreset.domain.event_log.erasures import KeyErased
from foreset.domain.event_log.pins import (
    PinnedFrame,
    TrainingSetPinned,
    TrainingSetUnpinned,
    pin_name,
    pin_prefix,
    pinned_spine_name,
)
from foreset.domain.event_log.receipts import Recorded, TrainingSetRetrieved, training_set_stream
from foreset.domain.facts import TableFacts
from foreset.domain.planning.nodes import Scan
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.provenance import Provenance, provenance, whole_rows
from foreset.domain.unreadable import UnreadableEvent

_STAYS: Final[Result[bool, StoreError]] = Success(True)  # noqa: FBT003  # what `remove` gives
PinError = RebuildError
"""Why a training set cannot be pinned."""

UnpinError = PinError | OnlyPin
"""Why a pin is not given up."""


class Pinned(msgspec.Struct, frozen=True):
    """A pin, and whether it was made now: a training set that has a whole pin keeps it."""

    pin: TrainingSetPinned
    made: bool


def pin(identifier: str, adapters: Adapters, catalog: Catalog, spine: object | None = None) -> Result[Pinned, PinError]:
    """Keep the rows and columns of the tables that served a training set, and its spine where the store has it not.

    The set is built once from what was kept, and proved to be the same; then the pin is recorded. What was cut short
    before is done anew. `spine` is that of a rebuild. All that is kept is held in memory once.
    """
    return Result.do(
        pinned
        for receipt in receipt_of(identifier, adapters.events)
        for _ in recorded_semantics(receipt)
        for _ in not_erased(receipt, adapters.events)
        for known in pin_of(receipt.id, adapters.events)
        for pinned in _pinned(receipt, known, adapters, catalog, spine)
    )


def _pinned(
    receipt: TrainingSetRetrieved,
    known: TrainingSetPinned | None,
    adapters: Adapters,
    catalog: Catalog,
    spine: object | None,
) -> Result[Pinned, PinError]:
    if known is not None and isinstance(whole_pin(known, receipt, adapters), Success):
        return Success(Pinned(known, made=False))
    return Result.do(
        Pinned(made, made=True)
        for frames in _frames(receipt, adapters, catalog, spine)
        for kept in _kept(frames, receipt, adapters)
        for made in _proved(receipt, kept, adapters)
        for _ in _recorded(made, adapters)
    )


# === The rows that served ===


def _frames(
    receipt: TrainingSetRetrieved, adapters: Adapters, catalog: Catalog, spine: object | None
) -> Result[Mapping[str, ArrowStream], PinError]:
    """What is to be kept, by name."""
    found: Result[Mapping[str, ArrowStream], PinError] = Result.do(
        {pin_name(receipt.id, scan): rows for scan, rows in sorted(served.items())} | _own_spine(receipt, rows)
        for tables in recorded_tables(receipt, adapters, catalog)
        for rows in recorded_spine(receipt, spine, adapters)
        for served in _served(receipt.plan, tables, rows, adapters)
    )
    return (
        found if isinstance(found, Success) else refuse(diagnosed(found.failure(), receipt, adapters, catalog, spine))
    )


def _own_spine(receipt: TrainingSetRetrieved, spine: Spine) -> dict[str, ArrowStream]:
    return {} if receipt.spine.kept else {pinned_spine_name(receipt.id): spine[0]}


def _served(
    plan: RetrievalPlan, tables: dict[str, TableFacts], spine: Spine, adapters: Adapters
) -> Result[dict[int, ArrowStream], PinError]:
    traced = provenance(plan, tables, whole_rows)
    told = _told(plan, traced)
    return Result.do(
        rows
        for retrieved in adapters.engine.execute(advised(traced.plan, tables, spine[0], adapters), spine[0])
        for rows in adapters.pins.collect(told, retrieved.parts)
    )


def _told(plan: RetrievalPlan, traced: Provenance) -> tuple[ServedBy, ...]:
    scans = [index for index, node in enumerate(plan.nodes) if isinstance(node, Scan)]
    return tuple(ServedBy(scans.index(view.match.scan), view.position, view.columns) for view in traced.views)


# === Keeping them ===


def _kept(
    frames: Mapping[str, ArrowStream], receipt: TrainingSetRetrieved, adapters: Adapters
) -> Result[tuple[PinnedFrame, ...], PinError]:
    """Keep the frames; one that is there from a pin that was cut short stays if it is the same."""
    done: list[PinnedFrame] = []
    tables = {pin_name(receipt.id, number): scan.table for number, scan in enumerate(receipt.plan.scans)}
    for name, frame in frames.items():
        kept = _keep(name, tables.get(name), frame, adapters)
        if not isinstance(kept, Success):
            return refuse(kept.failure())
        done.append(kept.unwrap())
    return Success(tuple(done))


def _keep(name: str, table: str | None, frame: ArrowStream, adapters: Adapters) -> Result[PinnedFrame, StoreError]:
    fingerprint = adapters.spines.fingerprint(frame).value
    return Result.do(
        PinnedFrame(name=name, table=table, rows=rows, size_bytes=size, fingerprint=fingerprint)
        for _ in (adapters.kept.remove(name) if _is_other(name, fingerprint, adapters) else _STAYS)
        for _ in adapters.kept.keep(name, frame)
        for size in adapters.kept.size(name)
        for rows in Success(adapters.spines.profile(frame, "", ()).rows)
    )


def _is_other(name: str, fingerprint: str, adapters: Adapters) -> bool:
    """Whether something else is kept under a name. Where nothing is, another process may keep the same just now."""
    if not isinstance(adapters.kept.size(name), Success):
        return False
    there = adapters.kept.load(name).map(lambda known: adapters.spines.fingerprint(known).value)
    return there.value_or(None) != fingerprint


def _proved(
    receipt: TrainingSetRetrieved, frames: tuple[PinnedFrame, ...], adapters: Adapters
) -> Result[TrainingSetPinned, PinError]:
    """The pin of these frames, if the training set built from it is the same; what was kept is gone if not.

    So it is if a key was erased from the set meanwhile.
    """
    pinned = TrainingSetPinned(id=receipt.id, frames=frames, fingerprint=receipt.fingerprint)
    proved: Result[TrainingSetPinned, PinError] = Result.do(
        pinned
        for made, _ in from_pin(pinned, receipt, adapters, adapters.clock.now())
        for _ in same_as_pinned(receipt, made)
        for _ in not_erased(receipt, adapters.events)
    )
    if not isinstance(proved, Success):
        for frame in frames:
            adapters.kept.remove(frame.name)
    return proved


def _recorded(event: TrainingSetPinned | TrainingSetUnpinned, adapters: Adapters) -> Result[None, PinError]:
    adapters.log.info("training set pinned" if isinstance(event, TrainingSetPinned) else "unpinned", id=event.id)
    return adapters.events.append(
        training_set_stream(event.id), (event,), expected=None, at=adapters.clock.now(), actor=adapters.actor
    ).map(lambda _: None)


# === Giving up, and looking ===


def unpin(
    identifier: str, adapters: Adapters, catalog: Catalog, *, force: bool = False
) -> Result[TrainingSetUnpinned, UnpinError]:
    """Give up a pin. Refused where the tables cannot serve the set any more, as far as their logs tell, but `force`.

    It is recorded first; what is left where that is cut short is gone with the next pin or unpin.
    """
    return Result.do(
        event
        for receipt in receipt_of(identifier, adapters.events)
        for found in existing_pin(receipt.id, adapters.events)
        for _ in (_STAYS if force else _needless(receipt, adapters, catalog))
        for event in Success(TrainingSetUnpinned(id=receipt.id, frames=tuple(frame.name for frame in found.frames)))
        for _ in _recorded(event, adapters)
        for _ in _removed(receipt.id, adapters)
    )


def _needless(receipt: TrainingSetRetrieved, adapters: Adapters, catalog: Catalog) -> Result[bool, OnlyPin]:
    """That the set can be rebuilt without its pin."""
    lost = lost_versions(receipt, adapters, catalog)
    if lost:
        return refuse(OnlyPin(id=receipt.id, problem=" ".join(map(str, lost))))
    tables = recorded_tables(receipt, adapters, catalog)
    spine = recorded_spine(receipt, None, adapters)
    for found in (tables, spine):
        if not isinstance(found, Success):
            return refuse(OnlyPin(id=receipt.id, problem=found.failure().message.partition(" Next: ")[0]))
    return Success(True)  # noqa: FBT003  # as above


def _removed(identifier: str, adapters: Adapters) -> Result[None, StoreError]:
    names = adapters.kept.names(pin_prefix(identifier))
    for name in names.value_or(()):
        removed = adapters.kept.remove(name)
        if not isinstance(removed, Success):
            return refuse(removed.failure())
    return names.map(lambda _: None)


def pins(adapters: Adapters) -> Result[tuple[TrainingSetPinned, ...], StoreError]:
    """The pins that there are, by the log, in the order in which they were made."""
    return adapters.events.read().map(_standing)


def _standing(events: tuple[Recorded, ...]) -> tuple[TrainingSetPinned, ...]:
    found: dict[str, TrainingSetPinned] = {}
    for event in (recorded.event for recorded in events):
        if isinstance(event, TrainingSetPinned):
            found[event.id] = event
        elif isinstance(event, TrainingSetUnpinned):
            found.pop(event.id, None)
        elif (
            isinstance(event, UnreadableEvent) and event.may_be("training-set-pinned", "training-set-unpinned")
        ) or isinstance(event, KeyErased):
            found = {identifier: pin for identifier, pin in found.items() if identifier not in event.training_sets}
    return tuple(found.values())
