"""The ports of reports: who looks at the rows of training sets."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from foreset.application.ports import ArrowStream, StoredFrame
from foreset.domain.leak_probe import Probe
from foreset.domain.leak_report import ColumnReport, Role, ViewCounts


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

    def sample(self, frame: ArrowStream | StoredFrame, target: str, rows: int) -> ArrowStream:
        """Rows in which the target is known, `rows` at the most; the same ones each time."""
        ...


class Information(Protocol):
    """How much single columns tell of a target."""

    def shares(self, sample: ArrowStream, target: str, columns: Collection[str]) -> Mapping[str, float]:
        """The share of the target's uncertainty that each takes away, 0 to 1; columns of other types are left out."""
        ...
