"""Charts of cost against size, as SVG."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cases import CASES
from cases_growth import CASES as GROWTH
from cases_trips import CASES as TRIPS
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from peers import ASOF, DUCKDB, FORESET
from results import Results, figure, line
from shapes import GB, Case, Measure, Output, Peer

COLOURS = {FORESET.name: "#1b5faa", ASOF.name: "#d4761a", DUCKDB.name: "#6b7f3a"}
SHORT = {FORESET.name: "Foreset", ASOF.name: "polars sort + join_asof", DUCKDB.name: "DuckDB ASOF with tie-break"}
MARKERS = {FORESET.name: "o", ASOF.name: "s", DUCKDB.name: "^"}
COMPARED = (FORESET, ASOF)
STYLES: dict[Output, str] = {"arrow": "-", "pandas": "--", "parquet": ":"}
GREY = "#777777"
SETTINGS: dict[Any, Any] = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "svg.hashsalt": "foreset",
}


def draw(results: Results, folder: Path) -> list[str]:
    """All charts that have something to show, in place of those in the folder, and their names.

    The same results give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    return [name for name, (_, chart) in CHARTS.items() if _drawn(chart, results, folder / f"{name}.svg")]


def _drawn(chart: Callable[[Results], Figure | None], results: Results, path: Path) -> bool:
    with mpl.rc_context(SETTINGS):
        made = chart(results)
        if made is not None:
            made.savefig(path, format="svg", metadata={"Date": None})
    return made is not None


def growth_cpu(results: Results) -> Figure | None:
    """CPU against feature rows, both by powers of ten."""
    curves = [(peer, _points(results, GROWTH, peer, "cpu")) for peer in (FORESET, ASOF, DUCKDB)]
    if not any(points for _, points in curves):
        return None
    drawn, axes = _blank("CPU of a retrieval against feature rows (100,000 spine rows, 5 features)")
    for peer, points in curves:
        _curve(axes, peer, points)
    _linear(axes, curves[0][1])
    axes.set(xscale="log", yscale="log", xlabel="feature rows", ylabel="CPU seconds")
    return _finished(drawn, axes, GROWTH)


def growth_peak(results: Results) -> Figure | None:
    """Peak memory against feature rows, both by powers of ten."""
    curves = [(peer, _points(results, GROWTH, peer, "peak")) for peer in (FORESET, ASOF, DUCKDB)]
    if not any(points for _, points in curves):
        return None
    drawn, axes = _blank("Peak memory of the process against feature rows (100,000 spine rows, 5 features)")
    for peer, points in curves:
        _curve(axes, peer, [(rows, peak / GB) for rows, peak in points])
    axes.set(xscale="log", yscale="log", xlabel="feature rows", ylabel="peak memory, GB")
    return _finished(drawn, axes, GROWTH)


def ratios(results: Results) -> Figure | None:
    """What the peers' CPU is in each case, Foreset's being 1: bars to the right are peers that need more."""
    named = [case for case in CASES.values() if case not in GROWTH and _ratio(results, case, ASOF) is not None]
    if not named:
        return None
    drawn, axes = _blank("CPU of the peers in each case", 1.7 + 0.5 * len(named))
    for offset, peer in ((-0.2, ASOF), (0.2, DUCKDB)):
        found = [(number + offset, _ratio(results, case, peer)) for number, case in enumerate(named)]
        bars = [(place, value) for place, value in found if value is not None]
        widths = [value - 1 for _, value in bars]
        places = [place for place, _ in bars]
        axes.barh(places, widths, 0.38, left=1, color=COLOURS[peer.name], label=SHORT[peer.name])
        for place, value in bars:
            axes.text(max(value, 1.0) * 1.04, place, _times(value), va="center", fontsize=10)
    axes.axvline(1, color=COLOURS[FORESET.name], linewidth=2, label="Foreset = 1")
    axes.set(xscale="log", xlabel="CPU, as a multiple of Foreset's", ylim=(len(named) - 0.4, -0.6))
    axes.set_yticks(range(len(named)), [case.name for case in named])
    axes.margins(x=0.1)
    axes.grid(visible=False, axis="y")
    _plain(axes.xaxis)
    drawn.legend(loc="outside lower center", ncols=3)
    return drawn


