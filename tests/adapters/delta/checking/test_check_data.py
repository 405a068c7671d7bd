"""Damage to the data itself is found by a deep check, as far as it can be."""

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.table_health.findings import TableFinding
from tests.handmade import handmade

Found = Callable[..., list[TableFinding]]
Files = Callable[[str], list[Path]]
Edited = Callable[[str, int, Callable[[dict[str, Any]], None]], None]
START = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame(
    {
        "k": [1, 2, 5],
        "x": [0.5, None, 2.5],
        "s": ["b", "c", None],
        "t": pl.Series([START + timedelta(seconds=n, microseconds=700) for n in range(3)]).cast(
            pl.Datetime("us", "UTC")
        ),
        "d": [date(2024, 1, n) for n in (1, 2, 3)],
        "m": pl.Series([Decimal("1.50"), None, Decimal("9.99")], dtype=pl.Decimal(10, 2)),
        "in": [{"a": 1}, {"a": None}, None],
    }
)


@pytest.fixture
def file(tables: DeltaTables, data_files: Files) -> Path:
    """The file of a table of one file."""
    tables.write("t", ROWS).unwrap()
    return data_files("t")[0]


def claimed(kind: str, values: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """A change to what the log says of a file's columns."""

    def change(action: dict[str, Any]) -> None:
        if "add" in action:
            stats = json.loads(action["add"]["stats"])
            stats[kind] = {**stats.get(kind, {}), **values} if isinstance(stats.get(kind), dict) else values
            action["add"]["stats"] = json.dumps(stats)

    return change


# === Statistics in the log ===

WRONG: dict[str, tuple[str, dict[str, Any], str, str, str, str]] = {
    "a least value inside": ("minValues", {"k": 2}, "error", "least value of 'k'", "2", "1"),
    "a greatest value inside": ("maxValues", {"k": 4}, "error", "greatest value of 'k'", "4", "5"),
    "a least value outside": ("minValues", {"k": 0}, "warning", "least value of 'k'", "0", "1"),
    "a float": ("maxValues", {"x": 2.4}, "error", "greatest value of 'x'", "2.4", "2.5"),
    "a text": ("minValues", {"s": "bb"}, "error", "least value of 's'", "'bb'", "'b'"),
    "a greatest text that is cut": ("maxValues", {"s": ""}, "error", "greatest value of 's'", "''", "'c'"),
    "a time": (
        "maxValues",
        {"t": "2024-01-01T00:00:01Z"},
        "error",
        "greatest value of 't'",
        "2024-01-01T00:00:01+00:00",
        "2024-01-01T00:00:02.000700+00:00",
    ),
    "a date": ("minValues", {"d": "2024-01-02"}, "error", "least value of 'd'", "2024-01-02", "2024-01-01"),
    "a decimal": ("maxValues", {"m": 9.98}, "error", "greatest value of 'm'", "9.98", "9.99"),
    "a count of nulls": ("nullCount", {"x": 0}, "error", "number of nulls of 'x'", "0", "1"),
    "a field within": ("nullCount", {"in": {"a": 1}}, "error", "number of nulls of 'in.a'", "1", "2"),
}


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("case", WRONG)
def test_statistics_that_the_data_contradicts(found: Found, edited: Edited, file: Path, case: str) -> None:
    kind, values, severity, what, said, seen = WRONG[case]
    edited("t", 0, claimed(kind, values))
    assert found("t") == []
    [wrong] = found("t", deep=True)
    assert wrong.severity == severity
    assert wrong.what == f"The log says that the {what} in the file {file.name} is {said}, and it is {seen}."


@pytest.mark.usefixtures("file")
def test_times_in_the_log_are_cut_to_milliseconds(found: Found, edited: Edited) -> None:
    bounds = {"minValues": {"t": "2024-01-01T00:00:00.000Z"}, "maxValues": {"t": "2024-01-01T00:00:02.000Z"}}
    for kind, values in bounds.items():
        edited("t", 0, claimed(kind, values))
    assert found("t", deep=True) == []


@pytest.mark.usefixtures("file")
def test_loose_bounds_are_no_fault_where_the_log_says_that_they_are(found: Found, edited: Edited) -> None:
    edited("t", 0, claimed("minValues", {"k": -7, "s": "a"}))
    assert [finding.severity for finding in found("t", deep=True)] == ["warning", "warning"]

    def loosen(action: dict[str, Any]) -> None:
        if "add" in action:
            action["add"]["stats"] = json.dumps({**json.loads(action["add"]["stats"]), "tightBounds": False})

    edited("t", 0, loosen)
    assert found("t", deep=True) == []


@pytest.mark.parametrize("stats", ["{", "[]", '"text"'])
@pytest.mark.usefixtures("file")
def test_statistics_that_are_none(found: Found, edited: Edited, stats: str) -> None:
    def change(action: dict[str, Any]) -> None:
        if "add" in action:
            action["add"]["stats"] = stats

    edited("t", 0, change)
    for deep in (False, True):
        [unreadable] = found("t", deep=deep)
        assert unreadable.severity == "warning"
        assert unreadable.what.startswith("The statistics of the file part-")


@pytest.mark.usefixtures("file")
def test_values_that_are_none_of_the_columns_type_are_left_alone(found: Found, edited: Edited) -> None:
    edited("t", 0, claimed("minValues", {"k": "one", "x": "NaN", "s": 7, "t": "long ago", "d": 9**99, "m": "?"}))
    assert found("t", deep=True) == []


# === Data ===


def rewritten(path: Path, frame: pl.DataFrame, **options: Any) -> Callable[[dict[str, Any]], None]:
    """Another content for a file, and a change to the log that gives it the new size."""
    pq.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), path, **options)
    size = path.stat().st_size

    def change(action: dict[str, Any]) -> None:
        if "add" in action:
            action["add"]["size"] = size

    return change


