"""Progress of the long steps, on a terminal only."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

T = TypeVar("T")


def busy(console: Console, text: str, work: Callable[[], T]) -> T:
    """Do the work, and show that it goes on."""
    with _progress(console, SpinnerColumn(), TextColumn("{task.description}"), Elapsed()) as progress:
        progress.add_task(text, total=None)
        return work()


def track(console: Console, text: str, items: Sequence[T]) -> Iterator[T]:
    """Go through the items, with a bar."""
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), Elapsed())
    with _progress(console, *columns) as progress:
        yield from progress.track(items, description=text)


def _progress(console: Console, *columns: ProgressColumn) -> Progress:
    shown = console.is_terminal and not console.quiet
    return Progress(*columns, console=console, transient=True, disable=not shown)
