"""What changed between two versions of a Delta table, held against full reads of both."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.tables import (
    DataFileGone,
)
from foreset.domain.tables.write_options import WriteMode, WriteOptions
from tests.adapters.delta.told_changes import FEED, ROWS, changes, refusal, told
from tests.handmade import DAY_MS, actions, commit, handmade

# === The ways ===


@pytest.mark.parametrize("feed", [{}, FEED])
def test_appends_are_told_by_the_files_that_they_added(tables: DeltaTables, place: str, feed: dict[str, str]) -> None:
    write_deltalake(place, ROWS, configuration=feed, partition_by=["g"])
    write_deltalake(place, ROWS[:2], mode="append")
    write_deltalake(place, ROWS[2:], mode="append")
    DeltaTable(place).optimize.compact()
    found = tables.changes("t", 0).unwrap()
    assert (found.facts.how, found.facts.files, found.facts.rows) == ("appended files", 3, 3)
    how, frame = changes(tables, "t", 0)
    assert how == "appended files"
    assert told(frame, "k") == [(1, "insert", 1), (2, "insert", 1), (3, "insert", 2)]
    assert changes(tables, "t", 1, 2)[1]["k"].to_list() == [3]


def test_commits_that_changed_no_row_cost_nothing(tables: DeltaTables, place: str) -> None:
    for _ in range(3):
        write_deltalake(place, ROWS, mode="append")
    DeltaTable(place).optimize.compact()
    DeltaTable(place).alter.set_table_properties({"delta.appendOnly": "false"})
    found = tables.changes("t", 2).unwrap()
    assert (found.facts.how, found.facts.files, found.facts.size_bytes) == ("nothing changed", 0, 0)
    how, frame = changes(tables, "t", 2)
    assert (how, frame.height) == ("nothing changed", 0)
    assert changes(tables, "t", 4, 4)[0] == "nothing changed"


def test_the_feed_tells_each_change_with_its_commit(tables: DeltaTables, place: str) -> None:
    write_deltalake(place, ROWS, configuration=FEED, partition_by=["g"])
    DeltaTable(place).update(predicate="k = 2", updates={"x": "9.0"})
    DeltaTable(place).delete("k = 1")
    source = pl.DataFrame({"k": [3, 4], "g": [None, "new"], "x": [7.0, 8.0]}, ROWS.schema)
    merge = DeltaTable(place).merge(source, "s.k = t.k", source_alias="s", target_alias="t")
    merge.when_matched_update_all().when_not_matched_insert_all().execute()
    how, frame = changes(tables, "t", 0)
    assert how == "change data feed"
    assert told(frame, "k", "x") == [
        (1, 0.5, "delete", 2),
        (2, -0.0, "update_preimage", 1),
        (2, 9.0, "update_postimage", 1),
        (3, 7.0, "update_postimage", 3),
        (3, None, "update_preimage", 3),
        (4, 8.0, "insert", 3),
    ]
    assert set(frame["g"]) == {*ROWS["g"], "new"}
    assert [changes(tables, "t", a, b)[0] for a in range(3) for b in range(a + 1, 4)] == ["change data feed"] * 6


def test_times_are_those_of_the_commits_in_utc(
    tables: DeltaTables, place: str, dated: Callable[[str, dict[int, int | None]], None]
) -> None:
    write_deltalake(place, ROWS)
    write_deltalake(place, ROWS, mode="append")
    write_deltalake(place, ROWS, mode="append")
    dated("t", {1: DAY_MS + 1, 2: None})
    frame = changes(tables, "t", 0)[1]
    assert frame.schema["_commit_timestamp"] == pl.Datetime("us", "UTC")
    assert frame["_commit_timestamp"].to_list() == [datetime(2024, 1, 1, 0, 0, 0, 1_000, tzinfo=UTC)] * 3 + [None] * 3


def test_without_a_feed_the_files_that_differ_are_compared_row_by_row(tables: DeltaTables, place: str) -> None:
    write_deltalake(place, ROWS, partition_by=["g"])
    write_deltalake(place, ROWS[:1], mode="append")
    DeltaTable(place).update(predicate="k = 2", updates={"x": "9.0"})
    found = tables.changes("t", 0).unwrap()
    assert (found.facts.how, found.facts.files, found.facts.rows) == ("difference", 3, 3)
    assert found.facts.why == "version 2 changed rows while the change data feed was off"
    frame = changes(tables, "t", 0)[1]
    assert told(frame, "k", "x") == [(1, 0.5, "insert", None), (2, -0.0, "delete", None), (2, 9.0, "insert", None)]
    assert frame["_commit_timestamp"].null_count() == 3


def test_a_feed_that_was_switched_on_tells_from_then_on(tables: DeltaTables, place: str) -> None:
    write_deltalake(place, ROWS)
    DeltaTable(place).delete("k = 1")
    DeltaTable(place).alter.set_table_properties(FEED)
    DeltaTable(place).delete("k = 2")
    assert [changes(tables, "t", first)[0] for first in range(4)] == [
        "difference",
        "change data feed",
        "change data feed",
        "nothing changed",
    ]


# === Any history ===

CELLS = st.tuples(
    st.integers(0, 3),
    st.sampled_from(["a b", "ü%20", "", "d", None]),
    st.sampled_from([None, 0.0, -0.0, float("nan"), 1.5]),
)
FRAMES = st.lists(CELLS, min_size=1, max_size=6).map(
    lambda cells: pl.DataFrame(cells, {"k": pl.Int64(), "g": pl.String(), "x": pl.Float64()}, orient="row")
)
KEYS = st.integers(0, 3)


def _write(mode: str) -> Callable[[str, pl.DataFrame, int], object]:
    return lambda place, frame, _: write_deltalake(place, frame, mode=mode)  # type: ignore[call-overload]


def _replace_where(place: str, frame: pl.DataFrame, key: int) -> object:
    return write_deltalake(place, frame.with_columns(k=pl.lit(key, pl.Int64)), mode="overwrite", predicate=f"k = {key}")


def _merge(place: str, frame: pl.DataFrame, key: int) -> object:
    source = frame.unique("k").with_columns(x=pl.lit(float(key)))
    merge = DeltaTable(place).merge(source, "s.k = t.k", source_alias="s", target_alias="t")
    return merge.when_matched_update({"x": "s.x"}).when_not_matched_insert_all().execute()


def _restore(place: str, _: pl.DataFrame, key: int) -> object:
    table = DeltaTable(place)
    return table.restore(key) if key < table.version() else None


def _configure(value: str) -> Callable[[str, pl.DataFrame, int], object]:
    return lambda place, *_: DeltaTable(place).alter.set_table_properties({"delta.enableChangeDataFeed": value})


def _ours(mode: WriteMode, **options: Any) -> Callable[[str, pl.DataFrame, int], object]:
    """A write of Foreset's own, or its refusal, which changes nothing."""

    def write(place: str, frame: pl.DataFrame, key: int) -> object:
        chosen = {name: value.format(key=key) if isinstance(value, str) else value for name, value in options.items()}
        rows = frame.with_columns(k=pl.lit(key, pl.Int64)) if "replace_where" in options else frame
        return DeltaTables(Path()).write(place, rows, mode, WriteOptions(**chosen))

    return write


