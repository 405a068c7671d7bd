"""One peer on one case, in a process of its own: prints what its calls cost, as JSON, on its last line."""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cases import CASES
from shapes import Case, Peer

if TYPE_CHECKING:
    from ready import Job, Ready


def ready(job: "Job", peer: Peer) -> "Ready":
    """The peer, with its libraries imported and its definitions made; only its own libraries are loaded."""
    module, _, function = peer.maker.partition(":")
    maker = cast("Callable[[Job], Ready]", getattr(import_module(module), function))
    return maker(job)


def peak_bytes() -> int:
    """The peak resident memory of this process alone; ru_maxrss would begin with that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource  # noqa: PLC0415  # not on every system

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(case: Case, peer: "Ready", calls: int, answer: Path | None) -> dict[str, object]:
    """CPU (all threads) and wall seconds per call, and the peak after the first call.

    The first call, which pays for what libraries load late, counts only where no other follows.
    """
    costs: list[tuple[float, float]] = []
    made: dict[str, object] = {}
    for number in range(calls + 1):
        if number:
            peer.before()
        wall, cpu = time.perf_counter(), time.process_time()
        given = peer.call()
        costs.append((time.process_time() - cpu, time.perf_counter() - wall))
        if not number:
            made = {"peak": peak_bytes(), "size": given.stat().st_size if isinstance(given, Path) else None}
            if answer and peer.answers:
                made["rows"] = keep(case, given, answer)
        del given
    counted = costs[1:] or costs
    cpus, walls = [cpu for cpu, _ in counted], [wall for _, wall in counted]
    return {**made, "cpu": cpus, "wall": walls, "first": costs[0][1]}


def keep(case: Case, given: Any, answer: Path) -> int:
    """Write the rows of an answer that are compared, give the number of all."""
    import polars as pl  # noqa: PLC0415  # kept off the peers' start
    from compare import comparable  # noqa: PLC0415  # as above
    from ready import rows_of  # noqa: PLC0415  # as above

    rows = rows_of(given)
    comparable(case, rows).collect().write_parquet(answer)
    return int(rows.select(pl.len()).collect().item())


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=sorted(CASES))
    parser.add_argument("peer")
    parser.add_argument("output")
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--home", type=Path, required=True, help="an empty folder for what the peer keeps")
    parser.add_argument("--answer", type=Path, help="write the answer of the first call to this Parquet file")
    given = parser.parse_args()
    case = CASES[given.case]
    peer = next(peer for peer in case.peers if peer.name == given.peer)
    with contextlib.redirect_stdout(sys.stderr):  # what libraries print is not the result
        from ready import Job, Unavailable  # noqa: PLC0415  # it loads polars, which --help does not need

        try:
            made = measure(case, ready(Job(case, given.output, given.home), peer), given.calls, given.answer)
        except Unavailable as reason:
            made = {"fault": f"not run: {reason}"}
    print(json.dumps(made))


if __name__ == "__main__":
    main()
