"""Which values differ, and how far two columns of values are spread otherwise."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreset.adapters.polars.diff.cells import differ
from foreset.adapters.polars.diff.shift import shift
from foreset.adapters.polars.diff.text import plain

NAN = float("nan")
OTHER_NAN = float(np.array([0x7FF8_0000_0000_0001], dtype=np.uint64).view(np.float64)[0])


@pytest.mark.parametrize(
    ("x", "y", "differs"),
    [
        (pl.Series([1, 2, None, None]), pl.Series([1, 3, None, 4]), [False, True, False, True]),
        (pl.Series([NAN, NAN, 0.0, 1.0]), pl.Series([OTHER_NAN, None, -0.0, NAN]), [False, True, True, True]),
        (pl.Series([[NAN], [0.0]]), pl.Series([[NAN], [-0.0]]), [False, True]),
        (pl.Series([{"a": 1}, None]), pl.Series([{"a": 2}, None]), [True, False]),
        (pl.Series([1, 300], dtype=pl.Int32), pl.Series([1, 301], dtype=pl.Int64), [False, True]),
        (pl.Series([1, 2], dtype=pl.Int64), pl.Series([1, 2], dtype=pl.UInt8), [False, False]),
        (pl.Series([1, None]), pl.Series([1.0, None]), [True, False]),
        (pl.Series(["1", None]), pl.Series([1, None]), [True, False]),
        (pl.Series([0.5], dtype=pl.Float32), pl.Series([0.5]), [False]),
        (pl.Series([Decimal("1.50"), Decimal("1.5")]), pl.Series([Decimal("1.500"), Decimal("1.501")]), [False, True]),
        (pl.Series(["a", "b"], dtype=pl.Categorical), pl.Series(["a", "c"]), [False, True]),
        (pl.Series([None, None]), pl.Series([None, 1]), [False, True]),
    ],
)
def test_which_values_differ(x: pl.Series, y: pl.Series, differs: list[bool]) -> None:
    assert differ(x, y).tolist() == differs
    assert differ(y, x).tolist() == differs


def test_times_are_compared_as_moments_whatever_their_unit() -> None:
    at = datetime(2024, 5, 1, 12, tzinfo=UTC)
    micro, nano = pl.Series([at]), pl.Series([at], dtype=pl.Datetime("ns", "Asia/Tokyo"))
    assert not differ(micro, nano)[0]
    assert not differ(micro, micro.dt.replace_time_zone(None))[0]
    assert differ(micro, nano.dt.offset_by("1ns"))[0]
    assert differ(pl.Series([date(2024, 5, 1)]), micro)[0]
    far = pl.Series([-(10**15)], dtype=pl.Int64).cast(pl.Datetime("ms"))
    assert not differ(far, far)[0]
    assert differ(far, micro)[0]


def test_against_nothing_all_that_is_known_differs() -> None:
    assert differ(pl.Series([1, None]), None).tolist() == [True, False]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None),
        (True, True),
        (NAN, "NaN"),
        (float("-inf"), "-Infinity"),
        (b"\x01\xff", "01ff"),
        ([1, None], "[1, None]"),
        (date(2024, 5, 1), "2024-05-01"),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_values_that_json_has_not_are_texts(value: object, told: object) -> None:
    assert plain(pl.Series([value]), 0) == told


def test_a_time_that_python_has_not_is_told_too() -> None:
    far = pl.Series([10**18], dtype=pl.Int64).cast(pl.Datetime("us"))
    assert plain(far, 0) == f"{10**21} ns since 1970"


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Rome"])
@pytest.mark.parametrize("ticks", [2**63 - 1, 1 - 2**63])
def test_the_farthest_times_are_told(ticks: int, zone: str | None, capfd: pytest.CaptureFixture[str]) -> None:
    far = pl.Series([ticks], dtype=pl.Int64).cast(pl.Datetime("us", zone))
    assert plain(far, 0) == f"{ticks * 1_000} ns since 1970"
    assert capfd.readouterr().err == ""
    assert plain(far.implode(), 0) == f"[{ticks}]"
    told = shift(far, far)
    assert told is not None
    assert told.a.quantiles == (f"{ticks * 1_000} ns since 1970",) * 5


numbers = st.lists(
    st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.5, NAN]), st.floats(-3, 3)), min_size=1, max_size=30
)


@given(numbers, numbers)
def test_numbers_are_as_far_apart_as_their_distributions(a: list[Any], b: list[Any]) -> None:
    old, new = (pl.Series("x", values, dtype=pl.Float64) for values in (a, b))
    told = shift(old, new)
    assert told is not None
    known = [[value for value in values if value is not None and value == value] for values in (a, b)]  # noqa: PLR0124  # not NaN
    if not all(known):
        assert told.distance is None
        return
    shares = [[sum(value <= at for value in of) / len(of) for at in known[0] + known[1]] for of in known]
    assert told.distance == pytest.approx(max(abs(one - other) for one, other in zip(*shares, strict=True)))
    assert told.a.nulls == a.count(None) / len(a)
    assert told.a.mean == pytest.approx(np.mean(known[0]))
    assert told.b.std == pytest.approx(np.std(known[1]))
    assert (told.a.quantiles[0], told.a.quantiles[-1]) == (min(known[0]), max(known[0]))


texts = st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=1, max_size=30)


@given(texts, texts)
def test_other_values_are_apart_by_their_shares(a: list[Any], b: list[Any]) -> None:
    told = shift(*(pl.Series("x", values, dtype=pl.String) for values in (a, b)))
    assert told is not None
    known = [[value for value in values if value is not None] for values in (a, b)]
    if not all(known):
        assert told.distance is None
        return
    apart = [known[0].count(value) / len(known[0]) - known[1].count(value) / len(known[1]) for value in "abcd"]
    assert told.distance == pytest.approx(sum(map(abs, apart)) / 2)
    most = max(known[0].count(value) for value in "abcd")
    assert told.a.top[0][1] == pytest.approx(most / len(a))


def test_times_have_quartiles_and_no_mean() -> None:
    days = [datetime(2024, 5, number, tzinfo=UTC) for number in (1, 2, 3)]
    told = shift(pl.Series(days), pl.Series(days[:1]))
    assert told is not None
    assert (told.measure, told.distance) == ("Kolmogorov-Smirnov", pytest.approx(2 / 3))
    assert (told.a.mean, told.a.quantiles[2]) == (None, "2024-05-02 00:00:00+00:00")


def test_nested_values_and_other_kinds_have_no_shift() -> None:
    assert shift(pl.Series([[1]]), pl.Series([[2]])) is None
    assert shift(pl.Series([1]), pl.Series(["1"])) is None
    assert shift(pl.Series([b"1"]), pl.Series(["1"])) is None


def test_constants_and_infinities_have_their_spread() -> None:
    told = shift(pl.Series([1, 1]), pl.Series([1.0, float("inf")]))
    assert told is not None
    assert (told.a.std, told.b.mean, told.b.quantiles[-1]) == (0.0, None, "Infinity")
