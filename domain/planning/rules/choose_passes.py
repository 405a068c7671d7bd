"""Read a table once where it is small, and features only where they serve where it is not."""

from typing import Final

from msgspec.structs import replace

from foreset.domain.dtypes import width
from foreset.domain.facts import Facts, TableFacts
from foreset.domain.planning.data_skipping import may_serve
from foreset.domain.planning.nodes import Reading, Scan
from foreset.domain.planning.plan import RetrievalPlan

SMALL: Final = 64_000_000
"""Bytes of columns in memory up to which reading them all at once is cheaper than opening the files twice."""
SHARE: Final = 4
"""A single pass takes at most one part in so many of the memory that is free."""
LATE: Final = 256_000_000
"""Bytes of features in memory that are read late at a time: more is not read any faster."""
LATE_SHARE: Final = 8
"""Features that are read late take at most one part in so many of the memory that is free, at a time."""
LEAST: Final = 16_000_000
"""Features that are read late take at least so much: a row group is decoded whole."""
INFLATED: Final = 4
"""How much larger than in its file a value of no fixed width is taken to be: dictionaries and compression undone."""


def choose_passes(plan: RetrievalPlan, facts: Facts) -> RetrievalPlan:
    """Advise a single pass over all columns, or a pass over keys and times and a late one over features.

    Cost: a single pass opens each file once and keeps every value of every column until the result is made. Late, the
    first pass decodes keys and times alone, and the second skips the files that serve no row and holds one file's
    features at a time; each file is opened twice.
    """
    return RetrievalPlan(
        tuple(replace(node, how=_reading(node, facts)) if isinstance(node, Scan) else node for node in plan.nodes)
    )


def _reading(scan: Scan, facts: Facts) -> Reading:
    table = facts.tables[scan.table]
    chosen = [file for file in table.data_files if may_serve(file, scan.bounds)]
    whole = not table.data_files
    counts = [file.rows for file in chosen]
    rows = scan.rows if whole else None if None in counts else sum(count or 0 for count in counts)
    size = scan.size_bytes if whole else sum(file.size_bytes for file in chosen)
    memory = decoded_bytes(scan.columns, table, rows, size)
    small = memory <= min(SMALL, facts.resources.free_bytes // SHARE)
    return Reading(
        passes="single pass" if whole or small else "late",
        files=scan.files if whole else len(chosen),
        rows=rows,
        size_bytes=size,
        memory_bytes=memory,
        late_bytes=max(min(LATE, facts.resources.free_bytes // LATE_SHARE), LEAST),
        why=_why(whole=whole, small=small),
    )


def _why(*, whole: bool, small: bool) -> str:
    if whole:
        return "the table is in memory"
    return "its columns are small" if small else "its columns are large, and few rows of a file serve"


def decoded_bytes(columns: tuple[str, ...], table: TableFacts, rows: int | None, size: int) -> int:
    """What columns take in memory: by their types, and by the files' size for types of no fixed width."""
    widths = [width(table.dtype(name) or "") for name in columns]
    known = sum(w for w in widths if w is not None)
    if rows is None:
        return size * INFLATED
    open_ended = sum(w is None for w in widths)
    return rows * known + size * INFLATED * open_ended // max(len(table.columns), 1)