def trips(results: Results) -> Figure | None:
    """Rows per second against trips, for each output."""
    lines = [(peer, output, _points(results, TRIPS, peer, "rate", output)) for output in STYLES for peer in COMPARED]
    if not any(points for *_, points in lines):
        return None
    drawn, axes = _blank("The shape of the Hopsworks benchmark: rows per second")
    for peer, output, points in lines:
        _curve(axes, peer, [(rows, rate / 1e6) for rows, rate in points], STYLES[output], f" to {output}")
    axes.set(xscale="log", xlabel="trips", ylabel="million rows per second", ylim=(0, None))
    return _finished(drawn, axes, TRIPS)


CHARTS: dict[str, tuple[str, Callable[[Results], Figure | None]]] = {
    "growth-cpu": ("CPU against feature rows", growth_cpu),
    "growth-peak": ("Peak memory against feature rows", growth_peak),
    "ratios": ("CPU of the peers in each case", ratios),
    "trips": ("Rows per second in the shape of the Hopsworks benchmark", trips),
}


def _blank(title: str, height: float = 5.4) -> tuple[Figure, Axes]:
    drawn = Figure(figsize=(9, height), layout="constrained")
    axes: Axes = drawn.subplots()
    axes.set_title(title, loc="left")
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    return drawn, axes


def _finished(drawn: Figure, axes: Axes, cases: Iterable[Case]) -> Figure:
    """With the cases' sizes on the axis, plain numbers, and a legend below the curves, where it hides none."""
    sizes = [_size(case) for case in cases]
    axes.set(xticks=sizes, xlim=(min(sizes) * 0.85, max(sizes) * 1.15))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _rows(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    if axes.get_yscale() == "log":
        _plain(axes.yaxis)
    drawn.legend(loc="outside lower center", ncols=2)
    return drawn


def _plain(axis: Axis) -> None:
    """Marks at 1, 2 and 5 of each power of ten, as plain numbers."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def _curve(axes: Axes, peer: Peer, points: Iterable[tuple[float, float]], style: str = "-", what: str = "") -> None:
    places = list(points)
    axes.plot(
        [x for x, _ in places],
        [y for _, y in places],
        style,
        color=COLOURS[peer.name],
        marker=MARKERS[peer.name],
        linewidth=2,
        label=f"{SHORT[peer.name]}{what}",
    )


def _linear(axes: Axes, points: list[tuple[float, float]]) -> None:
    """A line in proportion to the rows, through the first point."""
    if points:
        first, cost = points[0]
        rows = [x for x, _ in points]
        label = "in proportion to the rows"
        axes.plot(rows, [cost * x / first for x in rows], ":", color=GREY, linewidth=1.5, label=label)


def _points(
    results: Results, cases: Iterable[Case], peer: Peer, measure: Measure, output: Output = "frame"
) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for case in cases:
        rows = _size(case)
        measured = results.get(case.name)
        value = figure(measured.costs.get(line(peer, output)), measure, rows) if measured else None
        if value is not None:
            found.append((rows, value))
    return found


def _ratio(results: Results, case: Case, peer: Peer) -> float | None:
    measured = results.get(case.name)
    if measured is None:
        return None
    ours, theirs = (figure(measured.costs.get(line(one, case.outputs[0])), "cpu") for one in (FORESET, peer))
    return theirs / ours if ours and theirs is not None else None


def _times(ratio: float) -> str:
    digits = 2 if ratio < 1 else 1 if ratio < 10 else 0
    return f"{ratio:.{digits}f}"


def _size(case: Case) -> int:
    """The rows that grow: the table's, or the trips."""
    return case.feature_rows or case.spine.rows


def _rows(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if value >= 1_000 else f"{value:g}"
