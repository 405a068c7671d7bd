"""The result as Markdown."""

from collections.abc import Sequence

import starts
from bars import verdicts
from cases import CASES, SECTIONS, STARTS
from charts import CHARTS
from lines import section
from markdown import table
from results import Measured, Results, figure
from shapes import SEED

QUIET = 0.2
"""Cores that others may keep busy before a figure is not to be trusted."""
NOTES = """\
## How it is measured

Each peer runs in a process of its own, in turn (A B C A B C), on the same data, which are made from a seed. CPU is that
of the process, all threads, during the call; start-up, imports, definitions and the loading of a spine that is a frame
are not in it. A process calls once, then again some times: its figure is the median of the later calls, and the table
gives the median over processes, with the range of them. "first ms" is the wall time of the first call. "first" among
the runs marks a peer that is called once per process, since it takes so long or needs so much: there the first call
counts, and for Foreset it includes keeping the spine. Peak is the resident memory of the process after its first call,
with its libraries and, where the spine is a frame, the spine. The ratios (x) are to the line called "the measure";
above 1 is more than Foreset needs. All files have been read once before a case begins.

Answers are compared with Foreset's, row by row of the spine and column by column; of a spine of a million rows or more,
100,000 rows spread evenly are compared, and the number of all rows. What stops a peer is told in its line: a limit of
time or memory, or a library that is not there.

The random tables grow by appends in time order, one commit a file; one row in a hundred has the key and time of another
and a later created time, so that an answer is right only if ties are broken. Spine rows come in random order. Feast's
dask store leaves out the rows of a spine whose key has features, but none in the ttl; where rows tie on key and time,
it was seen to take the one created first; and it reads every Parquet file in the table's folder, whether the table's
log names it or not."""


def report(results: Results, charts: Sequence[str], *, quick: bool) -> str:
    """The whole document, with the charts of these names."""
    parts = [
        f"# Benchmark ({'quick run: some cases, few repeats' if quick else 'full run'})",
        "\n".join(_setting(results)),
        _bars(results, every=not quick),
        *(f"![{CHARTS[name][0]}](charts/{name}.svg)" for name in charts),
        *tables(results),
        NOTES,
    ]
    return "\n\n".join(parts) + "\n"


def tables(results: Results) -> list[str]:
    """The table of each section that has results, and of the starts."""
    told = [section(one, results) for one in SECTIONS if any(case.name in results for case in one.cases)]
    return [*told, _starts(results[STARTS])] if STARTS in results else told


def _setting(results: Results) -> list[str]:
    stamps = [measured.stamp for measured in results.values()]
    moments = sorted(one.when for one in stamps)
    others = max(one.others for one in stamps)
    disturbed = [name for name, measured in results.items() if measured.stamp.others > QUIET]
    missing = [name for name in (*CASES, STARTS) if name not in results]
    return [
        f"- cases ended between {moments[0]} and {moments[-1]}; data from seed {SEED}",
        *(f"- {machine}" for machine in dict.fromkeys(one.machine for one in stamps)),
        *(f"- {libraries}" for libraries in dict.fromkeys(one.libraries for one in stamps)),
        f"- during a case, other processes kept at most {others:.2f} cores busy",
        *([f"- more than {QUIET} in: {', '.join(disturbed)}; not to be trusted"] if disturbed else []),
        *([f"- not run: {', '.join(missing)}"] if missing else []),
    ]


def _bars(results: Results, *, every: bool) -> str:
    """The bars, those of cases that a quick run leaves out only where `every` one is asked for."""
    found = [one for one in verdicts(results) if every or one.met is not None]
    met, known = sum(one.met is True for one in found), sum(one.met is not None for one in found)
    told = {True: "met", False: "**missed**", None: "-"}
    rows = [(one.case, one.what, one.limit, one.figure, told[one.met]) for one in found]
    head = ("case", "what", "bar", "Foreset", "")
    return f"## Bars: {met} of {known} met\n\n{table(head, rows, left=2)}"


def _starts(measured: Measured) -> str:
    head = ("process", "CPU ms", "wall ms", f"wall, x {starts.PASS}", f"wall, x {starts.POLARS}", "runs")
    bases = [figure(measured.costs.get(name), "wall") for name in (starts.PASS, starts.POLARS)]
    rows: list[Sequence[str]] = []
    for name, cost in measured.costs.items():
        cpu, wall = figure(cost, "cpu"), figure(cost, "wall")
        if cpu is None or wall is None:
            rows.append((name, *("-" for _ in range(4)), cost.fault))
            continue
        ratios = (f"{wall / base:.2f}" if base else "-" for base in bases)
        rows.append((name, f"{cpu * 1e3:,.1f}", f"{wall * 1e3:,.1f}", *ratios, str(len(cost.wall))))
    return f"## Start-up: whole processes\n\n{table(head, rows)}"
