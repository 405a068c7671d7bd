"""Keys as codes: equal where keys are equal, however they are coded."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreset.adapters.polars.matching.keys import NO_CODE, KeyCodes, key_codes

FEW = st.one_of(st.none(), st.integers(0, 3), st.integers(120, 127))
WIDE = st.one_of(st.none(), st.integers(0, 2), st.sampled_from([-(2**63), 2**63 - 1]))
TYPES: dict[str, tuple[st.SearchStrategy[Any], pl.DataType]] = {
    "int64": (FEW, pl.Int64()),
    "int8": (FEW, pl.Int8()),
    "wide": (WIDE, pl.Int64()),
    "uint64": (st.one_of(st.none(), st.sampled_from([0, 1, 2**63, 2**64 - 1])), pl.UInt64()),
    "date": (st.one_of(st.none(), st.sampled_from([date(1969, 12, 31), date(2024, 1, 1)])), pl.Date()),
    "string": (st.one_of(st.none(), st.sampled_from(["", "a", "b"])), pl.String()),
    "bool": (st.one_of(st.none(), st.booleans()), pl.Boolean()),
}


def asked(codes: KeyCodes, keys: list[pl.Series]) -> list[int | None]:
    """The code of each row, None where it may be left out."""
    coded = codes.of(keys)
    return [int(code) if coded.asked is None or coded.asked[place] else None for place, code in enumerate(coded.codes)]


@given(st.data(), st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=3))
def test_rows_of_equal_keys_have_equal_codes(data: st.DataObject, names: list[str]) -> None:
    row = st.tuples(*(TYPES[name][0] for name in names))
    spine, table = data.draw(st.lists(row, max_size=8)), data.draw(st.lists(row, max_size=8))
    columns = [
        [pl.Series([r[i] for r in rows], dtype=TYPES[name][1]) for i, name in enumerate(names)]
        for rows in (spine, table)
    ]
    codes = key_codes(columns[0])
    for key, code in zip(spine, codes.spine, strict=True):
        assert (code == NO_CODE) == (None in key)
        assert code < codes.size
    of = {key: int(code) for key, code in zip(spine, codes.spine, strict=True) if None not in key}
    assert len(set(of.values())) == len(of)
    for key, found in zip(table, asked(codes, columns[1]), strict=True):
        if key in of:
            assert found == of[key]
        else:
            assert found is None or found not in of.values()


@pytest.mark.parametrize(("spine", "size"), [([5, 6, 9], 5), ([1, 10**12], 2), ([None, None], 0)])
def test_near_numbers_are_told_by_distance_and_far_ones_by_place(spine: list[int | None], size: int) -> None:
    assert key_codes([pl.Series(spine, dtype=pl.Int64)]).size == size
