"""What changed where the columns did too, where rows are marked as deleted, and between which versions it is told."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.tables import (
    ChangesUntold,
    PartitionTimeUnclear,
    VersionMissing,
)
from tests.adapters.delta.told_changes import FEED, ROWS, changes, refusal, told
from tests.handmade import actions, commit, handmade

# === Deletion vectors and column mapping ===


def _marked(place: Path, cardinality: int, vector: dict[str, Any]) -> None:
    (add,) = actions(place, 0, "add")
    gone = {"remove": {"path": add["path"], "dataChange": True}}
    commit(place, gone, {"add": {**add, "deletionVector": {**vector, "cardinality": cardinality}}})


def test_rows_that_are_marked_as_deleted_are_changes(tables: DeltaTables, tmp_path: Path) -> None:
    marked = handmade(tmp_path / "other", [ROWS], deletion_vectors={0: [1]})
    (vector,) = [add["deletionVector"] for add in actions(marked, 0, "add")]
    place = handmade(tmp_path / "t", [ROWS], features=["deletionVectors"], configuration=FEED)
    _marked(place, 1, vector)
    how, frame = changes(tables, "t", 0)
    assert (how, told(frame, "k")) == ("difference", [(2, "delete", None)])
    assert tables.changes("t", 0).unwrap().facts.why == "version 1 marked rows as deleted, or no longer"


@pytest.mark.parametrize("mapping", ["id", "name"])
def test_mapped_columns_are_told_by_their_names(tables: DeltaTables, tmp_path: Path, mapping: Any) -> None:
    place = handmade(tmp_path / "t", [ROWS[:2], ROWS[2:]], mapping=mapping, configuration=FEED)
    first, second = actions(place, 0, "add")
    commit(place, {"remove": {"path": first["path"], "dataChange": True}})
    shutil.copy(place / second["path"], place / "again.parquet")
    commit(place, {"add": {**second, "path": "again.parquet"}})
    assert changes(tables, "t", 1)[0] == "appended files"
    how, frame = changes(tables, "t", 0)
    assert (how, told(frame, "k")) == ("change data feed", [(1, "delete", 1), (2, "delete", 1), (3, "insert", 2)])


@pytest.mark.parametrize("mapping", ["id", "name"])
def test_a_renamed_column_keeps_its_older_values(tables: DeltaTables, tmp_path: Path, mapping: Any) -> None:
    place = handmade(tmp_path / "t", [ROWS[:2], ROWS[2:]], mapping=mapping)
    (metadata,) = actions(place, 0, "metaData")
    commit(
        place,
        {"metaData": {**metadata, "schemaString": metadata["schemaString"].replace('"name": "x"', '"name": "y"')}},
    )
    commit(place, {"remove": {"path": actions(place, 0, "add")[0]["path"], "dataChange": True}})
    how, frame = changes(tables, "t", 0)
    assert frame.columns[:3] == ["k", "g", "y"]
    assert (how, told(frame, "k", "y")) == ("difference", [(1, 0.5, "delete", None), (2, -0.0, "delete", None)])
    assert changes(tables, "t", 0, 1)[0] == "nothing changed"


def test_times_of_partitions_are_read_in_the_zone_that_is_named(tables: DeltaTables, tmp_path: Path) -> None:
    """Also where only the commits in between name the file."""
    noon = pl.DataFrame({"k": [1], "at": [datetime(2024, 5, 1, 12, tzinfo=UTC)]})
    place = handmade(tmp_path / "t", [noon], partition_by=["at"])
    (add,) = actions(place, 0, "add")
    for name in ("appended.parquet", "compacted.parquet"):
        shutil.copy(place / add["path"], place / name)
    commit(place, {"add": {**add, "path": "appended.parquet"}})
    compacted = {"add": {**add, "path": "compacted.parquet", "dataChange": False}}
    commit(place, {"remove": {"path": "appended.parquet", "dataChange": False}}, compacted)
    found = tables.changes("t", 0, partition_time_zone="Europe/Paris").unwrap()
    assert found.facts.how == "appended files"
    assert found.read().unwrap()["at"].to_list() == [datetime(2024, 5, 1, 10, tzinfo=UTC)]
    assert isinstance(refusal(tables, "t", 0), PartitionTimeUnclear)


# === Columns that changed ===


def test_a_column_that_was_not_there_is_null_before(tables: DeltaTables, place: str) -> None:
    write_deltalake(place, ROWS)
    write_deltalake(place, ROWS.with_columns(y=pl.lit("new")), mode="append", schema_mode="merge")
    assert changes(tables, "t", 0)[1]["y"].to_list() == ["new"] * 3
    DeltaTable(place).delete("k = 1")
    how, frame = changes(tables, "t", 0)
    assert how == "difference"
    assert told(frame, "k", "y") == [(1, None, "delete", None), (2, "new", "insert", None), (3, "new", "insert", None)]


def test_a_column_that_went_is_not_looked_at(tables: DeltaTables, place: str) -> None:
    write_deltalake(place, ROWS)
    write_deltalake(place, ROWS.drop("x"), mode="overwrite", schema_mode="overwrite")
    how, frame = changes(tables, "t", 0)
    assert (how, frame.columns[:2], frame.height) == ("difference", ["k", "g"], 0)


@pytest.mark.parametrize("feed", [{}, FEED])
def test_a_wider_column_holds_its_older_values(tables: DeltaTables, place: str, feed: dict[str, str]) -> None:
    older = ROWS.select(pl.col("k").cast(pl.Int32), s=pl.struct(a=pl.col("x").cast(pl.Float32)))
    newer = ROWS[1:].select("k", s=pl.struct(b=pl.lit(1), a="x"))
    write_deltalake(place, older, configuration=feed)
    write_deltalake(place, newer, mode="overwrite", schema_mode="overwrite")
    how, frame = changes(tables, "t", 0)
    assert how == "difference"
    assert frame.filter(_change_type="delete").rows()[0][:2] == (1, {"b": None, "a": 0.5})
    assert frame.schema["k"] == pl.Int64


def test_a_column_of_another_type_is_refused_with_the_version_to_begin_at(tables: DeltaTables, place: str) -> None:
    write_deltalake(place, ROWS)
    write_deltalake(place, ROWS.with_columns(k=pl.lit("text")), mode="overwrite", schema_mode="overwrite")
    write_deltalake(place, ROWS.with_columns(k=pl.lit("more")), mode="append")
    error = refusal(tables, "t", 0)
    assert isinstance(error, ChangesUntold)
    assert str(error).startswith(
        "What changed in the table 't' after version 0, up to version 2, cannot be told: "
        "the column 'k' was int64 and is string. Next: name version 1 or a later one as the first"
    )
    assert changes(tables, "t", 1)[1]["k"].to_list() == ["more"] * 3


def test_a_table_made_in_anothers_place_is_refused(tables: DeltaTables, tmp_path: Path) -> None:
    place = handmade(tmp_path / "t", [ROWS])
    (metadata,) = actions(place, 0, "metaData")
    commit(place, {"metaData": {**metadata, "id": "another"}})
    error = refusal(tables, "t", 0)
    assert "another table was made in its place in between. Next: name version 1 or a later one" in str(error)


def test_a_column_named_as_those_that_tell_of_changes_is_refused(tables: DeltaTables, place: str) -> None:
    write_deltalake(place, ROWS.with_columns(_change_type=1))
    assert "it has a column '_change_type', which tells of a change" in str(refusal(tables, "t", 0))


# === Versions ===


def test_versions_in_the_wrong_order_are_refused(tables: DeltaTables, place: str) -> None:
    for _ in range(2):
        write_deltalake(place, ROWS, mode="append")
    error = refusal(tables, "t", 1, 0)
    assert isinstance(error, ChangesUntold)
    assert "the first version is the later one. Next: name the older version first." in str(error)


@pytest.mark.parametrize(("first", "last"), [(0, 7), (7, None), (-1, None), (0, -1)])
def test_versions_that_are_not_there_are_refused(tables: DeltaTables, place: str, first: int, last: int | None) -> None:
    write_deltalake(place, ROWS)
    assert isinstance(refusal(tables, "t", first, last), VersionMissing)


def test_a_version_before_the_log_begins_is_refused(
    tables: DeltaTables, place: str, commit_file: Callable[[str, int], Path]
) -> None:
    for _ in range(3):
        write_deltalake(place, ROWS, mode="append")
    DeltaTable(place, version=1).create_checkpoint()
    commit_file("t", 0).unlink()
    error = refusal(tables, "t", 0)
    assert isinstance(error, VersionMissing)
    assert changes(tables, "t", 1)[0] == "appended files"
