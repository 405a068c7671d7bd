import math
import struct
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreset.adapters.shared.rows.row_changes import as_changes, difference

NAN, OTHER_NAN = (struct.unpack("<d", struct.pack("<Q", bits))[0] for bits in (0x7FF8 << 48, (0x7FF8 << 48) + 1))


def column(*values: Any, dtype: Any = None) -> pl.DataFrame:
    return pl.DataFrame({"x": pl.Series(values, dtype=dtype)})


def changes(before: pl.DataFrame, after: pl.DataFrame) -> list[tuple[str, Any]]:
    return [(change, value) for value, change, *_ in difference(before, after).iter_rows()]


def test_rows_that_are_on_both_sides_are_no_change() -> None:
    assert changes(column(1, 2, None), column(None, 2, 1)) == []


def test_rows_that_are_there_several_times_are_counted() -> None:
    assert changes(column(1, 1, 1, 2), column(2, 2, 1)) == [("delete", 1), ("delete", 1), ("insert", 2)]


def test_the_order_is_that_of_the_frames() -> None:
    before, after = pl.DataFrame({"x": range(100)}), pl.DataFrame({"x": range(200, 50, -1)})
    found = difference(before, after, together=7)
    assert found["x"].to_list() == [*range(51), *range(200, 99, -1)]


@pytest.mark.parametrize(
    ("before", "after", "dtype"),
    [
        (0.0, -0.0, pl.Float64),
        (0.0, -0.0, pl.Float32),
        (NAN, OTHER_NAN, pl.Float64),
        (None, 0.0, pl.Float64),
        (None, "", pl.String),
        (b"a", b"a\0", pl.Binary),
        (Decimal("1.10"), Decimal("1.11"), pl.Decimal(38, 2)),
        (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=UTC), pl.Datetime("us", "UTC")),
        ([0.0], [-0.0], pl.List(pl.Float64)),
        ([NAN], [OTHER_NAN], pl.Array(pl.Float64, 1)),
        ([], None, pl.List(pl.Float64)),
        ([None], [], pl.List(pl.Int64)),
        ({"a": 0.0}, {"a": -0.0}, pl.Struct({"a": pl.Float64})),
        ({"a": None}, None, pl.Struct({"a": pl.Float64})),
        ([{"a": [0.0]}], [{"a": [-0.0]}], pl.List(pl.Struct({"a": pl.List(pl.Float64)}))),
        ([{"key": "k", "value": 0.0}], [{"key": "k", "value": -0.0}], pl.Map(pl.String, pl.Float64)),
    ],
)
def test_rows_that_differ_in_a_bit_are_changes(before: Any, after: Any, dtype: Any) -> None:
    entries = pl.Series(dtype=dtype).to_physical().dtype if isinstance(dtype, pl.Map) else dtype
    old, new = (column(value, dtype=entries).with_columns(pl.col("x").cast(dtype)) for value in (before, after))
    found = difference(pl.concat([old, new, old]), pl.concat([new, old, new]))
    assert found["_change_type"].to_list() == ["delete", "insert"]
    assert found.drop("_change_type", "_commit_version", "_commit_timestamp").schema == old.schema
    assert difference(old, old).is_empty()


def test_columns_of_any_name_are_compared() -> None:
    frame = pl.DataFrame({"row": [1], "number": [2], "_0": [3], "": [4]})
    assert difference(frame, frame).is_empty()
    assert difference(frame, frame.with_columns(number=pl.lit(9, pl.Int64))).height == 2


def test_the_columns_beside_the_tables_have_their_types_also_where_nothing_changed() -> None:
    told = [pl.String, pl.Int64, pl.Datetime("us", "UTC")]
    assert difference(column(1), column(1)).dtypes == [pl.Int64, *told]
    assert as_changes(column(1), "insert", 3, 1_000_000).row(0) == (
        1,
        "insert",
        3,
        datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
    )


ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, 0.0, -0.0, NAN, math.inf, 1.5]),
        st.sampled_from([None, "", "a"]),
        st.sampled_from([None, date(2024, 1, 1)]),
        st.sampled_from([None, [], [None], [0.0], [-0.0]]),
    ),
    max_size=12,
)
SCHEMA = {"f": pl.Float64(), "s": pl.String(), "d": pl.Date(), "l": pl.List(pl.Float64())}


@given(before=ROWS, after=ROWS, together=st.integers(1, 30))
def test_a_difference_is_that_of_two_bags(before: list[Any], after: list[Any], together: int) -> None:
    old, new = (pl.DataFrame(rows, SCHEMA, orient="row") for rows in (before, after))
    found = difference(old, new, together)
    for change, these, those in (("delete", before, after), ("insert", after, before)):
        told = found.filter(_change_type=change).select(*SCHEMA).rows()
        assert Counter(map(repr, told)) == Counter(map(repr, these)) - Counter(map(repr, those))
