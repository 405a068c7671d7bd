"""How far a long retrieval is, on a terminal."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foreset.application.ports import Progress


@contextmanager
def rows_written() -> "Generator[Progress | None]":
    """A bar on standard error that grows with the rows written; None where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # only where there is a terminal
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rows", total=None)
        yield lambda done, every: bar.update(task, completed=done, total=every)
