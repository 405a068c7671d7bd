"""What is read of a table: all of it and right, or a refusal that says why."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.problem import Problem
from foreset.domain.errors.tables import (
    BadTableName,
    DataFileGone,
    NotADeltaTable,
    PartitionTimeUnclear,
    TableMissing,
    TableUnreadable,
    UnsupportedTable,
    VersionMissing,
)
from foreset.domain.tables.write_options import WriteOptions

Read = Callable[..., pl.DataFrame]
Refused = Callable[..., Problem]
Files = Callable[[str], list[Path]]
CommitFile = Callable[[str, int], Path]
FRAME = pl.DataFrame({"k": [1, 2], "x": [0.5, None]})


# === Places ===


def test_a_missing_table_names_its_place_and_the_next_step(refused: Refused, tmp_path: Path) -> None:
    error = refused("weather")
    assert isinstance(error, TableMissing)
    assert str(error).startswith(
        f"Delta Lake table not found: 'weather' would be at {tmp_path / 'weather'}. Next: correct the name"
    )
    assert str(refused("classification_data")).endswith(
        "Next: make the sample with `foreset generate classification_data`."
    )


def test_a_folder_without_a_log_is_no_table(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "parquet").mkdir()
    FRAME.write_parquet(tmp_path / "parquet" / "part-0.parquet")
    (tmp_path / "log" / "_delta_log").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    for name in ("empty", "parquet", "log", "file"):
        error = refused(name)
        assert isinstance(error, NotADeltaTable), name
        assert str(error).startswith(f"{tmp_path / name} is not a Delta table ('{name}'): it has no _delta_log")


@pytest.mark.parametrize("name", ["../x", "", "..", "a/../../x", "./../x", "x y", "a:b"])
def test_a_name_that_climbs_or_is_none_is_refused(refused: Refused, tables: DeltaTables, name: str) -> None:
    error = refused(name)
    assert isinstance(error, BadTableName)
    assert str(error).startswith(f"{name!r} is not a dataset name")
    assert isinstance(tables.write(name, FRAME).failure(), BadTableName)


def test_a_name_longer_than_a_file_name_can_be(refused: Refused) -> None:
    error = refused("a" * 300)
    assert isinstance(error, TableUnreadable)
    assert "File name too long" in str(error)


def test_paths_and_file_urls_are_tables_too(tables: DeltaTables, read: Read, tmp_path: Path) -> None:
    place = tmp_path / "a folder" / "50% ü"
    tables.write(str(place), FRAME).unwrap()
    assert read(str(place)).equals(FRAME)
    assert read(place.as_uri()).equals(FRAME)


@pytest.mark.parametrize("version", [2, 99, -1, 2**70])
def test_a_version_that_is_not_there(tables: DeltaTables, refused: Refused, version: int) -> None:
    for _ in range(2):
        tables.write("t", FRAME).unwrap()
    assert refused("t", version) == VersionMissing(table="t", version=version, first=0, last=1)


# === Damage ===


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"add": {"pa', "Json error"),
        (b"\xff\xfe\x00", "Json error"),
        (b"", "the commit 00000000000000000001.json of its log is empty"),
        (None, "found gap"),
    ],
)
@pytest.mark.parametrize("warm", [True, False])
def test_a_broken_commit(
    tables: DeltaTables, refused: Refused, commit_file: CommitFile, content: bytes | None, problem: str, *, warm: bool
) -> None:
    for _ in range(3):
        tables.write("t", FRAME).unwrap() if warm else DeltaTables(tables._data_dir).write("t", FRAME).unwrap()
    path = commit_file("t", 1)
    path.write_bytes(content) if content is not None else path.unlink()
    if warm:  # the newest commit is the one that the store stands on
        commit_file("t", 2).touch()
    error = refused("t")
    assert isinstance(error, TableUnreadable)
    assert problem in str(error)
    assert len(str(error)) < 500


def test_an_empty_commit_after_the_one_that_is_open(
    tables: DeltaTables, refused: Refused, commit_file: CommitFile
) -> None:
    tables.write("t", FRAME).unwrap()
    commit_file("t", 1).touch()
    assert "the commit 00000000000000000001.json of its log is empty" in str(refused("t"))


def test_a_missing_data_file_is_named(tables: DeltaTables, refused: Refused, data_files: Files) -> None:
    tables.write("t", FRAME).unwrap()
    [path] = data_files("t")
    path.unlink()
    error = refused("t")
    assert isinstance(error, DataFileGone)
    assert str(error).startswith(
        f"A data file of the table 't' is not there any more: {path}. Next: read a newer version"
    )


@pytest.mark.parametrize("keep", [0, 3, 100, -20])
def test_a_truncated_data_file(tables: DeltaTables, refused: Refused, data_files: Files, keep: int) -> None:
    tables.write("t", FRAME).unwrap()
    [path] = data_files("t")
    path.write_bytes(path.read_bytes()[:keep])
    assert isinstance(refused("t"), TableUnreadable)


def test_a_data_file_in_anothers_place(tables: DeltaTables, refused: Refused, data_files: Files) -> None:
    tables.write("t", FRAME).unwrap()
    FRAME.head(1).write_parquet(data_files("t")[0])
    assert "its files have 1 rows, and its log says 2" in str(refused("t"))


# === Partitions, schemas, order ===

TEXTS = ["a b", "5%", "x/y", None, "ü=#?&", "%20", "__HIVE_DEFAULT_PARTITION__x", "'\""]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (TEXTS, pl.String),
        ([1, -5, None], pl.Int32),
        ([date(2024, 2, 29), None, date(1, 1, 1)], pl.Date),
        ([True, False, None], pl.Boolean),
        ([Decimal("1.50"), Decimal("0.01"), None], pl.Decimal(10, 2)),
        ([datetime(2021, 1, 1, 1, 1, 1, 123), datetime(2021, 1, 1), None], pl.Datetime("us")),  # noqa: DTZ001  # a time without a zone is the case
        ([0.1, -2.5, None], pl.Float64),
    ],
    ids=["string", "int", "date", "bool", "decimal", "naive timestamp", "float"],
)
def test_partition_values_come_back(tables: DeltaTables, read: Read, values: list[Any], dtype: Any) -> None:
    frame = pl.DataFrame({"x": range(len(values)), "p": pl.Series(values, dtype=dtype)})
    tables.write("t", frame, options=WriteOptions(partition_by=("p",))).unwrap()
    tables.write("t", frame.with_columns(x=pl.col("x") + 100)).unwrap()
    whole = pl.concat([frame, frame.with_columns(x=pl.col("x") + 100)])
    assert read("t").sort("x").equals(whole)
    assert read("t").head(frame.height).sort("x").equals(frame)
    snapshot = tables.observe("t").unwrap()
    assert sorted(map(str, pl.DataFrame(snapshot.read(("p",)).unwrap())["p"])) == sorted(map(str, whole["p"]))


def test_a_partition_of_instants_is_refused_where_it_is_read(tables: DeltaTables, tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [1], "p": [datetime(2024, 1, 1, tzinfo=UTC)]})
    write_deltalake(str(tmp_path / "t"), frame, partition_by=["p"])
    snapshot = tables.observe("t").unwrap()
    error = snapshot.read(("x", "p")).failure()
    assert isinstance(error, PartitionTimeUnclear)
    assert "texts such as '2024-01-01 00:00:00.000000', without a time zone, and none was named" in str(error)
    assert pl.DataFrame(snapshot.read(("x",)).unwrap())["x"].to_list() == [1]


def test_a_partition_of_bytes_is_refused_where_it_is_read(refused: Refused, tmp_path: Path) -> None:
    write_deltalake(str(tmp_path / "t"), pl.DataFrame({"x": [1], "p": [b"\xff"]}), partition_by=["p"])
    assert "the partition column 'p' of type binary" in str(refused("t"))


def test_a_column_that_came_later_is_null_before(tables: DeltaTables, read: Read, tmp_path: Path) -> None:
    tables.write("t", FRAME).unwrap()
    write_deltalake(str(tmp_path / "t"), FRAME.with_columns(y=pl.lit("new")), mode="append", schema_mode="merge")
    assert read("t").columns == ["k", "x", "y"]
    assert read("t")["y"].to_list() == [None, None, "new", "new"]
    assert read("t", 0).equals(FRAME)


def test_a_replaced_schema_leaves_the_past_as_it_was(tables: DeltaTables, read: Read) -> None:
    tables.write("t", FRAME).unwrap()
    other = pl.DataFrame({"k": ["a"]})
    tables.write("t", other, "overwrite", WriteOptions(schema_mode="overwrite")).unwrap()
    assert read("t").equals(other)
    assert read("t", 0).equals(FRAME)


def test_the_order_is_by_the_times_in_the_log_then_by_path(
    tables: DeltaTables, commit_file: CommitFile, tmp_path: Path
) -> None:
    for number in range(4):
        tables.write("t", pl.DataFrame({"k": [number, number + 10]})).unwrap()
    paths: dict[int, str] = {}
    for version, time in {0: 30, 1: 10, 2: 20, 3: 20}.items():
        actions = [json.loads(line) for line in commit_file("t", version).read_text().splitlines()]
        for action in actions:
            if "add" in action:
                action["add"]["modificationTime"] = time
                paths[version] = action["add"]["path"]
        commit_file("t", version).write_text("\n".join(map(json.dumps, actions)))
    later = sorted((2, 3), key=lambda version: paths[version])
    expected = [k for version in (1, *later, 0) for k in (version, version + 10)]
    assert pl.DataFrame(DeltaTables(tmp_path).observe("t").unwrap().read(("k",)).unwrap())["k"].to_list() == expected


# === Features of the protocol ===


@pytest.mark.parametrize(
    ("feature", "named"),
    [
        ("catalogManaged", "uses the table feature catalogManaged, which"),
        ("futureFeature", "uses the table feature futureFeature, which"),
    ],
)
def test_a_reader_feature_that_is_not_supported_is_named(
    tables: DeltaTables, refused: Refused, commit_file: CommitFile, feature: str, named: str
) -> None:
    tables.write("t", FRAME).unwrap()
    actions = [json.loads(line) for line in commit_file("t", 0).read_text().splitlines()]
    for action in actions:
        if "protocol" in action:
            features = {"readerFeatures": [feature], "writerFeatures": [feature]}
            action["protocol"] = {"minReaderVersion": 3, "minWriterVersion": 7, **features}
    commit_file("t", 0).write_text("\n".join(map(json.dumps, actions)))
    error = refused("t")
    assert isinstance(error, UnsupportedTable)
    assert named in str(error)
    assert isinstance(tables.write("t", FRAME).failure(), UnsupportedTable)


def test_a_table_at_a_checkpoint_reads_the_same(
    tables: DeltaTables, read: Read, tmp_path: Path, commit_file: CommitFile
) -> None:
    for _ in range(3):
        tables.write("t", FRAME, options=WriteOptions(partition_by=("k",))).unwrap()
    before = read("t")
    DeltaTable(str(tmp_path / "t")).create_checkpoint()
    commit_file("t", 0).unlink()
    fresh = DeltaTables(tmp_path).observe("t").unwrap()
    assert pl.DataFrame(fresh.read(("k", "x")).unwrap()).equals(before)
    assert fresh.facts.rows == 6


@pytest.mark.parametrize("warm", [True, False])
def test_an_empty_commit_that_a_checkpoint_holds_is_missed_by_older_versions_alone(
    tables: DeltaTables, commit_file: CommitFile, tmp_path: Path, *, warm: bool
) -> None:
    for _ in range(3):
        tables.write("t", FRAME).unwrap()
    DeltaTable(str(tmp_path / "t")).create_checkpoint()
    commit_file("t", 1).write_bytes(b"")
    seen = tables if warm else DeltaTables(tables._data_dir)
    assert seen.observe("t").unwrap().facts.rows == 3 * FRAME.height
    assert "the commit 00000000000000000001.json of its log is empty" in str(seen.observe("t", 1).failure())
    (tmp_path / "t" / "_delta_log" / "_last_checkpoint").write_text("{")
    assert DeltaTables(tables._data_dir).observe("t").unwrap().facts.version == 2
