"""The training sets of a store: `store.training_sets`."""

from os import fspath
from pathlib import Path

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.event_log.history import receipts_of
from foreset.application.leakage.audit import AuditError, audit
from foreset.application.leakage.report import ReportError, report_of
from foreset.application.ports.engine import Progress
from foreset.application.retention.pin import PinError, Pinned, UnpinError, pin, pins, unpin
from foreset.application.training_sets.rebuild import load
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import Problem
from foreset.domain.errors.retrieval import RebuildError
from foreset.domain.event_log.pins import TrainingSetPinned, TrainingSetUnpinned
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.leakage.report import FrameAudit, LeakReport
from foreset.entrypoints.store.parts.part import StorePart
from foreset.entrypoints.store.report_page import report_page
from foreset.entrypoints.store.training_set import TrainingSet
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.build import outside_frames, report_looks
from foreset.entrypoints.wiring.unread import results_must_be_read


@results_must_be_read
@all_need_threads(but=("list", "pins"))
class StoredTrainingSets(StorePart):
    """Training sets that were retrieved: listed, loaded, reported, audited, pinned.

    `id` is an id, an unambiguous beginning of one, or a name: the newest set of that name; `NAME~1` is the one before
    it.
    """

    _called = "store.training_sets"

    @fitted_arguments
    def list(self, name: str | None = None) -> "Result[tuple[TrainingSetRetrieved, ...], StoreError]":
        """The receipts of the training sets, the newest first: all, or those of this name."""
        return receipts_of(self._adapters.events, name)

    @fitted_arguments
    def load(self, id: str, *, spine: object | None = None) -> "Result[TrainingSet, RebuildError]":  # noqa: A002  # the contract's name
        """A training set by its id or name, as `FeatureStore.rebuild` gives it, of which nothing is recorded.

        It is proved equal to the recorded fingerprint, or refused. `spine` is needed only where it was not kept.
        """
        return Result.do(
            TrainingSet(retrieval, self._store.reporter(known.catalog))
            for known in self._store.current()
            for retrieval in load(id, self._adapters, known.catalog, spine)
        )

    @fitted_arguments
    def report(
        self,
        id: str,  # noqa: A002  # the contract's name
        *,
        target: str | None = None,
        spine: object | None = None,
        progress: "Progress | None" = None,
    ) -> "Result[LeakReport, ReportError]":
        """The leaks, ages and gaps of a training set, by view and by column, and what is found, worst first.

        `target` is the column to be predicted: with it, columns that give it away are looked for. The set is built
        again, and its tables are read; nothing is recorded. `spine` is needed only where it was not kept.
        `progress(done, all)` is called after each view, and after each column that is compared with the target. What
        each number means: docs/report.md.
        """
        return Result.do(
            report
            for known in self._store.current()
            for report in report_of(id, report_looks(), self._adapters, known.catalog, target, spine, progress)
        )

    @fitted_arguments
    def report_page(self, report: LeakReport, path: Place) -> "Result[Path, Problem]":
        """Write a report of a training set as a page for a browser, and with it the plan, the lineage and the receipt.

        One HTML file, whole or not at all, which needs no network and no other file; gives its path.
        """
        return report_page(report, self._adapters, fspath(path), self._store.place, self._store.data_dir)

    @fitted_arguments
    def audit(
        self, frame: object, spec: TrainingSetSpec, *, spine: object | None = None
    ) -> "Result[FrameAudit, AuditError]":
        """A frame that was made without Foreset, compared with the training set of its rows: what differs, and why.

        `frame` (polars, pandas or pyarrow, or the path of a Parquet or CSV file or of a Delta table) has the features
        of `spec` under the names that the training set has, or some of them. Each row's values are looked for among the
        rows of its key: some may be of a later event time, or written later, than the row. `spine` has the frame's
        rows, in its order; without one it is the frame's own columns that are not features. The training set is built
        and recorded. What each number means: docs/report.md.
        """
        return Result.do(
            comparison
            for known in self._store.current()
            for comparison in audit(frame, spec, spine, outside_frames(), self._adapters, known.catalog)
        )

    @fitted_arguments
    def pin(self, id: str, *, spine: object | None = None) -> "Result[Pinned, PinError]":  # noqa: A002  # as above
        """Keep the rows and columns that served a training set, so that it can be rebuilt without its tables.

        It is proved before it is recorded. A set that has a whole pin keeps it. `spine` is needed only where the spine
        was not kept. What is kept is held in memory once.
        """
        return Result.do(
            pinned for known in self._store.current() for pinned in pin(id, self._adapters, known.catalog, spine)
        )

    @fitted_arguments
    def unpin(self, id: str, *, force: bool = False) -> "Result[TrainingSetUnpinned, UnpinError]":  # noqa: A002  # as above
        """Give up the pin of a training set, and delete what it keeps.

        Refused where the set could not be rebuilt without it, as far as the logs of its tables show, unless `force`.
        """
        return Result.do(
            done for known in self._store.current() for done in unpin(id, self._adapters, known.catalog, force=force)
        )

    def pins(self) -> "Result[tuple[TrainingSetPinned, ...], StoreError]":
        """The pins that there are: which frames they keep, of how many rows and bytes."""
        return pins(self._adapters)
