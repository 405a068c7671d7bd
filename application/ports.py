"""What the use cases need of the world: the ports, few and wide.

Frames cross ports as Arrow streams (the PyCapsule interface), which polars, pyarrow, pandas and DuckDB all take.
A port's expected failures are Results; whatever else an adapter raises is a bug.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from returns.result import Result
from structlog.typing import FilteringBoundLogger

from foreset.domain.chain import Head, Row, StoredLog
from foreset.domain.changes import ChangesFacts
from foreset.domain.errors.history import SendError
from foreset.domain.errors.keeping import Affected, NothingToVacuum, VacuumFailed
from foreset.domain.errors.offline_stores import ExecutionError
from foreset.domain.errors.retrieval import OutputUnwritable, SpineError
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.errors.store import LogTaken, StoreError
from foreset.domain.errors.tables import TableError, TableWriteError
from foreset.domain.errors.training import TrainingError
from foreset.domain.facts import DataFile, Resources, SpineFacts, TableFacts
from foreset.domain.lineage import LineageSent
from foreset.domain.lost import Box
from foreset.domain.measured import Work
from foreset.domain.model import FeatureSpec, ModelSpec, Trained
from foreset.domain.plan import RetrievalPlan
from foreset.domain.receipt import OURSELVES, Event, ExecutedBy, Recorded
from foreset.domain.retention import StoredTable
from foreset.domain.spec import SpineReference
from foreset.domain.table_commit import TableCommit
from foreset.domain.table_report import TableReport
from foreset.domain.writing import DEFAULTS, TARGET_BYTES, Compaction, WriteMode, WriteOptions


class ArrowStream(Protocol):
    """A frame, by the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """An Arrow C stream capsule."""
        ...


class Snapshot(Protocol):
    """A table at one version, open for reading."""

    @property
    def facts(self) -> TableFacts:
        """What was observed of it."""
        ...

    @property
    def storage_options(self) -> Mapping[str, str]:
        """What opens its files, where they lie in an object store."""
        ...

    def files(self, columns: tuple[str, ...]) -> Result[tuple[DataFile, ...] | None, TableError]:
        """Its Parquet files in the snapshot's order, as reading these columns needs them.

        None where there are no files. An error where a column's values cannot be told.
        """
        ...

    def read(self, columns: tuple[str, ...]) -> Result[ArrowStream, TableError]:
        """Its rows in the snapshot's order, with these columns."""
        ...


class Changes(Protocol):
    """The rows that changed between two versions of a table, which were looked at and not read yet."""

    @property
    def facts(self) -> ChangesFacts:
        """How they are told, and what that costs."""
        ...

    def read(self) -> Result[ArrowStream, TableError]:
        """The changed rows, held in memory, as is all that is read for them; commit by commit, where that is told.

        Columns: the table's at the last version, `_change_type` (`insert`, `delete`, `update_preimage` or
        `update_postimage`), `_commit_version` (int64) and `_commit_timestamp` (microseconds, UTC). The last two are
        null where rows are told by a difference, and the last where the log does not say.
        """
        ...


class TableStore(Protocol):
    """Tables and their versions."""

    def observe(
        self,
        table: str,
        version: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,
    ) -> Result[Snapshot, TableError]:
        """The table at a version, the newest by default. Later calls for the table reuse `storage_options`.

        `partition_time_zone` is that of times of partitions which have none.
        """
        ...

    def changes(
        self,
        table: str,
        first: int,
        last: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,
    ) -> Result[Changes, TableError]:
        """What changed after version `first`, up to and including version `last`, the newest by default.

        The rows at `first`, as the columns at `last` show them (null where there was no such column), with the changes
        applied are the rows at `last`. `ChangesUntold` where that cannot be told.
        """
        ...

    def version_at(self, table: str, at: datetime) -> Result[int, TableError]:
        """The version that was current at a time (with a zone), by the commit times in the log.

        `BeforeFirstVersion` and `AfterLastVersion` outside the history.
        """
        ...

    def commits(self, table: str, first: int, last: int) -> Result[tuple[TableCommit, ...], TableError]:
        """The commits after version `first`, up to and including version `last`, in their order.

        Those that the log no longer holds are left out.
        """
        ...

    def write(
        self,
        table: str,
        frame: ArrowStream,
        mode: WriteMode = "append",
        options: WriteOptions = DEFAULTS,
        storage_options: Mapping[str, str] | None = None,
    ) -> Result[TableFacts, TableWriteError]:
        """Commit the rows of a frame, in their order, making the table where it is missing; all or nothing.

        Gives the facts of the version that it became, or `Untouched` where `options` say that it was written before.
        What other writers commit meanwhile is kept; with an expected version it is `StaleTable`.
        """
        ...

    def optimize(
        self, table: str, target_bytes: int = TARGET_BYTES, storage_options: Mapping[str, str] | None = None
    ) -> Result[Compaction, TableWriteError]:
        """Put small files of a table together, up to about `target_bytes` each. The rows and their order stay.

        `TableBusy` where another process of the machine does so.
        """
        ...

    def place(self, table: str) -> str:
        """Where a table is, which tells whether two names are of one table; its name where that leads nowhere."""
        ...

    def stored(
        self, table: str, versions: Collection[int] = (), storage_options: Mapping[str, str] | None = None
    ) -> Result[StoredTable, TableError | NothingToVacuum]:
        """Which files lie in a table's folder that are no part of its newest version, and what some versions need.

        No data file is opened. `NothingToVacuum` for a table that has no versions.
        """
        ...

    def delete(
        self, table: str, paths: Collection[str], storage_options: Mapping[str, str] | None = None
    ) -> Result[tuple[str, ...], TableError | NothingToVacuum | VacuumFailed]:
        """Delete files of a table, as `stored` names them, but for those that its newest version needs by now.

        Gives those that were there and are not any more.
        """
        ...

    def check(self, table: str, *, deep: bool = False) -> Result[TableReport, TableError]:
        """What is wrong with a table, and what could be better; with `deep` all its data is read too.

        A broken table is a report with findings. An error is only that there is no table, or no way to look at it.
        """
        ...


