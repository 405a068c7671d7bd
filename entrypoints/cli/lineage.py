"""`lineage`: what came of what; and telling others of it."""

import argparse

import msgspec
from returns.result import Result

from foreset.domain.errors.history import SendError, UnknownName
from foreset.domain.errors.store import StoreError
from foreset.domain.lineage import Lineage, LineageSent
from foreset.domain.lineage_texts import as_mermaid, as_text
from foreset.entrypoints.cli.output import Answer
from foreset.entrypoints.cli.stores import store_to_read


def lineage(args: argparse.Namespace) -> Result[Answer, UnknownName | SendError | StoreError]:
    """The graph around a name, or of everything; or that it was sent."""
    _refuse_what_does_not_go_together(args)
    if args.openlineage:
        return Result.do(
            _sent(sent)
            for store in store_to_read(args)
            for sent in store.send_lineage(
                args.openlineage, after=args.after or 0, namespace=args.namespace or "foreset"
            )
        )
    form = args.format or "text"
    return Result.do(_drawn(found, form) for store in store_to_read(args) for found in store.lineage(args.name))


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
