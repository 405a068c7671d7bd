"""A store with a table of two files, an older one and a newer one, by days and keys."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec

DAY = datetime(2024, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return DAY + timedelta(days=number)


def rain(first: int, last: int, keys: range) -> pl.DataFrame:
    """A row of each key on each day."""
    rows = [(k, day(d), float(100 * k + d), f"note {d}") for d in range(first, last) for k in keys]
    return pl.DataFrame(rows, schema=["k", "t", "x", "note"], orient="row")


def spine(*rows: tuple[int | None, int]) -> pl.DataFrame:
    """Keys, and days at noon."""
    times = [day(d) + timedelta(hours=12) for _, d in rows]
    return pl.DataFrame({"k": [k for k, _ in rows], "event_timestamp": times}, schema_overrides={"k": pl.Int64})


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    opened = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    opened.tables.write(rain(0, 10, range(5)), "rain").unwrap()
    opened.tables.write(rain(10, 20, range(5, 10)), "rain").unwrap()
    opened.register(
        EntitySpec("place", ["k"]),
        FeatureViewSpec("rain", ["place"], DeltaSource("rain", "t"), ["x"]),
        FeatureViewSpec("notes", ["place"], DeltaSource("rain", "t"), ["note"], ttl=timedelta(days=3)),
    ).unwrap()
    return opened