OPERATIONS: dict[str, Callable[[str, pl.DataFrame, int], object]] = {
    "append": _write("append"),
    "overwrite": _write("overwrite"),
    "replace_where": _replace_where,
    "merge": _merge,
    "update": lambda place, _, key: DeltaTable(place).update(predicate=f"k = {key}", updates={"x": "x + 1"}),
    "delete": lambda place, _, key: DeltaTable(place).delete(f"k <= {key}"),
    "optimize": lambda place, *_: DeltaTable(place).optimize.compact(),
    "z_order": lambda place, *_: DeltaTable(place).optimize.z_order(["k"]),
    "restore": _restore,
    "our_append": _ours("append"),
    "our_overwrite": _ours("overwrite"),
    "our_merge": _ours("merge", merge_on=("k",)),
    "our_replace_where": _ours("overwrite", replace_where="k = {key}"),
    "our_optimize": lambda place, *_: DeltaTables(Path()).optimize(place),
    "feed_on": _configure("true"),
    "feed_off": _configure("false"),
    "checkpoint": lambda place, *_: DeltaTable(place).create_checkpoint(),
}


@settings(max_examples=20)
@given(
    frame=FRAMES,
    history=st.lists(st.tuples(st.sampled_from(sorted(OPERATIONS)), FRAMES, KEYS), min_size=1, max_size=6),
    feed=st.booleans(),
    partitioned=st.booleans(),
)
def test_the_changes_of_any_history_lead_from_one_version_to_another(
    frame: pl.DataFrame, history: list[tuple[str, pl.DataFrame, int]], *, feed: bool, partitioned: bool
) -> None:
    with TemporaryDirectory() as folder:
        place = f"{folder}/t"
        write_deltalake(
            place,
            frame,
            configuration=FEED if feed else None,
            partition_by=["g"] if partitioned else None,
        )
        for operation, given_rows, key in history:
            OPERATIONS[operation](place, given_rows, key)
        tables = DeltaTables(Path(folder))
        for first in range(tables.observe("t").unwrap().facts.version + 1):
            for last in range(first, tables.observe("t").unwrap().facts.version + 1):
                changes(tables, "t", first, last)


