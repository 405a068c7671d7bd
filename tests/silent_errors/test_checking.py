"""What nobody was told when it went wrong, a check tells."""

import random
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, WriterProperties, write_deltalake

from foreset import FeatureStore, ForesetError, read_delta_table, write_to_delta_lake
from foreset.domain.table_health.findings import TableFinding
from foreset.domain.table_health.log_findings import CommitCutShort, CommitEmpty, OverwriteIncomplete, RemovedTwice


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of three commits of a row."""
    for k in range(3):
        write_to_delta_lake(pl.DataFrame({"k": [k]}), tmp_path / "t")
    return tmp_path / "t"


def findings(table: Path, *, deep: bool = False) -> list[TableFinding]:
    """The errors that a check finds."""
    report = FeatureStore.open(table.parent / "store").unwrap().tables.check(str(table), deep=deep).unwrap()
    return [finding for finding in report.findings if finding.severity == "error"]


def rows(table: Path) -> list[int]:
    return sorted(pl.DataFrame(DeltaTable(table).scan())["k"].to_list())


def test_a_whole_table_has_no_errors(table: Path) -> None:
    assert findings(table, deep=True) == []


def test_two_compactions_at_once_that_doubled_every_row(table: Path) -> None:
    first, second = DeltaTable(table), DeltaTable(table)
    first.optimize.compact()
    second.optimize.compact()
    assert rows(table) == [0, 0, 1, 1, 2, 2]  # and nothing was raised
    [found] = findings(table)
    assert isinstance(found, RemovedTwice)
    assert "the rows of these files are there twice" in found.what


def test_an_overwrite_that_left_the_rows_of_a_compaction(table: Path) -> None:
    opened = DeltaTable(table)
    DeltaTable(table).optimize.compact()
    write_deltalake(opened, pl.DataFrame({"k": [200]}), mode="overwrite")
    assert rows(table) == [0, 1, 2, 200]  # and nothing was raised
    [found] = findings(table)
    assert isinstance(found, RemovedTwice | OverwriteIncomplete)
    assert "stand beside those of version 4" in found.what


@pytest.mark.parametrize("number", range(15))
def test_a_bit_that_flipped_in_a_file_of_foresets(tmp_path: Path, number: int) -> None:
    """Most flips give other rows in every reader, for pages are not held against their checksums when they are read."""
    frame = pl.DataFrame({"k": range(1000), "x": [k / 3 for k in range(1000)], "s": [f"s{k % 7}" for k in range(1000)]})
    write_to_delta_lake(frame, tmp_path / "t")
    [file] = (tmp_path / "t").glob("*.parquet")
    content, chance = bytearray(file.read_bytes()), random.Random(number)  # noqa: S311  # no secret
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    try:
        whole = read_delta_table(tmp_path / "t").equals(frame)
    except ForesetError:
        whole = False
    assert whole or findings(tmp_path / "t", deep=True)


def test_a_bit_that_flipped_is_not_seen_by_deltalake(tmp_path: Path) -> None:
    plain = WriterProperties(compression="UNCOMPRESSED")
    write_deltalake(tmp_path / "t", pl.DataFrame({"k": [1234567]}), writer_properties=plain)
    [file] = (tmp_path / "t").glob("*.parquet")
    content = bytearray(file.read_bytes())
    content[content.index((1234567).to_bytes(8, "little"))] ^= 1
    file.write_bytes(content)
    assert rows(tmp_path / "t") == [1234566]


def test_a_commit_that_lost_its_last_line(table: Path) -> None:
    commit = table / "_delta_log" / f"{1:020}.json"
    lines = commit.read_text().splitlines(keepends=True)
    commit.write_text("".join(line for line in lines if '"add"' not in line))
    assert rows(table) == [0, 2]  # and nothing was raised
    [found] = findings(table)
    assert isinstance(found, CommitCutShort)
    assert "has lost lines" in found.what


def test_a_commit_that_lost_every_byte(table: Path) -> None:
    (table / "_delta_log" / f"{1:020}.json").write_bytes(b"")
    assert rows(table) == [0, 2]  # and nothing was raised
    [found] = findings(table)
    assert isinstance(found, CommitEmpty)
