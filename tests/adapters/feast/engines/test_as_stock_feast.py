"""What Feast's own stores take, the drop-in takes, or refuses because values would change."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, PushSource, ValueType
from feast.data_format import DeltaFormat
from feast.data_source import PushMode
from feast.types import Array, Float32, Float64, Int64, String

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureViewSpec,
    ForesetError,
    create_feast_manager,
    read_delta_table,
)
from foreset.adapters.feast.offline.date_ranges import date_range
from foreset.adapters.shared.frames.fitting_by_value import by_value
from foreset.domain.errors.feast import InvalidRange
from foreset.domain.facts import Column
from tests.adapters.feast.stores import day, feast_store

KEY = Entity(name="k", join_keys=["k"], value_type=ValueType.INT64)
ZONED = pa.timestamp("us", "UTC")


def pushing(folder: Path, table: pa.Table, fields: list[Field]) -> FeatureStore:
    write_deltalake(str(folder / "t"), table)
    feast = feast_store(folder)
    batch = FileSource(name="b", path="t", timestamp_field="at", file_format=DeltaFormat())
    source = PushSource(name="ps", batch_source=batch)
    schema = [Field(name="k", dtype=Int64), *fields]
    feast.apply([KEY, source, FeatureView(name="v", entities=[KEY], schema=schema, source=source)])
    return feast


def first(**columns: pa.Array) -> pa.Table:
    return pa.table({"k": [0], "at": pa.array([day(1)], ZONED), **columns})


def test_embeddings_of_64_bits_are_rounded_as_single_numbers_are(tmp_path: Path) -> None:
    table = first(f=pa.array([0.5], pa.float32()), e=pa.array([[0.5]], pa.list_(pa.float32())))
    feast = pushing(tmp_path, table, [Field(name="f", dtype=Float32), Field(name="e", dtype=Array(Float32))])
    feast.push("ps", pd.DataFrame({"k": [1], "at": [day(2)], "f": [0.1], "e": [[0.1, 0.2]]}), to=PushMode.OFFLINE)
    pushed = read_delta_table(tmp_path / "t").filter(pl.col("k") == 1)
    assert pushed["e"].to_list() == [pl.Series([0.1, 0.2], dtype=pl.Float32).to_list()]
    beyond = pd.DataFrame({"k": [1], "at": [day(2)], "f": [0.1], "e": [[0.1, 1e300]]})
    with pytest.raises(ForesetError, match="and the table's list<float32> does not hold it"):
        feast.push("ps", beyond, to=PushMode.OFFLINE)


def test_categories_are_written_as_texts(tmp_path: Path) -> None:
    feast = pushing(tmp_path, first(s=pa.array(["z"])), [Field(name="s", dtype=String)])
    feast.push("ps", pd.DataFrame({"k": [1], "at": [day(2)], "s": pd.Categorical(["a"])}), to=PushMode.OFFLINE)
    assert sorted(read_delta_table(tmp_path / "t")["s"]) == ["a", "z"]


@pytest.mark.parametrize(
    ("given", "dtype", "expected"),
    [
        (pl.Series([[1, None], [], None]), "list<int32>", [[1, None], [], None]),
        (pl.Series([[0.1], [float("nan"), None]]), "list<float32>", [[0.10000000149011612], None]),
        (pl.Series([{"a": 1, "b": None}, None]), "map<string, int64>", [{"a": 1}, None]),
        (pl.Series([{"x": [2**40]}]), "struct<x: list<int32>>", None),
        (pl.Series([[2**40]]), "list<int32>", None),
        (pl.Series(["a", "b"], dtype=pl.Enum(["b", "a"])), "string", ["a", "b"]),
        (pl.Series(["a"]), "int64", None),
        (pl.Series([1.5]), "int64", None),
    ],
)
def test_values_are_cast_where_each_comes_back(given: pl.Series, dtype: str, expected: list[Any] | None) -> None:
    made = by_value("t", pl.DataFrame({"c": given}), [Column("c", dtype)])
    if expected is None:
        assert "column 'c' is" in made.failure().message
        return
    for found, value in zip(made.unwrap()["c"].to_list(), expected, strict=True):
        assert value is None or found == value or dict(found or ()) == value


@pytest.mark.parametrize("name", ["avg price", "clicks/day", "a.b", "a:b", "naïve", "it's", 'the "x"', "a\\b", "x@y"])
def test_features_of_any_name_are_retrieved_and_served(tmp_path: Path, name: str) -> None:
    feast = pushing(tmp_path, first(**{name: pa.array([1.5])}), [Field(name=name, dtype=Float64)])
    spine = pd.DataFrame({"k": [0], "event_timestamp": [day(2)]})
    rows = feast.get_historical_features(spine, [f"v:{name}"]).to_df()
    assert rows[name].to_list() == [1.5]
    feast.materialize(day(1), day(3))
    assert feast.get_online_features([f"v:{name}"], [{"k": 0}]).to_dict()[name] == [1.5]


@pytest.mark.parametrize("values", [[5, None, 7], ["a", None], [True, None], [1.5, None]])
def test_nulls_in_lists_are_served_as_nulls(tmp_path: Path, values: list[Any]) -> None:
    write_deltalake(str(tmp_path / "t"), first(last=pa.array([values])))
    with create_feast_manager(str(tmp_path / "repo")) as manager:
        source = DeltaSource(str(tmp_path / "t"), "at")
        manager.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], source, ["last"]))
        manager.materialize(["v"])
        assert manager.get_online_features(["v:last"], [{"k": 0}]).to_dict()["last"] == [values]
        assert manager.check_online("v").agrees


def test_a_range_is_given_as_text_a_date_or_a_time_and_not_reversed() -> None:
    moment = datetime(2024, 1, 31, tzinfo=UTC)
    for start in ("2024-01-31", "2024-01-31T00:00:00+00:00", date(2024, 1, 31), datetime(2024, 1, 31), moment):  # noqa: DTZ001
        assert date_range([], start, "2024-02-01")[0] == moment
    for start, end in (("2024-02-02", "2024-02-01"), ("31/01/2024", None), (pd.NaT, None), (5, None)):
        with pytest.raises(ForesetError) as refused:
            date_range([], start, end)
        assert isinstance(refused.value.error, InvalidRange)


def test_texts_as_start_and_end_of_a_retrieval(tmp_path: Path) -> None:
    feast = pushing(tmp_path, first(x=pa.array([1.5])), [Field(name="x", dtype=Float64)])
    rows = feast.get_historical_features(features=["v:x"], start_date="2023-12-31", end_date="2024-12-31").to_df()  # type: ignore[arg-type]  # Feast's hint
    assert rows["x"].to_list() == [1.5]
