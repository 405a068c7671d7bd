"""The plan of a retrieval: what is to be computed, as data.

A plan is a tuple of nodes in topological order; a node names its inputs by their index, and the last node is
the result. Nodes say what, not how: the same plan is run by any executor. The fields `strategy`, `why` and
`bounds` are advice that an executor may take or leave, for the answer is the same either way.

    spine     the rows to serve, in their order
    scan      columns of a table at a version, in the snapshot's order
    match     for each spine row, the table row that serves it (the laws of `point_in_time`), or none
    gather    the asked columns of those rows
    assemble  the spine's columns, then the gathered ones
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from foreset.domain.errors.problem import listed
from foreset.domain.facts import Column, Range

Strategy = Literal["latest", "join", "as-of"]
EVENT_TIME = "event_time"


# === Sources (no inputs) ===


class Spine(msgspec.Struct, frozen=True, kw_only=True, tag="spine"):
    """The rows to serve. `time` is their time column; the facts are there for the rules."""

    columns: tuple[Column, ...]
    time: str
    rows: int
    time_range: Range | None
    distinct_times: int


class TimeBounds(msgspec.Struct, frozen=True):
    """Rows outside cannot serve: `column` in [`least`, `greatest`], microseconds UTC; None is open."""

    column: str
    least: int | None
    greatest: int | None


class Scan(msgspec.Struct, frozen=True, kw_only=True, tag="scan"):
    """Columns of a table at a version, in the snapshot's order: files by modification time, then path."""

    table: str
    table_id: str
    version: int
    columns: tuple[str, ...]
    files: int
    rows: int | None
    size_bytes: int
    bounds: TimeBounds | None = None


# === Matching (a spine and a scan) ===


class KeyPair(msgspec.Struct, frozen=True):
    """A join key: its column in the spine and in the table, and the dtype in which they are compared."""

    spine: str
    table: str
    dtype: str


class Match(msgspec.Struct, frozen=True, kw_only=True, tag="match"):
    """For each spine row the one table row that serves it, or none: laws 2 to 6.

    `ttl_us` is in microseconds, None for no limit. `known_at` is a time in microseconds UTC, `"event_time"`, or None.
    `most_rows` is the number of spine rows of the most frequent key.
    """

    spine: int
    scan: int
    view: str
    view_version: int
    keys: tuple[KeyPair, ...]
    event_time: str
    created_time: str | None
    ttl_us: int | None
    known_at: int | str | None
    distinct_keys: int
    most_rows: int
    strategy: Strategy = "as-of"
    why: str = "no rule chose another"


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


class Assemble(msgspec.Struct, frozen=True, kw_only=True, tag="assemble"):
    """The result: the spine as it is, and the gathered columns in the order of `columns`."""

    spine: int
    gathers: tuple[int, ...]
    columns: tuple[str, ...]


Node = Spine | Scan | Match | Gather | Assemble


class RetrievalPlan(msgspec.Struct, frozen=True):
    """A plan. `explain()` prints it."""

    nodes: tuple[Node, ...]

    @property
    def spine(self) -> Spine:
        """The spine's node."""
        return next(node for node in self.nodes if isinstance(node, Spine))

    @property
    def scans(self) -> tuple[Scan, ...]:
        """The scans, in order."""
        return tuple(node for node in self.nodes if isinstance(node, Scan))

    @property
    def gathers(self) -> tuple[tuple[Gather, Match, Scan], ...]:
        """Each gather with its match and its scan."""
        found: list[tuple[Gather, Match, Scan]] = []
        for node in self.nodes:
            if isinstance(node, Gather):
                match = self.nodes[node.match]
                assert isinstance(match, Match)  # noqa: S101  # the planner builds it so
                scan = self.nodes[match.scan]
                assert isinstance(scan, Scan)  # noqa: S101  # the planner builds it so
                found.append((node, match, scan))
        return tuple(found)

    @property
    def result(self) -> Assemble:
        """The last node."""
        last = self.nodes[-1]
        assert isinstance(last, Assemble)  # noqa: S101  # the planner builds it so
        return last

    @property
    def versions(self) -> dict[str, int]:
        """The version at which each table is read."""
        return {scan.table: scan.version for scan in self.scans}

    @property
    def digest(self) -> str:
        """A fingerprint of the plan, equal for equal plans."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def explain(self) -> str:
        """The plan as text, a node a line."""
        return "\n".join(f"{index:>2}  {_line(node)}" for index, node in enumerate(self.nodes))


def _line(node: Node) -> str:
    match node:
        case Spine():
            return f"spine     {node.rows:,} rows, {node.distinct_times:,} distinct times in {node.time}"
        case Scan():
            rows = "unknown rows" if node.rows is None else f"{node.rows:,} rows"
            files = "1 file" if node.files == 1 else f"{node.files:,} files"
            size = f"{files}, {rows}, {node.size_bytes:,} bytes"
            return (
                f"scan      {node.table} version {node.version} ({size}){_bounds(node.bounds)}: {listed(node.columns)}"
            )
        case Match():
            keys = ", ".join(key.spine if key.spine == key.table else f"{key.spine} = {key.table}" for key in node.keys)
            return (
                f"match     {node.view} v{node.view_version} on {keys}{_limits(node)}, by {node.strategy}: {node.why}"
            )
        case Gather():
            names = (c.source if c.source == c.name else f"{c.source} as {c.name}" for c in node.columns)
            return f"gather    of {node.match}: {listed(names)}"
        case Assemble():
            return f"assemble  {node.spine} with {listed(node.gathers)}: {listed(node.columns)}"


def _bounds(bounds: TimeBounds | None) -> str:
    if bounds is None:
        return ""
    least = "" if bounds.least is None else f" from {instant(bounds.least)}"
    greatest = "" if bounds.greatest is None else f" to {instant(bounds.greatest)}"
    return f", {bounds.column}{least}{greatest}"


def _limits(match: Match) -> str:
    ttl = "" if match.ttl_us is None else f", not older than {match.ttl_us / 1e6:,.0f} s"
    if match.known_at is None:
        return ttl
    at = match.known_at if isinstance(match.known_at, str) else instant(match.known_at)
    return f"{ttl}, known at {at}"


def instant(us: int) -> str:
    """Microseconds since the epoch as text, in UTC, for the years that Python knows.

    >>> instant(0)
    '1970-01-01T00:00:00Z'
    """
    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    except OverflowError:
        return f"{us} us"
    return at.isoformat().replace("+00:00", "Z")
