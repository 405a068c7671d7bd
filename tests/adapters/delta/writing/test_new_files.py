"""The files of a write: what the log is told of them, where they lie, and in which order they are read."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.tables.write_options import WriteOptions
from tests.handmade import actions

Read = Callable[..., pl.DataFrame]
FRAME = pl.DataFrame({"k": [1, 2], "p": ["a", "b"]})
MOMENT = datetime(2024, 1, 1, 0, 0, 0, 123_456, tzinfo=UTC)
BOUNDS: dict[str, tuple[list[object], pl.DataType | None, object, object]] = {
    "whole numbers": ([2, None, 2**60], None, 2, 2**60),
    "decimals": ([Decimal("1.50"), Decimal("-2.25")], None, Decimal("-2.25"), Decimal("1.50")),
    "times": ([MOMENT, None], None, "2024-01-01T00:00:00.123Z", "2024-01-01T00:00:00.124Z"),
    "naive times": ([MOMENT.replace(tzinfo=None)], None, "2024-01-01T00:00:00.123", "2024-01-01T00:00:00.124"),
    "early times": ([datetime(1, 1, 1, tzinfo=UTC)], None, "0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"),
    "dates": ([date(2024, 1, 2), date(1999, 1, 1)], None, "1999-01-01", "2024-01-02"),
    "texts": (["b", "é", None], None, "b", "é"),
    "long texts": (["b", "x" * 33], None, None, None),
    "fractions": ([1.5, None, -0.5], None, -0.5, 1.5),
    "a NaN": ([1.5, float("nan")], None, None, None),
    "an infinity": ([1.5, float("inf")], None, None, None),
    "the end of time": ([datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)], None, None, None),
    "nulls": ([None, None], pl.Int64(), None, None),
    "booleans": ([True, False], None, None, None),
    "bytes": ([b"a"], None, None, None),
}


@pytest.mark.parametrize("case", BOUNDS)
def test_the_log_is_told_bounds_that_hold_for_every_reader(tables: DeltaTables, tmp_path: Path, case: str) -> None:
    values, dtype, least, greatest = BOUNDS[case]
    tables.write("t", pl.DataFrame({"x": pl.Series(values, dtype=dtype)})).unwrap()
    stats = json.loads(actions(tmp_path / "t", 0, "add")[0]["stats"], parse_float=Decimal)
    assert stats["numRecords"] == len(values)
    assert stats["nullCount"] == {"x": sum(value is None for value in values)}
    known = [stats[kind].get("x") for kind in ("minValues", "maxValues")]
    assert known == [Decimal(str(bound)) if isinstance(bound, float) else bound for bound in (least, greatest)]
    assert pl.DataFrame(DeltaTable(tmp_path / "t").scan()).height == len(values)


def test_only_as_many_columns_have_statistics_as_the_protocol_says(tables: DeltaTables, tmp_path: Path) -> None:
    tables.write("t", pl.DataFrame({f"c{n}": [n] for n in range(40)})).unwrap()
    assert len(json.loads(actions(tmp_path / "t", 0, "add")[0]["stats"])["minValues"]) == 32


def test_partitions_have_any_text(tables: DeltaTables, tmp_path: Path, read: Read) -> None:
    texts = ["a b", "5%", "x/y", None, "ü=#?&", "%20", "'\"", "a:b*{}[]^\\", "\t"]
    frame = pl.DataFrame({"k": range(len(texts)), "p": texts})
    tables.write("t", frame, options=WriteOptions(partition_by=("p",))).unwrap()
    assert read("t").sort("k").equals(frame)
    assert pl.DataFrame(DeltaTable(tmp_path / "t").scan()).sort("k").select("k", "p").equals(frame)
    for k in range(len(texts)):
        tables.write("t", frame[k : k + 1], "merge", WriteOptions(merge_on=("k",))).unwrap()
    assert read("t").sort("k").equals(frame)
    assert (tmp_path / "t" / "p=x%2Fy").is_dir()
    assert pl.DataFrame(DeltaTable(tmp_path / "t").scan()).height == len(texts)


def test_new_files_come_last_even_where_a_clock_ran_back(tables: DeltaTables, tmp_path: Path) -> None:
    tables.write("t", FRAME).unwrap()
    log = tmp_path / "t" / "_delta_log" / f"{0:020}.json"
    later = str(int((datetime.now(UTC) + timedelta(days=400)).timestamp() * 1000))
    added = actions(tmp_path / "t", 0, "add")[0]["modificationTime"]
    log.write_text(log.read_text().replace(str(added), later))
    tables = DeltaTables(tmp_path)
    for number in range(3):
        tables.write("t", FRAME.with_columns(k=number)).unwrap()
    snapshot = tables.observe("t").unwrap()
    assert pl.DataFrame(snapshot.read(("k",)).unwrap())["k"].to_list() == [1, 2, 0, 0, 1, 1, 2, 2]
