"""What the log is told of a file's rows: how many, and the least, the greatest and the nulls of its columns.

Delta protocol, "Per-file Statistics". Times are told in milliseconds, the least rounded down and the greatest up, so
that they hold for every reader. A column of which a bound cannot be told (a NaN, a long text, a year beyond 9999) has
none.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec
import polars as pl

_INDEXED: Final = 32
_LONGEST: Final = 32  # characters of a text: beyond, readers cut bounds off in ways of their own
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def indexed(names: Sequence[str], configuration: Mapping[str, str | None]) -> tuple[str, ...]:
    """The columns whose statistics the table wants, of these that its files hold.

    >>> indexed(["a", "b", "c"], {"delta.dataSkippingNumIndexedCols": "2"})
    ('a', 'b')
    """
    named = configuration.get("delta.dataSkippingStatsColumns")
    if named:
        wanted = {name.strip().strip("`") for name in named.split(",")}
        return tuple(name for name in names if name in wanted)
    count = int(configuration.get("delta.dataSkippingNumIndexedCols") or _INDEXED)
    return tuple(names[:count] if count >= 0 else names)


class FileStatistics:
    """The statistics of rows that come part by part."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Tell of these columns, by the names that the log has for them."""
        self._names = names
        self._rows = 0
        self._parts: list[pl.DataFrame] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Count in some rows."""
        self._rows += frame.height
        told = [expression for name in self._names for expression in _told(name, frame.schema[name])]
        self._parts.append(frame.select(told))

    def text(self) -> str:
        """The JSON text for the log."""
        known: dict[str, dict[str, object]] = {"minValues": {}, "maxValues": {}, "nullCount": {}}
        parts = pl.concat(self._parts) if self._parts else pl.DataFrame()
        for name, in_log in self._names.items():
            if f"nulls {name}" in parts.columns:
                known["nullCount"][in_log] = int(parts[f"nulls {name}"].sum())
            bounds = _bounds(parts, name)
            if bounds is not None:
                known["minValues"][in_log], known["maxValues"][in_log] = bounds
        return _ENCODER.encode({"numRecords": self._rows, **known}).decode()


def _told(name: str, dtype: pl.DataType) -> list[pl.Expr]:
    """What is kept of a part of a column."""
    column = pl.col(name)
    if dtype.is_nested():
        return []
    told = [column.null_count().alias(f"nulls {name}")]
    if dtype.is_numeric() or dtype.is_temporal() or dtype == pl.String:
        least, greatest = column.min(), column.max()
        if dtype.is_float():  # a NaN hides whatever lies beside it
            least, greatest = (
                pl.when(column.is_nan().any()).then(float("nan")).otherwise(b) for b in (least, greatest)
            )
        told += [least.alias(f"least {name}"), greatest.alias(f"greatest {name}")]
    return told


def _bounds(parts: pl.DataFrame, name: str) -> tuple[object, object] | None:
    """The least and the greatest of a column as JSON has them; None where either cannot be told."""
    if f"least {name}" not in parts.columns:
        return None
    low, high = parts[f"least {name}"].drop_nulls(), parts[f"greatest {name}"].drop_nulls()
    if not len(low) or (low.dtype.is_float() and not (low.is_finite().all() and high.is_finite().all())):
        return None
    if low.dtype == pl.Date or isinstance(low.dtype, pl.Datetime):
        return _times(low, high)
    least, greatest = low.min(), high.max()
    if isinstance(least, str) and max(len(least), len(str(greatest))) > _LONGEST:
        return None
    return least, greatest


def _times(low: pl.Series, high: pl.Series) -> tuple[str, str] | None:
    """Dates, or times in whole milliseconds around them; None where a year has not four digits."""
    least, greatest = int(str(low.to_physical().min())), int(str(high.to_physical().max()))
    try:
        if low.dtype == pl.Date:
            days = (date.fromordinal(_EPOCH.toordinal() + day).isoformat() for day in (least, greatest))
            return next(days), next(days)
        times = [_EPOCH + timedelta(milliseconds=ms) for ms in (least // 1_000, -(-greatest // 1_000))]
    except (OverflowError, ValueError):
        return None
    zone = "Z" if isinstance(low.dtype, pl.Datetime) and low.dtype.time_zone else ""
    texts = [time.replace(tzinfo=None).isoformat(timespec="milliseconds") + zone for time in times]
    return texts[0], texts[1]
