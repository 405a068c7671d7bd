"""The result as Markdown, which also reads well as plain text."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bars import BARS, STARTS, Costs, Results, figure, verdict
from cases import CASES, FORESET, SEED
from rounds import Cost, title

LIBRARIES = ("foreset", "polars", "deltalake", "pyarrow", "duckdb", "feast", "dask", "pandas", "numpy")
NOTES = """\
How it is measured. Each peer runs in a process of its own, in turn (A B C A B C). CPU is that of the process, all
threads, during the call; start-up, imports and definitions are not in it. A process calls once, then again some times:
its figure is the median of the later calls, and the table gives the median over processes, with the
range of them. "first ms" is the wall time of the first call. "first" among the runs marks a peer that is called once
per process, since it takes so long. Peak is the resident memory of the process after its first call, with its
libraries. Ratios are to Foreset's first line. The spine lies in memory, the features in the table.

Answers are compared with Foreset's, row by row of the spine and column by column. Feast's dask store leaves out the
rows of a spine whose key has features, but none in the ttl; where rows tie on key and time, it was seen to take the
one created first; and it reads every Parquet file in the table's folder, whether the table's log names it or not."""


def report(results: Results, *, quick: bool, loads: tuple[float, float]) -> str:
    """The whole document."""
    kind = "quick run: few repeats, Feast only in the seed case" if quick else "full run"
    parts = [
        f"# Benchmark ({kind})",
        "\n".join(_machine(loads)),
        f"## Bars\n\n{_bars(results)}",
        *(f"## {case.title}\n\n{_case(results[name])}" for name, case in CASES.items() if name in results),
        f"## Start-up: whole processes\n\n{_starts(results[STARTS])}",
        NOTES,
    ]
    return "\n\n".join(parts) + "\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table with its columns aligned; all but the first are set to the right."""
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]

    def line(row: tuple[str, ...]) -> str:
        first = row[0].ljust(widths[0])
        return (
            f"| {' | '.join([first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))])} |"
        )

    rule = f"|{'-' * (widths[0] + 2)}|{'|'.join('-' * (width + 1) + ':' for width in widths[1:])}|"
    return "\n".join([line(cells[0]), rule, *map(line, cells[1:])])


def _machine(loads: tuple[float, float]) -> list[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return [
        f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; data from seed {SEED}",
        f"- {_processor()}, {os.cpu_count()} cores, {memory:.1f} GiB; {platform.system()} {platform.release()}",
        f"- load of the machine (1 minute) before and after: {loads[0]:.1f}, {loads[1]:.1f}",
        f"- Python {platform.python_version()}, {names}",
    ]


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _bars(results: Results) -> str:
    head = ("bar", "limit", "Foreset", "Foreset, new spine")
    rows = [
        (f"{bar.case}: {bar.what}", f"{bar.limit:g} {bar.unit}", *(verdict(bar, results, one) for one in bar.subjects))
        for bar in BARS
    ]
    return table(head, [row if len(row) == len(head) else (*row, "-") for row in rows])


def _case(costs: Costs) -> str:
    head = (
        "peer",
        "CPU ms",
        "wall ms",
        "peak MB",
        "CPU x",
        "wall x",
        "peak x",
        "wall range ms",
        "first ms",
        "runs",
        "answer",
    )
    return table(head, [_line(peer, cost, costs[FORESET]) for peer, cost in costs.items()])


def _line(peer: str, cost: Cost, ours: Cost) -> tuple[str, ...]:
    if cost.fault:
        return (title(peer), *("-" for _ in range(9)), cost.fault)
    cpu, wall, peak = median(cost.cpu), median(cost.wall), median(cost.peak)
    ratios: tuple[str, ...] = ("-", "-", "-")
    if not ours.fault:
        ratios = tuple(
            f"{value / median(base):.2f}" for value, base in ((cpu, ours.cpu), (wall, ours.wall), (peak, ours.peak))
        )
    return (
        title(peer),
        f"{cpu * 1e3:,.1f}",
        f"{wall * 1e3:,.1f}",
        f"{peak / 1e6:,.0f}",
        *ratios,
        f"{min(cost.wall) * 1e3:,.1f} to {max(cost.wall) * 1e3:,.1f}",
        f"{median(cost.first) * 1e3:,.1f}",
        f"{len(cost.wall)}{' first' if cost.cold else ''}",
        "the measure" if peer == FORESET else str(cost.difference or "not compared"),
    )


def _starts(costs: Costs) -> str:
    head = ("process", "CPU ms", "wall ms", "wall, x python -c pass", "wall, x import polars", "runs")
    bases = [figure(costs, name, "wall") for name in ("python -c pass", "import polars")]
    rows = []
    for name, cost in costs.items():
        cpu, wall = figure(costs, name, "cpu"), figure(costs, name, "wall")
        if cpu is None or wall is None:
            rows.append((name, *("-" for _ in range(4)), cost.fault))
            continue
        ratios = (f"{wall / base:.2f}" if base else "-" for base in bases)
        rows.append((name, f"{cpu * 1e3:,.1f}", f"{wall * 1e3:,.1f}", *ratios, str(len(cost.wall))))
    return table(head, rows)
