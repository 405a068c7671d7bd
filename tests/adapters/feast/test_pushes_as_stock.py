"""What Feast's own stores write of a pushed frame, the drop-in writes, or refuses because values would be others."""

import math
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, PushSource, ValueType
from feast.data_format import DeltaFormat
from feast.data_source import PushMode
from feast.types import Array, Bool, FeastType, Float32, Float64, Int32, Int64, Json, Map, String, UnixTimestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from foreset import ForesetError
from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.adapters.shared.frames.fitting_by_value import by_value
from foreset.domain.facts import Column
from tests.adapters.feast.stores import STORE, day, feast_store

KEY: Final = Entity(name="k", join_keys=["k"], value_type=ValueType.INT64)
ZONED: Final = pa.timestamp("us", "UTC")
MOMENT: Final = datetime(2024, 2, 29, 12, tzinfo=UTC)

# === Both stores, over Parquet files ===

Case = tuple[FeastType, pa.DataType, Any]
ALIKE: Final[dict[str, Case]] = {
    "32 bits of 64": (Float32, pa.float32(), [0.1, 3.0]),
    "32 bits of numpy": (Float32, pa.float32(), np.array([0.5, math.nan])),
    "whole of fractions": (Int64, pa.int64(), [3.0, math.nan]),
    "whole of truths": (Int64, pa.int64(), [True, False]),
    "truths of whole": (Bool, pa.bool_(), [1, 0]),
    "truths with gaps": (Bool, pa.bool_(), [None, True]),
    "narrow of wide": (Int32, pa.int32(), [3, -(2**31)]),
    "nullable": (Int64, pa.int64(), pd.array([None, 2**53 + 1], "Int64")),
    "fractions of whole": (Float64, pa.float64(), [3, 2**53]),
    "fractions of decimals": (Float64, pa.float64(), [Decimal("0.1"), Decimal(2)]),
    "whole of decimals": (Int64, pa.int64(), [Decimal(1), Decimal(2)]),
    "texts of whole": (String, pa.string(), [3, -7]),
    "texts of fractions": (String, pa.string(), [1.5, 1e300]),
    "texts of truths": (String, pa.string(), [True, False]),
    "texts of dates": (String, pa.string(), [date(2024, 1, 1), date(9999, 12, 31)]),
    "texts of bytes": (String, pa.string(), [b"a", b"\xc3\xbc"]),
    "whole of texts": (Int64, pa.int64(), ["3", "-7"]),
    "fractions of texts": (Float64, pa.float64(), ["3.5", "1e5"]),
    "categories": (String, pa.string(), pd.Categorical(["b", None], ["b", "a"])),
    "ordered categories": (String, pa.string(), pd.Categorical(["b", "a"], ["b", "a"], ordered=True)),
    "categories of numbers": (Int64, pa.int64(), pd.Categorical([2, 1])),
    "texts of Arrow": (String, pa.string(), pd.Series(["b", None], dtype=pd.ArrowDtype(pa.string()))),
    "json": (Json, pa.string(), ['{"a": 1}', None]),
    "times of dates": (UnixTimestamp, ZONED, [date(2024, 1, 2), date(1600, 1, 1)]),
    "times without a zone": (UnixTimestamp, ZONED, [datetime(2024, 1, 2), None]),  # noqa: DTZ001  # what is meant
    "times of a zone": (UnixTimestamp, ZONED, pd.to_datetime([MOMENT, MOMENT]).tz_convert("Asia/Tokyo")),
    "times far away": (UnixTimestamp, ZONED, np.array(["9999-12-31", "1600-01-01"], "datetime64[us]")),
    "times of a table without a zone": (UnixTimestamp, pa.timestamp("us"), [MOMENT, MOMENT]),
    "embeddings": (Array(Float32), pa.list_(pa.float32()), [[0.1, 0.2], [0.5, math.nan]]),
    "embeddings of numpy": (Array(Float32), pa.list_(pa.float32()), [np.array([0.1, 0.2]), np.array([])]),
    "lists with nulls": (Array(Int64), pa.list_(pa.int64()), [[1, None], None]),
    "lists of fractions": (Array(Int64), pa.list_(pa.int64()), [[2.0], []]),
    "narrow lists": (Array(Int32), pa.list_(pa.int32()), [[2], [-(2**31)]]),
    "structs": (Map, pa.struct({"a": pa.int64(), "b": pa.string()}), [{"b": "x", "a": 2.0}, {"a": None, "b": "y"}]),
    "structs that lack a field": (Map, pa.struct({"a": pa.int64(), "b": pa.string()}), [{"a": 2}, {"a": 3}]),
    "structs of 32 bits": (Map, pa.struct({"a": pa.float32()}), [{"a": 0.1}, None]),
    "maps of Arrow": (
        Map,
        pa.map_(pa.string(), pa.int64()),
        pd.Series([[("b", 1)], []], dtype=pd.ArrowDtype(pa.map_(pa.string(), pa.int64()))),
    ),
}
"""Columns that both write, and write alike."""
MORE: Final[dict[str, tuple[Case, list[Any]]]] = {
    "maps of dicts": ((Map, pa.map_(pa.string(), pa.int64()), [{"a": 1}, {"b": 2.0}]), [[("a", 1)], [("b", 2)]]),
    "maps of nothing": ((Map, pa.map_(pa.string(), pa.int64()), [{}, None]), [[], None]),
    "maps of maps": (
        (Map, pa.map_(pa.string(), pa.map_(pa.string(), pa.float32())), [{"a": {"b": 0.5}}, {}]),
        [[("a", [("b", 0.5)])], []],
    ),
    "texts of ids": ((String, pa.string(), [uuid.UUID(int=1), None]), [str(uuid.UUID(int=1)), None]),
    "times of texts": (
        (UnixTimestamp, ZONED, ["2024-02-29T13:00:00+01:00", "9999-12-31"]),
        [MOMENT, datetime(9999, 12, 31, tzinfo=UTC)],
    ),
}
"""Columns that Feast's file store refuses, or of which it writes nonsense."""
_FORMATS: Final[dict[bool, Any]] = {False: None, True: DeltaFormat()}
WRONG: Final[dict[str, tuple[Case, str]]] = {
    "beyond 32 bits": ((Float32, pa.float32(), [0.5, 1e300]), "does not hold it: 1e+300 at row 1"),
    "embeddings beyond 32 bits": ((Array(Float32), pa.list_(pa.float32()), [[0.5], [0.1, 1e300]]), "at row 1"),
    "truths of two": ((Bool, pa.bool_(), [1, 2]), "table's bool does not hold it: 2 at row 1"),
    "whole of texts that are codes": ((Int64, pa.int64(), ["7", "007"]), "does not hold it: '007' at row 1"),
    "times of numbers": ((UnixTimestamp, ZONED, [1704067200, 0]), "is int64, and the table's timestamp"),
    "whole of durations": ((Int64, pa.int64(), [timedelta(1), timedelta(2)]), "is duration"),
    "structs with another field": (
        (Map, pa.struct({"a": pa.int64()}), [{"a": 1}, {"a": 2, "z": 1}]),
        "'z': 1} at row 1",
    ),
}
"""Columns of which Feast's file store writes other values than were pushed."""


