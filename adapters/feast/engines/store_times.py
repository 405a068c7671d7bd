"""Times as stores take them."""

from datetime import UTC, datetime
from typing import Final

import polars as pl

from foreset.adapters.feast.engines.label_batch import AT, Asked
from foreset.domain.errors.feast import BeyondStore
from foreset.domain.feast.engines import FeastStore

_LIMITS: Final = {"ns": ("1677-09-22", "2262-04-11"), "us": ("0001-01-02", "9999-12-31")}
"""From which day to before which one: pandas' 64 bits of nanoseconds, and Python's years."""
_TICKS: Final = {"ns": 1_000_000_000, "us": 1_000_000}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def sent(frame: pl.DataFrame, column: str, unit: str) -> pl.DataFrame:
    """A frame whose ticks are timestamps in UTC."""
    return frame.with_columns(pl.col(column).cast(pl.Int64).cast(pl.Datetime(unit, "UTC")))  # type: ignore[arg-type]  # us or ns


def beyond(
    store: FeastStore, view: str, asked: Asked, rows: tuple[pl.Series, bool] | None = None
) -> BeyondStore | None:
    """Why a store cannot compare exactly what is asked with the times of rows, which were rounded or not."""
    first, end = (_tick(day, store.unit) for day in _LIMITS[store.unit])
    times = [asked.labels[AT], *([rows[0]] if rows else [])]
    for column in times:
        outside = column.to_frame("at").filter((pl.col("at") < first) | (pl.col("at") >= end))
        if not outside.is_empty():
            least, greatest = _LIMITS[store.unit]
            problem = f"{outside.height} times of the spine or the table are not between {least} and {greatest}"
            return BeyondStore(store=store.name, view=view, problem=problem)
    if asked.finer and rows is not None and rows[1]:
        problem = "it compares microseconds, and the times of both the spine and the table have nanoseconds"
        return BeyondStore(store=store.name, view=view, problem=problem)
    return None


def _tick(day: str, unit: str) -> int:
    return int((datetime.fromisoformat(day).replace(tzinfo=UTC) - _EPOCH).total_seconds()) * _TICKS[unit]
