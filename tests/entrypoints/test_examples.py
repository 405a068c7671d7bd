"""The examples, each from a fresh directory, where the zone of the machine is east, west and in the middle."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SOURCE = EXAMPLES.parent / "src"
# One process a zone runs them all, each in a folder of its own, so that Feast is loaded once.
RUN_ALL = """
import os, runpy, sys
for script in sys.argv[1:]:
    folder = os.path.splitext(os.path.basename(script))[0]
    os.mkdir(folder)
    os.chdir(folder)
    print("===", folder)
    runpy.run_path(script, run_name="__main__")
    os.chdir("..")
"""
PRINTED = {
    "application_training": r"From the store: \(1000, 20\), .*accuracy.*\nRebuilt: TrainingSet\(ts-.*1000 rows.*\n"
    r"From the table: \(1000, 20\)",
    "basic_usage": r"Shape: \(1000, 20\)",
    "custom_dataset": r"Shape: \(1000, 15\)\nMetrics: .*r2",
    "point_in_time": r"Shape: \(1000, 20\)\nMetrics: .*accuracy",
    "with_orchestrator": r"Shape: \(1000, 20\)\nTraining set: ts-\w+\nMetrics: .*accuracy",
}


def test_every_example_is_run() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(PRINTED)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC", "Asia/Tokyo"])
def test_the_examples_give_every_row_in_any_zone(tmp_path: Path, zone: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FORESET_")}
    environment |= {"TZ": zone, "PYTHONPATH": str(SOURCE)}
    scripts = [str(EXAMPLES / f"{name}.py") for name in PRINTED]
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL, *scripts],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    printed = dict(zip(PRINTED, done.stdout.split("=== ")[1:], strict=True))
    for name, pattern in PRINTED.items():
        assert re.search(pattern, printed[name]), printed[name]