@dataclass(frozen=True)
class Retrieved:
    """What an executor gives.

    `parts` has the gathered columns for all spine rows, in their order, in one frame or several; taking the next one
    may read, and raises `ForesetError` where that fails. `work` tells what was done, once all parts were taken.
    """

    parts: Iterator[ArrowStream]
    work: Callable[[], Work]


class PlanExecutor(Protocol):
    """Runs plans."""

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, ExecutionError]:
        """The columns that a plan gathers for this spine.

        Reads the plan's tables at the plan's versions, and nothing else.
        """
        ...


@dataclass(frozen=True)
class Fingerprint:
    """A hash of a frame, and of each of its columns by name."""

    value: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class SpineFrame:
    """A spine that was read, and what it was read from if that stays as it is."""

    frame: ArrowStream
    reference: SpineReference | None = None


class SpineStore(Protocol):
    """Spines: reads what users give, and looks at it."""

    def read(self, spine: object, room_bytes: int | None = None) -> Result[SpineFrame, SpineError]:
        """A polars, pandas or pyarrow frame, a path, or a `SpineReference`, as one frame.

        What a path leads to is refused, unread, where it takes more memory than `room_bytes`.
        """
        ...

    def profile(
        self, frame: ArrowStream, time: str, keys: Iterable[tuple[str, ...]], partitions: Collection[str] = ()
    ) -> SpineFacts:
        """What planning needs to know. Columns that are missing are left to the planner to refuse.

        Of keys in `partitions` the values are told, where they are few texts.
        """
        ...

    def fingerprint(self, frame: ArrowStream) -> Fingerprint:
        """A hash of names, types and values in their order, the same for every chunking and engine."""
        ...

    def within(self, frame: ArrowStream, boxes: Collection[Box]) -> Affected:
        """How many rows of a spine are in any of some boxes, and the first of them."""
        ...


class KeptFrames(Protocol):
    """Frames that a store keeps beside its log, by name: spines, and the rows of pins. Names have slashes."""

    def keep(self, name: str, frame: ArrowStream) -> Result[None, StoreError]:
        """Keep a frame, whole and durably or not at all, unless there is one of its name."""
        ...

    def load(self, name: str, columns: Collection[str] | None = None) -> Result[ArrowStream, StoreError]:
        """A frame that was kept; of `columns`, where they are named, those that it has, and the others are not read."""
        ...

    def names(self, prefix: str) -> Result[tuple[str, ...], StoreError]:
        """The names of the kept frames that begin so, in order."""
        ...

    def size(self, name: str) -> Result[int, StoreError]:
        """How many bytes a kept frame takes where it is kept."""
        ...

    def remove(self, name: str) -> Result[bool, StoreError]:
        """Forget a frame; whether it was there."""
        ...

    def sweep(self) -> Result[None, StoreError]:
        """Delete what processes left that were killed while they kept a frame."""
        ...


@dataclass(frozen=True)
class ServedBy:
    """The columns of a provenance plan's result that tell which rows of a scan served a view.

    `scan` counts the plan's scans from 0, `position` is the column of positions, `columns` maps the scan's columns to
    those that have their values.
    """

    scan: int
    position: str
    columns: Mapping[str, str]


class PinnedRows(Protocol):
    """The rows that served: taken out of what a provenance plan gave, and given to plans in place of tables."""

    def collect(
        self, told: Collection[ServedBy], parts: Iterator[ArrowStream]
    ) -> Result[dict[int, ArrowStream], TableError]:
        """For each scan the rows that served any view, each once, in the order of their positions.

        They have the scan's columns. All are held in memory.
        """
        ...

    def serving(self, frames: Mapping[str, ArrowStream]) -> tuple[TableStore, PlanExecutor]:
        """Tables that have these names, each at version 0 with the rows of a frame; and what runs plans over them."""
        ...


