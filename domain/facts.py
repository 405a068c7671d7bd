"""What adapters observed before planning, as plain values.

Times are whole microseconds since 1970-01-01 UTC, and ranges are widened where a bound was rounded, so that a
range always holds every value.
"""

import msgspec

Range = tuple[int, int]
"""Least and greatest, both inclusive, in microseconds since the epoch, UTC."""


class Column(msgspec.Struct, frozen=True):
    """A column's name and type (the grammar of `foreset.domain.dtypes`)."""

    name: str
    dtype: str


class TableFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A table at one version. `rows` is None where the log does not say."""

    table: str
    table_id: str
    version: int
    columns: tuple[Column, ...]
    files: int
    rows: int | None
    size_bytes: int
    partition_columns: tuple[str, ...] = ()
    time_ranges: dict[str, Range] = {}

    def dtype(self, column: str) -> str | None:
        """The type of a column, None where there is none of that name."""
        return next((c.dtype for c in self.columns if c.name == column), None)


class DataFile(msgspec.Struct, frozen=True, kw_only=True):
    """A Parquet file of a table, as the log describes it. `rows` is None where the log does not say."""

    path: str
    rows: int | None
    size_bytes: int
    modified_ms: int
    partition: dict[str, str | None] = {}
    time_ranges: dict[str, Range] = {}


class KeyFacts(msgspec.Struct, frozen=True):
    """How a spine spreads over a set of join keys: distinct keys, and rows of the most frequent one."""

    columns: tuple[str, ...]
    distinct: int
    most_rows: int


class SpineFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A spine. `time_range` is None for a spine of no rows, or one without the time column."""

    columns: tuple[Column, ...]
    rows: int
    null_times: int = 0
    first_null_time: int | None = None
    time_range: Range | None = None
    distinct_times: int = 0
    keys: tuple[KeyFacts, ...] = ()

    def dtype(self, column: str) -> str | None:
        """The type of a column, None where there is none of that name."""
        return next((c.dtype for c in self.columns if c.name == column), None)

    def key_facts(self, columns: tuple[str, ...]) -> KeyFacts | None:
        """What was observed of these keys."""
        return next((k for k in self.keys if k.columns == columns), None)
