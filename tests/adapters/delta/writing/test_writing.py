"""What is written: all of the frame and in its order, or nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from deltalake import write_deltalake

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.table_writes import RowRefused, TableExists
from foreset.domain.errors.tables import NotADeltaTable, SchemaMismatch, WriteFailed
from foreset.domain.facts import Column
from foreset.domain.tables.write_options import WriteOptions

Read = Callable[..., pl.DataFrame]
Files = Callable[[str], list[Path]]
FRAME = pl.DataFrame(
    {"k": [1, 2], "t": [datetime(2024, 1, 1, tzinfo=UTC), None], "x": [0.5, None], "s": ["a", None], "d": [b"a", None]}
)


def instants(*nanoseconds: int | None) -> pl.Series:
    return pl.Series(nanoseconds, dtype=pl.Int64).cast(pl.Datetime("ns", "UTC"))


MISFITS: dict[str, tuple[pl.DataFrame, str]] = {
    "float into int": (FRAME.with_columns(k=pl.Series([1.0, 2.0])), "column 'k' is float64, and the table's int64"),
    "text into int": (FRAME.with_columns(k=pl.Series(["1", "2"])), "column 'k' is string, and the table's int64"),
    "int into text": (FRAME.with_columns(s=pl.Series([1, 2])), "column 's' is int64, and the table's string"),
    "int64 into float": (FRAME.with_columns(x=pl.Series([1, 2])), "column 'x' is int64, and the table's float64"),
    "ns with a remainder": (FRAME.with_columns(t=instants(1_000, 1_001)), "column 't' is timestamp[ns, UTC], and"),
    "naive into instant": (
        FRAME.with_columns(pl.col("t").dt.replace_time_zone(None)),
        "column 't' is timestamp[us], and the table's timestamp[us, UTC] does not hold it",
    ),
    "a column more": (FRAME.with_columns(y=1), "the table has no column y"),
    "a column less": (FRAME.drop("s"), "the frame has no column s"),
    "a column by another name": (FRAME.rename({"s": "S"}), "the table has no column S, and the frame has no column s"),
    "uint64 beyond int64": (FRAME.with_columns(k=pl.Series([1, 2**63], dtype=pl.UInt64)), "column 'k' is uint64"),
}


@pytest.mark.parametrize("case", MISFITS)
@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_a_frame_that_loses_a_value_is_refused_and_nothing_is_written(
    tables: DeltaTables, data_files: Files, case: str, mode: Any
) -> None:
    tables.write("t", FRAME).unwrap()
    before = data_files("t")
    frame, problem = MISFITS[case]
    error = tables.write("t", frame, mode).failure()
    assert isinstance(error, SchemaMismatch)
    assert str(error).startswith(f"The frame does not fit the table 't': {problem}")
    assert "Nothing was written. Next: c" in str(error)  # cast or change
    assert data_files("t") == before
    assert DeltaTables(tables._data_dir).observe("t").unwrap().facts.version == 0


@pytest.mark.parametrize(
    "column",
    [
        {"k": pl.Series([1, 2], dtype=pl.Int8)},
        {"k": pl.Series([1, 2], dtype=pl.UInt32)},
        {"t": instants(5_000, None)},
        {"t": pl.Series([1, None]).cast(pl.Datetime("ms", "UTC"))},
        {"t": pl.Series([datetime(2024, 1, 1), None]).dt.replace_time_zone("Asia/Tokyo")},  # noqa: DTZ001  # a time without a zone is the case
        {"x": pl.Series([1, None], dtype=pl.Int32)},
        {"x": pl.Series([None, None], dtype=pl.Null)},
        {"s": pl.Series(["b", None], dtype=pl.Categorical)},
        {"s": pl.Series(["b", None], dtype=pl.Enum(["b"]))},
    ],
    ids=lambda column: ", ".join(f"{name} from {series.dtype}" for name, series in column.items()),
)
def test_what_loses_nothing_is_cast(tables: DeltaTables, read: Read, column: dict[str, pl.Series]) -> None:
    tables.write("t", FRAME).unwrap()
    given = FRAME.with_columns(**column)
    tables.write("t", given).unwrap()
    assert read("t").tail(2).equals(given.cast(FRAME.schema))


def nested(value: Any, dtype: pl.DataType) -> pl.DataFrame:
    return pl.DataFrame({"x": pl.Series([value, None], dtype=dtype)})


STORED: dict[str, tuple[pl.DataFrame, str]] = {
    "unsigned": (nested(255, pl.UInt8()), "int16"),
    "uint64 that fits": (nested(5, pl.UInt64()), "int64"),
    "milliseconds": (nested(5, pl.Datetime("ms")), "timestamp[us]"),
    "nanoseconds": (nested(5_000, pl.Datetime("ns", "Asia/Tokyo")), "timestamp[us, UTC]"),
    "categories": (nested("a", pl.Categorical()), "string"),
    "lists of unsigned": (nested([200], pl.List(pl.UInt8)), "list<int16>"),
    "arrays": (nested([1, 2], pl.Array(pl.Int64, 2)), "list<int64>"),
    "structs": (nested({"a": [1_000]}, pl.Struct({"a": pl.List(pl.Datetime("ns"))})), "struct<a: list<timestamp[us]>>"),
}


@pytest.mark.parametrize("case", STORED)
def test_a_new_table_takes_the_types_that_delta_has(tables: DeltaTables, read: Read, case: str) -> None:
    frame, dtype = STORED[case]
    assert tables.write("t", frame).unwrap().columns == (Column("x", dtype),)
    got = read("t")
    assert got.cast(frame.schema).equals(frame)
    assert got["x"].null_count() == 1


LOSSY: dict[str, pl.DataFrame] = {
    "nanoseconds": nested(1, pl.Datetime("ns")),
    "nanoseconds in a list": nested([1], pl.List(pl.Datetime("ns"))),
    "nanoseconds in a struct": nested({"a": 1}, pl.Struct({"a": pl.Datetime("ns", "UTC")})),
    "milliseconds out of range": nested(2**62, pl.Datetime("ms")),
    "uint64 out of range": nested(2**63, pl.UInt64()),
    "uint64 in a list": nested([2**63], pl.List(pl.UInt64)),
    "times of day": nested(time(1), pl.Time()),
    "durations": nested(timedelta(1), pl.Duration("us")),
    "nothing but nulls": nested(None, pl.Null()),
    "int128": nested(2**100, pl.Int128()),
    "no columns": pl.DataFrame(),
}


@pytest.mark.parametrize("case", LOSSY)
def test_a_new_table_is_not_made_of_what_delta_does_not_hold(tables: DeltaTables, tmp_path: Path, case: str) -> None:
    error = tables.write("t", LOSSY[case]).failure()
    assert isinstance(error, SchemaMismatch), error
    assert "The frame does not fit the table 't': " in str(error)
    assert not (tmp_path / "t").exists()
    tables.write("t", FRAME).unwrap()


@pytest.mark.parametrize(
    ("frame", "by", "problem"),
    [
        (FRAME, ("zz",), "it has no column zz to partition by"),
        (FRAME.select("k"), ("k",), "it has no column beside those to partition by"),
        (FRAME, ("d",), "column 'd' is binary, which cannot be partitioned by without loss"),
        (FRAME.with_columns(s=pl.lit("")), ("s",), "column 's' holds an empty text, which a partition cannot tell"),
    ],
)
def test_a_partition_that_would_not_come_back_is_refused(
    tables: DeltaTables, tmp_path: Path, frame: pl.DataFrame, by: tuple[str, ...], problem: str
) -> None:
    error = tables.write("t", frame, options=WriteOptions(partition_by=by)).failure()
    assert isinstance(error, SchemaMismatch)
    assert problem in str(error)
    assert not (tmp_path / "t").exists()


def test_an_empty_text_is_not_appended_to_a_partition(tables: DeltaTables) -> None:
    tables.write("t", FRAME, options=WriteOptions(partition_by=("s",))).unwrap()
    assert "empty text" in str(tables.write("t", FRAME.with_columns(s=pl.lit(""))).failure())


@pytest.mark.parametrize("height", [300_000, 1_200_000])
def test_rows_stay_in_their_order(tables: DeltaTables, read: Read, height: int) -> None:
    frame = pl.DataFrame({"k": np.arange(height), "x": np.random.default_rng(0).random(height)})
    pieces = pl.concat([frame[start : start + 70_000] for start in range(0, height, 70_000)], rechunk=False)
    assert pieces.n_chunks() > 1
    tables.write("t", pieces).unwrap()
    assert read("t").equals(frame)


def test_mode_error_only_makes_new_tables(tables: DeltaTables, data_files: Files) -> None:
    tables.write("t", FRAME, "error").unwrap()
    error = tables.write("t", FRAME, "error").failure()
    assert isinstance(error, TableExists)
    assert "The table 't' exists, and mode='error' only makes new tables" in str(error)
    assert len(data_files("t")) == 1


def test_a_first_write_that_was_killed_does_not_block_the_next(tables: DeltaTables, read: Read, tmp_path: Path) -> None:
    (tmp_path / "t" / "_delta_log").mkdir(parents=True)
    (tmp_path / "t" / "part-00000-of-nobody.snappy.parquet").write_bytes(b"half")
    tables.write("t", FRAME, "error").unwrap()
    assert read("t").equals(FRAME)


def test_a_folder_of_somebody_else_is_not_written_to(tables: DeltaTables, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "letters.txt").write_text("mine")
    assert isinstance(tables.write("t", FRAME, "overwrite").failure(), NotADeltaTable)
    assert [path.name for path in (tmp_path / "t").iterdir()] == ["letters.txt"]


def test_a_place_that_cannot_be_written(tables: DeltaTables, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = tables.write(str(tmp_path / "file" / "t"), FRAME).failure()
    assert isinstance(error, WriteFailed)
    assert str(error).startswith(f"Writing the table '{tmp_path / 'file' / 't'}' failed: ")


def test_a_constraint_of_the_table_is_kept(tables: DeltaTables, tmp_path: Path) -> None:
    from deltalake import DeltaTable  # noqa: PLC0415  # only this case needs it

    write_deltalake(str(tmp_path / "t"), FRAME)
    DeltaTable(str(tmp_path / "t")).alter.add_constraint({"positive": "k > 0"})
    error = tables.write("t", FRAME.with_columns(k=-pl.col("k"))).failure()
    assert isinstance(error, RowRefused)
    assert tables.observe("t").unwrap().facts.rows == 2
