"""Columns of the types that polars, pandas and pyarrow have, and what a table makes of each.

`COLUMN_TYPES` has each of them once, with three rows: a value, a null where the type has one, another value. `dtype` is
the type in which a Delta table holds the column and `values` what is read back; a `dtype` of None says that no write
takes it. `frame_of` puts a column into a frame of its own library.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

_DAY: Final = dt.date(2024, 2, 29)
_NAIVE: Final = dt.datetime(2024, 2, 29, 12, 30, 0, 5)  # noqa: DTZ001  # a time without a zone is what is meant
_UTC: Final = _NAIVE.replace(tzinfo=dt.UTC)
_IDS: Final = (uuid.UUID(int=1), uuid.UUID(int=2**128 - 1))
_BYTES: Final = (_IDS[0].bytes, None, _IDS[1].bytes)
_LARGE: Final = 2**53 + 1
_IN_SPINES_ALONE: Final = frozenset({
    "polars UInt64 beyond int64", "polars Int128", "polars UInt128", "polars Datetime ns", "polars Time",
    "polars Duration", "polars List of Duration", "polars Struct of Time", "polars Null", "pandas timedelta64",
    "pandas datetime64 with nanoseconds", "arrow time32", "arrow duration", "arrow list of nulls",
})  # fmt: skip
"""Columns that Delta has no type for, and that a label frame may have all the same."""


@dataclass(frozen=True)
class ColumnType:
    """A column, as `make` gives it: a polars or pandas series, or a pyarrow array."""

    name: str
    make: Callable[[], Any]
    dtype: str | None
    values: Sequence[Any] = ()

    @property
    def taken(self) -> bool:
        """Whether a Delta table holds it."""
        return self.dtype is not None

    @property
    def in_spines(self) -> bool:
        """Whether a label frame may have it."""
        return self.taken or self.name in _IN_SPINES_ALONE


def frame_of(column: Any, beside: Mapping[str, Sequence[Any]], name: str = "x") -> Any:
    """A frame of the column's own library that has plain columns beside it."""
    if isinstance(column, pl.Series):
        return pl.DataFrame({**beside, name: column})
    if isinstance(column, pd.Series):
        return pd.DataFrame({**beside, name: column})
    return pa.table({**beside, name: column})


def _polars(name: str, values: Sequence[Any], dtype: Any, held: str | None, read: Sequence[Any] = ()) -> ColumnType:
    return ColumnType(f"polars {name}", lambda: pl.Series(values, dtype=dtype), held, read or (values if held else ()))


def _pandas(name: str, make: Callable[[], Any], held: str | None, read: Sequence[Any] = ()) -> ColumnType:
    return ColumnType(f"pandas {name}", lambda: pd.Series(make()), held, read)


def _arrow(name: str, values: Sequence[Any], dtype: Any, held: str | None, read: Sequence[Any] = ()) -> ColumnType:
    return ColumnType(f"arrow {name}", lambda: pa.array(values, dtype), held, read or (values if held else ()))


def _extension(name: str, dtype: Any, stored: Any, held: str | None, read: Sequence[Any] = ()) -> ColumnType:
    return ColumnType(f"arrow {name}", lambda: pa.ExtensionArray.from_storage(dtype, stored()), held, read)


