"""Memory and threads: read, kept to, or refused."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from foreset import FeatureStore
from foreset.entrypoints.wiring.limits import MOST_THREADS, limits


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("4GB", 4 * 10**9),
        ("1.5 gb", 1_500_000_000),
        ("512MiB", 512 * 2**20),
        ("1000", 1000),
        (7, 7),
        ("2T", 2 * 10**12),
    ],
)
def test_sizes_are_read(given: int | str, size: int) -> None:
    assert limits(given, None).unwrap() == (size, None)


@pytest.mark.parametrize("given", ["much", "-4GB", "0", "4 XB", -1])
def test_what_is_no_size_is_told(given: int | str) -> None:
    message = limits(given, None).failure().message
    assert message == f"memory cannot be kept to: {given!r} is no size. Next: give bytes, or a size like '4GB'."


def test_the_environment_is_asked_where_nothing_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FORESET_MEMORY", "3GB")
    monkeypatch.setenv("FORESET_THREADS", "64")
    store = FeatureStore.open(tmp_path / "store").unwrap()
    observed = store.adapters.machine.observe()
    assert (observed.memory_bytes, observed.threads) == (3 * 10**9, 64)
    assert 0 < observed.held_bytes < store.adapters.machine.peak_bytes() + 1
    monkeypatch.setenv("FORESET_MEMORY", "lots")
    assert "'lots' is no size" in FeatureStore.open(tmp_path / "store").failure().message


@pytest.mark.parametrize("given", ["two", "0", 0, -1])
def test_what_is_no_number_of_threads_is_told(given: int) -> None:
    message = limits(None, given).failure().message
    assert f"threads cannot be kept to: {given!r} is no number of threads. Next: give a whole number" in message


@pytest.mark.parametrize("given", [100_000, "9" * 30])
def test_more_threads_than_are_started_are_refused(given: int | str) -> None:
    most = max(MOST_THREADS, 4 * (os.cpu_count() or 1))
    message = limits(None, given).failure().message  # type: ignore[arg-type]  # as the environment has it
    assert f"{int(given):,} were named, and at most {most:,} are started. Next: name at most {most:,}." in message
    assert limits(None, most).unwrap() == (None, most)


@pytest.mark.skipif(pl.thread_pool_size() < 2, reason="polars has one thread here")
def test_fewer_threads_than_polars_has_already_are_refused() -> None:
    message = limits(None, 1).failure().message
    assert f"polars was loaded before with {pl.thread_pool_size()} threads, and 1 were asked for" in message
    assert "Next: set FORESET_THREADS or POLARS_MAX_THREADS to 1 and start anew" in message


def test_threads_are_told_to_polars_before_it_is_loaded(tmp_path: Path) -> None:
    code = """
import sys
from foreset import FeatureStore
store = FeatureStore.open(sys.argv[1], threads=1).unwrap()
import polars
print(polars.thread_pool_size(), store.adapters.machine.observe().threads)
"""
    environment = {name: value for name, value in os.environ.items() if name != "POLARS_MAX_THREADS"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", code, str(tmp_path / "store")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["1", "1"]
