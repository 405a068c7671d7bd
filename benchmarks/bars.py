"""The bars, and whether they are met."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

from cases import ASOF, DIRECT, FEAST, FORESET, MILLION, NEW_SPINE, SEED_CASE
from rounds import Cost

Costs = dict[str, Cost]
Results = dict[str, Costs]
STARTS = "starts"
Measure = Literal["cpu", "wall"]


@dataclass(frozen=True)
class Bar:
    """A figure of Foreset's that must stay below a limit."""

    case: str
    what: str
    limit: float
    unit: str
    figure: Callable[[Costs, str], float | None]
    subjects: tuple[str, ...] = (FORESET, NEW_SPINE)


def figure(costs: Costs, peer: str, measure: Measure) -> float | None:
    """The median over a peer's processes, None where there is none."""
    cost = costs.get(peer)
    values: list[float] = getattr(cost, measure) if cost and not cost.fault else []
    return median(values) if values else None


def _wall(costs: Costs, peer: str) -> float | None:
    return figure(costs, peer, "wall")


def _against(measure: Measure, *peers: str) -> Callable[[Costs, str], float | None]:
    """The ratio to the best of some peers."""

    def ratio(costs: Costs, subject: str) -> float | None:
        ours = figure(costs, subject, measure)
        theirs = [value for peer in peers if (value := figure(costs, peer, measure)) is not None]
        return ours / min(theirs) if ours is not None and theirs else None

    return ratio


BARS = (
    Bar(SEED_CASE.name, "wall per call", 0.010, "s", _wall),
    Bar(SEED_CASE.name, "wall, to the faster direct read", 3, "x", _against("wall", *DIRECT)),
    Bar(SEED_CASE.name, "wall, to Feast dask", 1 / 20, "x", _against("wall", FEAST)),
    Bar(MILLION.name, "CPU, to polars join_asof (aim 0.333)", 0.4, "x", _against("cpu", ASOF)),
    Bar(MILLION.name, "wall, to Feast dask", 1 / 100, "x", _against("wall", FEAST)),
    Bar(STARTS, "import foreset, wall of the process", 0.15, "s", _wall, ("import foreset",)),
    Bar(STARTS, "foreset --help, wall of the process", 0.3, "s", _wall, ("foreset --help",)),
)


def verdict(bar: Bar, results: Results, subject: str) -> str:
    """The figure and whether it meets the bar."""
    value = bar.figure(results.get(bar.case, {}), subject)
    if value is None:
        return "not measured"
    return f"{value:.4f} {bar.unit}, {'met' if value <= bar.limit else '**missed**'}"
