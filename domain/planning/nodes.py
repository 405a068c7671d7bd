"""The nodes of a plan: what is to be computed, as data.

The field `how` of a node is advice, given by the rules from what was observed, that an executor may take or leave: the
answer is the same either way.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from foreset.domain.facts import Column, Range, TableFacts

Strategy = Literal["latest", "as-of"]
Passes = Literal["single pass", "late"]
EVENT_TIME = "event_time"
POSITION = "<position>"
"""As the source of an output, beside columns of the table: where the row that served stands in its scan, an int64.

Positions grow with the snapshot's order. Of views that share a scan the same row has the same position. They say
nothing outside of one execution, for they depend on which files were skipped.
"""


# === Sources (no inputs) ===


class Spine(msgspec.Struct, frozen=True, kw_only=True, tag="spine"):
    """The rows to serve. `time` is their time column; the facts are there for the rules."""

    columns: tuple[Column, ...]
    time: str
    rows: int
    time_range: Range | None
    one_time: bool


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Rows outside cannot serve: `column` in [`least`, `greatest`] (None is open), or among `values` where given.

    Times (`is_time`) are in microseconds UTC, dates in days since the epoch.
    """

    column: str
    is_time: bool = False
    least: int | None = None
    greatest: int | None = None
    values: tuple[str, ...] | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a table: what is left after files that cannot serve are skipped, and in how many passes.

    In a single pass all columns are read at once and kept; late, keys and times are read first, and the features
    only of the files that serve. `memory_bytes` is what the columns of a single pass take.
    """

    passes: Passes
    files: int
    rows: int | None
    size_bytes: int
    memory_bytes: int
    late_bytes: int
    why: str


class Scan(msgspec.Struct, frozen=True, kw_only=True, tag="scan"):
    """Columns of a table at a version, in the snapshot's order: files by modification time, then path.

    `bounds` are conditions that every row which serves meets. `partition_time_zone` is the zone in which times of
    partitions are read that have none in the log. `warehouse_table` is the name under which a warehouse sees the table,
    `warehouse_query` a query that gives its rows there.
    """

    table: str
    table_id: str
    version: int
    columns: tuple[str, ...]
    files: int
    rows: int | None
    size_bytes: int
    bounds: tuple[Bounds, ...] = ()
    partition_time_zone: str | None = None
    warehouse_table: str | msgspec.UnsetType = msgspec.UNSET
    warehouse_query: str | msgspec.UnsetType = msgspec.UNSET
    how: Reading | None = None


def scan_of(facts: TableFacts, columns: Iterable[str], bounds: tuple[Bounds, ...] = ()) -> Scan:
    """Columns of a table as it was observed."""
    return Scan(
        table=facts.table,
        table_id=facts.table_id,
        version=facts.version,
        columns=tuple(columns),
        files=facts.files,
        rows=facts.rows,
        size_bytes=facts.size_bytes,
        bounds=bounds,
        partition_time_zone=facts.partition_time_zone,
    )


# === Matching (a spine and a scan) ===


class KeyPair(msgspec.Struct, frozen=True):
    """A join key: its column in the spine and in the table, and the dtype in which they are compared."""

    spine: str
    table: str
    dtype: str


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """How to match: a strategy, and how many rows of the table to look at together.

    `pairs` estimates the pairs of a spine row and a table row of the same key: what a join would form, and what no
    strategy here forms.
    """

    strategy: Strategy
    why: str
    pairs: int | None = None
    batch_rows: int | None = None


class Match(msgspec.Struct, frozen=True, kw_only=True, tag="match"):
    """For each spine row the one table row that serves it, or none: laws 2 to 6.

    `ttl_us` is in microseconds, None for no limit. `known_at` is a time in microseconds UTC, `"event_time"`, both in
    this order, or None.
    `most_rows` is the number of spine rows of the most frequent key.

    `closed`: `"left"` leaves out rows at the spine row's own time. `valid_until` is the column with the end of
    validity. `time_unit` is what the times of the table count that are whole numbers. A plan that does not use these
    is encoded without them.
    """

    spine: int
    scan: int
    view: str
    view_version: int
    keys: tuple[KeyPair, ...]
    event_time: str
    created_time: str | None
    ttl_us: int | None
    known_at: int | str | tuple[int, str] | None
    distinct_keys: int
    most_rows: int
    closed: Literal["left"] | msgspec.UnsetType = msgspec.UNSET
    valid_until: str | msgspec.UnsetType = msgspec.UNSET
    time_unit: str | msgspec.UnsetType = msgspec.UNSET
    how: Matching | None = None

    @property
    def ends(self) -> str | None:
        """The column with the end of validity, None where rows have none."""
        return self.valid_until or None

    @property
    def epoch_unit(self) -> str | None:
        """What times that are whole numbers count, None where there are none."""
        return self.time_unit or None

    @property
    def times(self) -> tuple[str, ...]:
        """The table's time columns that are looked at, each once: event time, created time, end of validity."""
        return tuple(
            dict.fromkeys(name for name in (self.event_time, self.created_time, self.ends) if name is not None)
        )

    @property
    def known_by_us(self) -> int | None:
        """The time by which rows must have been written, None where `known_at` names none."""
        given = self.known_at[0] if isinstance(self.known_at, tuple) else self.known_at
        return given if isinstance(given, int) else None

    @property
    def known_by_each_row(self) -> bool:
        """Whether rows must have been written by the time of the spine row that they serve."""
        return self.known_at is not None and not isinstance(self.known_at, int)


# === Assembling ===


class Output(msgspec.Struct, frozen=True):
    """A column of the result: the table's column, its name in the result, the dtype in which it is served."""

    source: str
    name: str
    dtype: str


class Gather(msgspec.Struct, frozen=True, kw_only=True, tag="gather"):
    """Columns of the rows that a match found; null where it found none."""

    match: int
    columns: tuple[Output, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The table's columns that are gathered, each once."""
        return tuple(dict.fromkeys(output.source for output in self.columns if output.source != POSITION))


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How to deliver the result: whole, or in parts of `part_rows` spine rows each, which go to a file.

    `views_at_a_time` are matched side by side.
    `result_bytes` is the size of the result in memory, `peak_bytes` what the process takes at most, the memory that it
    held before included, `budget_bytes` what it may take.
    """

    part_rows: int
    views_at_a_time: int
    result_bytes: int
    peak_bytes: int
    budget_bytes: int
    why: str

    def parts(self, rows: int) -> int:
        """In how many parts a spine of so many rows is served."""
        return max(-(-rows // max(self.part_rows, 1)), 1)


class Assemble(msgspec.Struct, frozen=True, kw_only=True, tag="assemble"):
    """The result: the spine as it is, and the gathered columns in the order of `columns`."""

    spine: int
    gathers: tuple[int, ...]
    columns: tuple[str, ...]
    how: Delivery | None = None


Node = Spine | Scan | Match | Gather | Assemble
