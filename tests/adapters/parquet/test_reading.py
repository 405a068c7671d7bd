"""Parquet files as a table."""

import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foreset.adapters.parquet.tables import ParquetTables
from foreset.adapters.shared.tables.by_format import parquet_table
from foreset.domain.errors.files import FolderIsDelta, ParquetDisagrees, ParquetMissing
from foreset.domain.errors.table_writes import UnwritableTable
from foreset.domain.errors.tables import ChangesUntold, CommitTimeMissing, TableUnreadable, VersionMissing

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2, 3], "at": [DAY, DAY, None], "x": [0.5, None, 2.5], "s": ["a", "", None]})


def read(path: Path, *columns: str, tables: ParquetTables | None = None) -> pl.DataFrame:
    snapshot = (tables or ParquetTables()).observe(parquet_table(str(path))).unwrap()
    names = columns or tuple(column.name for column in snapshot.facts.columns)
    return pl.DataFrame(snapshot.read(names).unwrap())


def dtypes(path: Path) -> dict[str, str]:
    facts = ParquetTables().observe(parquet_table(str(path))).unwrap().facts
    return {column.name: column.dtype for column in facts.columns}


# === What is a table ===


def test_a_file_is_a_table_whatever_its_name(tmp_path: Path) -> None:
    ROWS.write_parquet(tmp_path / "rows.data")
    assert read(tmp_path / "rows.data").equals(ROWS)
    facts = ParquetTables().observe(parquet_table(str(tmp_path / "rows.data"))).unwrap().facts
    assert (facts.version, facts.files, facts.rows) == (0, 1, 3)
    assert facts.data_files[0].ranges["k"] == (1, 3)


def test_the_files_of_a_folder_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for place, number in (("b.parquet", 2), ("a/z.pq", 1), ("c.PARQUET", 3), ("a/a.parq", 0)):
        path = tmp_path / "folder" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"n": [number]}).write_parquet(path)
    assert read(tmp_path / "folder")["n"].to_list() == [0, 1, 2, 3]


def test_files_that_are_no_data_are_left_out(tmp_path: Path) -> None:
    for place in ("_temporary/x.parquet", ".hidden.parquet", "_metadata.parquet", "notes.txt", "x.parquet"):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"place": [place]}).write_parquet(path)
    assert read(tmp_path)["place"].to_list() == ["x.parquet"]


def test_folders_named_by_a_value_are_columns(tmp_path: Path) -> None:
    days, cities = (date(2024, 1, 2), date(2024, 1, 10)), ("São Paulo", None, "a/b")
    rows = [(day, zone, city, 1.0) for day, zone in zip(days, ("7", "12"), strict=True) for city in cities]
    frame = pl.DataFrame(rows, schema=["day", "zone", "city", "x"], orient="row")
    pq.write_to_dataset(frame.to_arrow(), tmp_path / "hive", partition_cols=["day", "zone", "city"])
    found = read(tmp_path / "hive")
    assert found.schema == {"x": pl.Float64, "day": pl.Date, "zone": pl.Int64, "city": pl.String}
    assert set(found["city"]) == {"São Paulo", None, "a/b"}
    assert set(found["zone"]) == {7, 12}


def test_a_column_that_files_hold_is_not_read_from_the_names_of_folders(tmp_path: Path) -> None:
    (tmp_path / "k=9").mkdir()
    ROWS.write_parquet(tmp_path / "k=9" / "x.parquet")
    assert read(tmp_path)["k"].to_list() == [1, 2, 3]


def test_nothing_and_a_folder_with_a_log_are_refused(tmp_path: Path) -> None:
    (tmp_path / "delta" / "_delta_log").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    tables = ParquetTables()
    assert isinstance(tables.observe(parquet_table(str(tmp_path / "delta"))).failure(), FolderIsDelta)
    for name in ("empty", "missing", "missing.parquet"):
        assert isinstance(tables.observe(parquet_table(str(tmp_path / name))).failure(), ParquetMissing)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all, but long enough to look at"])
