"""Partitions of a frame: the texts by which a log knows their values, and the folders that hold their files."""

import re
from collections.abc import Iterator, Sequence

import polars as pl

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.domain.errors.problem import listed

Partition = dict[str, str | None]
"""The text of each partition column's value."""
_NULL = "__HIVE_DEFAULT_PARTITION__"
_ESCAPED = re.compile("[\x00-\x1f\x7f\"#%'*/:=?\\\\{[\\]^]")


def parts(frame: pl.DataFrame, by: Sequence[str]) -> Iterator[tuple[Partition, pl.DataFrame]]:
    """The rows of each partition, in their order, by the partitions' first rows; nothing of a frame without rows."""
    if not frame.height:
        return
    for part in frame.partition_by(by, maintain_order=True) if by else [frame]:
        yield {name: texts_of(part[name].head(1)).item() for name in by}, part


def folder_of(partition: Partition) -> str:
    """The folder of a partition's files below the table's, ending in a slash; escaped as Hive and Spark do.

    >>> folder_of({"day": "2024-01-01", "city": "a/b"}), folder_of({"p": None}), folder_of({})
    ('day=2024-01-01/city=a%2Fb/', 'p=__HIVE_DEFAULT_PARTITION__/', '')
    """
    return "".join(f"{_escaped(name)}={_NULL if text is None else _escaped(text)}/" for name, text in partition.items())


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"%{ord(found.group()):02X}", text)


def texts_of(column: pl.Series) -> pl.Series:
    """Delta protocol, "Partition Value Serialization"; instants are told in UTC, as ISO 8601."""
    match column.dtype:
        case pl.Datetime(time_zone=zone):
            return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ" if zone else "%Y-%m-%d %H:%M:%S%.6f")
        case pl.Date():
            return column.dt.strftime("%Y-%m-%d")
        case _:
            return column.cast(pl.String)


def unfit_partition(frame: pl.DataFrame, by: Sequence[str]) -> str | None:
    """What a log, which holds the values of partitions as text, would not give back as it was written."""
    if strange := [name for name in by if name not in frame.columns]:
        return f"it has no column {listed(strange)} to partition by"
    if set(frame.columns) == set(by):
        return "it has no column beside those to partition by" if frame.columns else "it has no columns"
    return next((problem for name in by if (problem := _unfit(frame[name]))), None)


def _unfit(column: pl.Series) -> str | None:
    match column.dtype:
        case pl.Binary() | pl.List() | pl.Array() | pl.Struct() | pl.Map() | pl.Null():
            told, bad = f"is {dtype_name(column.dtype)}, which cannot be partitioned by without loss", None
        case pl.String():
            told, bad = "holds an empty text, which a partition cannot tell from a null", column == ""
        case pl.Float32() | pl.Float64():
            told, bad = "holds a number that is not finite, which a partition does not hold", ~column.is_finite()
        case pl.Date() | pl.Datetime():
            told = "holds a year that a partition does not hold"
            bad = ~column.dt.year().is_between(1, 9999)
        case _:
            return None
    if bad is None:
        return f"column {column.name!r} {told}"
    return f"column {column.name!r} {told}, at row {bad.fill_null(value=False).arg_max()}" if bad.any() else None
