"""A fingerprint is of the content: no chunking, thread or process changes it, and every other change does."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing.parametric import dataframes

from foreset.adapters.polars.frames.fingerprint import ColumnDigest, column_digest, fingerprint

NAN = float("nan")
VALUES: dict[str, tuple[list[Any], pl.DataType]] = {
    "bool": ([True, None, False], pl.Boolean()),
    "int8": ([1, None, -1], pl.Int8()),
    "int64": ([1, None, -(2**63)], pl.Int64()),
    "uint64": ([1, None, 2**64 - 1], pl.UInt64()),
    "int128": ([1, None, 2**100], pl.Int128()),
    "float64": ([0.0, None, NAN], pl.Float64()),
    "string": (["a", None, ""], pl.String()),
    "binary": ([b"a", None, b""], pl.Binary()),
    "category": (["a", None, ""], pl.Categorical()),
    "decimal": ([Decimal("1.5"), None, Decimal(0)], pl.Decimal(10, 2)),
    "date": ([date(2024, 1, 1), None, date(1970, 1, 1)], pl.Date()),
    "time": ([time(1), None, time(0)], pl.Time()),
    "duration": ([timedelta(1), None, timedelta(0)], pl.Duration("us")),
    "timestamp": ([datetime(2024, 1, 1, tzinfo=UTC), None, datetime(1970, 1, 1, tzinfo=UTC)], pl.Datetime("us", "UTC")),
    "null": ([None, None, None], pl.Null()),
    "list": ([[1, None], None, []], pl.List(pl.Int64)),
    "array": ([[1, None], None, [0, 0]], pl.Array(pl.Int64, 2)),
    "struct": ([{"a": 1}, None, {"a": None}], pl.Struct({"a": pl.Int64})),
    "nested": ([[{"a": ["x"]}, None], None, [{"a": []}]], pl.List(pl.Struct({"a": pl.List(pl.String)}))),
}


def frame(name: str) -> pl.DataFrame:
    values, dtype = VALUES[name]
    return pl.DataFrame({"x": pl.Series(values, dtype=dtype)})


@pytest.mark.parametrize("name", VALUES)
def test_every_type_has_one_whatever_its_chunks_and_offsets(name: str) -> None:
    whole = frame(name)
    expected = fingerprint(whole)
    assert len(expected) == 64
    assert fingerprint(pl.concat([whole[:1], whole[1:]], rechunk=False)) == expected
    assert fingerprint(pl.concat([whole, whole])[3:]) == expected
    if name != "int128":  # pyarrow has none
        assert fingerprint(pl.DataFrame(whole.to_arrow())) == expected
    assert fingerprint(whole.reverse()) != expected or name == "null"
    assert fingerprint(whole[:2]) != expected
    assert fingerprint(whole.rename({"x": "y"})) != expected
    assert fingerprint(whole.select("x", y="x")) != expected


def test_maps_have_one_too() -> None:
    entries = [[{"key": "a", "value": 1}], None, []]
    maps = pl.DataFrame({"x": pl.Series(entries).cast(pl.Map(pl.String, pl.Int64))})
    again = pl.DataFrame({"x": pl.Series(entries).cast(pl.Map(pl.String, pl.Int64))})
    assert fingerprint(maps) == fingerprint(again)
    assert fingerprint(maps) != fingerprint(maps.reverse())


def test_no_two_types_or_contents_have_the_same() -> None:
    frames = {name: frame(name) for name in VALUES}
    assert all(fingerprint(frames[a]) != fingerprint(frames[b]) for a, b in combinations(frames, 2))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([0, 1], [None, 1]),
        (["", "a"], [None, "a"]),
        (["ab", "c"], ["a", "bc"]),
        ([[1], [2]], [[1, 2], []]),
        ([[], [1]], [None, [1]]),
        ([[None], [1]], [[], [1]]),
        ([{"a": None}, {"a": 1}], [None, {"a": 1}]),
        ([0.0, 1.0], [-0.0, 1.0]),
        ([[["a"], ["b"]]], [[["a", "b"]]]),
        ([[["a"], []]], [[[], ["a"]]]),
    ],
)
def test_what_looks_alike_is_told_apart(left: list[Any], right: list[Any]) -> None:
    dtype = pl.Series(left).dtype
    assert fingerprint(pl.DataFrame({"x": pl.Series(left, dtype=dtype)})) != fingerprint(
        pl.DataFrame({"x": pl.Series(right, dtype=dtype)})
    )


def test_the_order_of_columns_and_the_unit_of_times_count() -> None:
    two = pl.DataFrame({"a": [1], "b": [1]})
    assert fingerprint(two) != fingerprint(two.select("b", "a"))
    times = frame("timestamp")
    assert fingerprint(times) != fingerprint(times.cast(pl.Datetime("ms", "UTC")))
    assert fingerprint(times) != fingerprint(times.cast(pl.Datetime("us")))


def test_frames_of_no_rows_differ_by_their_schema() -> None:
    empty = {fingerprint(frame(name).clear()) for name in VALUES}
    assert len(empty) == len(VALUES)
    assert fingerprint(pl.DataFrame()) not in empty


FLAT = [pl.Int8, pl.UInt64, pl.Float64, pl.String, pl.Binary, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical]


@given(dataframes(max_cols=3, max_size=12, allowed_dtypes=[*FLAT, pl.List(pl.String)]), st.integers(0, 12))
def test_chunks_do_not_count(given_frame: pl.DataFrame, cut: int) -> None:
    pieces = pl.concat([given_frame[:cut], given_frame[cut:]], rechunk=False)
    assert fingerprint(pieces) == fingerprint(given_frame) == fingerprint(given_frame.rechunk())


def test_threads_and_processes_do_not_count() -> None:
    code = """
import polars as pl
from foreset.adapters.polars.frames.fingerprint import ColumnDigest, column_digest, fingerprint
frame = pl.DataFrame({"k": pl.arange(50_000, eager=True)})
frame = frame.with_columns(s=pl.col("k").cast(pl.String), x=pl.col("k").sin())
print(pl.thread_pool_size(), fingerprint(frame.with_columns(c=pl.col("s").cast(pl.Categorical))))
"""
    seen: dict[str, str] = {}
    for threads in ("1", "3"):
        environment = os.environ | {"POLARS_MAX_THREADS": threads, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
        size, _, seen[threads] = run.stdout.strip().partition(" ")
        assert size == threads
    assert seen["1"] == seen["3"]


@given(dataframes(max_cols=2, max_size=12, allowed_dtypes=[*FLAT, pl.List(pl.String)]), st.lists(st.integers(0, 5)))
def test_a_digest_grows_part_by_part(given_frame: pl.DataFrame, sizes: list[int]) -> None:
    for column in given_frame.get_columns():
        grown, start = ColumnDigest(column.dtype), 0
        for size in [*sizes, column.len()]:
            grown.update(column.slice(start, size))
            start += size
        assert grown.hexdigest() == column_digest(column)


@pytest.mark.parametrize("name", VALUES)
def test_every_type_grows_row_by_row(name: str) -> None:
    column = frame(name)["x"]
    grown = ColumnDigest(column.dtype)
    for place in range(column.len()):
        grown.update(column.slice(place, 1))
    assert grown.hexdigest() == column_digest(column)
