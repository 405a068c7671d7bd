"""`foreset demo`."""

import os
import sys
from pathlib import Path

import msgspec
from returns.result import Success

from foreset.domain.errors.problem import Problem
from foreset.domain.safe_text.escaping import escaped_json


def run_demo(folder: Path, *, quick: bool = False, json: bool = False) -> int:
    """Run the demo in a folder, which an earlier demo in it leaves; gives the exit code.

    `quick` takes two months instead of twelve. With `json` the figures are printed as one JSON document, and
    nothing else. 0: all went well; 2: the folder is not the demo's; 1: anything else that can be expected to fail.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # on a busy machine, threads that spin train five times slower
    from foreset.entrypoints.demo.show import Show, terminal  # the CLI starts without them
    from foreset.entrypoints.demo.story import QUICK, YEAR, tell

    told = tell(folder, QUICK if quick else YEAR, Show(terminal(quiet=json)))
    if not isinstance(told, Success):
        return _refused(told.failure(), json=json)
    if json:
        sys.stdout.write(_document(told.unwrap()))
    return 0


def _refused(error: Problem, *, json: bool) -> int:
    says, _, then = error.message.partition(" Next: ")
    fields = {"error": type(error).__name__, "fault": error.fault, "message": error.message}
    sys.stderr.write(_document(fields) if json else f"error: {says}\nNext: {then}\n")
    return 2 if error.fault == "caller" else 1


def _document(content: object) -> str:
    return escaped_json(msgspec.json.format(msgspec.json.encode(content), indent=2).decode()) + "\n"
