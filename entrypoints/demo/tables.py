"""The rows of the demo's Delta tables, the monthly commits in which they came, and what people did to them later.

Of a table of weather that was already used, rows are corrected, rows are withdrawn, and units are changed.
"""

from dataclasses import dataclass

import polars as pl

from foreset.entrypoints.demo.flights import LATE_MINUTES, Source

PLANE_LANDINGS = 10
CARRIER_LANDINGS = 100
READINGS = ("temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib")
_PUBLISHED_AFTER = pl.duration(minutes=10)
Batch = tuple[str, pl.DataFrame]
"""A table and rows to append to it."""


def weather_readings(source: Source) -> pl.DataFrame:
    """Hourly readings: origin, observed and published (timestamp[us, UTC], published 10 minutes later), readings."""
    return source.weather.sort("observed", "origin").select(
        "origin", "observed", (pl.col("observed") + _PUBLISHED_AFTER).alias("published"), *READINGS
    )


def plane_facts(source: Source) -> pl.DataFrame:
    """The register of planes: tailnum, holds_from (1 January of the year built), listed (1 January 2013), facts."""
    built = pl.date(pl.col("year").fill_null(2013), 1, 1)
    return source.planes.sort("tailnum").select(
        "tailnum",
        built.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("holds_from"),
        pl.lit("2013-01-01T00:00:00Z").str.to_datetime(time_zone="UTC", time_unit="us").alias("listed"),
        pl.col("year").alias("year_built"),
        "engines",
        "seats",
    )


def plane_delays(source: Source) -> pl.DataFrame:
    """Per plane and landing: landed, reported (timestamp[us, UTC]), its delay, the mean of the last 10, their count."""
    delay = pl.col("arr_delay").cast(pl.Float64)
    return _landings(source, "tailnum").select(
        "tailnum",
        "landed",
        pl.col("landed").alias("reported"),
        delay.alias("last_delay"),
        delay.rolling_mean(PLANE_LANDINGS, min_samples=1).over("tailnum").alias("mean_delay_10"),
        pl.int_range(1, pl.len() + 1).over("tailnum").alias("landings"),
    )


def carrier_delays(source: Source) -> pl.DataFrame:
    """Per carrier and minute with a landing: mean delay and share of late ones among its last 100 landings."""
    delay = pl.col("arr_delay").cast(pl.Float64)
    late = (pl.col("arr_delay") > LATE_MINUTES).cast(pl.Float64)
    return (
        _landings(source, "carrier")
        .select(
            "carrier",
            "landed",
            pl.col("landed").alias("reported"),
            delay.rolling_mean(CARRIER_LANDINGS, min_samples=1).over("carrier").alias("mean_delay_100"),
            late.rolling_mean(CARRIER_LANDINGS, min_samples=1).over("carrier").alias("late_share_100"),
        )
        .unique(["carrier", "landed"], keep="last", maintain_order=True)
    )


def _landings(source: Source, key: str) -> pl.DataFrame:
    known = pl.col("landed").is_not_null() & pl.col(key).is_not_null()
    return source.flights.filter(known).sort("landed", "scheduled", "carrier", "flight", maintain_order=True)


def growth(source: Source) -> tuple[Batch, ...]:
    """The commits that grow the tables, in the order in which they came: the register, then each month's rows.

    Landings after the last month are left out; they are `stragglers`.
    """
    weather = weather_readings(source)
    months = _months(weather, "observed")
    delays = (("plane_delays", plane_delays(source)), ("carrier_delays", carrier_delays(source)))
    batches: list[Batch] = [("planes", plane_facts(source))]
    for month in months.unique().sort():
        batches.append(("weather", weather.filter(months == month)))
        batches.extend((name, frame.filter(_months(frame, "landed") == month)) for name, frame in delays)
    return tuple(batches)


def stragglers(source: Source) -> Batch:
    """The carriers' landings after the last month: flights that were in the air when it ended."""
    delays = carrier_delays(source)
    last = _months(weather_readings(source), "observed").unique().sort()[-1]
    return "carrier_delays", delays.filter(_months(delays, "landed") > last)


def _months(frame: pl.DataFrame, time: str) -> pl.Series:
    """The month of each row in New York, as year * 12 + month."""
    local = frame[time].dt.convert_time_zone("America/New_York").dt
    return local.year().cast(pl.Int64) * 12 + local.month().cast(pl.Int64)


_STRONGEST_WIND = 253.0
"""Miles per hour, the strongest gust ever measured. The data has a wind of 1,048 at Newark on 12 February."""
_FROST = 20.0
"""Degrees Fahrenheit: no reading in New York from May to September is colder, unless it was taken in Celsius."""
_WARM_MONTHS = (5, 9)
_KEY = ("origin", "observed")


@dataclass(frozen=True)
class Correction:
    """A table's new rows, and how many of the old ones were rewritten and deleted."""

    frame: pl.DataFrame
    rewritten: int
    deleted: int


def mended(weather: pl.DataFrame) -> Correction:
    """Impossible winds become the mean of their neighbours, Celsius becomes Fahrenheit; half-empty rows are deleted."""
    calm = pl.when(pl.col("wind_speed") <= _STRONGEST_WIND).then("wind_speed")
    celsius = (pl.col("temp") < _FROST) & pl.col("observed").dt.month().is_between(*_WARM_MONTHS)
    whole = pl.all_horizontal(pl.col("temp", "wind_speed").is_not_null())
    frame = weather.filter(whole).with_columns(
        calm.interpolate().over("origin").alias("wind_speed"),
        *(pl.when(celsius).then(pl.col(name) * 1.8 + 32).otherwise(name).alias(name) for name in ("temp", "dewp")),
    )
    return _correction(weather, frame)


def made_metric(weather: pl.DataFrame) -> Correction:
    """Every row is converted to metric units in place; rows without an air pressure are deleted."""
    frame = weather.filter(pl.col("pressure").is_not_null()).with_columns(
        (pl.col("temp", "dewp") - 32) / 1.8,
        pl.col("wind_speed", "wind_gust") * 0.44704,
        pl.col("precip") * 25.4,
        pl.col("visib") * 1.609344,
    )
    return _correction(weather, frame)


def _correction(before: pl.DataFrame, after: pl.DataFrame) -> Correction:
    kept = before.join(after.select(_KEY), on=_KEY, how="semi", maintain_order="left")
    same = pl.all_horizontal(kept[name].eq_missing(after[name]) for name in before.columns)
    return Correction(after, after.height - int(kept.select(same.sum()).item()), before.height - after.height)
