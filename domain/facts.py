"""What adapters observed before planning, as plain values.

Times are whole microseconds since 1970-01-01 UTC, and ranges are widened where a bound was rounded, so that a
range always holds every value.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Range = tuple[int, int]
"""Least and greatest, both inclusive, in microseconds since the epoch, UTC."""


def bound(value: object) -> int | None:
    """A bound as ranges have it: a whole number as it is, a time in microseconds UTC, a date in days since the epoch.

    None for values of other types.

    >>> bound(7), bound(date(1970, 1, 2)), bound(datetime(1970, 1, 1, 0, 0, 1)), bound("a")
    (7, 1, 1000000, None)
    """
    if isinstance(value, datetime):
        return ((value if value.tzinfo else value.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)
    if isinstance(value, date):
        return value.toordinal() - _EPOCH.toordinal()
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def bit_count(bitmap: bytes) -> int:
    """How many bits of a bitmap are set."""
    return int.from_bytes(bitmap).bit_count()


class Column(msgspec.Struct, frozen=True):
    """A column's name and type (the grammar of `foreset.domain.dtypes`)."""

    name: str
    dtype: str


class DataFile(msgspec.Struct, frozen=True, kw_only=True):
    """A Parquet file of a table, as the log describes it. `rows`, without deleted ones, is None where it does not say.

    `partition` has the text in the log of each partition column. `ranges` has the least and greatest value of columns
    of times (microseconds UTC), whole numbers and dates (days since the epoch), where the log knows them. `deleted` is
    the deletion vector: row i of the file is deleted where bit i % 8 of byte i // 8 is set. `stored` has the names and
    types under which the file holds those columns of the table that it holds under others.
    """

    path: str
    rows: int | None
    size_bytes: int
    modified_ms: int
    partition: dict[str, str | None] = {}
    ranges: dict[str, Range] = {}
    deleted: bytes = b""
    stored: dict[str, Column] = {}

    def range_of(self, column: str) -> Range | None:
        """The range of a column; None where the log does not know it, or contradicts itself about it.

        >>> DataFile(path="f", rows=7, size_bytes=0, modified_ms=0, ranges={"a": (1, 2), "b": (2, 1)}).range_of("b")
        """
        known = self.ranges.get(column)
        return None if known is None or known[0] > known[1] else known

    @property
    def deleted_count(self) -> int:
        """How many of its rows are deleted.

        >>> DataFile(path="f", rows=7, size_bytes=0, modified_ms=0, deleted=bytes([0b101])).deleted_count
        2
        """
        return bit_count(self.deleted)


class TableFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A table at one version. `rows` is None where the log does not say.

    `data_files` is empty for a table that is not made of files. `partition_time_zone` is the zone in which the log's
    times of partitions are read, where they have none.
    """

    table: str
    table_id: str
    version: int
    columns: tuple[Column, ...]
    files: int
    rows: int | None
    size_bytes: int
    partition_columns: tuple[str, ...] = ()
    time_ranges: dict[str, Range] = {}
    data_files: tuple[DataFile, ...] = ()
    partition_time_zone: str | None = None

    def dtype(self, column: str) -> str | None:
        """The type of a column, None where there is none of that name."""
        return next((c.dtype for c in self.columns if c.name == column), None)


class KeyFacts(msgspec.Struct, frozen=True):
    """How a spine spreads over a set of join keys: distinct keys, and rows of the most frequent one.

    `ranges` has the least and greatest of each key that is a whole number or a date, `texts` the values of each key
    that is a text and has few; None for the others.
    """

    columns: tuple[str, ...]
    distinct: int
    most_rows: int
    ranges: tuple[Range | None, ...] = ()
    texts: tuple[tuple[str, ...] | None, ...] = ()


class SpineFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A spine. `time_range` is None for a spine of no rows, or one without the time column.

    `one_time`: all rows have the same time. `row_bytes` is what a row takes in memory, on average.
    """

    columns: tuple[Column, ...]
    rows: int
    null_times: int = 0
    first_null_time: int | None = None
    time_range: Range | None = None
    one_time: bool = False
    keys: tuple[KeyFacts, ...] = ()
    row_bytes: int = 0

    def dtype(self, column: str) -> str | None:
        """The type of a column, None where there is none of that name."""
        return next((c.dtype for c in self.columns if c.name == column), None)

    def key_facts(self, columns: tuple[str, ...]) -> KeyFacts | None:
        """What was observed of these keys."""
        return next((k for k in self.keys if k.columns == columns), None)


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """What a retrieval may use: the memory that the whole process may take, what it holds already, and threads."""

    memory_bytes: int
    held_bytes: int
    threads: int

    @property
    def free_bytes(self) -> int:
        """What is left of the memory."""
        return max(self.memory_bytes - self.held_bytes, 0)


class Facts(msgspec.Struct, frozen=True):
    """All that rules may look at beside the plan: the tables by name, the spine, and what may be used."""

    tables: dict[str, TableFacts]
    spine: SpineFacts
    resources: Resources
