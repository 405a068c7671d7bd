"""CSV spines: what is written is what is read, or it is refused with its line; nothing is guessed."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from returns.result import Success

from foreset.adapters.polars.csv.spines import csv_spine
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.errors.files import CsvCellUnfit, CsvUnfit
from foreset.domain.errors.problem import CallerError, Problem

Read = Callable[..., pl.DataFrame | Problem]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def reading(text: str | bytes, time: str | None = "t", **named: dict[str, str]) -> pl.DataFrame | Problem:
        place = tmp_path / "labels.csv"
        place.write_bytes(text.encode() if isinstance(text, str) else text)
        found = csv_spine(SpineReference(str(place), **named), time)  # type: ignore[arg-type]  # schema and formats
        return found.unwrap() if isinstance(found, Success) else found.failure()

    return reading


def column(read: Read, *cells: str, dtype: str | None = None) -> pl.Series:
    text = "c,z\n" + "".join(f"{cell},\n" for cell in cells)
    found = read(text, **({"schema": {"c": dtype}} if dtype else {}))
    assert isinstance(found, pl.DataFrame), found
    return found["c"]


# === Types that are not named ===


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        (["1", "-2", "", "9223372036854775807"], pl.Int64),
        (["1", "1.5", "NaN", "-inf", "1e-05", "-0.0"], pl.Float64),
        (["true", "", "false"], pl.Boolean),
        (["2024-02-29", "0001-01-01"], pl.Date),
        (["2024-02-29T01:02", "2024-02-29 01:02:03.5"], pl.Datetime("us")),
        (["2024-02-29T01:02Z", "2024-02-29T01:02:03+01:00"], pl.Datetime("us", "UTC")),
        (["2024-02-29T01:02:03.123456789"], pl.Datetime("ns")),
    ],
)
def test_a_type_that_every_cell_is_spelt_in_is_taken(read: Read, cells: list[str], dtype: pl.DataType) -> None:
    assert column(read, *cells).dtype == dtype


@pytest.mark.parametrize(
    "cells",
    [
        ["007"], ["+1"], ["-0"], ["1", "-0"], ["1e5"], ["12E4", "1.5"], ["9223372036854775808"], ["1_000"], [" 1"],
        ["9007199254740993", "0.5"], ["0.12345678901234567891"], ["1e-400", "0.5"], ["1e400", "0.5"], ["NaN"], ["inf"],
        ["1.5", "nan"], [".5"], ["5."], ["True"], ["TRUE", "true"], ["0x10"], ["\u0661"], ["01/05/2024"],
        ["2024-02-30"],
        ["10:30"], ["2024-02-01", "2024-02-01T00:00"], ["2024-02-01T00:00", "2024-02-01T00:00Z"], ["2024-02-01T24:00"],
        ["2024-02-01T00:00:60"], ["2024-02-01T00:00:00.1234567890"], ["0000-01-01"], ["2024-2-1"],
        ["3000-01-01T00:00:00.000000001"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_no_type_holds_as_it_is_written_stays_text(read: Read, cells: list[str]) -> None:
    assert column(read, *cells).to_list() == cells


def test_a_type_is_taken_of_the_whole_file(read: Read) -> None:
    assert column(read, *["7"] * 5000, "A7").to_list() == ["7"] * 5000 + ["A7"]
    assert column(read, *["1"] * 5000, "1.5").dtype == pl.Float64


# === The column of times ===


@pytest.mark.parametrize(
    "cell",
    ["01/05/2024", "20240501", "2024-05", "2024-02-30", "2024-05-01T24:00", "May 2024", "0", "2024-05-01T00:00:00,5"],
)
def test_a_time_that_is_not_in_iso_8601_is_refused_with_its_line(read: Read, cell: str) -> None:
    problem = read(f't,c\n2024-05-01,"a\nb"\n"{cell}",c\n')
    assert isinstance(problem, CsvCellUnfit)
    assert (problem.line, problem.column, problem.value) == (4, "t", cell)
    assert "--spine-format 't=%d/%m/%Y'" in problem.message


def test_times_of_all_forms_are_instants_in_utc(read: Read) -> None:
    found = read("t,c\n2024-05-01,1\n2024-05-01T05:30+05:30,1\n2024-04-30T19:00-05:00,1\n2024-05-01 00:00,1\n")
    assert isinstance(found, pl.DataFrame)
    assert found["t"].to_list() == [datetime(2024, 5, 1, tzinfo=UTC)] * 4


@pytest.mark.parametrize(
    ("time_format", "cell", "expected"),
    [
        ("%d/%m/%Y", "01/05/2024", date(2024, 5, 1)),
        ("%m/%d/%Y", "01/05/2024", date(2024, 1, 5)),
        ("%d.%m.%y %H:%M", "01.05.24 18:30", datetime(2024, 5, 1, 18, 30)),  # noqa: DTZ001  # it names no zone
        ("%Y%m%dT%H%M%S.%f%z", "20240501T010203.000004+0100", datetime(2024, 5, 1, 0, 2, 3, 4, tzinfo=UTC)),
        ("%I:%M %p, %d %b %Y", "06:30 PM, 01 May 2024", datetime(2024, 5, 1, 18, 30)),  # noqa: DTZ001  # it names no zone
    ],
)
def test_a_format_that_is_named_says_which_day_it_is(
    read: Read, time_format: str, cell: str, expected: datetime
) -> None:
    found = read(f't,c\n"{cell}",1\n', time_formats={"t": time_format})
    assert isinstance(found, pl.DataFrame)
    assert found["t"].to_list() == [expected]
    problem = read(f't,c\n"{cell}",1\n2024-31-12,1\n', time_formats={"t": time_format})
    assert isinstance(problem, CsvCellUnfit)
    assert problem.line == 3


@pytest.mark.parametrize(
    "time_format", ["%d/%m", "%H:%M", "%Y", "%c", "%Y-%m-%d %I:%M", "%Y-%m-%d %M", "%Y-%m-%d %Z", "%Y-%j-%d", "%y%Y%j"]
)
def test_a_format_that_leaves_something_open_is_refused(time_format: str) -> None:
    with pytest.raises(CallerError, match="time_formats"):
        SpineReference("labels.csv", time_formats={"t": time_format})


# === Types that are named ===


@pytest.mark.parametrize(
    ("dtype", "cell", "value"),
    [
        ("string", "007", "007"),
        ("int64", "007", 7),
        ("uint8", "+255", 255),
        ("float64", "1e5", 1e5),
        ("float32", "0.5", 0.5),
        ("decimal(5,2)", "-123.40", Decimal("-123.4")),
        ("bool", "TRUE", True),
        ("date", "2024-05-01", date(2024, 5, 1)),
        ("timestamp[ms, Europe/Rome]", "2024-05-01T00:00Z", datetime(2024, 5, 1, tzinfo=UTC)),
    ],
)
def test_a_type_that_is_named_is_taken(read: Read, dtype: str, cell: str, value: object) -> None:
    assert column(read, cell, "", dtype=dtype).to_list() == [value, None]


@pytest.mark.parametrize(
    ("dtype", "cell"),
    [
        ("int8", "128"), ("uint8", "-1"), ("int64", "1.0"), ("int64", "a"), ("int64", '""'),
        ("bool", "1"), ("bool", "yes"),
        ("float64", "9007199254740993"), ("float32", "16777217"), ("float64", "1e999"), ("float64", "1_5"),
        ("decimal(5,2)", "1.234"), ("decimal(5,2)", "1234"), ("decimal(5,2)", "NaN"), ("date", "2024-05-01T00:00"),
        ("timestamp[us]", "2024-05-01T00:00Z"), ("timestamp[ms]", "2024-05-01T00:00:00.0001"),
        ("timestamp[us, Europe/Rome]", "2024-05-01T00:00"), ("timestamp[ns]", "3000-01-01"),
    ],
)  # fmt: skip
def test_a_cell_that_a_named_type_does_not_hold_is_refused(read: Read, dtype: str, cell: str) -> None:
    problem = read(f"c,z\n,1\n{cell},1\n", schema={"c": dtype})
    assert isinstance(problem, CsvCellUnfit)
    assert (problem.line, problem.column, problem.value) == (3, "c", cell.strip('"'))


@pytest.mark.parametrize("dtype", ["text", "list<int64>", "binary", "struct<a: int64>", "timestamp", ""])
def test_a_type_that_no_cell_has_is_refused(dtype: str) -> None:
    with pytest.raises(CallerError, match="schema"):
        SpineReference("labels.csv", schema={"c": dtype})


# === Files ===


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"k,t\n1\n", 2, "it has 1 cell, and the header names 2 columns"),
        (b'k,t\n"a\nb",1\n1,2,3\n', 4, "it has 3 cells"),
        (b"k,t\n\n1,2\n", 2, "it is blank"),
        (b"k\n1\n\n", 3, "it is blank"),
        (b"k,t,k\n", 1, "columns 1 and 3 are both named 'k'"),
        (b"k, t\n", 1, "begins or ends with white space"),
        (b",t\n", 1, "column 1 has no name"),
        (b"k;t\n1;2\n", 1, "separated by ';'"),
        (b"k\tt\n1\t2\n", 1, "separated by '\\t'"),
        (b'k,t\na"b"c,1\n', 2, "a quote stands in the middle of a cell"),
        (b'k,t\n"a"b,1\n', 2, "a quote stands in the middle of a cell"),
        (b'k,t\n1,2\n"a,1\n\n', 3, "never closed"),
        (b"k,t\r1,2\r", 1, "carriage return"),
        (b"k,t\n1,\0\n", 2, "NUL"),
        ("k,t\n1,2\nä,3\n".encode("latin-1"), 3, "0xe4, is not UTF-8"),
        ("k,t\n".encode("utf-16"), 1, "UTF-16"),
        (b"", 1, "empty"),
        (b"\xef\xbb\xbf", 1, "empty"),
    ],
)
def test_a_file_that_is_not_well_formed_is_refused_with_its_line(
    read: Read, content: bytes, line: int, problem: str
) -> None:
    found = read(content)
    assert isinstance(found, CsvUnfit)
    assert found.line == line
    assert problem in found.problem


def test_what_a_well_formed_file_may_have(read: Read) -> None:
    found = read(b'\xef\xbb\xbfk,t\r\n"a ""b"", c\r\nd",2024-05-01\r\n"",2024-05-02\r\n,2024-05-03\r\n\r\n')
    assert isinstance(found, pl.DataFrame)
    assert found["k"].to_list() == ['a "b", c\r\nd', "", None]


# === Any file ===

_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["007", "1e5", "true", "NaN", "2024-01-01", "01/05/2024", '"', ",", "\n", "\r\n", " ", "-0", "1.0", "null", "NA"]
)
_KINDS = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "string": _TEXTS,
    "date": st.dates(),
    "timestamp[us, UTC]": st.datetimes(timezones=st.just(UTC)),
    "decimal(12,3)": st.decimals(-999_999_999, 999_999_999, places=3),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_frame_comes_back_as_it_was_where_its_types_are_named(read: Read, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(sorted(_KINDS)), min_size=2, max_size=4))
    rows = data.draw(st.lists(st.tuples(*(st.none() | _KINDS[kind] for kind in kinds)), min_size=1, max_size=6))
    schema = {f"c{number}": kind for number, kind in enumerate(kinds)}
    text = StringIO()
    text.write(",".join(schema) + "\n")
    for row in rows:
        text.write(",".join(_cell(value) for value in row) + "\n")
    found = read(text.getvalue(), None, schema=schema)
    if isinstance(found, CsvCellUnfit):  # whole floats beyond 2 ** 53 are written with all their digits
        assert found.dtype.startswith("of the type float64")
        return
    assert isinstance(found, pl.DataFrame), found
    assert found.rows() == rows


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return (
        value.isoformat() if isinstance(value, date) else str(value).lower() if isinstance(value, bool) else str(value)
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(_TEXTS, min_size=2, max_size=2), min_size=1, max_size=8))
def test_any_file_gives_the_cells_that_the_standard_library_reads(read: Read, rows: list[list[str]]) -> None:
    text = StringIO(newline="")
    csv.writer(text).writerows([["a", "b"], *rows])
    found = read(text.getvalue(), None, schema={"a": "string", "b": "string"})
    assert isinstance(found, pl.DataFrame), found
    assert [[cell or "" for cell in row] for row in found.rows()] == rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from('a1",\n\r;t-. '), max_size=40) | st.binary(max_size=30))
def test_any_bytes_are_read_or_refused(read: Read, content: str | bytes) -> None:
    assert isinstance(read(content), pl.DataFrame | Problem)
