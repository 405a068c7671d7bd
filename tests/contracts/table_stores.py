"""The table stores that the suites run on, and what they are given to write. A store is one more entry in FACTORIES."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.memory import MemoryTables
from foreset.adapters.shared.machine import SystemClock
from foreset.application.ports.tables import TableStore

FACTORIES: dict[str, Callable[[Path], TableStore]] = {
    "delta": DeltaTables,
    "memory": lambda _: MemoryTables(clock=SystemClock()),
}
MIDNIGHT = datetime(2024, 5, 1, tzinfo=UTC)
FIRST = pl.DataFrame({"k": [1, 2], "t": [MIDNIGHT, MIDNIGHT + timedelta(days=1)], "x": [0.5, None]}).with_columns(
    pl.col("t").cast(pl.Datetime("us", "UTC"))
)
SECOND = FIRST.with_columns(k=pl.Series([3, 3]), x=pl.Series([1.5, 2.5]))


def rows(store: TableStore, version: int | None = None, columns: tuple[str, ...] = ("k", "t", "x")) -> pl.DataFrame:
    return pl.DataFrame(store.observe("weather", version).unwrap().read(columns).unwrap())
