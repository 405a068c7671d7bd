"""The join that most notebooks begin with: the same tables, by day and by the nearest hour."""

import polars as pl

from foreset.entrypoints.demo.definitions import TIME

_ROW = "row"


def careless_join(spine: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The spine with the columns of the training set, in its order, joined without regard to what was known when.

    Weather is the reading nearest to the departure, earlier or later. Delays are those at the end of the day: the
    table joined on the date, so that they count flights still in the air, and the flight itself.
    """
    facts = tables["planes"].drop("holds_from", "listed")
    joined = _nearest_hour(spine.with_row_index(_ROW), tables["weather"])
    joined = joined.join(facts, on="tailnum", how="left", maintain_order="left")
    joined = _same_day(joined, tables["plane_delays"], "tailnum")
    joined = _same_day(joined, tables["carrier_delays"], "carrier").sort(_ROW)
    return joined.drop(_ROW, "observed")


def _nearest_hour(spine: pl.DataFrame, weather: pl.DataFrame) -> pl.DataFrame:
    readings = weather.drop("published").sort("observed")
    return spine.sort(TIME).join_asof(
        readings, left_on=TIME, right_on="observed", by="origin", strategy="nearest", check_sortedness=False
    )


def _same_day(spine: pl.DataFrame, delays: pl.DataFrame, key: str) -> pl.DataFrame:
    evening = (
        delays.sort("landed", maintain_order=True)
        .with_columns(_day("landed"))
        .unique([key, "day"], keep="last", maintain_order=True)
        .drop("landed", "reported")
    )
    return spine.with_columns(_day(TIME)).join(evening, on=[key, "day"], how="left", maintain_order="left").drop("day")


def _day(time: str) -> pl.Expr:
    """The date in New York."""
    return pl.col(time).dt.convert_time_zone("America/New_York").dt.date().alias("day")