def test_a_value_that_was_changed_beyond_its_range(found: Found, file: Path, edited: Edited) -> None:
    edited("t", 0, rewritten(file, ROWS.with_columns(k=pl.Series([1, 2, 77]))))
    [wrong] = found("t", deep=True)
    assert wrong.what.endswith(" is 5, and it is 77.")


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt32, pl.Int64, pl.Float32, pl.Date])
def test_a_footer_that_the_data_contradicts(found: Found, tables: DeltaTables, data_files: Files, dtype: Any) -> None:
    values = pl.Series([3, 5, 9], dtype=pl.Int16).cast(dtype)
    tables.write("t", pl.DataFrame({"v": values})).unwrap()
    [path] = data_files("t")
    table = pl.DataFrame({"v": values}).to_arrow()
    pq.write_table(table, path, use_dictionary=False, compression="none")
    content = path.read_bytes()
    stored = values.cast(pl.Int32) if dtype in {pl.Int8, pl.UInt32, pl.Date} else values
    path.write_bytes(content.replace(stored.to_numpy().tobytes(), stored.gather([1, 1, 2]).to_numpy().tobytes()))
    log = path.parent / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        if "add" in action:
            action["add"] |= {"size": len(content), "stats": None}
    log.write_text("\n".join(map(json.dumps, actions)))
    assert found("t") == []
    [wrong] = found("t", deep=True)
    assert wrong.severity == "warning"
    assert wrong.what.startswith(
        f"The footer of the file {path.name} says that the least value of 'v' in row group 0 is "
    )


@pytest.mark.parametrize("checksums", [False, True])
def test_pages_that_cannot_be_read(found: Found, file: Path, edited: Edited, *, checksums: bool) -> None:
    frame = pl.concat([ROWS] * 3)
    edited("t", 0, claimed("numRecords", {}))
    change = rewritten(file, frame, row_group_size=3, write_page_checksum=checksums, compression="snappy")
    edited("t", 0, change)

    def rows(action: dict[str, Any]) -> None:
        if "add" in action:
            action["add"]["stats"] = json.dumps({"numRecords": 9})

    edited("t", 0, rows)
    assert found("t", deep=True) == []
    start = pq.ParquetFile(file).metadata.row_group(1).column(2).data_page_offset
    content = bytearray(file.read_bytes())
    content[start : start + 20] = b"\xff" * 20
    file.write_bytes(bytes(content))
    [broken] = found("t", deep=True)
    assert broken.severity == "error"
    assert broken.what.startswith(f"The column 's' of the file {file.name} is damaged in row group 1: ")


def test_texts_that_are_no_utf8(found: Found, file: Path, edited: Edited) -> None:
    edited("t", 0, rewritten(file, ROWS, compression="none", use_dictionary=False, write_statistics=False))
    file.write_bytes(file.read_bytes().replace(b"\1\0\0\0b", b"\1\0\0\0\xff", 1))
    broken = found("t", deep=True)[0]
    assert broken.what.startswith(f"The column 's' of the file {file.name} is damaged in row group 0: ")
    assert "UTF8" in broken.what


def flipped(path: Path, found: Found, count: int) -> tuple[int, int]:
    """How many of some flips of a single bit give wrong rows in silence, and how many of these a deep check misses."""
    whole, expected, silent, missed = path.read_bytes(), pl.read_parquet(path), 0, 0
    chance = random.Random(5)  # noqa: S311  # no secret
    for _ in range(count):
        content = bytearray(whole)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(content))
        try:
            wrong = not pl.read_parquet(path).equals(expected)
        except BaseException:  # noqa: BLE001  # polars may panic
            wrong = False
        silent += wrong
        missed += wrong and not found("t", deep=True)
    return silent, missed


def test_flipped_bits_are_found_by_page_checksums(found: Found, tables: DeltaTables, data_files: Files) -> None:
    frame = pl.DataFrame({"x": np.random.default_rng(1).normal(size=2_000), "s": [f"{n % 7}" for n in range(2_000)]})
    tables.to_write("t").unwrap().replace(iter([frame])).unwrap()
    silent, missed = flipped(data_files("t")[0], found, 40)
    assert silent > 30
    assert missed == 0


def test_a_damaged_footer_ends_no_process(found: Found, tables: DeltaTables, data_files: Files) -> None:
    tables.to_write("t").unwrap().replace(iter([ROWS])).unwrap()
    [path] = data_files("t")
    whole = path.read_bytes()
    footer = int.from_bytes(whole[-8:-4], "little")
    chance, told = random.Random(3), 0  # noqa: S311  # no secret
    for _ in range(200):
        content = bytearray(whole)
        content[-8 - chance.randrange(footer)] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(content))
        told += bool(found("t", deep=True))
    assert told > 50


def test_time_stamps_of_96_bits_are_read(found: Found, tmp_path: Path) -> None:
    times = pl.DataFrame({"t": [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]})
    handmade(tmp_path / "t", [times.cast(pl.Datetime("us", "UTC"))], int96=True)
    assert found("t", deep=True) == []


def test_memory_does_not_grow_with_the_file(found: Found, tables: DeltaTables) -> None:
    frame = pl.DataFrame({"x": np.arange(2_000_000)})
    tables.write("t", frame).unwrap()
    whole = pa.default_memory_pool()
    counted = pa.proxy_memory_pool(whole)
    pa.set_memory_pool(counted)
    try:
        assert found("t", deep=True) == []
    finally:
        pa.set_memory_pool(whole)
    assert 0 < counted.max_memory() < frame.estimated_size() / 4
