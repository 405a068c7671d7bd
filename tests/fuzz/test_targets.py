"""A few cases of each fuzz target; `make fuzz` runs many."""

import subprocess
import sys
from pathlib import Path

import pytest

NAMES = (
    "specs", "yaml", "feast_settings", "events", "commits", "schemas", "statistics", "checkpoints", "conditions", "csv",
    "addresses", "sizes", "models", "registries",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_generated_input_ends_in_values_or_errors_of_foreset(name: str) -> None:
    command = [sys.executable, str(Path(__file__).with_name("run.py")), "--batch", name, "--cases", "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
