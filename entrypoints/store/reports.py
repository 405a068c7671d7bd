"""What a training set asks of the store that it is from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from returns.result import Result

from foreset.application.leakage.audit import AuditError, audit_of
from foreset.application.leakage.report import ReportError, report
from foreset.application.ports.engine import Adapters, Progress
from foreset.application.training_sets.retrieve import Retrieval
from foreset.domain.definitions.registry import Catalog
from foreset.domain.leakage.report import FrameAudit, LeakReport
from foreset.entrypoints.wiring.build import outside_frames, report_looks
from foreset.entrypoints.wiring.openings import Rebuilder

if TYPE_CHECKING:
    from foreset.application.diff.compare import DiffError
    from foreset.domain.diff.report import TrainingSetDiff
    from foreset.entrypoints.store.parts.models import StoreModels
    from foreset.entrypoints.store.parts.training_sets import StoredTrainingSets


class OwnStore(Rebuilder, Protocol):
    """What a training set asks of the store that it is from: see `FeatureStore`."""

    @property
    def training_sets(self) -> "StoredTrainingSets":
        """Training sets that were retrieved."""
        ...

    @property
    def models(self) -> "StoreModels":
        """Models that were trained."""
        ...

    def diff(self, a: str, b: str, *, examples: int = 5) -> "Result[TrainingSetDiff, DiffError]":
        """What differs from one training set to another."""
        ...


@dataclass(frozen=True)
class Reporter:
    """The adapters, the catalog and the store that a training set was made with."""

    adapters: Adapters
    catalog: Catalog
    store: OwnStore | None = None

    def report(
        self, retrieval: Retrieval, target: str | None, progress: Progress | None
    ) -> "Result[LeakReport, ReportError]":
        """The report of a training set."""
        return report(retrieval, report_looks(), self.adapters, self.catalog, target, progress)

    def audit(self, retrieval: Retrieval, frame: object) -> "Result[FrameAudit, AuditError]":
        """A frame of the same rows compared with a training set."""
        return audit_of(retrieval, frame, report_looks().rows, outside_frames(), self.adapters)
