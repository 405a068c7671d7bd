"""The ports of reports: who looks at the rows of training sets, and of frames that were made without Foreset."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from returns.result import Result

from foreset.application.ports.engine import StoredFrame
from foreset.application.ports.tables import ArrowStream
from foreset.domain.errors.leakage import AuditTypeMismatch
from foreset.domain.leakage.probes import Probe
from foreset.domain.leakage.report import ColumnAudit, ColumnReport, Role, ViewAudit, ViewCounts
from foreset.domain.planning.nodes import Gather, Match


class ReportRows(Protocol):
    """The rows of training sets, looked at part by part."""

    def spine(self, frame: ArrowStream | StoredFrame, columns: Sequence[str]) -> ArrowStream:
        """The spine of a training set, in memory: these columns of its rows."""
        ...

    def view(self, probe: Probe, spine: ArrowStream, told: Sequence[Iterator[ArrowStream]]) -> ViewCounts:
        """What is counted of a view. `told` has what the probe's plans gave, each in parts of any size.

        Memory holds a part of each, and a whole number for each row that is served.
        """
        ...

    def columns(
        self, frame: ArrowStream | StoredFrame, roles: Mapping[str, Role], time: str, target: str | None
    ) -> tuple[ColumnReport, ...]:
        """What is counted of the columns that have a role, in this order."""
        ...

    def sample(self, frame: ArrowStream | StoredFrame, target: str, rows: int) -> tuple[ArrowStream, int]:
        """Rows in which the target is known, `rows` at the most, and how many they are; the same ones each time."""
        ...


class Information(Protocol):
    """How much single columns tell of a target."""

    def shares(
        self, sample: ArrowStream, target: str, columns: Collection[str], looked: Callable[[], None]
    ) -> Mapping[str, float]:
        """The share of the target's uncertainty that each takes away, 0 to 1; columns of other types are left out.

        `looked` is called after each column.
        """
        ...


class FrameCount(Protocol):
    """An outside frame that is held against a training set, view by view."""

    def view(
        self, gather: Gather, match: Match, table: ArrowStream
    ) -> Result[tuple[ViewAudit, tuple[ColumnAudit, ...]], AuditTypeMismatch]:
        """What is found of a view, whose table has these rows, and of its features that the frame has.

        Memory holds the table's keys, times and features.
        """
        ...

    def rows(self) -> tuple[int, int, int]:
        """Rows that differ in any view so far, that hold values of the future, and values not yet written."""
        ...


class OutsideFrames(Protocol):
    """Frames that were made without Foreset."""

    def columns(self, frame: ArrowStream) -> tuple[str, ...]:
        """The names of the columns."""
        ...

    def rows(self, frame: ArrowStream) -> int:
        """How many rows it has."""
        ...

    def part(self, frame: ArrowStream, columns: Sequence[str]) -> ArrowStream:
        """These columns of a frame."""
        ...

    def unlike(self, frame: ArrowStream, spine: ArrowStream) -> str | None:
        """Why the rows of a frame are not those of a spine, in its order; None where they are.

        Columns that both have are compared.
        """
        ...

    def count(self, frame: ArrowStream, honest: ArrowStream | StoredFrame, time: str) -> FrameCount:
        """Hold a frame against the training set of the same rows, whose time column is `time`."""
        ...
