"""The bars, and whether they are met."""

from dataclasses import dataclass

import starts
from cases import CASES, STARTS
from peers import FINGERPRINT, NEW_SPINE, REBUILT, RECEIPT
from results import Results, figure, line
from shapes import Bar, Case, Measure, Output

NAMES = {
    NEW_SPINE.name: "new spine",
    FINGERPRINT.name: "fingerprints",
    RECEIPT.name: "receipt and counters",
    REBUILT.name: "rebuilt",
}
WORDS: dict[Measure, str] = {
    "cpu": "CPU",
    "wall": "wall",
    "peak": "peak memory",
    "rate": "rows/s",
    "cpu-per-row": "CPU per feature row",
}


@dataclass(frozen=True)
class Verdict:
    """A bar in words: the case, what is measured, the limit, the figure, whether it is met (None: not measured)."""

    case: str
    what: str
    limit: str
    figure: str
    met: bool | None


def verdicts(results: Results) -> list[Verdict]:
    """All bars, in the order of the cases."""
    found = [
        _verdict(case, bar, subject, results)
        for case in CASES.values()
        for bar in case.bars
        for subject in bar.subjects
    ]
    return [*found, *(_start(name, limit, results) for name, limit in starts.LIMITS.items())]


def _verdict(case: Case, bar: Bar, subject: str, results: Results) -> Verdict:
    output = bar.output or case.outputs[0]
    value = _value(case, bar, subject, output, results)
    met = None if value is None else value >= bar.limit if bar.least else value <= bar.limit
    ratio = bool(bar.against or bar.base)
    aim = f" (aim {_told(bar.aim, bar.measure, ratio=ratio)})" if bar.aim else ""
    limit = f"{'at least' if bar.least else 'at most'} {_told(bar.limit, bar.measure, ratio=ratio)}{aim}"
    shown = "not measured" if value is None else _told(value, bar.measure, ratio=ratio)
    return Verdict(case.name, _what(bar, subject, output), limit, shown, met)


def _value(case: Case, bar: Bar, subject: str, output: Output, results: Results) -> float | None:
    ours = _of(case, subject, output, bar.measure, results)
    if not bar.against and not bar.base:
        return ours
    if bar.base:
        theirs = [_of(CASES[bar.base], subject, output, bar.measure, results)]
    else:
        theirs = [_of(case, peer.name, output, bar.measure, results) for peer in bar.against]
    known = [value for value in theirs if value is not None]
    return ours / min(known) if ours is not None and known else None


def _of(case: Case, peer: str, output: Output, measure: Measure, results: Results) -> float | None:
    measured = results.get(case.name)
    rows = case.spine.rows if measure == "rate" else case.feature_rows
    return figure(measured.costs.get(line(peer, output)), measure, rows) if measured else None


def _what(bar: Bar, subject: str, output: Output) -> str:
    who = f"{NAMES[subject]}: " if subject in NAMES else ""
    if bar.base:
        return f"{who}{WORDS[bar.measure]}, to that in {bar.base}"
    against = f", to {' or '.join(peer.name for peer in bar.against)}" if bar.against else ""
    return f"{who}{WORDS[bar.measure]}{f' to {output}' if bar.output else ''}{against}"


def _told(value: float, measure: Measure, *, ratio: bool) -> str:
    if ratio:
        return f"{value:.3g} x"
    match measure:
        case "peak":
            return f"{value / 1e9:.2f} GB"
        case "rate":
            return f"{value:,.0f} rows/s"
        case _:
            return f"{value:.3g} s"


def _start(name: str, limit: float, results: Results) -> Verdict:
    value = figure(results[STARTS].costs.get(name), "wall") if STARTS in results else None
    met = None if value is None else value <= limit
    shown = "not measured" if value is None else f"{value:.3g} s"
    return Verdict(STARTS, f"{name}: wall of the process", f"at most {limit:g} s", shown, met)