Progress = Callable[[int, int], None]
"""Told how many spine rows are done, and of how many."""


@runtime_checkable
class StoredFrame(ArrowStream, Protocol):
    """A frame that lies in a Parquet file, because it does not fit in memory. The file goes when the frame does."""

    def batches(self) -> Iterator[ArrowStream]:
        """Its rows, part by part."""
        ...

    def copy_to(self, place: Path) -> None:
        """Give the file another name too, or copy it where that cannot be done. Raises `OSError`."""
        ...


@dataclass(frozen=True)
class Assembled:
    """A training set's rows, their fingerprint, and their size in memory."""

    frame: ArrowStream | StoredFrame
    fingerprint: str
    size_bytes: int


class ResultStore(Protocol):
    """Puts spine and gathered columns together."""

    def assemble(
        self,
        plan: RetrievalPlan,
        spine: ArrowStream,
        known: Fingerprint,
        parts: Iterator[ArrowStream],
        progress: Progress | None = None,
    ) -> Result[Assembled, TableError | OutputUnwritable]:
        """The plan's result: the spine's columns as they are, whose digests are known, and those in `parts`.

        A frame in memory, or in a file where the plan delivers more than one part.
        """
        ...

    def sweep(self) -> Result[None, StoreError]:
        """Delete the files of results whose processes were killed."""
        ...


class Machine(Protocol):
    """The memory of the machine and of this process."""

    def observe(self) -> Resources:
        """What a retrieval may use now."""
        ...

    def peak_bytes(self) -> int:
        """The most memory that this process has held since it began."""
        ...


class EventStore(Protocol):
    """The event log."""

    @property
    def place(self) -> str:
        """Where the store of the log is: a folder, or an address without a password."""
        ...

    def read(self, stream: str | None = None, after: int = 0) -> Result[tuple[Recorded, ...], StoreError]:
        """Events in their order: of a stream after a version of it, or of the whole log after a position."""
        ...

    def append(
        self, stream: str, events: tuple[Event, ...], *, expected: int | None, at: datetime, actor: str
    ) -> Result[tuple[Recorded, ...], StaleWrite | StoreError]:
        """Append all or nothing, durably. `StaleWrite` where the stream is not at version `expected`.

        With `expected=None` the events go to the stream's end, wherever that is.
        """
        ...

    def redact(
        self, bodies: Mapping[int, Event], *, expected: int | None, at: datetime, actor: str, reason: str = ""
    ) -> Result[Recorded, StaleWrite | StoreError]:
        """Replace what events say, by their positions, each by an event of its kind; all or nothing, durably.

        Gives the `EventsRedacted` that tells of it, which is appended to the stream `REDACTIONS` with it; `expected` is
        of that stream. What was replaced is in no file of the log any more. Another kind of event is a `ValueError`.
        """
        ...

    def stored(self, after: int = 0) -> Result[StoredLog, StoreError]:
        """The log as it is stored after a position, at one moment: nothing is decoded, and nothing proved."""
        ...

    def extend(self, rows: tuple[Row, ...], after: Head) -> Result[None, LogTaken | StoreError]:
        """Take over rows of another log as they are, and open this one again if it was moved; all or nothing, durably.

        `LogTaken` where the log does not end with `after`.
        """
        ...

    def seal(self, head: Head, moved_to: str) -> Result[Head, StoreError]:
        """Take no more events, for the log was moved; unless its head is another. Gives the head that it has."""
        ...

    def sweep(self) -> Result[None, StoreError]:
        """Clear the log's files of what was redacted, where a redaction was cut short after it was recorded."""
        ...


class LineageSink(Protocol):
    """Takes lineage for others."""

    def send(self, log: tuple[Recorded, ...], after: int) -> Result[LineageSent, SendError]:
        """Send what was done after a position of the whole log, in its order."""
        ...


class ModelTrainer(Protocol):
    """Fits models."""

    def check(self, model: ModelSpec) -> Result[None, TrainingError]:
        """That the model can be made, before there is any data."""
        ...

    def train(  # noqa: PLR0913  # one trip: all that a training needs
        self,
        frame: ArrowStream,
        *,
        features: tuple[FeatureSpec, ...] | None,
        feature_columns: tuple[str, ...],
        target: str,
        time_column: str | None,
        model: ModelSpec,
    ) -> Result[Trained, TrainingError]:
        """Fit the model to some rows of the frame and measure it on the others."""
        ...


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        ...


@dataclass(frozen=True)
class Adapters:
    """One adapter for each port, chosen in one place: `entrypoints/wiring.py`.

    `executor` runs the plans of training sets; `engine` is Foreset's own, for plans that look into one.
    """

    tables: TableStore
    executor: PlanExecutor
    engine: PlanExecutor
    spines: SpineStore
    kept: KeptFrames
    pins: PinnedRows
    results: ResultStore
    machine: Machine
    events: EventStore
    clock: Clock
    log: FilteringBoundLogger
    actor: str
    libraries: Mapping[str, str]
    executed_by: ExecutedBy = OURSELVES
