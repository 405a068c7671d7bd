"""Rows written to Parquet files."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from foreset.adapters.parquet.tables import ParquetTables
from foreset.adapters.parquet.writing import name_after
from foreset.adapters.shared.tables.by_format import parquet_table
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.errors.table_writes import UnwritableTable
from foreset.domain.errors.tables import SchemaMismatch, WriteFailed
from foreset.domain.tables.write_options import WriteOptions

ROWS = pl.DataFrame({"k": [1, 2], "x": [0.5, None], "kind": pl.Series(["a", "b"], dtype=pl.Categorical)})
PLACES = ["x.parquet", "folder"]


def read(path: Path, tables: ParquetTables | None = None) -> pl.DataFrame:
    snapshot = (tables or ParquetTables()).observe(parquet_table(str(path))).unwrap()
    return pl.DataFrame(snapshot.read(tuple(column.name for column in snapshot.facts.columns)).unwrap())


def numbered(number: int) -> pl.DataFrame:
    return pl.DataFrame({"n": [number]})


@pytest.mark.parametrize("place", PLACES)
def test_rows_come_behind_those_that_are_there(tmp_path: Path, place: str) -> None:
    tables, name = ParquetTables(), parquet_table(str(tmp_path / "new" / place))
    for number in range(11):
        assert tables.write(name, numbered(number)).unwrap().rows == number + 1
    assert read(tmp_path / "new" / place)["n"].to_list() == list(range(11))


@pytest.mark.parametrize("place", PLACES)
def test_rows_take_the_place_of_others(tmp_path: Path, place: str) -> None:
    tables, name = ParquetTables(), parquet_table(str(tmp_path / place))
    for _ in range(2):
        tables.write(name, numbered(1)).unwrap()
    assert tables.write(name, ROWS, "overwrite").unwrap().rows == 2
    assert read(tmp_path / place).equals(ROWS.with_columns(pl.col("kind").cast(pl.String)))
    assert isinstance(tables.write(name, ROWS, "error").failure(), WriteFailed)


@pytest.mark.parametrize("place", PLACES)
def test_a_frame_that_does_not_fit_is_refused(tmp_path: Path, place: str) -> None:
    tables, name = ParquetTables(), parquet_table(str(tmp_path / place))
    tables.write(name, ROWS).unwrap()
    for unfit in (ROWS.drop("x"), ROWS.with_columns(y=1), ROWS.with_columns(k=pl.lit("a"))):
        assert isinstance(tables.write(name, unfit).failure(), SchemaMismatch)
    assert isinstance(tables.write(name, pl.DataFrame(), "overwrite").failure(), SchemaMismatch)
    assert read(tmp_path / place).height == 2


def test_a_file_keeps_its_types_its_mode_and_its_old_rows_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    ROWS.with_columns(pl.col("k").cast(pl.Int16)).write_parquet(path, row_group_size=1)
    path.chmod(0o640)
    narrow = ROWS.with_columns(pl.col("k").cast(pl.Int16))
    ParquetTables().write(parquet_table(str(path)), narrow).unwrap()
    assert pl.read_parquet_schema(path)["k"] == pl.Int16
    assert pl.read_parquet_schema(path)["kind"] == pl.Categorical
    assert path.stat().st_mode & 0o777 == 0o640
    assert pq.ParquetFile(path).num_row_groups == 3


def test_columns_may_come_and_go_in_a_folder_where_that_is_said(tmp_path: Path) -> None:
    tables, merge = ParquetTables(), WriteOptions(schema_mode="merge")
    for place, kind in (("folder", type(None)), ("x.parquet", SchemaMismatch)):
        name = parquet_table(str(tmp_path / place))
        tables.write(name, pl.DataFrame({"a": [1], "b": [1.5]})).unwrap()
        done = tables.write(name, pl.DataFrame({"a": [2], "c": ["x"]}), "append", merge)
        assert isinstance(done.failure() if kind is SchemaMismatch else None, kind)
    assert read(tmp_path / "folder").rows() == [(1, 1.5, None), (2, None, "x")]


def test_folders_are_named_by_values_and_read_back(tmp_path: Path) -> None:
    tables, name = ParquetTables(), parquet_table(str(tmp_path / "hive"))
    rows = pl.DataFrame({"day": [date(2024, 1, 2), None], "city": ["a/b=c", "%"], "x": [1, 2]})
    tables.write(name, rows, "append", WriteOptions(partition_by=("day", "city"))).unwrap()
    tables.write(name, rows.with_columns(pl.col("x") + 2)).unwrap()
    found = read(tmp_path / "hive").sort("x").select(rows.columns)
    assert found.equals(pl.concat([rows, rows.with_columns(pl.col("x") + 2)]))
    assert (tmp_path / "hive" / "day=2024-01-02" / "city=a%2Fb%3Dc").is_dir()


@pytest.mark.parametrize(
    ("place", "by", "problem"),
    [
        ("folder", "y", "no column to partition by"),
        ("folder", "x", "'x' is float64; folders are named by whole numbers, texts or dates"),
        ("x.parquet", "k", "a single file is not partitioned"),
    ],
)
def test_folders_that_cannot_be_named_are_refused(tmp_path: Path, place: str, by: str, problem: str) -> None:
    done = ParquetTables().write(parquet_table(str(tmp_path / place)), ROWS, "append", WriteOptions(partition_by=(by,)))
    assert problem in str(done.failure())
    assert not (tmp_path / place).exists()


@pytest.mark.parametrize(
    ("mode", "asked"),
    [
        ("merge", {"merge_on": ("k",)}),
        ("overwrite", {"replace_where": "k = 1"}),
        ("append", {"expected_version": 0}),
        ("append", {"app_id": "job", "app_version": 1}),
    ],
)
def test_what_needs_a_log_is_refused(tmp_path: Path, mode: Any, asked: dict[str, Any]) -> None:
    ROWS.write_parquet(tmp_path / "x.parquet")
    name = parquet_table(str(tmp_path / "x.parquet"))
    problem = ParquetTables().write(name, ROWS, mode, WriteOptions(**asked)).failure()
    assert isinstance(problem, UnwritableTable)
    assert "Next: write the data to a Delta table" in problem.message
    assert isinstance(ParquetTables().write(name, ROWS, "append", WriteOptions(merge_on=("k",))).failure(), InvalidSpec)


@pytest.mark.parametrize("place", PLACES)
def test_writers_at_once_lose_no_row(tmp_path: Path, place: str) -> None:
    name = parquet_table(str(tmp_path / place))
    numbered(0).write_parquet(tmp_path / "x.parquet")
    code = (
        "import sys, polars as pl; from foreset.adapters.parquet.tables import ParquetTables as P; "
        "[P().write(sys.argv[1], pl.DataFrame({'n': [n]})).unwrap() for n in range(100, 110)]"
    )
    other = subprocess.Popen([sys.executable, "-c", code, name], env={**os.environ})
    with ThreadPoolExecutor(2) as writers:
        list(writers.map(lambda number: ParquetTables().write(name, numbered(number)).unwrap(), range(1, 21)))
    assert other.wait() == 0
    found = read(tmp_path / place)["n"].to_list()
    assert sorted(found) == [*([0] if place == "x.parquet" else []), *range(1, 21), *range(100, 110)]
    assert [n for n in found if n >= 100] == list(range(100, 110))


def test_a_place_that_cannot_be_written_is_told_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    problem = ParquetTables().write(parquet_table(str(tmp_path / "file" / "x.parquet")), ROWS).failure()
    assert str(tmp_path / "file") in str(problem)
    assert (tmp_path / "file").read_text() == "x"


def test_a_new_name_comes_after_all_others() -> None:
    names: list[str] = []
    for start in (["b.parquet", "a/z.parquet"], ["z/1.parquet"], ["x~999999-00000000.parquet"], []):
        names = list(start)
        for _ in range(3):
            new = name_after(names)
            assert all(new > name for name in names)
            names.append(new)
    assert name_after(names, "day=1/").startswith("day=1/part~000001-")
