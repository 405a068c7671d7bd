"""`log`, `show`, `lineage`: what happened, and what is derived from what."""

import argparse

import msgspec
from returns.result import Result, Success

from foreset.application.event_log.history import ReceiptError, lineage_around, selected_events
from foreset.domain.definitions.models import ModelTrained
from foreset.domain.definitions.registry import EntityRegistered
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.history import SendError, UnknownName
from foreset.domain.errors.problem import did_you_mean, listed, refuse
from foreset.domain.event_log.erasures import KeyErased, asked_by
from foreset.domain.event_log.history import EventFilter, Selection, select_events
from foreset.domain.event_log.lineage import Lineage, LineageNode, LineageSent
from foreset.domain.event_log.lineage_text import as_mermaid, as_text
from foreset.domain.event_log.pins import TrainingSetPinned, TrainingSetUnpinned
from foreset.domain.event_log.receipts import Event, Recorded, SpineRecord, TrainingSetRebuilt, TrainingSetRetrieved
from foreset.domain.planning.ages import span
from foreset.domain.planning.explain import size
from foreset.domain.planning.measurements import ViewServed
from foreset.domain.unreadable import UnreadableEvent
from foreset.entrypoints.cli.output import Answer, Table, public
from foreset.entrypoints.cli.stores import store_to_read
from foreset.entrypoints.cli.words import at_versions, happened, known_at, measured, moment

_SHOWN = 20  # events of a name that `show` tells; `log` tells all


def log(args: argparse.Namespace) -> Result[Answer, StoreError]:
    """The last events that meet what is asked, the newest last."""
    wanted = EventFilter(
        actor=args.actor,
        view=args.view,
        table=args.table,
        model=args.model,
        training_set=args.training_set,
        since=args.since,
        until=args.until,
    )
    return Result.do(
        _log(selection, args.limit, wanted)
        for store in store_to_read(args)
        for selection in selected_events(wanted, store.adapters.events)
    )


def _log(selection: Selection, limit: int, wanted: EventFilter) -> Answer:
    last = selection.events[-limit:]
    data = [{**public(recorded), "words": happened(recorded.event)} for recorded in last]
    if not last:
        return Answer(data, [*_nothing(selection, wanted)])
    older = len(selection.events) - len(last)
    more = [f"{older} older events are not shown: --limit N shows more."] if older else []
    return Answer(data, [_events(last), *more])


def _events(recorded: tuple[Recorded, ...]) -> Table:
    rows = [(r.position, moment(r.at), r.actor, happened(r.event)) for r in recorded]
    return Table(("#", "time", "actor", "what happened"), rows, frozenset({"#"}))


def _nothing(selection: Selection, wanted: EventFilter) -> list[str]:
    """Why there is nothing to show."""
    if wanted == EventFilter():
        return ["Nothing has happened in this store. Next: `foreset apply FILE`."]
    unknown = [
        f"No event is of the {subject} {name!r}. {did_you_mean(name, selection.known[subject])}"
        f"There are events of: {listed(selection.known[subject])}."
        for subject, name in selection.unknown.items()
    ]
    return unknown or ["No event meets all that was asked."]


def show(args: argparse.Namespace) -> Result[Answer, ReceiptError]:
    """A receipt, and what was made of the training set since; or what is known of another name."""
    return Result.do(
        answer
        for store in store_to_read(args)
        for events in store.log.events()
        for answer in _show(args.id, events, store.receipt(args.id))
    )


def _show(
    name: str, events: tuple[Recorded, ...], receipt: Result[TrainingSetRetrieved, ReceiptError]
) -> Result[Answer, ReceiptError]:
    if isinstance(receipt, Success):
        return Success(_shown(receipt.unwrap(), events))
    problem = receipt.failure()
    around = lineage_around(name, events).value_or(Lineage((), ()))
    if all(around.node(key).kind == "training set" for key in around.asked):
        return refuse(problem)
    return Success(_named(around, events))


def _named(lineage: Lineage, events: tuple[Recorded, ...]) -> Answer:
    """What came of a name that is no training set's, and the events that are of it."""
    asked = [lineage.node(key) for key in lineage.asked]
    of = {recorded.position for node in asked for recorded in _of(node, events)}
    own = tuple(recorded for recorded in events if recorded.position in of)
    data = {"lineage": public(lineage), "events": [{**public(r), "words": happened(r.event)} for r in own]}
    return Answer(data, [as_text(lineage), "", _events(own[-_SHOWN:])])


def _of(node: LineageNode, events: tuple[Recorded, ...]) -> tuple[Recorded, ...]:
    match node.kind:
        case "view":
            return select_events(events, EventFilter(view=node.name)).events
        case "table":
            return select_events(events, EventFilter(table=node.name)).events
        case "model":
            return select_events(events, EventFilter(model=node.name)).events
        case "entity":
            return tuple(r for r in events if isinstance(r.event, EntityRegistered) and r.event.spec.name == node.name)
        case _:
            return tuple(r for r in events if r.position == node.position)


def _shown(receipt: TrainingSetRetrieved, events: tuple[Recorded, ...]) -> Answer:
    own = [r for r in events if getattr(r.event, "id", None) == receipt.id or _has_erased(r.event, receipt)]
    models = [r for r in events if isinstance(r.event, ModelTrained) and r.event.training_set_id == receipt.id]
    data = {
        "receipt": public(receipt),
        "plan": receipt.plan.explain(),
        "retrieved": _when(own, TrainingSetRetrieved),
        "rebuilt": _when(own, TrainingSetRebuilt),
        "pinned": public(_pin(own)),
        "erased": [{"at": r.at, "actor": r.actor, **public(r.event)} for r in own if isinstance(r.event, KeyErased)],
        "models": [{"at": r.at, "actor": r.actor, **public(r.event)} for r in models],
    }
    blocks: list[str | Table] = [Table(("", ""), _facts(receipt, own)), "", "plan", receipt.plan.explain()]
    return Answer(data, [*blocks, *_models(models)])


