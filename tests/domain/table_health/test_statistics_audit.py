"""Statistics of a column are held against what is in it."""

from decimal import Decimal

import pytest

from foreset.domain.table_health.statistics_audit import Claim, ColumnSeen, Value, contradictions, together

LONG = "abcdefghijklmnopqrstuvwxyz"


def told(claim: Claim, seen: ColumnSeen) -> list[tuple[str, str]]:
    return [(severity, measure) for severity, measure, _, _ in contradictions(claim, seen)]


@pytest.mark.parametrize(
    ("dtype", "least", "said", "severity"),
    [
        ("int64", 3, 3, None),
        ("int64", 3, 4, "error"),
        ("int64", 3, 2, "warning"),
        ("bool", False, True, "error"),
        ("float64", 0.0, -0.0, None),
        ("float64", 0.1, 0.1, None),
        ("float64", 0.1, float("nan"), None),
        ("float64", float("-inf"), float("-inf"), None),
        ("decimal(38,10)", Decimal("12345678901234567890.1234567891"), Decimal("12345678901234567000.0"), None),
        ("decimal(38,10)", Decimal("1.5"), Decimal("1.6"), "error"),
        ("string", "b", "b", None),
        ("string", "b", "c", "error"),
        ("string", "b", "a", "warning"),
        ("string", LONG, LONG[:4], None),  # a beginning is a bound
        ("string", "\U0001f600", "\uffff", "warning"),  # bytes of UTF-8, not code units, are compared
        ("string", "b", 7, None),
        ("binary", b"\xff", b"\x00", "warning"),
    ],
)
def test_a_least_value(dtype: str, least: Value, said: Value, severity: str | None) -> None:
    found = told(Claim(least=said), ColumnSeen(dtype=dtype, least=least, greatest=least))
    assert found == ([] if severity is None else [(severity, "least value")])
    assert told(Claim(least=said, tight=False), ColumnSeen(dtype=dtype, least=least, greatest=least)) == (
        found if severity == "error" else []
    )


@pytest.mark.parametrize(
    ("dtype", "greatest", "said", "severity"),
    [
        ("int64", 3, 2, "error"),
        ("int64", 3, 4, "warning"),
        ("string", LONG, f"{LONG[:20]}\U0010ffff", None),  # as Spark cuts
        ("string", LONG, f"{LONG[:20]}v", None),  # as Parquet writers cut
        ("string", LONG, LONG[:20], "error"),  # a beginning is no bound
        ("string", LONG, "b", "warning"),
    ],
)
def test_a_greatest_value(dtype: str, greatest: Value, said: Value, severity: str | None) -> None:
    found = told(Claim(greatest=said), ColumnSeen(dtype=dtype, least=greatest, greatest=greatest))
    assert found == ([] if severity is None else [(severity, "greatest value")])


@pytest.mark.parametrize(("said", "severity"), [(0, None), (-1_000, None), (-1_001, "warning"), (1_001, "error")])
def test_times_may_be_off_by_the_millisecond_that_they_are_cut_to(said: int, severity: str | None) -> None:
    seen = ColumnSeen(dtype="timestamp[us]", least=0, greatest=0)
    assert told(Claim(least=said, slack=1_000), seen) == ([] if severity is None else [(severity, "least value")])


def test_a_column_of_nulls_has_no_bounds() -> None:
    empty = ColumnSeen(dtype="int64", nulls=3)
    assert told(Claim(nulls=3), empty) == []
    assert told(Claim(nulls=2), empty) == [("error", "number of nulls")]
    assert told(Claim(nulls=2, least=1, tight=False), empty) == []
    [bound] = contradictions(Claim(least=1), empty)
    assert (bound.severity, bound.said, bound.found) == ("warning", "1", "none")


def test_the_greatest_of_numbers_with_one_that_is_none_is_a_matter_of_taste() -> None:
    seen = ColumnSeen(dtype="float64", least=1.0, greatest=2.0, nan=True)
    assert told(Claim(least=1.0, greatest=9.0), seen) == []
    assert told(Claim(least=1.5), seen) == [("error", "least value")]


def test_parts_of_a_column_are_put_together() -> None:
    first = ColumnSeen(dtype="string", nulls=1, least="\uffff", greatest="\uffff")
    second = ColumnSeen(dtype="string", nulls=2, least="\U0001f600", greatest="\U0001f600", nan=True)
    whole = together(together(first, ColumnSeen(dtype="string")), second)
    assert whole == ColumnSeen(dtype="string", nulls=3, least="\uffff", greatest="\U0001f600", nan=True)


@pytest.mark.parametrize(
    ("dtype", "value", "shown"),
    [
        ("date", 19_723, "2024-01-01"),
        ("date", 9**9, "387420489"),
        ("timestamp[us]", 1, "1970-01-01T00:00:00.000001+00:00"),
        ("string", "x" * 100, "'" + "x" * 59 + "..."),
    ],
)
def test_values_are_shown_as_people_write_them(dtype: str, value: Value, shown: str) -> None:
    seen = ColumnSeen(dtype=dtype, least=value, greatest=value)
    [bound] = contradictions(Claim(least=0 if isinstance(value, int) else "a"), seen)
    assert bound.found == shown
