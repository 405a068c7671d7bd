"""A disk that is full in the midst of a write: it is told, what was there stays, and no half of a file is left."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace as with_fields

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TrainingSetSpec,
    read_delta_table,
    write_to_delta_lake,
)
from foreset.adapters.shared.machine import LocalMachine
from foreset.domain.errors.event_log import StoreUnwritable
from foreset.domain.errors.retrieval import OutputUnwritable
from foreset.domain.facts import Resources
from foreset.entrypoints.cli import main

ROWS = 40_000
TIMES = pl.datetime_range(
    datetime(2024, 1, 1, tzinfo=UTC), interval="1m", end=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=ROWS - 1)
)
FRAME = pl.select(k=pl.int_range(ROWS) % 7, at=TIMES, x=pl.Series(np.random.default_rng(1).random(ROWS)))
SPINE = FRAME.select(
    "k", event_timestamp="at", label=pl.format("the reading of minute {}: {}", pl.int_range(ROWS), "x")
)
SPEC = TrainingSetSpec(["v:x"])
SMALL = 100_000
"""The most bytes that a file may have on the full disk: less than any that is written here in full."""


@contextmanager
def full_disk() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Cramped(LocalMachine):
    """A machine on which little memory is free."""

    def observe(self) -> Resources:
        seen = super().observe()
        return with_fields(seen, memory_bytes=seen.held_bytes + 4_000_000)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    monkeypatch.setenv("FORESET_DATA_DIR", str(tmp_path / "lake"))
    monkeypatch.setenv("FORESET_STORE", str(tmp_path / "store"))
    write_to_delta_lake(FRAME, "t")
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "lake").unwrap()
    store.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], DeltaSource("t", "at"), ["x"])).unwrap()
    return store


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if "partial" in path.name or "spilled" in str(path.parent)]


@pytest.mark.parametrize("mode", ["append", "overwrite"])
@pytest.mark.usefixtures("store")
def test_a_table_is_as_it_was(tmp_path: Path, mode: str) -> None:
    with full_disk(), pytest.raises(ForesetError, match=r"Writing the table 't' failed: .*File too large") as caught:
        write_to_delta_lake(FRAME.reverse(), "t", mode=mode)  # type: ignore[arg-type]
    assert "The table is as it was before. Next: " in str(caught.value)
    assert read_delta_table("t").equals(FRAME)
    assert len(list((tmp_path / "lake" / "t").glob("*.parquet"))) == 1


def test_a_spine_that_cannot_be_kept(store: FeatureStore, tmp_path: Path) -> None:
    with full_disk():
        error = store.training_set(SPEC, SPINE).failure()
    assert isinstance(error, StoreUnwritable)
    assert "File too large" in error.problem
    assert leftovers(tmp_path) == []
    assert len(store.log.events().unwrap()) == 2  # the definitions


def test_a_result_that_does_not_fit_in_memory_either(store: FeatureStore, tmp_path: Path) -> None:
    cramped = FeatureStore(replace(store.adapters, machine=Cramped()))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(done: int, _: int) -> None:
        if done == 8192:
            resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, hard))

    try:
        error = cramped.training_set(SPEC, SPINE, keep_spine=False, progress=fill).failure()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert isinstance(error, OutputUnwritable)
    assert isinstance(error.cause, OSError)
    assert leftovers(tmp_path) == []


def test_a_file_that_was_there_stays(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(SPEC, SPINE).unwrap()
    place = made.write_parquet(tmp_path / "out.parquet")
    before = place.read_bytes()
    with full_disk(), pytest.raises(ForesetError, match=r"out.parquet cannot be written: .*File too large"):
        made.write_parquet(place)
    with full_disk(), pytest.raises(ForesetError, match="failed"):
        made.write_delta(tmp_path / "out")
    assert place.read_bytes() == before
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_the_command_line_ends_with_its_code(
    store: FeatureStore, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    SPINE.write_parquet(tmp_path / "spine.parquet")
    (tmp_path / "spec.yaml").write_text('features: ["v:x"]')
    store.training_set(SPEC, SPINE).unwrap()  # the spine is kept from now on
    out, spec, spine = tmp_path / name, str(tmp_path / "spec.yaml"), str(tmp_path / "spine.parquet")
    with full_disk():
        assert main(["get", spec, "--spine", spine, "-o", str(out)]) == 1
    assert f"{out} cannot be written: " in capsys.readouterr().err
    assert not out.exists()
    assert leftovers(tmp_path) == []