def _has_erased(event: Event | UnreadableEvent, receipt: TrainingSetRetrieved) -> bool:
    return isinstance(event, KeyErased) and receipt.id in event.training_sets


def _erased(own: list[Recorded]) -> list[str]:
    """By whose request it can be rebuilt no more."""
    return [
        f"{moment(r.at)}, {asked_by(r.event)}: a key of {r.event.entity}; it can be rebuilt no more"
        for r in own
        if isinstance(r.event, KeyErased)
    ]


def _when(own: list[Recorded], kind: type[Event]) -> list[dict[str, object]]:
    return [{"at": r.at, "actor": r.actor} for r in own if isinstance(r.event, kind)]


def _pin(own: list[Recorded]) -> TrainingSetPinned | None:
    """The pin that a training set has now."""
    last = next((r.event for r in reversed(own) if isinstance(r.event, (TrainingSetPinned, TrainingSetUnpinned))), None)
    return last if isinstance(last, TrainingSetPinned) else None


def _facts(receipt: TrainingSetRetrieved, own: list[Recorded]) -> list[tuple[str, str]]:
    spec, ties = receipt.spec, {view: count for view, count in receipt.ties.items() if count}
    pin = _pin(own)
    facts = [
        ("training set", receipt.id),
        ("name", spec.name or ""),
        ("built", _told(own, TrainingSetRetrieved)),
        ("rebuilt", _told(own, TrainingSetRebuilt)),
        ("pinned", "" if pin is None else f"{pin.rows:,} rows, {size(pin.size_bytes)}"),
        ("erased", listed(_erased(own))),
        ("features", listed(spec.features)),
        ("known at", known_at(spec)),
        ("versions", at_versions(receipt.versions)),
        ("rows", f"{receipt.rows:,}"),
        ("columns", listed(receipt.columns)),
        ("spine", _spine(receipt.spine) if not _erased(own) else "erased"),
        ("spine fingerprint", receipt.spine.fingerprint),
        ("fingerprint", receipt.fingerprint),
        ("served", "; ".join(_served(view, receipt.rows) for view in receipt.served)),
        ("ties", listed(f"{view}: {count:,} rows decided by the snapshot's order" for view, count in ties.items())),
        ("libraries", listed(f"{name} {version}" for name, version in receipt.libraries.items())),
    ]
    return [(name, value) for name, value in facts if value]


def _told(own: list[Recorded], kind: type[Event]) -> str:
    return listed(f"{moment(r.at)} by {r.actor}" for r in own if isinstance(r.event, kind))


def _served(view: ViewServed, rows: int) -> str:
    expired = f", {view.expired:,} expired" if view.expired else ""
    if view.expired is None and view.served < rows:
        expired = ", how many expired is told by `foreset report`"
    age = "" if view.ages is None else f", {span(view.ages.mean_us)} old on average"
    return f"{view.view}: {view.served:,} of {rows:,} rows{expired}{age}"


def _spine(spine: SpineRecord) -> str:
    if spine.reference is not None:
        where = f"{spine.reference.path}@{spine.reference.version}"
        return f"{where} where {spine.reference.filter}" if spine.reference.filter else where
    return "kept in the store" if spine.kept else "not kept: a rebuild needs it again"


def _models(models: list[Recorded]) -> list[str | Table]:
    rows = [
        (moment(r.at), r.event.name or r.event.estimator, measured(r.event.measured), r.event.saved_to or "")
        for r in models
        if isinstance(r.event, ModelTrained)
    ]
    return ["", Table(("trained", "model", "metrics", "saved to"), rows)] if rows else []


def lineage(args: argparse.Namespace) -> Result[Answer, UnknownName | SendError | StoreError]:
    """The graph around a name, or of everything; or that it was sent."""
    _refuse_what_does_not_go_together(args)
    if args.openlineage:
        return Result.do(
            _sent(sent)
            for store in store_to_read(args)
            for sent in store.log.send_lineage(
                args.openlineage, after=args.after or 0, namespace=args.namespace or "foreset"
            )
        )
    form = args.format or "text"
    return Result.do(_drawn(found, form) for store in store_to_read(args) for found in store.log.lineage(args.name))


def _refuse_what_does_not_go_together(args: argparse.Namespace) -> None:
    sending = {"--after": args.after, "--namespace": args.namespace}
    drawing = {"NAME": args.name, "--format": args.format}
    for option, given in (drawing if args.openlineage else sending).items():
        if given is not None:
            args.parser.error(f"{option} {'does not go' if args.openlineage else 'goes only'} with --openlineage")


def _drawn(found: Lineage, form: str) -> Answer:
    if not found.nodes and form == "text":
        return Answer(found, ["Nothing has happened in this store. Next: `foreset apply FILE`."])
    if form == "json":
        return Answer(found, [msgspec.json.format(msgspec.json.encode(found), indent=2).decode()])
    return Answer(found, [as_mermaid(found) if form == "mermaid" else as_text(found)])


def _sent(sent: LineageSent) -> Answer:
    done = f"Sent {sent.events} events to {sent.target}, up to position {sent.position} of the log."
    again = f"Next time: `foreset lineage --openlineage {sent.target} --after {sent.position}`."
    return Answer(sent, [done, again])
