"""What is particular to the adapters in memory."""

from datetime import UTC, datetime, timedelta

import polars as pl

from foreset.adapters.memory import MemoryClock, MemoryTables
from foreset.application.ports.tables import Snapshot
from foreset.domain.errors.tables import AfterLastVersion, BeforeFirstVersion
from foreset.domain.tables.write_options import WriteOptions

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
FRAME = pl.DataFrame({"k": [1]})


def test_the_clock_stands_until_it_is_set() -> None:
    clock = MemoryClock(NOON.replace(tzinfo=None))
    assert (clock.now(), clock.now()) == (NOON, NOON)
    clock.advance(timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)
    clock.set(NOON)
    assert clock.now() == NOON


def test_the_version_at_a_time_is_the_last_one_committed_by_then() -> None:
    clock = MemoryClock(NOON)
    store = MemoryTables({"table": FRAME}, clock=clock)
    clock.advance(timedelta(hours=2))
    store.write("table", FRAME).unwrap()
    asked = {hours: store.version_at("table", NOON + timedelta(hours=hours)) for hours in (-1, 0, 1, 2, 3)}
    assert [asked[hours].unwrap() for hours in (0, 1, 2)] == [0, 0, 1]
    assert isinstance(asked[-1].failure(), BeforeFirstVersion)
    assert isinstance(asked[3].failure(), AfterLastVersion)
    assert store.version_at("table", NOON.replace(tzinfo=None)).unwrap() == 0


def test_commit_times_never_run_back() -> None:
    clock = MemoryClock(NOON)
    store = MemoryTables({"table": FRAME}, clock=clock)
    clock.set(NOON - timedelta(days=1))
    assert store.write("table", FRAME).unwrap().version == 1
    assert isinstance(store.version_at("table", NOON - timedelta(hours=1)).failure(), BeforeFirstVersion)
    assert store.version_at("table", NOON).unwrap() == 1


def test_time_ranges_are_widened_to_whole_microseconds() -> None:
    times = pl.Series([-1_001, None, 1_001]).cast(pl.Datetime("ns"))
    frame = pl.DataFrame({"t": times, "never": pl.Series([None] * 3, dtype=pl.Datetime("ms")), "k": [1, 2, 3]})
    facts = MemoryTables(clock=MemoryClock()).write("table", frame).unwrap()
    assert facts.time_ranges == {"t": (-2, 2)}


def test_categories_are_stored_as_strings_and_untyped_nulls_fit_every_column() -> None:
    store = MemoryTables({"table": pl.DataFrame({"c": pl.Series(["a"], dtype=pl.Categorical)})}, clock=MemoryClock())
    store.write("table", pl.DataFrame({"c": [None]})).unwrap()
    snapshot = store.observe("table").unwrap()
    assert snapshot.facts.dtype("c") == "string"
    assert snapshot.read(("c",)).unwrap().to_series().to_list() == ["a", None]


def test_a_table_in_memory_has_no_files() -> None:
    snapshot: Snapshot = MemoryTables({"table": FRAME}, clock=MemoryClock()).observe("table").unwrap()
    assert snapshot.files(("x",)).unwrap() is None


def test_a_partition_column_must_be_there() -> None:
    error = (
        MemoryTables(clock=MemoryClock()).write("table", FRAME, options=WriteOptions(partition_by=("day",))).failure()
    )
    assert "it has no column day to partition by" in str(error)
