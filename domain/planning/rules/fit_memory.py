"""Stay within the memory that may be used: look at the table in batches, serve the spine in parts."""

from typing import Final, NamedTuple

from msgspec.structs import replace

from foreset.domain.dtypes import width
from foreset.domain.facts import Facts
from foreset.domain.planning.nodes import Delivery, Match, Node
from foreset.domain.planning.plan import RetrievalPlan

LABEL_BYTES: Final = 100
"""What matching takes for each spine row: its code, time, place, order, and the best row so far."""
ROW_BYTES: Final = 100
"""What matching takes for each table row of a batch: keys and times as read, as numbers, packed, sorted, placed."""
TEXT_KEY_BYTES: Final = 64
"""What a key of no fixed width takes beside that: as read, and as looked up."""
FEWEST_ROWS: Final = 3_000_000
"""Table rows looked at together where memory allows: of larger columns an allocator keeps none from one batch to the
next, and new memory is dear."""
ROWS_PER_LABEL: Final = 2
"""How many table rows a batch has for each spine row, so that searching costs little beside sorting."""
SMALLEST: Final = 8_192
"""Rows of the smallest batch, and of the smallest part of a spine."""
COPIES: Final = 2
"""How often the values of a part are in memory: as found, and in the spine's order."""
WRITTEN: Final = 3
"""The same where they go to a file."""
USABLE: Final = 7
"""So many eighths of the free memory are planned with: allocators keep some of what was freed."""
TEXT_BYTES: Final = 32
"""What a value of no fixed width is taken to have."""


def fit_memory(plan: RetrievalPlan, facts: Facts) -> RetrievalPlan:
    """Advise how many table rows to look at together, and how many spine rows to serve together.

    Cost: each batch of the table is searched once by all spine rows of a part, so batches are as large as pays and
    memory allows. A spine whose result fits is served whole. One whose result does not is served part by part into
    a file; then a table that is read late is read again for each part, but for the files in which no row serves it.
    """
    sizes = _sizes(plan, facts)
    advised = tuple(_with_batch(node, sizes.batch_rows) for node in plan.nodes[:-1])
    return RetrievalPlan((*advised, replace(plan.result, how=_delivery(plan, facts, sizes))))


class _Sizes(NamedTuple):
    """The bytes of a spine row in matching and in the result, of a table row in matching; those kept; what follows."""

    label: int
    value: int
    row: int
    kept: int
    part_rows: int
    batch_rows: int
    at_a_time: int

    def peak(self, most_rows: int, *, whole: bool) -> int:
        """The most that a part takes."""
        batch = min(self.batch_rows, most_rows) * self.row * self.at_a_time
        copies = COPIES if whole else WRITTEN
        return self.kept + max(self.part_rows * self.label + batch, self.part_rows * self.value * copies)


def _sizes(plan: RetrievalPlan, facts: Facts) -> _Sizes:
    rows, kept = plan.spine.rows, _kept_bytes(plan)
    room = max(facts.resources.free_bytes * USABLE // 8 - kept, 0)
    at_a_time = max(min(len(plan.gathers), facts.resources.threads, room // 2 // max(rows * LABEL_BYTES, 1)), 1)
    label = LABEL_BYTES * at_a_time
    value = sum(width(output.dtype) or TEXT_BYTES for gather, _, _ in plan.gathers for output in gather.columns)
    row_bytes = _row_bytes(plan)
    batch_least = SMALLEST * row_bytes * at_a_time
    part = rows
    if max(rows * label + batch_least, rows * value * COPIES) > room:
        value += facts.spine.row_bytes
        part = min(max(room // 2 // max(label, value * WRITTEN), SMALLEST), rows)
    batch = max((room - part * label) // (row_bytes * at_a_time), SMALLEST)
    pays = max(FEWEST_ROWS, ROWS_PER_LABEL * part)
    return _Sizes(label, value, row_bytes, kept, part, min(batch, pays), at_a_time)


def _with_batch(node: Node, batch: int) -> Node:
    return replace(node, how=replace(node.how, batch_rows=batch)) if isinstance(node, Match) and node.how else node


def _delivery(plan: RetrievalPlan, facts: Facts, sizes: _Sizes) -> Delivery:
    rows = plan.spine.rows
    whole = sizes.part_rows == rows
    return Delivery(
        part_rows=sizes.part_rows,
        views_at_a_time=sizes.at_a_time,
        result_bytes=rows * (sizes.value + (facts.spine.row_bytes if whole else 0)),
        peak_bytes=facts.resources.held_bytes + sizes.peak(_most_rows(plan) or sizes.batch_rows, whole=whole),
        budget_bytes=facts.resources.memory_bytes,
        why="it fits in memory" if whole else "it does not fit in memory, and goes to a file part by part",
    )


def _row_bytes(plan: RetrievalPlan) -> int:
    """What matching takes for each table row, by the view whose keys take most."""
    keys = ([key.dtype for key in match.keys] for _, match, _ in plan.gathers)
    texts = (sum(width(dtype) is None or dtype.startswith("decimal") for dtype in dtypes) for dtypes in keys)
    return ROW_BYTES + TEXT_KEY_BYTES * max(texts, default=0)


def _most_rows(plan: RetrievalPlan) -> int:
    """The rows of the largest table that is read; 0 where the logs do not count them."""
    return max((scan.how.rows or 0 for scan in plan.scans if scan.how), default=0)


def _kept_bytes(plan: RetrievalPlan) -> int:
    """What is held all the time: the columns of single passes, and the features that late passes read at a time."""
    read = [scan.how for scan in plan.scans if scan.how]
    single = sum(how.memory_bytes for how in read if how.passes == "single pass")
    late = max((min(how.late_bytes, how.memory_bytes) for how in read if how.passes == "late"), default=0)
    return single + late