def pushed(folder: Path, kind: str, cases: dict[str, Case], *, delta: bool = False) -> dict[str, Any]:
    """What each column holds after a push of two rows to a file, or a table, of its own; or what was raised."""
    feast = feast_store(folder, type=kind)
    sources: list[Any] = []
    for number, (dtype, column, _) in enumerate(cases.values()):
        first = pa.table({"k": [0], "at": pa.array([day(0)], ZONED), "x": pa.array([None], column)})
        path = f"{number}" if delta else f"{number}.parquet"
        if delta:
            write_deltalake(str(folder / path), first)
        else:
            pq.write_table(first, folder / path, store_schema=True)
        batch = FileSource(
            name=f"b{number}", path=str(folder / path), timestamp_field="at", file_format=_FORMATS[delta]
        )
        source = PushSource(name=f"p{number}", batch_source=batch)
        schema = [Field(name="k", dtype=Int64), Field(name="x", dtype=dtype)]
        sources += [source, FeatureView(name=f"v{number}", entities=[KEY], schema=schema, source=source)]
    feast.apply([KEY, *sources])
    return {
        name: _pushed(feast, folder / (f"{number}" if delta else f"{number}.parquet"), f"p{number}", values)
        for number, (name, (_, _, values)) in enumerate(cases.items())
    }


