"""The time span of all data."""

from datetime import UTC, datetime

import polars as pl

START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1_000_000)
MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SPAN = 100 * DAY


def moments(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The frame with columns of microseconds as times in UTC."""
    return frame.with_columns(pl.col(columns).cast(pl.Datetime("us", "UTC")))
