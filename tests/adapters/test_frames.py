"""The gate for frames that come in: what is taken keeps its values, what is not is named."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Success

from foreset.adapters.shared.frames.frame_types import Unfit
from foreset.adapters.shared.interchange.frame_gate import read_frame
from tests.types_of_frames import COLUMN_TYPES, ColumnType, frame_of

_DATE, _TIME = dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 5)  # noqa: DTZ001  # a time without a zone is meant
_VALUES = st.one_of(
    st.none(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(dt.UTC)),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.uuids(),
    st.timedeltas(),
    st.sets(st.integers(0, 9), max_size=2),
    st.builds(object),
)


def refused(frame: object) -> Unfit:
    unfit = read_frame(frame).failure()
    assert isinstance(unfit, Unfit)
    return unfit


@pytest.mark.parametrize("column", COLUMN_TYPES, ids=lambda column: column.name)
def test_each_type_is_taken_as_it_is_or_refused_by_its_name(column: ColumnType) -> None:
    read = read_frame(frame_of(column.make(), {"k": [1, 2, 3]}, name="odd one"))
    if not column.in_spines:
        assert "'odd one'" in read.failure().problem
        assert "odd one" in (read.failure().remedy or "")
        return
    frame = read.unwrap()
    assert frame["k"].to_list() == [1, 2, 3]
    if column.taken:
        assert frame["odd one"].to_list() == list(column.values)  # not of pandas


@given(st.lists(_VALUES, min_size=1, max_size=4))
def test_python_objects_keep_their_values_or_are_refused(values: list[object]) -> None:
    read = read_frame(pd.DataFrame({"x": pd.Series(values, dtype="object")}))
    if not isinstance(read, Success):
        assert "'x'" in read.failure().problem
        return
    for given_value, made in zip(values, read.unwrap()["x"].to_list(), strict=True):
        missing = given_value is None or given_value != given_value  # noqa: PLR0124  # NaN
        wanted = given_value.bytes if isinstance(given_value, uuid.UUID) else given_value
        assert made is None if missing else made == wanted and isinstance(made, bool) == isinstance(wanted, bool)


@pytest.mark.parametrize(
    ("values", "row", "becomes"),
    [
        ([_DATE, _TIME], 1, "datetime.date(2024, 1, 1)"),
        ([_TIME, _TIME.replace(tzinfo=dt.UTC)], 1, "datetime.datetime(2024, 1, 1, 5, 0)"),
        ([None, pd.Timestamp(1)], 1, "datetime.datetime(1970, 1, 1, 0, 0)"),
        ([pd.Timedelta(1)], 0, "datetime.timedelta(0)"),
        (["a", b"b"], 1, "'b'"),
        ([b"a", "b"], 1, "b'b'"),
        ([{1}], 0, "[1]"),
        ([0.0, False], 1, "0.0"),
        ([[_DATE], [_TIME]], 1, "[datetime.date(2024, 1, 1)]"),
        ([{"a": _DATE}, {"a": _TIME}], 1, "{'a': datetime.date(2024, 1, 1)}"),
    ],
)
def test_a_value_that_would_become_another_one_is_named(values: list[object], row: int, becomes: str) -> None:
    unfit = refused(pd.DataFrame({"k": range(len(values)), "x": pd.Series(values, dtype="object")}))
    assert "its column 'x' is taken for" in unfit.problem
    assert f"at row {row} would become {becomes}" in unfit.problem


def test_of_many_columns_and_rows_the_one_that_is_mixed_is_named() -> None:
    values: list[object] = [*range(5000), "a", *range(5000)]
    unfit = refused(pd.DataFrame({**{f"f{i}": 0 for i in range(60)}, "odd": pd.Series(values, dtype="object")}))
    assert unfit.problem == (
        "its column 'odd' has values of several types: 0 (int) comes first, and 'a' (str) is at row 5000"
    )
    assert unfit.remedy == "give its values one type, for example text: frame['odd'].astype(str)"


def test_the_first_decimal_that_is_too_wide_is_named() -> None:
    unfit = refused(pd.DataFrame({"x": [Decimal(1), Decimal("1e40")]}))
    assert unfit.problem == (
        "its column 'x' has decimals of 41 digits before and 0 after the point, Decimal('1E+40') at row 1, and a "
        "table's have 38 in all"
    )
    both = refused(pd.DataFrame({"x": [Decimal("1e30"), Decimal("1e-20")]})).problem
    assert "its column 'x' has decimals of 31 digits before and 20 after the point" in both


def test_names_that_are_there_twice_are_told_with_their_places() -> None:
    for frame in (
        pd.DataFrame([[1, 2, 3]], columns=["k", "c", "c"]),
        pd.DataFrame([[1, 2, 3]], columns=["k", 1, "1"]).rename(columns={1: "c", "1": "c"}),
        pa.table([[1], [2], [3]], names=["k", "c", "c"]),
        pa.record_batch([[1], [2], [3]], names=["k", "c", "c"]),
    ):
        assert refused(frame).problem == "it has 2 columns of the name 'c', at the places 1, 2"
    assert "of the name '1'" in refused(pd.DataFrame([[1, 2]], columns=[1, "1"])).problem


class Streamed:
    """Another library's frame."""

    def __init__(self, table: pa.Table) -> None:
        """Give these rows."""
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """As Arrow has them."""
        return self._table.__arrow_c_stream__(requested_schema)


def test_extension_types_of_other_libraries_are_known_by_the_name_in_the_field() -> None:
    field = pa.field("shape", pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"})
    inside = pa.field("shapes", pa.list_(field))
    for column in (pa.table([[b"\0"]], pa.schema([field])), pa.table([[[b"\0"]]], pa.schema([inside]))):
        for frame in (column, column.to_reader(), Streamed(column)):
            assert "the extension type geoarrow.wkb, which no table holds" in refused(frame).problem


@pytest.mark.parametrize("frame", [pl.DataFrame(), pd.DataFrame(), pa.table({}), pd.DataFrame(index=[1])])
def test_frames_without_columns_are_frames(frame: Any) -> None:
    assert read_frame(frame).unwrap().width == 0


def test_frames_of_columns_with_other_names_than_texts() -> None:
    assert read_frame(pd.DataFrame({0: [1], 1: ["a"]})).unwrap().columns == ["0", "1"]
    assert read_frame(pd.DataFrame({("a", 1): [1]})).unwrap().columns == ["('a', 1)"]


def test_a_pandas_frame_is_what_polars_makes_of_it() -> None:
    frame = pd.DataFrame(
        {
            "nothing": pd.Series([None, None], dtype="object"),
            "number": [1.5, np.nan],
            "text": pd.Series(["a", np.nan], dtype="object"),
            "category": pd.Categorical(["b", "a"], ["b", "a"], ordered=True),
            "time": pd.to_datetime(["2024-01-01", None]),
        },
        index=[7, 8],
    )
    assert read_frame(frame).unwrap().equals(pl.from_pandas(frame))
    assert read_frame(frame).unwrap().schema == pl.from_pandas(frame).schema
