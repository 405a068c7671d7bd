"""Columns of all types written to tables and read again: each is what it was, or refused by its name."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.problem import CallerError
from foreset.entrypoints.datasets.datasets import get_table_info, optimize_table, read_delta_table, write_to_delta_lake
from foreset.entrypoints.store.feature_store import FeatureStore
from tests.types_of_frames import COLUMN_TYPES, ColumnType, frame_of

_AT = [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
_PLAIN = {"k": [1, 2, 3], "at": _AT}


@pytest.mark.parametrize("column", COLUMN_TYPES, ids=lambda column: column.name)
def test_each_type_is_read_as_it_was_written_or_refused_before(column: ColumnType, tmp_path: Path) -> None:
    path, store = tmp_path / "t", FeatureStore.open(tmp_path / "store").unwrap()
    frame = frame_of(column.make(), _PLAIN)
    if not column.taken:
        with pytest.raises(CallerError, match="'x'") as caught:
            write_to_delta_lake(frame, path)
        assert "Nothing was written. Next: " in str(caught.value)
        assert "spine" not in str(caught.value)
        assert not path.exists()
        return
    write_to_delta_lake(frame, path)
    store.tables.write(frame, str(path)).unwrap()
    changes = store.tables.changes(str(path), 0, 1).unwrap().frame
    optimize_table(path)
    store.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], DeltaSource(str(path), "at"), ["x"])).unwrap()
    labels = pl.DataFrame({"k": [1, 2, 3], "event_timestamp": _AT})
    wanted = list(column.values)
    assert get_table_info(path).columns["x"] == column.dtype
    assert read_delta_table(path)["x"].to_list() == wanted * 2
    assert changes["x"].to_list() == wanted
    assert store.training_set(TrainingSetSpec(["v:x"]), labels).unwrap().frame["x"].to_list() == wanted


@pytest.mark.parametrize(
    ("known", "given"),
    [
        (pl.Series([Decimal(1)], dtype=pl.Decimal(38, 0)), pl.Series([-(2**63), 2**63 - 1])),
        (pl.Series([1], dtype=pl.Int32), pl.Series([1, -(2**31)])),
        (pl.Series([1], dtype=pl.Int8), pl.Series([127], dtype=pl.UInt64)),
        (pl.Series([Decimal("1.5")], dtype=pl.Decimal(10, 3)), pl.Series([Decimal("2.50")], dtype=pl.Decimal(20, 2))),
        (pl.Series([Decimal("1.5")], dtype=pl.Decimal(10, 1)), pl.Series([Decimal("2.50")], dtype=pl.Decimal(20, 2))),
        (pl.Series([[1]], dtype=pl.List(pl.Int16)), pl.Series([[1, None]], dtype=pl.List(pl.Int64))),
        (pl.Series([{"a": 1, "b": "x"}]), pl.Series([{"b": "y", "a": 2}])),
        (pl.Series([[{"a": 1, "b": "x"}]]), pl.Series([[{"b": "y", "a": 2}, None], None])),
    ],
)
def test_what_is_equal_in_the_tables_type_is_taken(known: pl.Series, given: pl.Series, tmp_path: Path) -> None:
    write_to_delta_lake(pl.DataFrame({"x": known}), tmp_path / "t")
    write_to_delta_lake(pl.DataFrame({"x": given}), tmp_path / "t")
    read = read_delta_table(tmp_path / "t")["x"]
    assert read.dtype == known.dtype
    assert read.to_list() == [*known.to_list(), *given.to_list()]


@pytest.mark.parametrize(
    ("known", "given", "row", "shown"),
    [
        (pl.Series([1], dtype=pl.Int32), pl.Series([1, 2**31]), 1, "2147483648"),
        (pl.Series([Decimal(1)], dtype=pl.Decimal(5, 1)), pl.Series([Decimal("1.25")]), 0, "Decimal('1.25')"),
        (pl.Series([Decimal(1)], dtype=pl.Decimal(3, 0)), pl.Series([999, 1000]), 1, "1000"),
        (pl.Series([[1]], dtype=pl.List(pl.Int8)), pl.Series([[1], [300]]), 1, "[300]"),
        (pl.Series([{"a": 1}], dtype=pl.Struct({"a": pl.Int8})), pl.Series([{"a": 300}]), 0, "{'a': 300}"),
        (
            pl.Series([_AT[0]]),
            pl.Series([0, 1]).cast(pl.Datetime("ns", "UTC")),
            1,
            "1970-01-01 00:00:00.000000001+00:00",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_named(
    known: pl.Series, given: pl.Series, row: int, shown: str, tmp_path: Path
) -> None:
    write_to_delta_lake(pl.DataFrame({"x": known}), tmp_path / "t")
    for schema_mode in (None, "merge"):
        with pytest.raises(CallerError) as caught:
            write_to_delta_lake(pl.DataFrame({"x": given}), tmp_path / "t", schema_mode=schema_mode)  # type: ignore[arg-type]
        assert f"table '{tmp_path / 't'}': column 'x' is" in str(caught.value)
        assert f"does not hold it: {shown} at row {row}. Nothing was written. Next: change the value" in str(
            caught.value
        )
        assert "schema_mode" not in str(caught.value)
    assert read_delta_table(tmp_path / "t").height == 1


def _struct(value: dict[str, Any]) -> pa.Table:
    return pa.table({"k": [1], "s": pa.array([value])})


def test_fields_that_are_added_or_left_out_are_merged_where_that_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "t"
    write_to_delta_lake(_struct({"a": 1, "in": {"x": 1}, "list": [{"p": 1}]}), path)
    new = _struct({"list": [{"q": "b", "p": 2}], "c": 3, "in": {"y": 2.5, "x": 2}, "a": 4})
    with pytest.raises(CallerError, match=r"the table has no column s.c, s.in.y, s.list.q|no column") as caught:
        write_to_delta_lake(new, path)
    assert "schema_mode='merge' adds new columns and fields" in str(caught.value)
    write_to_delta_lake(new, path, schema_mode="merge")
    write_to_delta_lake(_struct({"a": 5}), path, schema_mode="merge")
    assert get_table_info(path).columns["s"] == (
        "struct<a: int64, in: struct<x: int64, y: float64>, list: list<struct<p: int64, q: string>>, c: int64>"
    )
    assert read_delta_table(path)["s"].to_list() == [
        {"a": 1, "in": {"x": 1, "y": None}, "list": [{"p": 1, "q": None}], "c": None},
        {"a": 4, "in": {"x": 2, "y": 2.5}, "list": [{"p": 2, "q": "b"}], "c": 3},
        {"a": 5, "in": None, "list": None, "c": None},
    ]


def test_who_merges_is_not_advised_to_merge(tmp_path: Path) -> None:
    write_to_delta_lake(pl.DataFrame({"x": [1]}), tmp_path / "t")
    with pytest.raises(CallerError) as caught:
        write_to_delta_lake(pl.DataFrame({"x": ["a"]}), tmp_path / "t", schema_mode="merge")
    assert "'x' is string, and the table's int64 does not hold it" in str(caught.value)
    assert "schema_mode='merge'" not in str(caught.value)
    assert "Next: cast the column 'x' to int64" in str(caught.value)
