"""Training sets that do not fit in memory: in a file, and the same in everything but that."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from msgspec.structs import replace as with_fields

from foreset import (
    CallerError,
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TrainingSet,
    TrainingSetSpec,
)
from foreset.adapters.shared.machine import LocalMachine
from foreset.domain.facts import Resources

ROWS = 40_000
FIRST = datetime(2024, 1, 1)  # noqa: DTZ001  # times without a zone are UTC
SPEC = TrainingSetSpec(["v:*"])


class Cramped(LocalMachine):
    """A machine on which little is free."""

    def observe(self) -> Resources:
        seen = super().observe()
        return with_fields(seen, memory_bytes=seen.held_bytes + 4_000_000)


def hours(count: int) -> pl.Expr:
    return pl.lit(FIRST) + pl.duration(hours=pl.int_range(count))


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "lake").unwrap()
    readings = pl.select(k=pl.int_range(ROWS) % 7, ts=hours(ROWS), x=pl.int_range(ROWS) / 3, seen=hours(ROWS))
    readings = readings.with_columns(note=pl.format("reading {}", pl.col("x")), kind=pl.lit("a"))
    store.tables.write(readings, "readings").unwrap()
    view = FeatureViewSpec("v", ["k"], DeltaSource("readings", "ts"), ["x", "note", "seen"], ttl=timedelta(days=2))
    store.register(EntitySpec("k", ["k"]), view).unwrap()
    return store


@pytest.fixture
def cramped(store: FeatureStore) -> FeatureStore:
    return FeatureStore(replace(store.adapters, machine=Cramped()))


@pytest.fixture
def spine() -> pl.DataFrame:
    frame = pl.select(k=(pl.int_range(ROWS) * 5) % 9, event_timestamp=hours(500).gather(pl.int_range(ROWS) % 500))
    return frame.with_columns(label=pl.lit("yes", pl.Categorical))


def test_it_is_the_training_set_that_memory_would_hold(
    store: FeatureStore, cramped: FeatureStore, spine: pl.DataFrame
) -> None:
    told: list[tuple[int, int]] = []
    whole = store.training_set(SPEC, spine).unwrap()
    made = cramped.training_set(SPEC, spine, progress=lambda done, every: told.append((done, every))).unwrap()
    assert (made.id, made.receipt.fingerprint) == (whole.id, whole.receipt.fingerprint)
    assert told == [(8192, ROWS), (16384, ROWS), (24576, ROWS), (32768, ROWS), (ROWS, ROWS)]
    assert pl.concat(made.batches()).equals(whole.frame)
    assert pl.concat(whole.batches()).equals(whole.frame)
    assert made.features == whole.features
    assert repr(made) == repr(whole)
    rebuilt = cramped.rebuild(made.id).unwrap()
    assert pl.concat(rebuilt.batches()).equals(whole.frame)


def test_asking_for_it_in_memory_is_told_with_the_figures(cramped: FeatureStore, spine: pl.DataFrame) -> None:
    made = cramped.training_set(SPEC, spine).unwrap()
    asks: list[Callable[[], object]] = [lambda: made.frame, made.to_arrow, made.to_pandas, lambda: made.X_y("x")]
    for ask in asks:
        with pytest.raises(CallerError, match=rf"The training set {made.id} takes about .* MB in memory") as raised:
            ask()
        assert "Next: write it with write_parquet(path) or write_delta(path), or go through it with batches()" in str(
            raised.value
        )


def test_it_is_written_to_parquet_more_than_once(cramped: FeatureStore, spine: pl.DataFrame, tmp_path: Path) -> None:
    made = cramped.training_set(SPEC, spine).unwrap()
    rows = pl.concat(made.batches())
    for name in ("a.parquet", "b.parquet", "a.parquet"):
        assert pl.read_parquet(made.write_parquet(tmp_path / "out" / name)).equals(rows)
    assert sorted(place.name for place in (tmp_path / "out").iterdir()) == ["a.parquet", "b.parquet"]


def test_it_is_copied_where_files_cannot_be_linked(
    cramped: FeatureStore, spine: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refused)
    made = cramped.training_set(SPEC, spine).unwrap()
    assert pl.read_parquet(made.write_parquet(tmp_path / "a.parquet")).height == ROWS


@pytest.mark.parametrize("before", ["nothing", "the same", "another schema"])
def test_it_is_written_to_delta_in_order(
    cramped: FeatureStore, spine: pl.DataFrame, tmp_path: Path, before: str
) -> None:
    made = cramped.training_set(SPEC, spine).unwrap()
    rows = pl.concat(made.batches()).with_columns(pl.col("label").cast(pl.String))
    if before != "nothing":
        old = rows.head(10) if before == "the same" else pl.DataFrame({"other": [1]})
        cramped.adapters.tables.write(str(tmp_path / "out"), old).unwrap()
    place = made.write_delta(tmp_path / "out")
    assert pl.read_delta(str(place)).equals(rows)
    assert DeltaTable(str(place)).version() == (0 if before == "nothing" else 1)


def test_the_file_goes_with_the_training_set_and_with_the_process_that_was_killed(
    cramped: FeatureStore, spine: pl.DataFrame, tmp_path: Path
) -> None:
    spilled = tmp_path / "store" / "spilled"
    (spilled / "result-0123").mkdir(parents=True)
    (spilled / "result-0123" / "in-use").touch()
    (spilled / "result-0123" / "rows.parquet").touch()
    made: TrainingSet | None = cramped.training_set(SPEC, spine).unwrap()
    (own,) = spilled.iterdir()
    assert own.name != "result-0123"
    assert made is not None
    made = None
    assert not list(spilled.iterdir())


def test_a_place_that_cannot_be_written_leaves_nothing(
    cramped: FeatureStore, spine: pl.DataFrame, tmp_path: Path
) -> None:
    (tmp_path / "store" / "spilled").write_text("a file where a folder should be")
    failed = cramped.training_set(SPEC, spine).failure()
    assert str(failed).startswith(f"{tmp_path / 'store' / 'spilled'} cannot be written: File exists")
    assert len(cramped.log.events().unwrap()) == 3
    made = FeatureStore(replace(cramped.adapters, machine=LocalMachine())).training_set(SPEC, spine).unwrap()
    (tmp_path / "blocked").write_text("")
    with pytest.raises(ForesetError, match="cannot be written"):
        made.write_parquet(tmp_path / "blocked" / "a.parquet")


def test_a_file_that_goes_away_meanwhile_is_told(cramped: FeatureStore, spine: pl.DataFrame, tmp_path: Path) -> None:
    def lose(done: int, _: int) -> None:
        if done == 8192:
            next((tmp_path / "lake" / "readings").glob("*.parquet")).unlink()

    cramped.plan(SPEC, spine).unwrap()
    failed = cramped.training_set(SPEC, spine, progress=lose).failure()
    assert str(failed).startswith("A data file of the table 'readings' is not there any more")
    assert not list((tmp_path / "store" / "spilled").iterdir())


def test_what_was_expected_and_what_happened_stand_side_by_side(store: FeatureStore, spine: pl.DataFrame) -> None:
    told = store.training_set(SPEC, spine).unwrap().explain()
    plan, _, measured = told.partition("\n\n")
    assert plan.startswith("spine     40,000 rows")
    lines = [line.split() for line in measured.splitlines()]
    assert lines[0] == ["estimated", "actual"]
    counted = [line[-2:] for line in lines if "rows" in line]
    assert counted == [["40,000", "500"], ["40,000", "30,925"], ["-", "0"]]  # looked at, served, expired


def test_what_served_it_is_pinned_part_by_part(cramped: FeatureStore, spine: pl.DataFrame, tmp_path: Path) -> None:
    made = cramped.training_set(SPEC, spine).unwrap()
    assert made.receipt.plan.parts > 1
    pinned = cramped.training_sets.pin(made.id).unwrap().pin
    served = pl.concat(made.batches()).select("seen").drop_nulls()
    assert pinned.rows == served.n_unique()
    shutil.rmtree(tmp_path / "lake" / "readings")
    again = cramped.rebuild(made.id).unwrap()
    assert again.rebuilt_from_pin
    assert pl.concat(again.batches()).equals(pl.concat(made.batches()))
