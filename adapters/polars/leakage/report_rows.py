"""The rows of training sets, looked at by polars for reports."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from foreset.adapters.polars.leakage.column_counts import Batches, column_counts, sample
from foreset.adapters.polars.leakage.view_counts import counts
from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.application.ports.engine import StoredFrame
from foreset.application.ports.tables import ArrowStream
from foreset.domain.leakage.probes import Probe
from foreset.domain.leakage.report import ColumnReport, Role, ViewCounts


class PolarsReports:
    """Counts what reports tell."""

    def spine(self, frame: ArrowStream | StoredFrame, columns: Sequence[str]) -> pl.DataFrame:
        """The spine of a training set."""
        return pl.concat(batch.select(columns) for batch in _batches(frame)())

    def view(self, probe: Probe, spine: ArrowStream, told: Sequence[Iterator[ArrowStream]]) -> ViewCounts:
        """What is counted of a view."""
        return counts(probe, polars_frame(spine), told)

    def columns(
        self, frame: ArrowStream | StoredFrame, roles: Mapping[str, Role], time: str, target: str | None
    ) -> tuple[ColumnReport, ...]:
        """What is counted of the columns of a training set."""
        return column_counts(_batches(frame), roles, time, target)

    def sample(self, frame: ArrowStream | StoredFrame, target: str, rows: int) -> tuple[pl.DataFrame, int]:
        """Some rows in which the target is known, and how many."""
        chosen = sample(_batches(frame), target, rows)
        return chosen, chosen.height


def _batches(frame: ArrowStream | StoredFrame) -> Batches:
    if isinstance(frame, StoredFrame):
        return lambda: map(polars_frame, frame.batches())
    return lambda: iter([polars_frame(frame)])
