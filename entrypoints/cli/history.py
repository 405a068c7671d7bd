"""`log` and `show`: what happened."""

import argparse

from returns.result import Result

from foreset.application.history import ReceiptError
from foreset.domain.errors.problem import listed
from foreset.domain.errors.store import StoreError
from foreset.domain.model import ModelTrained
from foreset.domain.receipt import Recorded, SpineRecord, TrainingSetRebuilt, TrainingSetRetrieved
from foreset.entrypoints.cli.output import Answer, Table
from foreset.entrypoints.cli.public import public
from foreset.entrypoints.cli.stores import store_to_read
from foreset.entrypoints.cli.words import at_versions, happened, measured, moment


def log(args: argparse.Namespace) -> Result[Answer, StoreError]:
    """The last events, the newest last."""
    return store_to_read(args).bind(lambda store: store.history()).map(lambda events: _log(events, args.limit))


def _log(events: tuple[Recorded, ...], limit: int) -> Answer:
    last = events[-limit:]
    data = [{**public(recorded), "words": happened(recorded.event)} for recorded in last]
    if not last:
        return Answer(data, ["Nothing has happened in this store. Next: `foreset apply FILE`."])
    rows = [(r.position, moment(r.at), r.actor, happened(r.event)) for r in last]
    older = len(events) - len(last)
    more = [f"{older} older events are not shown: --limit N shows more."] if older else []
    return Answer(data, [Table(("#", "time", "actor", "what happened"), rows, frozenset({"#"})), *more])


def show(args: argparse.Namespace) -> Result[Answer, ReceiptError]:
    """A receipt, and what was made of the training set since."""
    return Result.do(
        _shown(receipt, events)
        for store in store_to_read(args)
        for receipt in store.receipt(args.id)
        for events in store.history()
    )


def _shown(receipt: TrainingSetRetrieved, events: tuple[Recorded, ...]) -> Answer:
    own = [r for r in events if getattr(r.event, "id", None) == receipt.id]
    models = [r for r in events if isinstance(r.event, ModelTrained) and r.event.training_set_id == receipt.id]
    rebuilt = [r for r in own if isinstance(r.event, TrainingSetRebuilt)]
    data = {
        "receipt": public(receipt),
        "plan": receipt.plan.explain(),
        "retrieved": [{"at": r.at, "actor": r.actor} for r in own if r not in rebuilt],
        "rebuilt": [{"at": r.at, "actor": r.actor} for r in rebuilt],
        "models": [{"at": r.at, "actor": r.actor, **public(r.event)} for r in models],
    }
    blocks: list[str | Table] = [Table(("", ""), _facts(receipt, own, rebuilt)), "", "plan", receipt.plan.explain()]
    return Answer(data, [*blocks, *_models(models)])


def _facts(receipt: TrainingSetRetrieved, own: list[Recorded], rebuilt: list[Recorded]) -> list[tuple[str, str]]:
    spec, ties = receipt.spec, {view: count for view, count in receipt.ties.items() if count}
    facts = [
        ("training set", receipt.id),
        ("name", spec.name or ""),
        ("built", listed(f"{moment(r.at)} by {r.actor}" for r in own if r not in rebuilt)),
        ("rebuilt", listed(f"{moment(r.at)} by {r.actor}" for r in rebuilt)),
        ("features", listed(spec.features)),
        ("known at", str(spec.known_at) if spec.known_at else "any time (all that the versions hold)"),
        ("versions", at_versions(receipt.versions)),
        ("rows", f"{receipt.rows:,}"),
        ("columns", listed(receipt.columns)),
        ("spine", _spine(receipt.spine)),
        ("spine fingerprint", receipt.spine.fingerprint),
        ("fingerprint", receipt.fingerprint),
        ("ties", listed(f"{view}: {count:,} rows decided by the snapshot's order" for view, count in ties.items())),
        ("libraries", listed(f"{name} {version}" for name, version in receipt.libraries.items())),
    ]
    return [(name, value) for name, value in facts if value]


def _spine(spine: SpineRecord) -> str:
    if spine.reference is not None:
        where = f"{spine.reference.path}@{spine.reference.version}"
        return f"{where} where {spine.reference.filter}" if spine.reference.filter else where
    return "kept in the store" if spine.kept else "not kept: a rebuild needs it again"


def _models(models: list[Recorded]) -> list[str | Table]:
    rows = [
        (moment(r.at), r.event.name or r.event.estimator, measured(r.event.metrics), r.event.saved_to or "")
        for r in models
        if isinstance(r.event, ModelTrained)
    ]
    return ["", Table(("trained", "model", "metrics", "saved to"), rows)] if rows else []