def _pushed(feast: FeatureStore, path: Path, source: str, values: Any) -> Any:
    frame = pd.DataFrame({"k": [1, 2], "at": [day(1)] * 2})
    frame["x"] = pd.Series(values) if not isinstance(values, list) else pd.Series(values, dtype=_dtype(values))
    try:
        feast.push(source, frame, to=PushMode.OFFLINE)
    except Exception as fault:  # noqa: BLE001  # Feast's stores raise what their libraries do
        return fault
    whole = pq.read_table(path) if path.is_file() else DeltaTable(path).to_pyarrow_table()
    return whole.sort_by("k")["x"].slice(1).to_pylist()


def _dtype(values: Sequence[Any]) -> Any:
    """What keeps Python's own times and truths with gaps from becoming pandas' of nanoseconds and floats."""
    return object if any(isinstance(value, (date, bool, dict, list)) for value in values) else None


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # ibis of duckdb
@pytest.mark.parametrize("kind", ["dask", "duckdb"])
def test_what_feasts_stores_of_files_write_the_drop_in_writes(tmp_path: Path, kind: str) -> None:
    stock, ours = (pushed(tmp_path / name, type_, ALIKE) for name, type_ in (("stock", kind), ("ours", STORE)))
    for name in ALIKE:
        assert not isinstance(stock[name], Exception), (name, stock[name])
        assert repr(ours[name]) == repr(stock[name]), name


def test_the_same_is_written_to_delta_tables(tmp_path: Path) -> None:
    stock, ours = pushed(tmp_path / "f", STORE, ALIKE), pushed(tmp_path / "d", STORE, ALIKE, delta=True)
    for name in ALIKE:
        assert not isinstance(ours[name], Exception), (name, ours[name])
        assert repr(ours[name]) == repr(stock[name]), name


def test_what_is_plainly_meant_is_written_where_feasts_file_store_does_not(tmp_path: Path) -> None:
    cases = {name: case for name, (case, _) in MORE.items()}
    stock, ours = (pushed(tmp_path / name, kind, cases) for name, kind in (("stock", "dask"), ("ours", STORE)))
    for name, (_, expected) in MORE.items():
        assert stock[name] != expected, f"Feast writes {name} now: it belongs to ALIKE"
        assert ours[name] == expected, name


def test_what_feasts_file_store_writes_otherwise_than_it_was_pushed_is_refused(tmp_path: Path) -> None:
    cases = {name: case for name, (case, _) in WRONG.items()}
    stock, ours = (pushed(tmp_path / name, kind, cases) for name, kind in (("stock", "dask"), ("ours", STORE)))
    for name, (_, problem) in WRONG.items():
        assert not isinstance(stock[name], Exception), name
        assert isinstance(ours[name], ForesetError), name
        assert problem in str(ours[name]), name


@pytest.mark.parametrize("index", [pd.RangeIndex(2), pd.Index([7, 8])])
def test_the_index_of_a_pushed_frame_is_no_column(tmp_path: Path, index: Any) -> None:
    feast = feast_store(tmp_path)
    pq.write_table(pa.table({"k": [0], "at": pa.array([day(0)], ZONED), "x": [0.5]}), tmp_path / "t.parquet")
    source = PushSource(name="p", batch_source=FileSource(name="b", path="t.parquet", timestamp_field="at"))
    schema = [Field(name="k", dtype=Int64), Field(name="x", dtype=Float64)]
    feast.apply([KEY, source, FeatureView(name="v", entities=[KEY], schema=schema, source=source)])
    frame = pd.DataFrame({"x": [1.5, 2.5], "k": [1, 2], "at": [day(1)] * 2}, index=index)
    feast.push("p", frame, to=PushMode.OFFLINE)
    assert pq.read_table(tmp_path / "t.parquet").sort_by("k").to_pydict()["x"] == [0.5, 1.5, 2.5]


# === Generated ===