POLARS_TYPES: Final = (
    _polars("Int8", [1, None, -128], pl.Int8(), "int8"),
    _polars("Int64", [_LARGE, None, -(2**63)], pl.Int64(), "int64"),
    _polars("UInt8", [1, None, 255], pl.UInt8(), "int16"),
    _polars("UInt32", [1, None, 2**32 - 1], pl.UInt32(), "int64"),
    _polars("UInt64", [1, None, _LARGE], pl.UInt64(), "int64"),
    _polars("UInt64 beyond int64", [1, None, 2**64 - 1], pl.UInt64(), None),
    _polars("Int128", [1, None, 2**100], pl.Int128(), None),
    _polars("UInt128", [1, None, 2**100], pl.UInt128(), None),
    _polars("Float16", [0.5, None, 1.25], pl.Float16(), "float32"),
    _polars("Float32", [0.5, None, 1.25], pl.Float32(), "float32"),
    _polars("Float64", [0.1, None, 1e300], pl.Float64(), "float64"),
    _polars("Boolean", [True, None, False], pl.Boolean(), "bool"),
    _polars("String", ["007", None, ""], pl.String(), "string"),
    _polars("Binary", [b"\xff", None, b""], pl.Binary(), "binary"),
    _polars("Date", [_DAY, None, dt.date(9999, 12, 31)], pl.Date(), "date"),
    _polars("Datetime us UTC", [_UTC, None, _UTC], pl.Datetime("us", "UTC"), "timestamp[us, UTC]"),
    _polars("Datetime us", [_NAIVE, None, _NAIVE], pl.Datetime("us"), "timestamp[us]"),
    _polars("Datetime ns of whole microseconds", [_NAIVE, None, _NAIVE], pl.Datetime("ns"), "timestamp[us]"),
    ColumnType("polars Datetime ns", lambda: pl.Series([1, None, 2], dtype=pl.Int64).cast(pl.Datetime("ns")), None),
    _polars("Datetime of Paris", [_UTC, None, _UTC], pl.Datetime("us", "Europe/Paris"), "timestamp[us, UTC]"),
    _polars("Time", [dt.time(1), None, dt.time(2)], pl.Time(), None),
    _polars("Duration", [dt.timedelta(1), None, dt.timedelta(2)], pl.Duration("us"), None),
    _polars("Decimal", [Decimal("1.50"), None, Decimal("-9.99")], pl.Decimal(38, 2), "decimal(38,2)"),
    _polars("Enum", ["b", None, "a"], pl.Enum(["b", "a"]), "string"),
    _polars("Categorical", ["b", None, "a"], pl.Categorical(), "string"),
    _polars("Array", [[0.5, 0.25], None, [1.0, 2.0]], pl.Array(pl.Float32, 2), "list<float32>"),
    _polars("Array of Array", [[[1, 2]], None, [[3, 4]]], pl.Array(pl.Int64, (1, 2)), "list<list<int64>>"),
    _polars("List of Enum", [["a", None], None, []], pl.List(pl.Enum(["a"])), "list<string>"),
    _polars("List of UInt16", [[1, None], None, []], pl.List(pl.UInt16), "list<int32>"),
    _polars("List of Duration", [[dt.timedelta(1)], None, []], pl.List(pl.Duration("us")), None),
    _polars(
        "Struct",
        [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}],
        pl.Struct({"a": pl.Int64, "b": pl.Categorical()}),
        "struct<a: int64, b: string>",
    ),
    _polars(
        "Struct of Array",
        [{"a": [1, 2]}, None, {"a": None}],
        pl.Struct({"a": pl.Array(pl.Int64, 2)}),
        "struct<a: list<int64>>",
    ),
    _polars("Struct of Time", [{"a": dt.time(1)}, None, {"a": None}], pl.Struct({"a": pl.Time}), None),
    _polars("Struct without fields", [{}, None, {}], pl.Struct([]), None),
    _polars("Map", [{"a": 1}, None, {"b": None}], pl.Map(pl.String, pl.Int64), "map<string, int64>"),
    _polars("Null", [None, None, None], pl.Null(), None),
    ColumnType("polars Object of ids", lambda: pl.Series([_IDS[0], None, _IDS[1]], dtype=pl.Object), "binary", _BYTES),
    ColumnType("polars Object", lambda: pl.Series([{1}, None, object()], dtype=pl.Object), None),
)

PANDAS_TYPES: Final = (
    _pandas("int64", lambda: np.array([1, _LARGE, 3]), "int64", [1, _LARGE, 3]),
    _pandas("Int64", lambda: pd.array([1, None, _LARGE], "Int64"), "int64", [1, None, _LARGE]),
    _pandas("boolean", lambda: pd.array([True, None, False], "boolean"), "bool", [True, None, False]),
    _pandas("float16", lambda: np.array([0.5, 1.5, 2.5], np.float16), "float32", [0.5, 1.5, 2.5]),
    _pandas("string", lambda: pd.array(["a", None, ""], "string"), "string", ["a", None, ""]),
    _pandas("object of texts", lambda: pd.array(["a", None, ""], "object"), "string", ["a", None, ""]),
    _pandas("object of bytes", lambda: pd.array([b"a", None, b""], "object"), "binary", [b"a", None, b""]),
    _pandas("object of dates", lambda: pd.array([_DAY, None, _DAY], "object"), "date", [_DAY, None, _DAY]),
    _pandas("object of ids", lambda: pd.array([_IDS[0], None, _IDS[1]], "object"), "binary", _BYTES),
    _pandas("object of numbers and texts", lambda: pd.array([1, None, "a"], "object"), None),
    _pandas("object of texts and numbers", lambda: pd.array(["a", None, 1], "object"), None),
    _pandas("object of lists", lambda: pd.array([[1], None, []], "object"), "list<int64>", [[1], None, []]),
    _pandas("object of decimals", lambda: pd.array([Decimal("1.5"), None, Decimal(2)], "object"), "decimal(2,1)",
            [Decimal("1.5"), None, Decimal(2)]),
    _pandas("object of wide decimals", lambda: pd.array([Decimal(1), None, Decimal("1e40")], "object"), None),
    _pandas("object of Python objects", lambda: pd.array([object(), None, object()], "object"), None),
    _pandas("category of texts", lambda: pd.Categorical(["b", None, "a"], ["b", "a"]), "string", ["b", None, "a"]),
    _pandas("category of numbers", lambda: pd.Categorical([2, None, 1]), "int64", [2, None, 1]),
    _pandas("category of intervals", lambda: pd.cut(np.array([1, 30, 70]), [0, 18, 65, 99]), None),
    _pandas("datetime64", lambda: pd.to_datetime([_NAIVE, None, _NAIVE]), "timestamp[us]", [_NAIVE, None, _NAIVE]),
    _pandas("datetime64 with nanoseconds", lambda: pd.to_datetime([1, 2, 3]), None),
    _pandas("datetime64 of a zone", lambda: pd.to_datetime([_UTC, None, _UTC]).tz_convert("Europe/Paris"),
            "timestamp[us, UTC]", [_UTC, None, _UTC]),
    _pandas("timedelta64", lambda: pd.to_timedelta([1, None, 2], "s"), None),
    _pandas("period", lambda: pd.period_range("2024-01", periods=3, freq="M"), None),
    _pandas("interval", lambda: pd.interval_range(0, 3), None),
    _pandas("complex", lambda: np.array([1j, 2j, 3j]), None),
    _pandas("sparse", lambda: pd.arrays.SparseArray([0, 0, 1]), None),
    _pandas("Arrow dictionary", lambda: pd.arrays.ArrowExtensionArray(pa.array(["a", None, "b"]).dictionary_encode()),
            "string", ["a", None, "b"]),
)  # fmt: skip

