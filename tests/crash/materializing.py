"""A process that changes a table and loads it into the online store, again and again, until it is killed.

Usage: materializing.py FOLDER. It prints each load that was acknowledged to it.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec
from foreset.entrypoints.store.parts.online_views import OnlineViews
from foreset.entrypoints.wiring.build import feast_registry

KEYS = 11_000
DAY = datetime(2024, 1, 1, tzinfo=UTC)
ENTITY = EntitySpec("thing", ["k"])
VIEW = FeatureViewSpec("things", ["thing"], DeltaSource("things", "at"), ["x"])


def rows(number: int) -> pl.DataFrame:
    """A value of each key, all of them newer than those of the number before."""
    at = pl.lit(DAY + timedelta(hours=number), dtype=pl.Datetime("us", "UTC")).alias("at")
    return pl.select(k=pl.int_range(KEYS), x=pl.lit(float(number))).with_columns(at)


def opened(folder: Path) -> tuple[FeatureStore, OnlineViews]:
    store = FeatureStore.open(folder / "repo", data_dir=folder / "data").unwrap()
    return store, OnlineViews(store, feast_registry(folder / "repo", None, data_dir=folder / "data").unwrap())


def main(folder: Path) -> None:
    store, online = opened(folder)
    print("open", flush=True)
    while True:
        number = store.tables.write(rows(store.tables.info("things").unwrap().version + 1), "things").unwrap().version
        loaded = online.materialize(["things"]).unwrap()[0]
        assert loaded.version == number
        print("done", loaded.version, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