_TEXTS: Final = st.text("0123456789-+.eaZT: ", max_size=6) | st.sampled_from(["nan", "inf", "true", "2024-01-01"])
_GIVEN: Final[dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]]] = {
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 300)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "float64": (pa.float64(), st.floats() | st.integers(-300, 300).map(float)),
    "float32": (pa.float32(), st.floats(width=32)),
    "bool": (pa.bool_(), st.booleans()),
    "string": (pa.string(), _TEXTS),
    "binary": (pa.binary(), st.binary(max_size=4)),
    "date": (pa.date32(), st.dates()),
    "datetime": (ZONED, st.datetimes(timezones=st.just(UTC))),
    "naive": (pa.timestamp("us"), st.datetimes()),
    "nanoseconds": (pa.timestamp("ns"), st.integers(-(2**62), 2**62)),
    "decimal": (pa.decimal128(20, 3), st.decimals(-1000, 1000, places=3)),
    "time": (pa.time64("us"), st.times().map(lambda moment: moment.replace(tzinfo=None))),
}
_HELD: Final = (
    pa.int8(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.bool_(), pa.string(), pa.binary(), pa.date32(),
    ZONED, pa.timestamp("us"), pa.decimal128(10, 2),
)  # fmt: skip


@st.composite
def columns(draw: st.DrawFn) -> tuple[Any, Any]:
    """A pushed column, plain or nested, and the type of the table's."""
    dtype, values = _GIVEN[draw(st.sampled_from(list(_GIVEN)))]
    held = draw(st.sampled_from(_HELD))
    column = st.lists(st.none() | values, min_size=1, max_size=3)
    match draw(st.sampled_from(["plain", "list", "struct"])):
        case "list":
            items = draw(st.lists(st.none() | column, min_size=1, max_size=3))
            return pa.array(items, pa.list_(dtype)), pa.list_(held)
        case "struct":
            fields = [item if item is None else {"a": item} for item in draw(column)]
            return pa.array(fields, pa.struct({"a": dtype})), pa.struct({"a": held})
        case _:
            return pa.array(draw(column), dtype), held


@settings(max_examples=80)
@given(columns())
def test_a_column_is_cast_as_feasts_file_store_casts_it_or_would_be_another(case: tuple[Any, Any]) -> None:
    column, held = case
    stock = cast_or_none(column, held)
    frame, known = pl.DataFrame({"x": pl.from_arrow(column)}), pl.Series(dtype=pl.Float64)
    known = pl.from_arrow(pa.array([], held))
    made = by_value("t", frame, [Column("x", dtype_name(known.dtype))])
    if stock is None:
        return
    try:
        ours = made.unwrap()["x"].to_arrow().cast(held)
    except ForesetError:
        assert is_another(column, stock), (column, stock)
    else:
        assert same(ours, stock) or is_rounded_better(column, ours, stock), (ours, stock)


def is_rounded_better(column: Any, ours: Any, stock: Any) -> bool:
    """Whether they differ as much as Arrow's cast of decimals to fractions is wrong."""
    values = [np.array(each.to_numpy(zero_copy_only=False), np.float64) for each in map(_flat, (ours, stock))]
    return pa.types.is_decimal(_flat(column).type) and bool(np.allclose(*values, rtol=1e-6, equal_nan=True))


def _flat(column: Any) -> Any:
    if pa.types.is_struct(column.type):
        return column.field(0)
    return column.flatten() if pa.types.is_list(column.type) or pa.types.is_large_list(column.type) else column


def cast_or_none(column: Any, held: Any) -> Any:
    try:
        return pc.cast(column, held)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def same(one: Any, other: Any) -> bool:
    return repr(one.to_pylist()) == repr(other.to_pylist())


def is_another(column: Any, stock: Any) -> bool:
    """Whether the values of a cast are not those that were given: they do not come back, or stand for other things."""
    back = cast_or_none(stock, column.type)
    return back is None or not same(back, column) or meaning(column.type) != meaning(stock.type)


def meaning(dtype: Any) -> str:
    """Times are no numbers."""
    inner = str(dtype)
    return "time" if any(word in inner for word in ("time", "date", "duration")) else "value"


@given(st.lists(st.none() | st.times() | st.dates() | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=4))
def test_texts_of_values_are_read_back(values: list[Any]) -> None:
    kind = next((type(value) for value in values if value is not None), int)
    column = pl.Series("x", [value if type(value) is kind else None for value in values], dtype=_POLARS[kind])
    texts = by_value("t", column.to_frame(), [Column("x", "string")]).unwrap()["x"]
    if kind is not time:
        back = by_value("t", texts.to_frame(), [Column("x", dtype_name(column.dtype))]).unwrap()["x"]
        assert back.to_list() == column.to_list()


_POLARS: Final[dict[type, Any]] = {int: pl.Int64, date: pl.Date, time: pl.Time}