ARROW_TYPES: Final = (
    _arrow("int32", [1, None, -(2**31)], pa.int32(), "int32"),
    _arrow("float16", [np.float16(0.5), None, np.float16(2)], pa.float16(), "float32", [0.5, None, 2.0]),
    _arrow("large_string", ["a", None, ""], pa.large_string(), "string"),
    _arrow("string_view", ["a", None, ""], pa.string_view(), "string"),
    _arrow("binary_view", [b"a", None, b""], pa.binary_view(), "binary"),
    _arrow("fixed_size_binary", [b"ab", None, b"cd"], pa.binary(2), "binary"),
    _arrow("date64", [_DAY, None, _DAY], pa.date64(), "date"),
    _arrow("timestamp of seconds", [dt.datetime(2024, 1, 1)] * 3, pa.timestamp("s"), "timestamp[us]"),  # noqa: DTZ001
    _arrow("timestamp of an offset", [_UTC, None, _UTC], pa.timestamp("us", "+02:00"), "timestamp[us, UTC]"),
    _arrow("time32", [dt.time(1), None, dt.time(2)], pa.time32("s"), None),
    _arrow("duration", [dt.timedelta(1), None, None], pa.duration("ms"), None),
    _arrow("month_day_nano_interval", [(1, 2, 3), None, (0, 0, 0)], pa.month_day_nano_interval(), None),
    _arrow("decimal32", [Decimal("1.5"), None, Decimal("-2.5")], pa.decimal32(5, 1), "decimal(5,1)"),
    _arrow("decimal128 of whole hundreds", [Decimal(100), None, Decimal(200)], pa.decimal128(5, -2), "decimal(7,0)"),
    _arrow("decimal256", [Decimal("1.1"), None, None], pa.decimal256(50, 2), None),
    _arrow("list_view", [[1], None, []], pa.list_view(pa.int64()), None),
    _arrow("large_list", [[1], None, []], pa.large_list(pa.int64()), "list<int64>"),
    _arrow("fixed_size_list", [[1, 2], None, [3, 4]], pa.list_(pa.int64(), 2), "list<int64>"),
    _arrow("list of decimal256", [[Decimal("1.1")], None, []], pa.list_(pa.decimal256(50, 2)), None),
    _arrow("list of nulls", [[None], None, []], pa.list_(pa.null()), None),
    _arrow("map", [[("a", 1)], None, []], pa.map_(pa.string(), pa.int64()), "map<string, int64>",
           [{"a": 1}, None, {}]),
    _arrow("struct of two equal names", [None, None, None], pa.struct([("a", pa.int64()), ("a", pa.string())]), None),
    _arrow("dictionary of texts", ["b", None, "a"], pa.dictionary(pa.int8(), pa.string()), "string"),
    _arrow("dictionary of numbers", [2, None, 1], pa.dictionary(pa.int8(), pa.int64()), "int64"),
    ColumnType("arrow run_end_encoded",
               lambda: pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([1, 2])), None),
    ColumnType("arrow union", lambda: pa.UnionArray.from_sparse(
        pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])]), None),
    _extension("uuid", pa.uuid(), lambda: pa.array(_BYTES, pa.binary(16)), "binary", _BYTES),
    _extension("json", pa.json_(), lambda: pa.array(["{}", None, "[]"]), None),
    _extension("bool8", pa.bool8(), lambda: pa.array([1, None, 0], pa.int8()), None),
    _extension("opaque", pa.opaque(pa.int64(), "t", "v"), lambda: pa.array([1, None, 2]), None),
    _extension("fixed_shape_tensor", pa.fixed_shape_tensor(pa.float32(), [2]),
               lambda: pa.array([[0.5, 1.5]] * 3, pa.list_(pa.float32(), 2)), None),
    ColumnType("arrow list of json", lambda: pa.ListArray.from_arrays(
        [0, 1, 1, 2], pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}", "[]"]))), None),
)  # fmt: skip

COLUMN_TYPES: Final = (*POLARS_TYPES, *PANDAS_TYPES, *ARROW_TYPES)
