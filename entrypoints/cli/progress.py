"""How far a long command is, on a terminal."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foreset.application.ports.engine import Progress


@contextmanager
def shown(what: str) -> "Generator[Progress | None]":
    """A bar on standard error, named for what is counted, such as rows; None where that is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # only where there is a terminal
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, every: bar.update(task, completed=done, total=every)
