"""Fuzz every target in turn for a time: `make fuzz`, or `FUZZ_SECONDS=3600 make fuzz`.

Each batch is a process of its own, so that the death of one is a finding as well. A finding is printed with its example
and the seed that gives it again; the exit code is 1 where there is one.
"""
# ruff: noqa: PLC0415
# Only a batch needs the targets.

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

BATCH = 2_000
"""Cases of a target before the next one has its turn."""
_LIMIT = 900
"""Seconds after which a batch counts as hung."""


def batch(name: str, seed: int, cases: int) -> int:
    """Run cases of a target; gives their number, and raises at the first finding."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from targets import TARGETS  # beside this file

    strategy, check = TARGETS[name]
    count = 0
    with TemporaryDirectory() as place:

        @seeded(seed)
        @settings(
            max_examples=cases, database=None, deadline=None, suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )  # fmt: skip
        @given(strategy)
        def case(example: object) -> None:
            nonlocal count
            count += 1
            check(Path(place), example)

        case()
    return count


def run(seconds: float, names: list[str], seed: int) -> int:
    """Batches until the time is over; prints what was found."""
    begin, cases, findings = time.monotonic(), Counter[str](), Counter[str]()
    while time.monotonic() - begin < seconds:
        for name in names:
            command = [sys.executable, __file__, "--batch", name, "--seed", str(seed)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT, check=False)
                code, out, error = done.returncode, done.stdout, done.stderr
            except subprocess.TimeoutExpired:
                code, out, error = -1, "", "it did not end"
            cases[name] += int(out) if out.strip().isdigit() else 0
            if code:
                findings[name] += 1
                print(f"FINDING in {name}, seed {seed}, exit code {code}\n{error[-3000:]}", flush=True)
            if time.monotonic() - begin >= seconds:
                break
        seed += 1
        print(f"{time.monotonic() - begin:.0f} s, {cases.total():,} cases, {findings.total()} findings", flush=True)
    for name in names:
        print(f"{name}: {cases[name]:,} cases, {findings[name]} findings", flush=True)
    return 1 if findings else 0


def main() -> int:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("FUZZ_SECONDS", "60")))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch")
    parser.add_argument("--cases", type=int, default=BATCH)
    parser.add_argument("targets", nargs="*")
    asked = parser.parse_args()
    if asked.batch:
        print(batch(asked.batch, asked.seed, asked.cases))
        return 0
    if asked.targets:
        return run(asked.seconds, asked.targets, asked.seed)
    from targets import TARGETS

    return run(asked.seconds, list(TARGETS), asked.seed)


if __name__ == "__main__":
    sys.exit(main())
