"""`erase`: a key, from what the store keeps; and where else it is."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Final

from returns.result import Result, Success

from foreset.application.erasure.erase import Erased, EraseError
from foreset.application.erasure.find_key import FindError
from foreset.domain.erasure.key_report import KeyReport, SetHolding
from foreset.domain.errors.problem import listed, refuse
from foreset.domain.errors.specs import InvalidSpec
from foreset.entrypoints.cli.output import Answer, Table, public
from foreset.entrypoints.cli.stores import store_to_read

_LEFT: Final = 1
_WHERE: Final = {
    "kept": "in the spine that the store keeps",
    "table": "in the table that its spine is read from",
    "pinned": "in its pin",
    "category": "in no row, and a category of a column in its spine or pin",
    "named": "named in its receipt",
}


def erase(args: argparse.Namespace) -> Result[Answer, InvalidSpec | FindError | EraseError]:
    """Erase a key, or only tell where it is."""
    given = _key(args.key, args.entity)
    if not isinstance(given, Success):
        return refuse(given.failure())
    key = given.unwrap()
    if args.dry_run:
        return Result.do(
            _found(report) for store in store_to_read(args) for report in store.keys.find(args.entity, key)
        )
    return Result.do(
        _erased(done)
        for store in store_to_read(args)
        for done in store.keys.erase(args.entity, key, requested_by=args.requested_by, reason=args.reason)
    )


def _key(texts: Sequence[str], entity: str) -> Result[object, InvalidSpec]:
    """A single value, or values by the names of columns."""
    if len(texts) == 1 and "=" not in texts[0]:
        return Success(texts[0])
    parts = [text.partition("=") for text in texts]
    if any(not sign or not name for name, sign, _ in parts) or len({name for name, _, _ in parts}) < len(parts):
        problem = "of several values each needs the name of its join key, and each of them once"
        remedy = f"give them as --key COLUMN=VALUE; `foreset entities` has the join keys of {entity}"
        return refuse(InvalidSpec(spec="foreset erase --key", problem=problem, remedy=remedy))
    return Success({name: value for name, _, value in parts})


# === In words ===


def _found(report: KeyReport) -> Answer:
    """Where a key is."""
    if report.is_nowhere:
        said = [f"The key of {report.entity} was found nowhere: nothing to erase.", *_unread(report)]
        return Answer(_data(report), said, code=_LEFT)
    goes = _goes(report)
    would = [f"`foreset erase` without --dry-run removes {goes}."] if goes else []
    return Answer(_data(report), [*_places(report), *would, *_steps(report)], code=_code(report))


def _erased(done: Erased) -> Answer:
    report = done.report
    data = {**_data(report), "erased": public(done.recorded), "completed": done.completed, "in_use": done.in_use}
    completed = [f"Brought to an end what was begun before: {done.completed} removed."] if done.completed else []
    if done.was_nowhere:
        said = [f"The key of {report.entity} was found nowhere: nothing was erased.", *_unread(report)]
        return Answer(data, said, code=_LEFT)
    went = _count(len(done.removed), "kept frame"), _count(len(done.redacted), "event")
    sets = () if done.recorded is None else done.recorded.training_sets
    marked = f" {listed(sets)} can be rebuilt no more." if sets else ""
    removed = f"Removed {went[0]} and redacted {went[1]}.{marked}"
    held = [
        f"Running processes hold {_count(done.in_use, 'large result')} in files: the key may be in these till they end."
    ]
    shown: list[str | Table] = [*completed, *_places(report), removed, *(held if done.in_use else []), *_steps(report)]
    return Answer(data, shown, code=_code(report))


def _code(report: KeyReport) -> int:
    return 0 if report.is_whole else _LEFT


def _data(report: KeyReport) -> dict[str, object]:
    found: dict[str, object] = public(report)
    return {**found, "steps": report.steps, "nowhere": report.is_nowhere, "whole": report.is_whole}


def _goes(report: KeyReport) -> str:
    kept = len(report.spines) + len(report.pins)
    parts = [_count(kept, "kept frame")] if kept else []
    parts += [f"what names the key in {_count(len(report.redactable), 'event')}"] if report.redactable else []
    return " and ".join(parts)


def _places(report: KeyReport) -> Iterator[str | Table]:
    if report.tables:
        rows = [(h.table, _version(h.version, current=h.is_current), h.rows, listed(h.views)) for h in report.tables]
        yield Table(("table", "version", "rows", "views"), rows, frozenset({"rows"}))
        yield ""
    if report.training_sets:
        sets = [(holding.id, holding.rows or "", _where(holding)) for holding in report.training_sets]
        yield Table(("training set", "rows", "the key is"), sets, frozenset({"rows"}))
        yield ""
    yield from _unread(report)


def _where(holding: SetHolding) -> str:
    return _WHERE[holding.where] + (", and was erased before" if holding.marked else "")


def _version(version: int, *, current: bool) -> str:
    return f"{version}, the newest" if current else f"{version}, an older one"


def _unread(report: KeyReport) -> Iterator[str]:
    for unread in report.unread:
        left = " The key may be left there." if unread.kept else ""
        yield f"{unread.place} could not be looked at: {unread.why}{left}"


def _steps(report: KeyReport) -> Iterator[str]:
    steps = report.steps
    if steps:
        yield ""
        yield "What Foreset leaves to you:"
    for number, step in enumerate(steps, 1):
        yield f"{number}. {step}"


def _count(number: int, of: str) -> str:
    return f"1 {of}" if number == 1 else f"{number:,} {of}s"