# === What the log does not tell ===


def test_two_compactions_at_once_are_told_as_the_rows_that_they_doubled(tables: DeltaTables, tmp_path: Path) -> None:
    place = handmade(tmp_path / "t", [ROWS[:1], ROWS[1:]])
    adds = actions(place, 0, "add")
    for name in ("first.parquet", "second.parquet"):
        ROWS.write_parquet(place / name)
        whole = {**adds[0], "path": name, "size": (place / name).stat().st_size, "dataChange": False}
        whole["stats"] = json.dumps({"numRecords": 3})
        gone = [{"remove": {"path": add["path"], "dataChange": False}} for add in adds]
        commit(place, *gone, {"add": whole})
    assert changes(tables, "t", 0, 1)[0] == "nothing changed"
    how, frame = changes(tables, "t", 0)
    assert (how, frame["_change_type"].to_list()) == ("difference", ["insert"] * 3)


def test_commits_that_are_no_longer_in_the_log_do_not_hinder(
    tables: DeltaTables, place: str, commit_file: Callable[[str, int], Path]
) -> None:
    for _ in range(4):
        write_deltalake(place, ROWS, mode="append")
    DeltaTable(place, version=1).create_checkpoint()
    DeltaTable(place, version=3).create_checkpoint()
    for version in (0, 1, 2):
        commit_file("t", version).unlink()
    how, frame = changes(tables, "t", 1)
    assert (how, frame.height) == ("difference", 6)
    assert tables.changes("t", 1).unwrap().facts.why == "the log no longer has all commits in between"


def test_files_that_vacuum_took_do_not_hinder_where_both_versions_have_theirs(tables: DeltaTables, place: str) -> None:
    write_deltalake(place, ROWS)
    write_deltalake(place, ROWS, mode="append")
    DeltaTable(place).optimize.compact()
    compacted = {Path(file.path) for file in tables.observe("t").unwrap().facts.data_files}
    first = {Path(file.path) for file in tables.observe("t", 0).unwrap().facts.data_files}
    for file in {*Path(place).glob("*.parquet")} - compacted - first:
        file.unlink()
    how, frame = changes(tables, "t", 0)
    assert (how, frame.height) == ("difference", 3)
    assert tables.changes("t", 0).unwrap().facts.why == "files of commits in between are no longer there"
    for file in first:
        file.unlink()
    assert isinstance(refusal(tables, "t", 0), DataFileGone)


def test_a_feed_that_recorded_something_else_than_was_done_is_not_believed(tables: DeltaTables, place: str) -> None:
    write_deltalake(place, ROWS, configuration=FEED)
    DeltaTable(place).delete("k = 1")
    (recorded,) = Path(place).glob("_change_data/*.parquet")
    frame = pl.read_parquet(recorded)
    pl.concat([frame, frame]).write_parquet(recorded)
    found = tables.changes("t", 0).unwrap()
    assert found.facts.how == "change data feed"
    rows = found.read().unwrap()
    assert rows.select("k", "_change_type").rows() == [(1, "delete")]
    assert found.facts.how == "difference"
    assert found.facts.why == "the recorded changes after version 0 lead to 1 rows, its log counts 2"


def test_a_feed_that_delta_rs_wrote_of_rows_with_nan_is_not_believed(tables: DeltaTables, place: str) -> None:
    rows = pl.DataFrame({"k": [0, 3], "x": [float("nan"), 0.0]})
    write_deltalake(place, rows, configuration=FEED)
    DeltaTable(place).update(predicate="k = 3", updates={"x": "x + 1"})
    _, frame = changes(tables, "t", 0)
    assert frame.select("k", "x", "_change_type").rows() == [(3, 0.0, "delete"), (3, 1.0, "insert")]
