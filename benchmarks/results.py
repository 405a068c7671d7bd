"""What was measured, and the files that keep it: one per case, so that the report can be made again from them."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import msgspec
from cases import CASES, STARTS
from shapes import WORK, Measure, Output, Peer


@dataclass
class Cost:
    """What a peer cost, process by process: CPU and wall seconds (medians of its calls), peak bytes, the first call.

    `size` is that of the file it wrote, `rows` those of its answer, `answer` how that compares with Foreset's.
    """

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    peak: list[int] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    size: int | None = None
    rows: int | None = None
    cold: bool = False
    fault: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Stamp:
    """When, on what machine and with what libraries a case was run; how many cores other processes kept busy then."""

    when: str
    machine: str
    libraries: str
    others: float


@dataclass
class Measured:
    """A case's costs: for each line (peer and output) of its table."""

    stamp: Stamp
    costs: dict[str, Cost]


Results = dict[str, Measured]


def line(peer: Peer | str, output: Output) -> str:
    """The key of a peer's costs for one output."""
    return f"{peer if isinstance(peer, str) else peer.name} to {output}"


def figure(cost: Cost | None, measure: Measure, rows: int = 0) -> float | None:
    """The median over a peer's processes, or what follows from it for so many rows; None where there is none."""
    if cost is None or cost.fault or not cost.wall:
        return None
    match measure:
        case "rate":
            return rows / median(cost.wall)
        case "cpu-per-row":
            return median(cost.cpu) / rows
        case "peak":
            return median(cost.peak)
        case "cpu":
            return median(cost.cpu)
        case "wall":
            return median(cost.wall)


def save(name: str, measured: Measured, *, quick: bool) -> None:
    """Keep what was measured of a case, in place of what was kept before."""
    path = _path(name, quick=quick)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(measured)))


def load(*, quick: bool) -> Results:
    """What is kept, in the order of the cases."""
    paths = {name: _path(name, quick=quick) for name in (*CASES, STARTS)}
    return {
        name: msgspec.json.decode(path.read_bytes(), type=Measured) for name, path in paths.items() if path.exists()
    }


def clear(*, quick: bool) -> None:
    """Delete what is kept, so that one report does not mix two runs."""
    shutil.rmtree(_folder(quick=quick), ignore_errors=True)


def _folder(*, quick: bool) -> Path:
    return WORK / ("results-quick" if quick else "results")


def _path(name: str, *, quick: bool) -> Path:
    return _folder(quick=quick) / f"{name}.json"
