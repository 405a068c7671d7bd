"""The words in which cases are told: tables, spines, views, peers, bars, cases, sections."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
WORK = HERE / "work"
SEED = 20130101
KEY, TIME, CREATED, SPINE_TIME, TARGET, ROW = "k", "ts", "created", "event_timestamp", "target", "row"

Draw = Literal["evenly", "each-once", "half-on-one", "all-on-one"]
Output = Literal["frame", "xy", "arrow", "pandas", "parquet"]
Measure = Literal["cpu", "wall", "peak", "rate", "cpu-per-row"]
MIB, GB = 2**20, 10**9


def place(name: str) -> Path:
    """The folder of a dataset."""
    return WORK / "data" / name


@dataclass(frozen=True)
class Table:
    """A Delta table of feature rows: keys, event time, created time, random features. One commit per file.

    Files are in time order, rows within a file in random order, unless `order` is "key". One row in a hundred repeats
    the key and time of another and is created later. `copied` adds the same rows as one Parquet file.
    """

    name: str
    rows: int
    keys: int
    features: int
    files: int = 8
    draw: Draw = "evenly"
    order: Literal["time", "key"] = "time"
    key_columns: tuple[str, ...] = (KEY,)
    created: bool = True
    target: bool = False
    prefix: str = "f"
    copied: bool = False

    @property
    def path(self) -> Path:
        """The Delta table."""
        return place(self.name) / "table"

    @property
    def copy(self) -> Path:
        """The same rows in one Parquet file, where there is one."""
        return place(self.name) / "copy.parquet"

    @property
    def columns(self) -> tuple[str, ...]:
        """The feature columns."""
        return tuple(f"{self.prefix}{number}" for number in range(self.features))


@dataclass(frozen=True)
class Spine:
    """Label rows: a row number, the key, a time. A Parquet file, which peers load first unless it is `referenced`.

    Times are drawn from a part of the tables' time span, or are all the same, after its end, where `span` is None.
    """

    name: str
    rows: int
    keys: int
    draw: Draw = "evenly"
    span: tuple[float, float] | None = (0.0, 1.0)
    key_columns: tuple[str, ...] = (KEY,)
    referenced: bool = False

    @property
    def path(self) -> Path:
        """The Parquet file."""
        return place(self.name) / "spine.parquet"


@dataclass(frozen=True)
class Trips:
    """Taxi trips (the spine, a Delta table) and two tables of windows made of them, by pickup and by dropoff zone."""

    name: str
    rows: int
    referenced: bool = True

    @property
    def path(self) -> Path:
        """The Delta table of trips."""
        return place(self.name) / "trips"

    def windows(self, side: Literal["pickup", "dropoff"]) -> Path:
        """The Delta table of the windows of one side."""
        return place(self.name) / side


Dataset = Table | Spine | Trips


@dataclass(frozen=True)
class View:
    """What is asked of a table: some features by some keys, not older than the ttl."""

    name: str
    table: Path
    features: tuple[str, ...]
    keys: tuple[str, ...] = (KEY,)
    ttl: timedelta | None = None
    created: bool = True
    copy: Path | None = None


def view(table: Table, ttl: timedelta | None = None, features: tuple[str, ...] = (), name: str = "view") -> View:
    """A view of a table, of all its features unless some are named."""
    asked = features or (*table.columns, *([TARGET] if table.target else []))
    copy = table.copy if table.copied else None
    return View(name, table.path, asked, table.key_columns, ttl, table.created, copy)


@dataclass(frozen=True)
class Peer:
    """One way to get the answer. `maker` is `module:function`, so that a worker loads only what its peer needs.

    `rounds` and `calls` stand in place of the case's. A peer that is not `quick` is left out of quick runs.
    """

    name: str
    title: str
    maker: str
    rounds: int | None = None
    calls: int | None = None
    quick: bool = True

    def times(self, rounds: int, calls: int, *, quick: bool = False) -> "Peer":
        """The same peer, run so many times."""
        return replace(self, rounds=rounds, calls=calls, quick=quick)


@dataclass(frozen=True)
class Bar:
    """What a figure of Foreset's must not exceed, or must reach (`least`).

    The figure is its own, or a ratio: to the best of the peers `against`, or to its own figure in the case `base`.
    """

    measure: Measure
    limit: float
    against: tuple[Peer, ...] = ()
    subjects: tuple[str, ...] = ("foreset",)
    output: Output | None = None
    base: str = ""
    least: bool = False
    aim: float | None = None


@dataclass(frozen=True)
class Case:
    """One size and shape of data, who is asked for it, and how often.

    A worker calls once, then `calls` times more, and the later calls count; with 0 the first one counts. `memory` is
    the budget that Foreset is given. A worker is stopped after `seconds`, or when it holds more than `guard` bytes.
    """

    name: str
    title: str
    tables: tuple[Table, ...]
    views: tuple[View, ...]
    spine: Spine | Trips
    peers: tuple[Peer, ...]
    bars: tuple[Bar, ...] = ()
    outputs: tuple[Output, ...] = ("frame",)
    rounds: int = 5
    calls: int = 3
    memory: str | None = None
    seconds: int = 300
    guard: int = 16 * GB
    quick: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All features that are asked for, and the target where there is one."""
        return tuple(name for view in self.views for name in view.features)

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The data that it needs."""
        return (*self.tables, self.spine)

    @property
    def feature_rows(self) -> int:
        """The rows of its tables."""
        return sum(table.rows for table in self.tables)

    @property
    def step(self) -> int:
        """Every so many rows of the spine are compared: all, or 100,000 of a million or more."""
        return 1 if self.spine.rows < 1_000_000 else self.spine.rows // 100_000


@dataclass(frozen=True)
class Section:
    """Cases that are told in one table. `extra` names columns that only some sections have."""

    title: str
    cases: tuple[Case, ...]
    note: str = ""
    extra: tuple[Literal["rate", "size"], ...] = ()
