"""Rows in the order of several columns, whatever the numbers in them."""

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foreset.adapters.polars.matching.gathered import NO_ROW
from foreset.adapters.polars.matching.ordering import Column, Digits, Int64s, digits, order_by
from foreset.adapters.polars.matching.source import compact

NUMBERS = st.one_of(
    st.integers(0, 2),
    st.sampled_from([-(2**63), 2**63 - 1, 0]),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 3).map(lambda step: step << 60),
)
TABLES = st.integers(1, 4).flatmap(lambda columns: st.lists(st.tuples(*[NUMBERS] * columns), max_size=40))


def lazily(values: Int64s, seen: list[int] | None = None) -> Column:
    def column(at: Int64s | None) -> Digits:
        if seen is not None:
            seen.append(values.size if at is None else at.size)
        return digits(values if at is None else values[at])

    return column


@given(TABLES)
def test_the_order_is_that_of_tuples_and_then_of_places(rows: list[tuple[int, ...]]) -> None:
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    expected = sorted(range(len(rows)), key=lambda place: (rows[place], place))
    order, repeats = order_by(len(rows), [lazily(column) for column in columns])
    assert order.tolist() == expected
    in_order = [rows[place] for place in expected]
    assert repeats.tolist() == [place for place in range(1, len(rows)) if in_order[place] == in_order[place - 1]]


@given(st.lists(NUMBERS, min_size=1))
def test_digits_keep_order_and_equality(values: list[int]) -> None:
    made = digits(np.array(values, dtype=np.int64))
    assert int(made.values.min()) >= 0
    assert int(made.values.max()) < 2 ** max(made.bits, 1)
    assert np.array_equal(np.argsort(made.values, kind="stable"), np.argsort(values, kind="stable"))


def test_columns_that_break_ties_are_looked_at_for_ties_alone() -> None:
    wide = np.array([7, 5, 5, 9], dtype=np.int64) << 58
    seen: list[int] = []
    order_by(4, [lazily(wide), lazily(np.array([1, 3, 2, 4]), seen)])
    assert seen == [2]


def test_a_column_of_one_value_takes_no_room() -> None:
    made: Callable[[Int64s], Digits] = digits
    assert made(np.array([7, 7])).bits == 0
    assert order_by(0, []).rows.tolist() == []


@given(st.lists(st.integers(-1, 30), max_size=60), st.sampled_from([31, 1000]))
def test_positions_are_compacted(positions: list[int], rows: int) -> None:
    wanted, places = compact(np.array(positions, dtype=np.int64), rows)
    assert wanted.tolist() == sorted(set(positions) - {NO_ROW})
    assert [NO_ROW if place == NO_ROW else int(wanted[place]) for place in places] == positions
