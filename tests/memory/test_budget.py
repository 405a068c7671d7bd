"""A process stays within its memory, and is killed here if it does not; the training set is the same."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil
import pytest
from deltalake import write_deltalake

ROWS, SPINE_ROWS, FEATURES = 200_000, 800_000, 50
WORKER = Path(__file__).with_name("worker.py")
BUDGET = 400_000_000
SLACK = 1.02

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 80 MB and a spine whose training set takes 330 MB."""
    place = tmp_path_factory.mktemp("budget")
    generator = np.random.default_rng(7)
    for _ in range(4):
        part = ROWS // 4
        columns: dict[str, Any] = {"k": generator.integers(0, 5_000, part), "ts": generator.integers(0, 10**9, part)}
        columns |= {f"f{number}": generator.random(part) for number in range(FEATURES)}
        frame = pl.DataFrame(columns).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))
        write_deltalake(str(place / "features"), frame.to_arrow(), mode="append")
    spine = {"k": generator.integers(0, 5_000, SPINE_ROWS), "event_timestamp": generator.integers(0, 10**9, SPINE_ROWS)}
    times = pl.col("event_timestamp").cast(pl.Datetime("us", "UTC"))
    pl.DataFrame(spine).with_columns(times).write_parquet(place / "spine.parquet")
    return place


def run(folder: Path, budget: int, output: str) -> dict[str, Any]:
    """What the worker tells; it is killed as soon as it holds more than its budget and a little."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(WORKER), str(folder), str(budget), output]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            held = watched.memory_info().rss if watched.is_running() else 0
            if held > budget * SLACK:
                process.kill()
                pytest.fail(f"held {held:,} bytes of {budget:,}")
            time.sleep(0.002)
        assert process.stdout is not None
        answer: dict[str, Any] = json.loads(process.stdout.read())
    assert process.returncode == 0
    return answer


@pytest.fixture(scope="module")
def roomy(folder: Path) -> dict[str, Any]:
    return run(folder, 8_000_000_000, "parquet")


@pytest.mark.parametrize("output", ["parquet", "delta"])
def test_a_result_that_does_not_fit_is_written_within_the_budget(
    folder: Path, roomy: dict[str, Any], output: str
) -> None:
    whole = pl.read_parquet(folder / "out.parquet")
    tight = run(folder, BUDGET, output)
    assert (roomy["parts"], roomy["told"]) == (1, [])
    assert tight["parts"] > 1
    assert tight["told"][-1] == SPINE_ROWS
    assert len(tight["told"]) == tight["parts"]
    assert tight["peak"] <= BUDGET
    assert (tight["id"], tight["fingerprint"]) == (roomy["id"], roomy["fingerprint"])
    written = pl.read_delta(str(folder / "out")) if output == "delta" else pl.read_parquet(folder / "out.parquet")
    assert written.equals(whole)
    assert not list((folder / "store" / "spilled").iterdir())


def test_what_it_took_is_near_what_was_expected(folder: Path, roomy: dict[str, Any]) -> None:
    tight = run(folder, BUDGET, "parquet")
    for answer in (roomy, tight):
        assert answer["expected"] / 2 <= answer["peak"] <= answer["expected"] * 2


def test_a_budget_that_is_held_already_is_told_before_anything_is_read(folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(WORKER), str(folder), "100MB", "parquet"]
    done = subprocess.run(command, check=False, capture_output=True, env=environment, text=True)
    assert done.returncode == 1
    assert "The spine " in done.stderr
    assert "takes about 12.8 MB of memory at the least, which is more than there may be: 0 B" in done.stderr
