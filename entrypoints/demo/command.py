"""`foreset demo`."""

import sys
from pathlib import Path

from returns.result import Success

from foreset.domain.errors.problem import Problem


def run_demo(folder: Path, *, quick: bool = False, json: bool = False) -> int:
    """Run the demo in a folder, which an earlier demo in it leaves; gives the exit code.

    `quick` takes two months instead of twelve. With `json` the figures are printed as one JSON document, and
    nothing else. 0: all went well; 2: the folder is not the demo's; 1: anything else that can be expected to fail.
    """
    from foreset.entrypoints.demo.show import Show, terminal  # noqa: PLC0415  # the CLI starts without them
    from foreset.entrypoints.demo.story import QUICK, YEAR, tell  # noqa: PLC0415

    show = Show(terminal(quiet=json))
    told = tell(folder, QUICK if quick else YEAR, show)
    if not isinstance(told, Success):
        return _refused(told.failure())
    figures = told.unwrap()
    if json:
        import msgspec  # noqa: PLC0415

        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    return 0


def _refused(error: Problem) -> int:
    sys.stderr.write(f"{error.message}\n")
    return 2 if error.fault == "caller" else 1
