"""Stay within the memory that may be used: look at the table in batches, deliver the result in parts."""

from typing import Final

from msgspec.structs import replace

from foreset.domain.dtypes import width
from foreset.domain.facts import Facts
from foreset.domain.plan import Delivery, Match, Node, RetrievalPlan

LABEL_BYTES: Final = 100
"""What matching takes for each spine row: its code, time, place, order, and the best row so far."""
ROW_BYTES: Final = 100
"""What matching takes for each table row of a batch: keys and times as read, as numbers, packed, sorted, placed."""
FOUND_BYTES: Final = 9
"""What is kept of a match for each spine row."""
FEWEST_ROWS: Final = 4_000_000
"""Table rows looked at together where memory allows: every batch is searched by all spine rows."""
ROWS_PER_LABEL: Final = 8
"""How many table rows a batch has for each spine row, so that searching costs little beside sorting."""
SMALLEST_PART: Final = 8_192
"""Spine rows of the smallest part of a result."""
COPIES: Final = 3
"""How often the values of a part are in memory: as found, in the spine's order, and on their way to the file."""
TEXT_BYTES: Final = 32
"""What a value of no fixed width is taken to have."""


def fit_memory(plan: RetrievalPlan, facts: Facts) -> RetrievalPlan:
    """Advise the size of a batch of table rows, and the size of a part of the result.

    Cost: each batch is searched once with all spine rows, so batches are as large as memory allows. A result that fits
    is made whole; one that does not is written part by part, and tables that are read late are read for each part,
    except for the files in which no row serves it.
    """
    batch = batch_rows(plan, facts)
    nodes = tuple(_with_batch(node, batch) for node in plan.nodes)
    return RetrievalPlan((*nodes[:-1], replace(plan.result, how=_delivery(plan, facts, batch))))


def batch_rows(plan: RetrievalPlan, facts: Facts) -> int:
    """The table rows to look at together: as many as fit, and no more than pay."""
    pays = max(FEWEST_ROWS, ROWS_PER_LABEL * plan.spine.rows)
    room = (facts.resources.free_bytes // 2 - _kept_bytes(plan)) // views_at_a_time(plan, facts)
    return max(min(pays, (room - plan.spine.rows * LABEL_BYTES) // ROW_BYTES), SMALLEST_PART)


def views_at_a_time(plan: RetrievalPlan, facts: Facts) -> int:
    """How many views to match side by side: a thread each, if their labels fit."""
    fit = facts.resources.free_bytes // 2 // max(plan.spine.rows * LABEL_BYTES, 1)
    return max(min(len(plan.gathers), facts.resources.threads, fit), 1)


def _with_batch(node: Node, batch: int) -> Node:
    return replace(node, how=replace(node.how, batch_rows=batch)) if isinstance(node, Match) and node.how else node


def _delivery(plan: RetrievalPlan, facts: Facts, batch: int) -> Delivery:
    rows, resources = plan.spine.rows, facts.resources
    row = sum(width(output.dtype) or TEXT_BYTES for gather, _, _ in plan.gathers for output in gather.columns)
    kept = _kept_bytes(plan)
    matching = (rows * LABEL_BYTES + min(batch, _most_rows(plan)) * ROW_BYTES) * views_at_a_time(plan, facts)
    late = _held_late(plan)
    room = resources.free_bytes - kept - late
    whole = rows * row * (COPIES - 1) <= room
    part = rows if whole else max(room // 3 // (COPIES * (row + facts.spine.row_bytes)) // 8 * 8, SMALLEST_PART)
    gathering = part * row * (COPIES - 1 if whole else COPIES) + late
    return Delivery(
        part_rows=part,
        views_at_a_time=views_at_a_time(plan, facts),
        result_bytes=rows * (row + facts.spine.row_bytes),
        peak_bytes=resources.held_bytes + kept + max(matching, gathering),
        budget_bytes=resources.memory_bytes,
        why="it fits in memory" if whole else "it does not fit in memory, and goes to a file part by part",
    )


def _kept_bytes(plan: RetrievalPlan) -> int:
    """What stays from matching to the end: the columns of single passes, and a number for each spine row and view."""
    single = sum(scan.how.memory_bytes for scan in plan.scans if scan.how and scan.how.passes == "single pass")
    matches = sum(isinstance(node, Match) for node in plan.nodes)
    return single + matches * plan.spine.rows * FOUND_BYTES


def _most_rows(plan: RetrievalPlan) -> int:
    return max((scan.how.rows or 0 for scan in plan.scans if scan.how), default=0)


def _held_late(plan: RetrievalPlan) -> int:
    """What is held of the files of late passes at a time."""
    late = (scan.how for scan in plan.scans if scan.how and scan.how.passes == "late")
    return max((min(how.late_bytes, how.memory_bytes) for how in late), default=0)
