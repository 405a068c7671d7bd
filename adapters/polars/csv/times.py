"""Times in the cells of a CSV file: ISO 8601, or a format that is named, as whole numbers of nanoseconds."""

import re
from datetime import UTC, datetime
from typing import Final

import polars as pl

_NS_OF: Final = {"ms": 1_000_000, "us": 1_000, "ns": 1}
_DAY_NS: Final = 86_400 * 10**9
_ISO: Final = (
    r"^(?<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d)(?::(?<second>[0-5]\d)(?:\.(?<digits>\d{1,9}))?)?"
    r"(?<zone>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$"
)
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # a local day is counted from it

PARTS: Final = {"day": pl.Int64, "ns": pl.Int64, "timed": pl.Boolean, "offset": pl.Int64}
"""Of a cell: its day since 1970, the nanoseconds of that day, whether it has a time of day, its offset from UTC in
seconds, null where it names none. All are null where the cell is not a time."""


def iso_parts(cells: pl.Series) -> pl.DataFrame:
    """The parts of texts in ISO 8601.

    They are `2024-01-31`, or with `T` or a space and `18:00` or `18:00:00`, up to nine digits of a fraction, and `Z` or
    an offset such as `+01:00`.
    """
    found = cells.str.extract_groups(_ISO).struct.unnest()
    zone = pl.col("zone")
    minutes = zone.str.slice(1, 2).cast(pl.Int64) * 60 + zone.str.slice(4, 2).cast(pl.Int64)
    offset = pl.when(zone == "Z").then(0).otherwise(minutes.cast(pl.Int64, strict=False) * 60)
    number = {name: pl.col(name).cast(pl.Int64).fill_null(0) for name in ("hour", "minute", "second")}
    seconds = number["hour"] * 3600 + number["minute"] * 60 + number["second"]
    fraction = pl.col("digits").str.pad_end(9, "0").cast(pl.Int64).fill_null(0)
    day = pl.col("day").str.to_date("%Y-%m-%d", strict=False)
    return (
        found.with_columns(zone=pl.when(zone == "Z").then(pl.lit("+00:00")).otherwise(zone))
        .select(
            day=pl.when(day >= pl.date(1, 1, 1)).then(day).cast(pl.Int32).cast(pl.Int64),
            ns=seconds * 10**9 + fraction,
            timed=pl.col("hour").is_not_null(),
            offset=pl.when(zone.str.starts_with("-")).then(-offset).otherwise(offset),
        )
        .select(pl.when(pl.col("day").is_not_null()).then(pl.col(name)).alias(name) for name in PARTS)
    )


def named_parts(cells: pl.Series, time_format: str) -> pl.DataFrame:
    """The parts of texts in a format of `datetime.strptime`."""
    texts = cells.drop_nulls().unique()
    timed = "%H" in time_format or "%I" in time_format
    rows = [_read(text, time_format, timed=timed) for text in texts]
    table = pl.DataFrame(rows, schema=PARTS, orient="row").with_columns(texts.alias("cell"))
    cell = cells.alias("cell").to_frame()
    return cell.join(table, on="cell", how="left", maintain_order="left").select(*PARTS)


def _read(text: str, time_format: str, *, timed: bool) -> tuple[int | None, ...]:
    try:
        at = datetime.strptime(text, time_format)  # noqa: DTZ007  # its zone is read, too
    except (ValueError, OverflowError):
        return None, None, None, None
    if (
        re.search("%[aA]", time_format) and at.strftime("%a").lower() not in text.lower()
    ):  # strptime does not compare it
        return None, None, None, None
    local = at.replace(tzinfo=None) - _EPOCH
    shift = at.utcoffset()
    offset = None if shift is None else shift.days * 86_400 + shift.seconds
    return local.days, local.seconds * 10**9 + local.microseconds * 1_000, timed, offset


def times(parts: pl.DataFrame, dtype: pl.DataType) -> pl.Series:
    """The parts as dates or timestamps; null where that type does not hold them as they are.

    Parts without an offset are in UTC; they are not taken where the type names another zone, for they might be local
    times, and parts with an offset are not taken where it names none.
    """
    if not isinstance(dtype, pl.Datetime):
        return parts.select(pl.when(~pl.col("timed")).then(pl.col("day")).cast(pl.Int32).cast(pl.Date)).to_series()
    unit = _NS_OF[dtype.time_unit]
    steps = pl.col("day") * (_DAY_NS // unit) + pl.col("ns") // unit
    steps -= pl.col("offset").fill_null(0) * (10**9 // unit)
    fits = (pl.col("ns") % unit == 0) & _in_range(dtype.time_unit)
    if dtype.time_zone is None:
        fits &= pl.col("offset").is_null()
    elif dtype.time_zone != "UTC":
        fits &= pl.col("offset").is_not_null()
    held = pl.Datetime(dtype.time_unit, "UTC" if dtype.time_zone else None)
    return parts.select(pl.when(fits).then(steps).cast(held)).to_series().cast(dtype)


def _in_range(unit: str) -> pl.Expr:
    """Whether a day, moved by any offset, is one that the type can count to."""
    first, last = (1, 9999) if unit != "ns" else (1678, 2261)
    bounds = [(datetime(year, 1, 1, tzinfo=UTC) - _EPOCH.replace(tzinfo=UTC)).days for year in (first, last)]
    return pl.col("day").is_between(bounds[0], bounds[1] + 365)


def natural_type(parts: pl.DataFrame, *, mixed: bool) -> pl.DataType | None:
    """The type that holds all parts: a date, or a timestamp in microseconds, or in nanoseconds where that is needed.

    Dates next to times, and times with an offset next to ones without, are of no type, unless they may be `mixed`:
    then they are instants in UTC.
    """
    known = parts.drop_nulls("day")
    timed, zoned = known["timed"], known["offset"].is_not_null()
    if not timed.any():
        return pl.Date()
    if not mixed and not (timed.all() and (zoned.all() or not zoned.any())):
        return None
    unit = "ns" if (known["ns"] % 1_000 != 0).any() else "us"
    return pl.Datetime(unit, "UTC" if zoned.any() else None)  # type: ignore[arg-type]  # a unit of polars
