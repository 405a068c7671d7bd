"""What the use cases need of the world: the ports, few and wide.

Frames cross ports as Arrow streams (the PyCapsule interface), which polars, pyarrow, pandas and DuckDB all take.
A port's expected failures are Results; whatever else an adapter raises is a bug.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from returns.result import Result
from structlog.typing import FilteringBoundLogger

from foreset.application.ports.event_log import Clock, EventStore, KeptFrames
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.domain.definitions.models import FeatureSpec, ModelSpec, Trained
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.feast import ExecutionError
from foreset.domain.errors.retention import Affected
from foreset.domain.errors.retrieval import OutputUnwritable, SpineError
from foreset.domain.errors.tables import TableError
from foreset.domain.errors.training import TrainingError
from foreset.domain.event_log.receipts import OURSELVES, ExecutedBy
from foreset.domain.facts import Resources, SpineFacts
from foreset.domain.planning.measurements import Work
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.retention.affected_rows import Box


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
    """A hash of a frame, and of each of its columns by name.

    `former` is the one of the first identity, where that differs: it took categories for texts and arrays for lists.
    """

    value: str
    columns: Mapping[str, str]
    former: "Fingerprint | None" = None


@dataclass(frozen=True)
class SpineFrame:
    """A spine that was read, and what it was read from if that stays as it is."""

    frame: ArrowStream
    reference: SpineReference | None = None


class SpineStore(Protocol):
    """Spines: reads what users give, and looks at it."""

    def read(
        self, spine: object, room_bytes: int | None = None, time: str | None = None
    ) -> Result[SpineFrame, SpineError]:
        """A polars, pandas or pyarrow frame, a path, or a `SpineReference`, as one frame.

        What a path leads to is refused, unread, where it takes more memory than `room_bytes`. `time` names the column
        of times, which a file without types must have as times in every row.
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

    def plain(self, frame: ArrowStream) -> ArrowStream:
        """The same values, categories as texts and arrays as lists."""
        ...

    def within(self, frame: ArrowStream, boxes: Collection[Box]) -> Affected:
        """How many rows of a spine are in any of some boxes, and the first of them."""
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
"""Called with how much is done, and of how much: spine rows of a retrieval, views and columns of a report."""


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

    def sweep(self) -> Result[int, StoreError]:
        """Delete the files of results whose processes have ended; gives how many are in use by running ones."""
        ...


class Machine(Protocol):
    """The memory of the machine and of this process."""

    def observe(self) -> Resources:
        """What a retrieval may use now."""
        ...

    def peak_bytes(self) -> int:
        """The most memory that this process has held since it began."""
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


@dataclass(frozen=True)
class Adapters:
    """One adapter for each port, chosen in one place: `entrypoints/wiring/build.py`.

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
