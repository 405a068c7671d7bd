"""What every table store does. An adapter is one more entry in FACTORIES."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from foreset.adapters.shared.machine import SystemClock
from foreset.application.ports.tables import TableStore
from foreset.domain.errors.table_writes import TableExists
from foreset.domain.errors.tables import (
    AfterLastVersion,
    BeforeFirstVersion,
    ChangesUntold,
    SchemaMismatch,
    TableMissing,
    VersionMissing,
)
from foreset.domain.facts import Column
from foreset.domain.tables.write_options import WriteOptions
from tests.contracts.table_stores import FACTORIES, FIRST, MIDNIGHT, SECOND, rows


@pytest.fixture(params=FACTORIES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TableStore:
    return FACTORIES[request.param](tmp_path)


def test_a_missing_table_is_told_with_the_next_step(store: TableStore) -> None:
    error = store.observe("weather").failure()
    assert isinstance(error, TableMissing)
    assert str(error).startswith("Delta Lake table not found: 'weather' would be at ")
    assert re.search("Next: (write it to this store|correct the name, or write the table)", str(error))
    assert store.version_at("weather", MIDNIGHT).failure() == error


def test_the_first_write_makes_version_0(store: TableStore) -> None:
    facts = store.write("weather", FIRST).unwrap()
    assert (facts.table, facts.version, facts.rows, facts.files) == ("weather", 0, 2, 1)
    assert facts.columns == (Column("k", "int64"), Column("t", "timestamp[us, UTC]"), Column("x", "float64"))
    assert facts.partition_columns == ()
    assert facts.size_bytes > 0
    assert store.observe("weather").unwrap().facts == facts
    assert rows(store).equals(FIRST)


def test_the_time_range_holds_every_time(store: TableStore) -> None:
    least, greatest = store.write("weather", FIRST).unwrap().time_ranges["t"]
    day = 86_400_000_000
    start = int(MIDNIGHT.timestamp()) * 1_000_000
    assert start - 1_000 <= least <= start
    assert start + day <= greatest <= start + day + 1_000


def test_appends_are_read_in_their_order_and_old_versions_stay(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    facts = store.write("weather", SECOND).unwrap()
    assert (facts.version, facts.rows, facts.files) == (1, 4, 2)
    assert rows(store).equals(pl.concat([FIRST, SECOND]))
    assert rows(store, 0).equals(FIRST)
    assert rows(store, columns=("x", "k")).equals(pl.concat([FIRST, SECOND]).select("x", "k"))


def test_overwriting_replaces_the_rows_and_not_the_past(store: TableStore) -> None:
    first = store.write("weather", FIRST).unwrap()
    second = store.write("weather", SECOND, "overwrite").unwrap()
    assert (second.version, second.rows, second.table_id) == (1, 2, first.table_id)
    assert rows(store).equals(SECOND)
    assert rows(store, 0).equals(FIRST)


def test_a_table_with_no_rows_is_a_table(store: TableStore) -> None:
    facts = store.write("weather", FIRST.clear()).unwrap()
    assert (facts.rows, facts.time_ranges) == (0, {})
    assert rows(store).schema == FIRST.schema


def test_each_table_has_an_id_of_its_own(store: TableStore) -> None:
    assert store.write("a", FIRST).unwrap().table_id != store.write("b", FIRST).unwrap().table_id


def test_partition_columns_are_kept(store: TableStore) -> None:
    assert store.write("weather", FIRST, options=WriteOptions(partition_by=("k",))).unwrap().partition_columns == ("k",)


def test_narrower_columns_in_another_order_are_taken(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    store.write("weather", SECOND.select("x", "t", pl.col("k").cast(pl.Int32))).unwrap()
    assert rows(store).equals(pl.concat([FIRST, SECOND]))


LOST = "does not hold it: 'a' at row 0"


@pytest.mark.parametrize("mode", ["append", "overwrite"])
@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (FIRST.with_columns(y=1), "the table has no column y"),
        (FIRST.drop("x"), "the frame has no column x"),
        (FIRST.with_columns(k=pl.lit("a")), f"column 'k' is string, and the table's int64 {LOST}"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(store: TableStore, frame: pl.DataFrame, problem: str, mode: str) -> None:
    store.write("weather", FIRST).unwrap()
    error = store.write("weather", frame, mode).failure()  # type: ignore[arg-type]  # parametrised
    assert isinstance(error, SchemaMismatch)
    assert str(error).startswith(f"The frame does not fit the table 'weather': {problem}. Nothing was written.")
    assert store.observe("weather").unwrap().facts.version == 0


def test_mode_error_makes_only_new_tables(store: TableStore) -> None:
    store.write("weather", FIRST, "error").unwrap()
    error = store.write("weather", FIRST, "error").failure()
    assert isinstance(error, TableExists)
    assert "exists, and mode='error'" in str(error)
    assert store.observe("weather").unwrap().facts.version == 0


def test_a_version_that_is_not_there_is_told_with_those_that_are(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    store.write("weather", SECOND).unwrap()
    error = store.observe("weather", 2).failure()
    assert error == VersionMissing(table="weather", version=2, first=0, last=1)
    assert "its log holds versions 0 to 1" in str(error)


def test_times_outside_the_history_are_refused(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    before = store.version_at("weather", datetime(1999, 1, 1, tzinfo=UTC)).failure()
    assert isinstance(before, BeforeFirstVersion)
    assert str(before).startswith("At 1999-01-01T00:00:00+00:00 the table 'weather' did not exist: version 0")
    after = store.version_at("weather", SystemClock().now() + timedelta(days=1)).failure()
    assert isinstance(after, AfterLastVersion)
    assert (after.table, after.last) == ("weather", 0)


def test_a_snapshot_stays_as_it_was(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    snapshot = store.observe("weather").unwrap()
    store.write("weather", SECOND, "overwrite").unwrap()
    assert snapshot.facts.version == 0
    assert pl.DataFrame(snapshot.read(("k", "t", "x")).unwrap()).equals(FIRST)


# === What changed ===


def changed(store: TableStore, first: int, last: int | None = None) -> tuple[str, list[tuple[object, ...]]]:
    changes = store.changes("weather", first, last).unwrap()
    frame = pl.DataFrame(changes.read().unwrap())
    assert frame.columns == ["k", "t", "x", "_change_type", "_commit_version", "_commit_timestamp"]
    assert frame.dtypes[3:] == [pl.String, pl.Int64, pl.Datetime("us", "UTC")]
    return changes.facts.how, sorted(frame.select("k", "x", "_change_type", "_commit_version").rows(), key=repr)


def test_appended_rows_are_told_with_their_versions(store: TableStore) -> None:
    for frame in (FIRST, SECOND, FIRST[:1]):
        store.write("weather", frame).unwrap()
    assert changed(store, 0) == (
        "appended files",
        [(1, 0.5, "insert", 2), (3, 1.5, "insert", 1), (3, 2.5, "insert", 1)],
    )
    assert changed(store, 0, 1)[1] == [(3, 1.5, "insert", 1), (3, 2.5, "insert", 1)]
    facts = store.changes("weather", 0).unwrap().facts
    assert (facts.first, facts.last, facts.files, facts.rows) == (0, 2, 2, 3)
    assert facts.size_bytes > 0


def test_replaced_rows_are_told_where_they_differ(store: TableStore) -> None:
    store.write("weather", pl.concat([FIRST, FIRST])).unwrap()
    store.write("weather", pl.concat([FIRST, SECOND[:1]]), "overwrite").unwrap()
    assert changed(store, 0) == (
        "difference",
        [(1, 0.5, "delete", None), (2, None, "delete", None), (3, 1.5, "insert", None)],
    )


def test_a_version_against_itself_has_no_changes(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    assert changed(store, 0) == ("nothing changed", [])
    assert store.changes("weather", 0).unwrap().facts.files == 0


def test_the_times_of_changes_are_those_of_the_commits(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    store.write("weather", SECOND).unwrap()
    (time,) = set(pl.DataFrame(store.changes("weather", 0).unwrap().read().unwrap())["_commit_timestamp"])
    assert store.version_at("weather", time).unwrap() == 1


def test_changes_between_versions_that_are_not_there_or_in_the_wrong_order_are_refused(store: TableStore) -> None:
    assert isinstance(store.changes("weather", 0).failure(), TableMissing)
    store.write("weather", FIRST).unwrap()
    store.write("weather", SECOND).unwrap()
    missing = VersionMissing(table="weather", version=7, first=0, last=1)
    assert store.changes("weather", 7).failure() == store.changes("weather", 0, 7).failure() == missing
    error = store.changes("weather", 1, 0).failure()
    assert isinstance(error, ChangesUntold)
    assert str(error) == (
        "What changed in the table 'weather' after version 1, up to version 0, cannot be told: "
        "the first version is the later one. Next: name the older version first."
    )


@pytest.mark.parametrize("deep", [False, True])
def test_a_whole_table_is_checked_without_a_finding(store: TableStore, *, deep: bool) -> None:
    store.write("weather", FIRST).unwrap()
    facts = store.write("weather", SECOND).unwrap()
    report = store.check("weather", deep=deep).unwrap()
    assert (report.table, report.version, report.deep, report.commits) == ("weather", 1, deep, 2)
    assert (report.files, report.rows, report.size_bytes) == (facts.files, facts.rows, facts.size_bytes)
    assert report.findings == ()
    assert report.worst is None


def test_a_missing_table_cannot_be_checked(store: TableStore) -> None:
    assert store.check("weather").failure() == store.observe("weather").failure()


def test_a_column_named_as_those_that_tell_of_changes_is_refused(store: TableStore) -> None:
    store.write("weather", FIRST.with_columns(_change_type=pl.lit("mine"))).unwrap()
    assert "it has a column '_change_type', which tells of a change" in str(store.changes("weather", 0).failure())
