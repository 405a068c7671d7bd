"""Which files of a table can hold a row that serves, by what the log says of them."""

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from foreset.domain.facts import DataFile
from foreset.domain.planning.nodes import Bounds


def may_serve(file: DataFile, bounds: Iterable[Bounds]) -> bool:
    """Whether a file may hold a row within the bounds. What the log does not know, or contradicts, excludes nothing."""
    return all(_meets(file, b) for b in bounds)


def _meets(file: DataFile, bounds: Bounds) -> bool:
    if bounds.values is not None:
        return bounds.column not in file.partition or file.partition[bounds.column] in bounds.values
    known = file.range_of(bounds.column)
    if known is None:
        return True
    least, greatest = known
    too_low = bounds.least is not None and greatest < bounds.least
    too_high = bounds.greatest is not None and least > bounds.greatest
    return not (too_low or too_high)


def contradiction(files: Iterable[DataFile], bounds: Collection[Bounds]) -> tuple[DataFile, str] | None:
    """The first file that may hold a row within the bounds, and a column of them whose own bounds contradict there.

    None where no file has such a column.
    """
    columns = [b.column for b in bounds if b.values is None]
    for file in files:
        for column in columns:
            if column in file.ranges and file.range_of(column) is None and may_serve(file, bounds):
                return file, column
    return None


def bound_by_age(bounds: Iterable[Bounds], event_times: Collection[str]) -> bool:
    """Whether some bound leaves out rows of these event times that are too old."""
    return any(b.least is not None and b.column in event_times for b in bounds)


def only_too_old(file: DataFile, bounds: Collection[Bounds], event_times: Collection[str]) -> bool:
    """Whether a file cannot hold a row that serves, and could if rows of these event times did not age."""
    if may_serve(file, bounds) or not bound_by_age(bounds, event_times):
        return False
    return may_serve(file, [replace(b, least=None) if b.column in event_times else b for b in bounds])
