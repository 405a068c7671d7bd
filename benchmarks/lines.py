"""The table of a section: one line for each peer and output of its cases."""

from collections.abc import Sequence
from statistics import median

from markdown import table
from peers import FORESET
from results import Cost, Results, figure, line
from shapes import Case, Measure, Output, Peer, Section

HEAD = ("peer", "CPU ms", "wall ms", "peak MB", "CPU x", "wall x", "peak x")
TAIL = ("wall range ms", "first ms", "runs", "answer")
EXTRA = {"rate": "rows/s", "size": "file MB"}
RATIOS: tuple[Measure, ...] = ("cpu", "wall", "peak")


def section(told: Section, results: Results) -> str:
    """Its title, note and table. The case is a column where there are several."""
    several = len(told.cases) > 1
    head = (*(["case"] if several else []), *HEAD, *(EXTRA[name] for name in told.extra), *TAIL)
    rows: list[Sequence[str]] = []
    for case in told.cases:
        lines = _case(case, told, results)
        rows += [("" if row else case.title, *cells) for row, cells in enumerate(lines)] if several else lines
    title = told.title if several else f"{told.title}: {told.cases[0].title}"
    parts = [f"## {title}", *([told.note] if told.note else []), table(head, rows, left=2 if several else 1)]
    return "\n\n".join(parts)


def _case(case: Case, told: Section, results: Results) -> list[list[str]]:
    costs = results[case.name].costs if case.name in results else {}
    base = FORESET if any(peer.name == FORESET.name for peer in case.peers) else case.peers[0]
    return [
        [_title(case, peer, output), *_figures(cost, costs[line(base, output)], told.extra)]
        for output in case.outputs
        for peer in case.peers
        if (cost := costs.get(line(peer, output))) is not None
    ]


def _title(case: Case, peer: Peer, output: Output) -> str:
    return f"{peer.title}, to {output}" if len(case.outputs) > 1 else peer.title


def _figures(cost: Cost, base: Cost, extra: Sequence[str]) -> list[str]:
    if cost.fault:
        return [*("-" for _ in range(len(HEAD) + len(extra) + len(TAIL) - 2)), cost.fault]
    return [
        _milliseconds(median(cost.cpu)),
        _milliseconds(median(cost.wall)),
        f"{median(cost.peak) / 1e6:,.0f}",
        *(_ratio(cost, base, measure) for measure in RATIOS),
        *(_extra(cost, name) for name in extra),
        f"{_milliseconds(min(cost.wall))} to {_milliseconds(max(cost.wall))}",
        _milliseconds(median(cost.first)),
        f"{len(cost.wall)}{' first' if cost.cold else ''}",
        "the measure" if cost is base else cost.answer or "-",
    ]


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.1f}"


def _ratio(cost: Cost, base: Cost, measure: Measure) -> str:
    ours, theirs = figure(base, measure), figure(cost, measure)
    return f"{theirs / ours:.2f}" if ours and theirs is not None else "-"


def _extra(cost: Cost, name: str) -> str:
    if name == "size":
        return f"{cost.size / 1e6:,.0f}" if cost.size else "-"
    return f"{cost.rows / median(cost.wall):,.0f}" if cost.rows else "-"