def test_what_is_no_parquet_is_told_by_its_path(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(content)
    problem = ParquetTables().observe(parquet_table(str(tmp_path / "x.parquet"))).failure()
    assert isinstance(problem, TableUnreadable)
    assert str(tmp_path / "x.parquet") in problem.message


# === Columns and types ===


def test_files_with_other_columns_and_narrower_types_are_one_table(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1], "n": [None]}, schema={"a": pl.Int16, "n": pl.Null}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"a": [70_000], "b": ["x"], "n": [0.5]}).write_parquet(tmp_path / "2.parquet")
    pl.DataFrame({"b": ["y"], "a": [3]}, schema={"b": pl.String, "a": pl.Int32}).write_parquet(tmp_path / "3.parquet")
    expected = pl.DataFrame({"a": [1, 70_000, 3], "n": [None, 0.5, None], "b": [None, "x", "y"]})
    assert read(tmp_path).equals(expected)
    assert read(tmp_path, "b", "a").columns == ["b", "a"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pl.Int64, pl.String),
        (pl.Int64, pl.Float64),  # not every whole number has a place there
        (pl.Datetime("us", "UTC"), pl.Datetime("ns", "UTC")),
        (pl.Datetime("us"), pl.Datetime("us", "UTC")),
    ],
)
def test_types_that_do_not_hold_one_another_are_told_with_both_files(tmp_path: Path, first: Any, second: Any) -> None:
    for place, dtype in (("1.parquet", first), ("2.parquet", second)):
        pl.DataFrame({"k": [1], "odd": pl.Series([1]).cast(dtype)}).write_parquet(tmp_path / place)
    snapshot = ParquetTables().observe(parquet_table(str(tmp_path))).unwrap()
    problem = snapshot.read(("odd",)).failure()
    assert isinstance(problem, ParquetDisagrees)
    assert (Path(problem.path).name, Path(problem.place).name) == ("1.parquet", "2.parquet")
    assert pl.DataFrame(snapshot.read(("k",)).unwrap()).height == 2


def test_what_pandas_writes_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "k": pd.Series([1, None], dtype="Int32"),
            "kind": pd.Categorical(["a", None]),
            "at": pd.to_datetime(["2024-01-01", None]).tz_localize("Europe/Paris"),
            "naive": pd.to_datetime(["2024-01-01", "2262-01-01"]),
            "items": [[1], None],
            "thing": [{"a": "x"}, {"a": None}],
            "price": [Decimal("1.50"), None],
            "nothing": [None, None],
        },
        index=pd.Index([5, 6], name="row"),
    )
    frame.to_parquet(tmp_path / "x.parquet")
    found = read(tmp_path / "x.parquet")
    assert found["kind"].to_list() == ["a", None]
    assert found["at"].to_list()[0] == datetime(2023, 12, 31, 23, tzinfo=UTC)
    assert found["row"].to_list() == [5, 6]
    told = dtypes(tmp_path / "x.parquet")
    assert (told["kind"], told["price"], told["thing"]) == ("string", "decimal(3,2)", "struct<a: string>")
    assert told["nothing"] == "null"


def test_times_of_the_old_kind_are_read_far_from_now(tmp_path: Path) -> None:
    table = pa.table({"at": pa.array([datetime(9999, 12, 31), datetime(1600, 1, 1)], pa.timestamp("us"))})  # noqa: DTZ001  # the kind has no zone
    pq.write_table(table, tmp_path / "x.parquet", use_deprecated_int96_timestamps=True)
    assert dtypes(tmp_path / "x.parquet") == {"at": "timestamp[us]"}
    assert [value.year for value in read(tmp_path / "x.parquet")["at"]] == [9999, 1600]


# === What it is known by ===


def test_its_id_changes_with_its_files_and_not_with_its_place(tmp_path: Path) -> None:
    tables = ParquetTables()

    def seen(folder: str) -> str:
        return tables.observe(parquet_table(str(tmp_path / folder))).unwrap().facts.table_id

    (tmp_path / "a").mkdir()
    ROWS.write_parquet(tmp_path / "a" / "1.parquet")
    first = seen("a")
    assert seen("a") == first
    (tmp_path / "a").rename(tmp_path / "b")
    assert seen("b") == first
    ROWS.head(1).write_parquet(tmp_path / "b" / "2.parquet")
    second = seen("b")
    ROWS.head(2).write_parquet(tmp_path / "b" / "2.parquet")
    third = seen("b")
    os.utime(tmp_path / "b" / "2.parquet", ns=(0, 1))  # as other content of the same size would have it
    assert len({first, second, third, seen("b")}) == 4
    assert read(tmp_path / "b", tables=tables).height == 5


def test_it_has_no_history(tmp_path: Path) -> None:
    ROWS.write_parquet(tmp_path / "x.parquet")
    tables, name = ParquetTables(), parquet_table(str(tmp_path / "x.parquet"))
    assert tables.observe(name, 0).unwrap().facts.version == 0
    assert isinstance(tables.observe(name, 1).failure(), VersionMissing)
    assert isinstance(tables.changes(name, 0).failure(), ChangesUntold)
    for at in (DAY, DAY.replace(tzinfo=None), DAY + timedelta(days=9999)):
        assert isinstance(tables.version_at(name, at).failure(), CommitTimeMissing)
    assert isinstance(tables.optimize(name).failure(), UnwritableTable)
    assert tables.check(name).unwrap().rows == 3
