"""Columns of three rows, of the types that a label frame of pandas may have."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

BIG = 2**53 + 1
"""A whole number that float64 does not hold."""


def days(*values: str | None) -> pd.DatetimeIndex:
    return pd.to_datetime(list(values), format="ISO8601")


CATEGORIES: dict[str, Callable[[], pd.Categorical]] = {
    "texts": lambda: pd.Categorical(["c", None, "a"], categories=["c", "b", "a", "unused"]),
    "ordered texts": lambda: pd.Categorical(["c", None, "a"], categories=["c", "b", "a", "unused"], ordered=True),
    "other order": lambda: pd.Categorical(["c", None, "a"], categories=["a", "b", "c", "unused"], ordered=True),
    "texts of pandas' own": lambda: pd.Categorical(pd.array(["c", None, "a"], dtype="string")),
    "whole numbers": lambda: pd.Categorical([3, None, 1], categories=[3, 2, BIG, 1]),
    "ordered whole numbers": lambda: pd.Categorical([3, None, 1], categories=[3, 2, 1], ordered=True),
    "nullable numbers": lambda: pd.Categorical(pd.array([3, None, BIG], dtype="Int64")),
    "small numbers": lambda: pd.Categorical(np.array([3, 3, 1], dtype=np.int8)),
    "floats": lambda: pd.Categorical([1.5, None, 0.5], categories=[1.5, 0.5, 9.25]),
    "booleans": lambda: pd.Categorical([True, None, False]),
    "times": lambda: pd.Categorical(days("2024-01-01", None, "2023-01-01T00:00:00.000000001")),
    "times of a zone": lambda: pd.Categorical(days("2024-01-01", None, "2023-01-01").tz_localize("Asia/Tokyo")),
    "seconds": lambda: pd.Categorical(days("2024-01-01", None, "2023-01-01").as_unit("s")),
    "durations": lambda: pd.Categorical(pd.to_timedelta([1, None, 2])),
    "dates": lambda: pd.Categorical([dt.date(2024, 1, 1), None, dt.date(2023, 1, 1)]),
    "decimals": lambda: pd.Categorical([Decimal(1), None, Decimal("2.5")]),
    "nothing": lambda: pd.Categorical([None, None, None]),
    "nothing of some": lambda: pd.Categorical([None, None, None], categories=["b", "a"]),
}
OTHERS: dict[str, Callable[[], Any]] = {
    "Int64 with nulls": lambda: pd.array([BIG, None, 3], dtype="Int64"),
    "Int64 without nulls": lambda: pd.array([BIG, 2, 3], dtype="Int64"),
    "UInt64": lambda: pd.array([2**64 - 1, None, 3], dtype="UInt64"),
    "int64": lambda: np.array([BIG, 2, 3]),
    "uint8": lambda: np.array([1, 2, 3], dtype=np.uint8),
    "boolean": lambda: pd.array([True, None, False], dtype="boolean"),
    "boolean without nulls": lambda: pd.array([True, True, False], dtype="boolean"),
    "bool": lambda: np.array([True, True, False]),
    "Float64": lambda: pd.array([1.5, None, 3], dtype="Float64"),
    "Float32": lambda: pd.array([1.5, None, 3], dtype="Float32"),
    "float16": lambda: np.array([1.5, np.nan, 3], dtype=np.float16),
    "float32": lambda: np.array([1.5, np.nan, 3], dtype=np.float32),
    "string of Python": lambda: pd.array(["a", None, "c"], dtype="string[python]"),
    "string of pyarrow": lambda: pd.array(["a", None, "c"], dtype="string[pyarrow]"),
    "string with NaN": lambda: pd.array(["a", None, "c"], dtype=pd.StringDtype("python", na_value=np.nan)),
    "object of texts": lambda: np.array(["a", None, "c"], dtype=object),
    "object of numbers": lambda: np.array([BIG, None, 3], dtype=object),
    "object of booleans": lambda: np.array([True, None, False], dtype=object),
    "object of dates": lambda: np.array([dt.date(2024, 1, 1), None, dt.date(9999, 1, 1)], dtype=object),
    "object of times of day": lambda: np.array([dt.time(1, 2, 3, 4), None, dt.time(3)], dtype=object),
    "object of decimals": lambda: np.array([Decimal("1.50"), None, Decimal("22.25")], dtype=object),
    "object of bytes": lambda: np.array([b"a", None, b"\xff"], dtype=object),
    "seconds": lambda: days("2024-01-01", None, "1800-01-01").as_unit("s"),
    "milliseconds": lambda: days("2024-01-01", None, "1800-01-01").as_unit("ms"),
    "nanoseconds": lambda: pd.to_datetime([1, None, 3]),
    "a zone": lambda: days("2024-01-01", None, "2024-07-01").tz_localize("Europe/Paris"),
    "an offset": lambda: pd.to_datetime(["2024-01-01T00:00:00+02:00"] * 3),
    "durations of seconds": lambda: pd.to_timedelta([1, None, 3], unit="s").as_unit("s"),
    "durations": lambda: pd.to_timedelta([1, None, 3]),
    "Arrow numbers": lambda: pd.array([BIG, None, 3], dtype=pd.ArrowDtype(pa.int64())),
    "Arrow times": lambda: pd.array([1, None, 3], dtype=pd.ArrowDtype(pa.timestamp("us", "UTC"))),
    "Arrow dates": lambda: pd.array([dt.date(2024, 1, 1), None, None], dtype=pd.ArrowDtype(pa.date32())),
    "Arrow decimals": lambda: pd.array([Decimal(1), None, None], dtype=pd.ArrowDtype(pa.decimal128(10, 2))),
    "Arrow lists": lambda: pd.array([[BIG, None], None, []], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    "Arrow structs": lambda: pd.array(
        [{"a": BIG}, None, {"a": None}], dtype=pd.ArrowDtype(pa.struct({"a": pa.int64()}))
    ),
}
GIVEN = {**{f"category of {name}": make for name, make in CATEGORIES.items()}, **OTHERS}
