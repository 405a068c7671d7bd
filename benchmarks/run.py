"""Foreset beside its peers, on the same data, in one run. `--quick` ends within two minutes."""

import argparse
import os
from pathlib import Path

import data
from bars import STARTS, Results
from cases import CASES, WORK
from report import report
from rounds import commands, processes, run, tell


def main() -> None:
    """Make the data, measure, print the tables, write them down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repeats; the result stays in benchmarks/work")
    parser.add_argument("--case", choices=sorted(CASES), help="this case only; the result stays in benchmarks/work")
    given = parser.parse_args()
    before = os.getloadavg()[0]
    results: Results = {}
    for name, case in CASES.items():
        if given.case in {None, name}:
            data.make(case)
            results[name] = run(case, quick=given.quick)
    results[STARTS] = processes(commands(), repeats=5 if given.quick else 15)
    text = report(results, quick=given.quick, loads=(before, os.getloadavg()[0]))
    partial = given.quick or given.case
    place = (WORK if partial else Path(__file__).parent) / "RESULTS.md"
    place.write_text(text)
    print(text)
    tell(f"written to {place.relative_to(Path(__file__).parents[1])}")


if __name__ == "__main__":
    main()
