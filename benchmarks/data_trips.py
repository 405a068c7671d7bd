"""Taxi trips between zones, and windows of them by pickup and by dropoff zone."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from data_random import generator_of
from deltalake import write_deltalake
from shapes import ROW, SPINE_TIME, TIME, Trips
from times import DAY, MINUTE, START, moments

ZONES = 265
MONTH = 31 * DAY
CHUNK = 1_000_000
DROPOFF_TIME = "dropoff_time"


@dataclass(frozen=True)
class Side:
    """Windows of one side of the trips: by which time and zone, how long, and what is told of each."""

    name: Literal["pickup", "dropoff"]
    time: str
    zone: str
    every: str
    features: tuple[pl.Expr, ...]


PICKUP = Side(
    "pickup",
    SPINE_TIME,
    "pu_zone",
    "15m",
    (
        pl.len().cast(pl.Float64).alias("pu_trips"),
        pl.col("fare").mean().alias("pu_fare"),
        pl.col("distance").mean().alias("pu_distance"),
        ((pl.col(DROPOFF_TIME) - pl.col(SPINE_TIME)).dt.total_seconds().mean() / 60).alias("pu_duration"),
    ),
)
DROPOFF = Side(
    "dropoff",
    DROPOFF_TIME,
    "do_zone",
    "30m",
    (
        pl.len().cast(pl.Float64).alias("do_trips"),
        pl.col("tip").mean().alias("do_tip"),
        pl.col("distance").mean().alias("do_distance"),
    ),
)


def make(trips: Trips) -> None:
    """Write the trips, a file per slice of time, and both tables of windows."""
    files = max(4, trips.rows // CHUNK)
    for part in range(files):
        write_deltalake(str(trips.path), _part(trips, part, files).to_arrow(), mode="append")
    rows = pl.scan_delta(str(trips.path))
    for side in (PICKUP, DROPOFF):
        write_deltalake(str(trips.windows(side.name)), _windows(rows, side).to_arrow())


def _part(trips: Trips, part: int, files: int) -> pl.DataFrame:
    """Trips whose pickups lie in one slice of the month, in random order."""
    generator = generator_of(trips.name, part)
    rows, width = trips.rows // files, MONTH // files
    chance = 1 / np.arange(1, ZONES + 1)
    zones = generator.choice(np.arange(1, ZONES + 1), (2, rows), p=chance / chance.sum())
    pickup = START + part * width + generator.integers(0, width, rows)
    distance = generator.lognormal(0.7, 0.8, rows).round(2)
    minutes = 2 + distance * generator.uniform(2, 6, rows)
    fare = (3 + distance * 2.5 + minutes * 0.5).round(2)
    tip = (fare * generator.uniform(0, 0.3, rows)).round(2)
    columns = {
        ROW: part * rows + np.arange(rows),
        "vendor": generator.integers(1, 3, rows),
        SPINE_TIME: pickup,
        DROPOFF_TIME: pickup + (minutes * MINUTE).astype(np.int64),
        "pu_zone": zones[0],
        "do_zone": zones[1],
        "passengers": generator.integers(1, 7, rows),
        "distance": distance,
        "rate": generator.integers(1, 7, rows),
        "fare": fare,
        "tip": tip,
        "total": (fare + tip).round(2),
    }
    return moments(pl.DataFrame(columns), SPINE_TIME, DROPOFF_TIME)


def _windows(trips: pl.LazyFrame, side: Side) -> pl.DataFrame:
    """One row for each zone and window in which it has trips, valid from the window's end."""
    ends = pl.col(side.time).dt.truncate(side.every).dt.offset_by(side.every).alias(TIME)
    return trips.group_by(side.zone, ends).agg(side.features).sort(TIME, side.zone).collect()
