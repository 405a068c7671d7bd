"""One peer on one case, in a process of its own: prints what its calls cost, as JSON, on its last line."""

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cases import ASOF, CASES, DUCKDB, FEAST, NEW_SPINE, Case

if TYPE_CHECKING:
    from ready import Ready


def ready(case: Case, peer: str, home: Path) -> "Ready":
    """The peer, with its libraries imported and its definitions made; only its own libraries are loaded."""
    if peer == FEAST:
        import peer_feast  # noqa: PLC0415  # only this case needs it

        return peer_feast.ready(case, home)
    if peer in {ASOF, DUCKDB} or peer.startswith("direct"):
        import peers_tables  # noqa: PLC0415  # only this case needs it

        makers = {
            ASOF: peers_tables.join_asof,
            DUCKDB: peers_tables.duckdb_asof,
            "direct-polars": peers_tables.direct_polars,
            "direct-deltalake": peers_tables.direct_deltalake,
        }
        return makers[peer](case)
    import peer_foreset  # noqa: PLC0415  # only this case needs it

    return peer_foreset.ready(case, home, new_spine=peer == NEW_SPINE)


def peak_bytes() -> int:
    """The peak resident memory of this process alone; ru_maxrss would begin with that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource  # noqa: PLC0415  # not on every system

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(peer: "Ready", calls: int, answer: Path | None) -> dict[str, object]:
    """CPU (all threads) and wall seconds per call, and the peak after the first call.

    The first call, which pays for what libraries load late, counts only where no other follows.
    """
    costs = []
    peak = 0
    for number in range(calls + 1):
        if number:
            peer.before()
        wall, cpu = time.perf_counter(), time.process_time()
        given = peer.call()
        costs.append((time.process_time() - cpu, time.perf_counter() - wall))
        peak = peak or peak_bytes()
        if answer and not number:
            peer.rows(given).write_parquet(answer)
        del given
    counted = costs[1:] or costs
    return {
        "cpu": [cpu for cpu, _ in counted],
        "wall": [wall for _, wall in counted],
        "peak": peak,
        "first": costs[0][1],
    }


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=sorted(CASES))
    parser.add_argument("peer")
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--home", type=Path, required=True, help="an empty folder for what the peer keeps")
    parser.add_argument("--answer", type=Path, help="write the answer of the first call to this Parquet file")
    given = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):  # what libraries print is not the result
        made = measure(ready(CASES[given.case], given.peer, given.home), given.calls, given.answer)
    print(json.dumps(made))


if __name__ == "__main__":
    main()
