"""`log verify` and `log move`: prove that the event log is whole, and move it."""

import argparse

import msgspec
from returns.result import Result

from foreset.application.event_log.move import Moved, MoveError
from foreset.application.event_log.verify import VerifyError
from foreset.domain.errors.event_log import NoLog
from foreset.domain.errors.problem import listed
from foreset.domain.event_log.chain_audit import LogReport
from foreset.entrypoints.cli.findings import as_data, counted, lines
from foreset.entrypoints.cli.output import Answer
from foreset.entrypoints.cli.stores import store_that_is_there

_BROKEN = 1


def verify(args: argparse.Namespace) -> Result[Answer, VerifyError | NoLog]:
    """Follow the chain of hashes; exit code 0 where the log is whole."""
    return Result.do(
        _verified(report) for store in store_that_is_there(args) for report in store.log.verify(args.expect)
    )


def _verified(report: LogReport) -> Answer:
    data = {**msgspec.to_builtins(report), "head": str(report.head), "findings": as_data(report.findings)}
    data["whole"] = report.whole
    if not report.whole:
        return Answer(data, [*lines(report.findings), f"{counted(report.findings)}."], code=_BROKEN)
    redacted = [f"Redacted, as the log itself says: the events {listed(report.redacted)}."] if report.redacted else []
    note = [f"Noted elsewhere, this proves it later: `foreset log verify --expect {report.head}`."]
    return Answer(data, [f"The log is whole: {_counted(report.events, 'event')}.", *redacted, *note])


def move(args: argparse.Namespace) -> Result[Answer, MoveError | NoLog]:
    """Move the log and the kept frames to another folder or database."""
    return Result.do(_moved(moved) for store in store_that_is_there(args) for moved in store.log.move(args.to))


def _moved(moved: Moved) -> Answer:
    data = {**msgspec.to_builtins(moved), "head": str(moved.head)}
    copied = f"Copied now: {_counted(moved.copied_events, 'event')} and {_counted(moved.copied_frames, 'kept frame')}."
    there = f"{moved.place} has {_counted(moved.events, 'event')}, and is whole. The old log takes no more."
    return Answer(data, [copied, there, f"Next: use it from now on, with `--store {moved.place}` or FORESET_STORE."])


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
