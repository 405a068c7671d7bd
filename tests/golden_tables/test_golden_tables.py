"""Every golden table is read right by every way that rows are read, or refused with a typed error."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from deltalake import DeltaTable

from foreset import ForesetError, read_delta_table
from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.polars.matching.source import FileSource, Reader
from foreset.domain.errors.tables import PartitionTimeUnclear
from foreset.domain.planning.nodes import scan_of

WRITTEN_IN = {
    "data-reader-partition-values": "America/Los_Angeles",
    "kernel-timestamp-int96": "UTC",
    "kernel-timestamp-pst": "UTC",
    "kernel-timestamp-timestamp_micros": "UTC",
    "kernel-timestamp-timestamp_millis": "UTC",
}
"""The tables that are partitioned by timestamps, and the zone of the session that wrote them."""


def comparable(value: pl.Series) -> pl.Series:
    """Times as UTC instants in microseconds; everything else as it is."""
    if isinstance(value.dtype, pl.Datetime):
        zoned = value.dt.cast_time_unit("us")
        return zoned.dt.convert_time_zone("UTC") if value.dtype.time_zone else zoned.dt.replace_time_zone("UTC")
    return value


def rows_of(frame: pl.DataFrame, columns: list[str]) -> list[str]:
    """The rows as texts, sorted: a table is a multiset of rows."""
    return sorted(map(repr, pl.DataFrame([comparable(frame[name]) for name in columns]).rows()))


def expected_of(table: Path) -> pl.DataFrame:
    return pl.read_parquet(sorted((table / "expected").rglob("*.parquet")), glob=False)


def is_right(frame: pl.DataFrame, expected: pl.DataFrame) -> bool:
    return set(frame.columns) == set(expected.columns) and (
        rows_of(frame, expected.columns) == rows_of(expected, expected.columns)
    )


# === The ways ===


def whole(table: Path, zone: str | None) -> pl.DataFrame:
    return read_delta_table(str(table / "delta"), partition_time_zone=zone)


def by_column(table: Path, zone: str | None) -> pl.DataFrame:
    names = DeltaTables(table).observe(str(table / "delta")).unwrap().facts.columns
    reads = (read_delta_table(str(table / "delta"), columns=[c.name], partition_time_zone=zone) for c in names)
    return pl.concat(reads, how="horizontal")


def by_position(table: Path, zone: str | None) -> pl.DataFrame:
    """As retrievals read what is too large for memory: rows are found by their positions."""
    snapshot = DeltaTables(table).observe(str(table / "delta"), partition_time_zone=zone).unwrap()
    facts = snapshot.facts
    names = tuple(column.name for column in facts.columns)
    with ThreadPoolExecutor(2) as workers:
        source = FileSource(
            scan_of(facts, names),
            snapshot.files(names).unwrap(),
            facts.columns,
            storage_options=snapshot.storage_options,
            reader=Reader(workers, 1_000),
        )
        batches = [(start, batch.height) for start, batch in source.batches(names, 2)]
        rows = np.concatenate([np.arange(start, start + height) for start, height in batches] or [np.arange(0)])
        return source.gather(names, rows).whole()


WAYS: dict[str, Any] = {"whole": whole, "by column": by_column, "by position": by_position}


@pytest.mark.parametrize("way", WAYS)
def test_golden_tables_are_read_right(golden_tables: list[Path], way: str) -> None:
    outcomes: dict[str, str] = {}
    for table in golden_tables:
        try:
            frame = WAYS[way](table, WRITTEN_IN.get(table.name))
            outcomes[table.name] = "right" if is_right(frame, expected_of(table)) else "wrong"
        except ForesetError as error:
            outcomes[table.name] = f"refused ({error})"
    counts = Counter(outcome.partition(" ")[0] for outcome in outcomes.values())
    print(f"\n{way}: {counts['right']} right, {counts['refused']} refused, {counts['wrong']} wrong of {len(outcomes)}")
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "right"} == {}


def test_a_golden_table_has_as_many_rows_as_its_facts_say(golden_tables: list[Path]) -> None:
    for table in golden_tables:
        facts = DeltaTables(table).observe(str(table / "delta")).unwrap().facts
        assert facts.rows in {None, expected_of(table).height}, table.name


def test_times_of_partitions_are_not_read_without_their_zone(golden_tables: list[Path]) -> None:
    asked = [table for table in golden_tables if table.name in WRITTEN_IN]
    for table in asked:
        with pytest.raises(ForesetError) as refused:
            whole(table, None)
        assert isinstance(refused.value.error, PartitionTimeUnclear)
        assert "without a time zone, and none was named. Next: name the zone" in str(refused.value)
    print(f"\n{len(asked)} refused without a zone")


def test_another_reader_finds_the_same_rows(golden_tables: list[Path]) -> None:
    """deltalake's own scan, where it reads a table at all, takes times of partitions for UTC."""
    for table in golden_tables:
        theirs = pl.DataFrame(DeltaTable(str(table / "delta")).scan())
        ours = whole(table, "UTC")
        assert rows_of(ours, ours.columns) == rows_of(theirs, ours.columns), table.name
