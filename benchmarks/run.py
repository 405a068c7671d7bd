"""Foreset beside its peers, on the same data, in one run.

Without options: all cases, into RESULTS.md and charts/. `--quick` ends within two minutes and writes to work/ only.
`--case` measures some cases and keeps their results; `--report` makes RESULTS.md and charts/ of all that are kept.
"""

import argparse
from pathlib import Path

import charts
import data
import results
import rounds
import starts
from cases import CASES, STARTS
from report import report, tables
from results import Measured
from shapes import HERE, WORK


def main() -> None:
    """Make the data, measure, keep the results, tell them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="some cases, few repeats, no slow peer")
    parser.add_argument("--case", action="append", choices=[*CASES, STARTS], metavar="NAME", help=", ".join(CASES))
    parser.add_argument("--report", action="store_true", help="measure nothing: tell what is kept")
    parser.add_argument("--to", type=Path, help="the folder for RESULTS.md and charts/, in place of the usual one")
    given = parser.parse_args()
    if not given.report:
        names = given.case or [*(name for name, case in CASES.items() if case.quick or not given.quick), STARTS]
        _measure(names, quick=given.quick, anew=not given.case)
    kept = results.load(quick=given.quick)
    if given.case and not given.report:
        print("\n\n".join(tables({name: kept[name] for name in kept if name in given.case})))
        return
    if not kept:
        parser.error("no results are kept")
    _write(kept, given.to or (WORK if given.quick else HERE), quick=given.quick)


def _measure(names: list[str], *, quick: bool, anew: bool) -> None:
    """Run cases and keep each one's results as soon as they are there; `anew`: earlier ones are deleted."""
    data.tidy(CASES.values())
    if anew:
        results.clear(quick=quick)
    for name in names:
        measured = starts.run(5 if quick else 15) if name == STARTS else rounds.run(CASES[name], quick=quick)
        results.save(name, measured, quick=quick)


def _write(kept: dict[str, Measured], folder: Path, *, quick: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = report(kept, charts.draw(kept, folder / "charts"), quick=quick)
    (folder / "RESULTS.md").write_text(text)
    print(text)
    rounds.tell(f"written to {folder / 'RESULTS.md'}, with charts/ beside it")


if __name__ == "__main__":
    main()
