"""Reports of training sets."""

from dataclasses import dataclass

from returns.result import Result

from foreset.application.definitions.catalog import CatalogAt
from foreset.application.leakage.audit import AuditError, audit, audit_of
from foreset.application.leakage.report import ReportError, report, report_of
from foreset.application.ports.engine import Adapters, Progress
from foreset.application.training_sets.retrieve import Retrieval
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.errors.event_log import StoreError
from foreset.domain.leakage.report import FrameAudit, LeakReport
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.build import outside_frames, report_looks
from foreset.entrypoints.wiring.openings import Rebuilder


@dataclass(frozen=True)
class Reporter:
    """What tells of training sets over these tables."""

    adapters: Adapters
    catalog: Catalog
    store: Rebuilder | None = None

    def report(
        self, retrieval: Retrieval, target: str | None, progress: Progress | None
    ) -> "Result[LeakReport, ReportError]":
        """What a training set tells of itself."""
        return report(retrieval, report_looks(), self.adapters, self.catalog, target, progress)

    def audit(self, retrieval: Retrieval, frame: object) -> "Result[FrameAudit, AuditError]":
        """What a frame of the same rows holds beside it."""
        return audit_of(retrieval, frame, report_looks().rows, outside_frames(), self.adapters)


class TellsOfTrainingSets:
    """What a store tells of leaks."""

    _adapters: Adapters

    def _catalog(self) -> "Result[CatalogAt, StoreError]":
        raise NotImplementedError

    @fitted_arguments
    def report(
        self,
        id: str,  # noqa: A002  # the contract's name
        *,
        target: str | None = None,
        spine: object | None = None,
        progress: Progress | None = None,
    ) -> "Result[LeakReport, ReportError]":
        """What a training set tells of leaks, ages and gaps, by view and by column, and what is found, worst first.

        `target` is the column to be predicted: with it, columns that tell it are looked for. The set is built again,
        and its tables are read; nothing is recorded. `spine` is needed only where it was not kept.
        `progress(done, all)` is called after each view, and after each column that is looked at for the target. What
        each number means: docs/report.md.
        """
        return Result.do(
            told
            for known in self._catalog()
            for told in report_of(id, report_looks(), self._adapters, known.catalog, target, spine, progress)
        )

    @fitted_arguments
    def audit(
        self, frame: object, spec: TrainingSetSpec, *, spine: object | None = None
    ) -> "Result[FrameAudit, AuditError]":
        """A frame that was made without Foreset, held against the training set of its rows: what differs, and why.

        `frame` (polars, pandas or pyarrow, or the path of a Parquet or CSV file or of a Delta table) has the features
        of `spec` under the names that the training set has, or some of them. Each row's values are looked for among the
        rows of its key: some may be of a later event time, or written later, than the row. `spine` has the frame's
        rows, in its order; without one it is the frame's own columns that are no features. The training set is built
        and recorded. What each number means: docs/report.md.
        """
        return Result.do(
            told
            for known in self._catalog()
            for told in audit(frame, spec, spine, outside_frames(), self._adapters, known.catalog)
        )
