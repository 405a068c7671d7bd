"""What people do to a table of weather after it was used: mend rows, withdraw rows, change the units."""

from dataclasses import dataclass

import polars as pl

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
