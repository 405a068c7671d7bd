"""Every type of polars has a name, and the name leads back."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype
from foreset.domain.dtypes import is_dtype

PLAIN = st.sampled_from(
    [pl.Boolean(), pl.Int8(), pl.UInt64(), pl.Float32(), pl.String(), pl.Binary(), pl.Date(), pl.Decimal(10, 2)]
)
TIMES = st.builds(pl.Datetime, st.sampled_from(["ms", "us", "ns"]), st.sampled_from([None, "UTC", "Asia/Tokyo"]))
DTYPES = st.recursive(
    PLAIN | TIMES,
    lambda inner: st.one_of(
        st.builds(pl.List, inner),
        st.builds(pl.Map, PLAIN, inner),
        st.dictionaries(st.text(max_size=5), inner, max_size=3).map(pl.Struct),
    ),
    max_leaves=6,
)


@given(DTYPES)
def test_a_name_leads_back_to_its_type(dtype: pl.DataType) -> None:
    assert polars_dtype(dtype_name(dtype)) == dtype
    assert is_dtype(dtype_name(dtype))


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (pl.Categorical(), "string"),
        (pl.Enum(["a"]), "string"),
        (pl.Array(pl.Int8, (2, 3)), "list<list<int8>>"),
        (pl.List(pl.Categorical), "list<string>"),
        (pl.Null(), "null"),
        (pl.Time(), "time"),
        (pl.Duration("us"), "duration[us]"),
        (pl.Struct({"a, b": pl.Int8}), 'struct<"a, b": int8>'),
    ],
)
def test_other_types_have_a_name_too(dtype: pl.DataType, name: str) -> None:
    assert dtype_name(dtype) == name


@pytest.mark.parametrize("name", ["double", "", "list<>", "list<int8", "map<int8>", "timestamp[s]"])
def test_what_is_no_type_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no dtype"):
        polars_dtype(name)
