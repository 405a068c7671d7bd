"""Build a training set from its pin: from the rows that served, without any table."""

from collections.abc import Iterable, Mapping
from dataclasses import replace as replaced
from datetime import datetime

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.ports.engine import Adapters
from foreset.application.ports.event_log import EventStore
from foreset.application.ports.tables import ArrowStream
from foreset.application.training_sets.recorded_inputs import Spine, advised, kept_spine
from foreset.application.training_sets.retrieve import Job, Made, run_plan
from foreset.domain.errors.event_log import EventUnreadable, KeptLost, StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retention import NotPinned, PinBroken
from foreset.domain.errors.retrieval import RebuildError
from foreset.domain.event_log.pins import TrainingSetPinned, TrainingSetUnpinned, pin_name, pinned_spine_name
from foreset.domain.event_log.receipts import (
    OURSELVES,
    Recorded,
    TrainingSetRetrieved,
    spine_name,
    training_set_stream,
)
from foreset.domain.facts import TableFacts
from foreset.domain.planning.nodes import Node, Scan
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.unreadable import UnreadableEvent


def newest_pin(recorded: Iterable[Recorded]) -> TrainingSetPinned | None:
    """The pin that a training set has, by the events of it; None where it has none, or that is not known."""
    last = _last_of_pins(recorded)
    return last if isinstance(last, TrainingSetPinned) else None


def _last_of_pins(recorded: Iterable[Recorded]) -> TrainingSetPinned | TrainingSetUnpinned | UnreadableEvent | None:
    found: TrainingSetPinned | TrainingSetUnpinned | UnreadableEvent | None = None
    for event in (one.event for one in recorded):
        if isinstance(event, TrainingSetPinned | TrainingSetUnpinned) or (
            isinstance(event, UnreadableEvent) and event.may_be("training-set-pinned", "training-set-unpinned")
        ):
            found = event
    return found


def pin_of(identifier: str, events: EventStore) -> Result[TrainingSetPinned | None, StoreError]:
    """The pin of a training set, None where it has none."""
    return events.read(training_set_stream(identifier)).map(newest_pin)


def existing_pin(identifier: str, events: EventStore) -> Result[TrainingSetPinned, StoreError | NotPinned]:
    """The pin of a training set that must have one."""
    found = events.read(training_set_stream(identifier)).map(_last_of_pins)
    if not isinstance(found, Success):
        return refuse(found.failure())
    pin = found.unwrap()
    if isinstance(pin, UnreadableEvent):
        what = f"Whether the training set {identifier} has a pin is not known"
        remedy = f"pin it again: store.training_sets.pin({identifier!r})"
        return refuse(
            EventUnreadable(what=what, event=pin.kind, position=pin.position, problem=pin.problem, remedy=remedy)
        )
    return Success(pin) if isinstance(pin, TrainingSetPinned) else refuse(NotPinned(id=identifier))


def frames_of(pin: TrainingSetPinned, adapters: Adapters) -> Result[dict[str, ArrowStream], StoreError | PinBroken]:
    """The kept frames of a pin by their names, each proved to be what was kept."""
    frames: dict[str, ArrowStream] = {}
    for frame in pin.frames:
        loaded = adapters.kept.load(frame.name)
        match loaded.swap():
            case Success(KeptLost() as lost):
                return refuse(PinBroken(id=pin.id, problem=f"{lost.place} cannot be read ({lost.problem})"))
            case Success(error):
                return refuse(error)
            case _:
                frames[frame.name] = loaded.unwrap()
        found = adapters.spines.fingerprint(frames[frame.name]).value
        if found != frame.fingerprint:
            problem = f"the fingerprint of {frame.name} is {found}, and {frame.fingerprint} was recorded"
            return refuse(PinBroken(id=pin.id, problem=problem))
    return Success(frames)


def whole_pin(
    pin: TrainingSetPinned, receipt: TrainingSetRetrieved, adapters: Adapters
) -> Result[TrainingSetPinned, RebuildError]:
    """The pin, if all that it keeps is there and is what was kept, and the spine too."""
    return Result.do(pin for _ in frames_of(pin, adapters) for _ in pinned_spine(pin, receipt, adapters))


def pinned_spine(
    pin: TrainingSetPinned, receipt: TrainingSetRetrieved, adapters: Adapters
) -> Result[Spine, RebuildError]:
    """The spine: of the pin's own, or the one that the store keeps."""
    own = pinned_spine_name(pin.id)
    name = own if any(frame.name == own for frame in pin.frames) else spine_name(receipt.spine.fingerprint)
    return kept_spine(name, receipt, adapters)


def from_pin(
    pin: TrainingSetPinned, receipt: TrainingSetRetrieved, adapters: Adapters, began: datetime
) -> Result[tuple[Made, RetrievalPlan], RebuildError]:
    """The training set, made of what its pin keeps, and the plan that was run; not compared with the recorded one."""
    return Result.do(
        (made, plan)
        for frames in frames_of(pin, adapters)
        for spine, known in pinned_spine(pin, receipt, adapters)
        for plan, over in Success(_over(receipt, frames, spine, adapters))
        for made in run_plan(Job(plan, spine, known, began), over)
    )


def _over(
    receipt: TrainingSetRetrieved, frames: Mapping[str, ArrowStream], spine: ArrowStream, adapters: Adapters
) -> tuple[RetrievalPlan, Adapters]:
    """The plan over the kept rows, and the adapters that run it: Foreset's own engine, over tables of these rows."""
    tables, engine = adapters.pins.serving(frames)
    plan = over_frames(receipt.id, receipt.plan)
    facts: dict[str, TableFacts] = {scan.table: tables.observe(scan.table).unwrap().facts for scan in plan.scans}
    over = replaced(adapters, tables=tables, executor=engine, engine=engine, executed_by=OURSELVES)
    return advised(plan, facts, spine, over), over


def over_frames(identifier: str, plan: RetrievalPlan) -> RetrievalPlan:
    """The plan with each scan's table replaced by that of the rows that served from it."""
    nodes: list[Node] = []
    for node in plan.nodes:
        if isinstance(node, Scan):
            name = pin_name(identifier, sum(isinstance(done, Scan) for done in nodes))
            nodes.append(replace(node, table=name, version=0, bounds=()))
        else:
            nodes.append(node)
    return RetrievalPlan(tuple(nodes))
