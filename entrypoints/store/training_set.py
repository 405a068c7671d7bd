"""A training set in the user's hands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.ports.engine import Progress, StoredFrame
from foreset.application.training_sets.retrieve import Retrieval
from foreset.domain.errors.problem import raised
from foreset.domain.errors.retrieval import ResultTooLarge
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.planning.explain import size
from foreset.domain.planning.measurements import Measured, beside
from foreset.entrypoints.store.feature_rows import FeatureRows
from foreset.entrypoints.store.outputs import delta_table, whole_file
from foreset.entrypoints.store.sources import of_receipt, spared
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.openings import Rebuilder, checked_store
from foreset.entrypoints.wiring.raising import given
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    import polars as pl
    from returns.result import Result

    from foreset.adapters.shared.frames.pandas_rows import PandasRows
    from foreset.application.diff.compare import DiffError
    from foreset.application.leakage.audit import AuditError
    from foreset.application.leakage.report import ReportError
    from foreset.application.retention.pin import PinError, Pinned
    from foreset.application.training_sets.models import RecordError
    from foreset.domain.definitions.models import ModelTrained
    from foreset.domain.diff.report import TrainingSetDiff
    from foreset.domain.leakage.report import FrameAudit, LeakReport
    from foreset.entrypoints.store.reports import OwnStore, Reporter
    from foreset.entrypoints.store.training_set_part import TrainingSetPart


@results_must_be_read
@all_need_threads(but=("explain", "features", "id", "keys", "name"))
class TrainingSet(FeatureRows):
    """The rows of a spine with the features known at their times, and the receipt by which it can be rebuilt.

    The columns are the spine's, then the features in the order in which they were asked.
    """

    def __init__(self, retrieval: Retrieval, reporter: "Reporter | None" = None) -> None:
        """Wrap what a use case gave; `reporter` is the store that it is from."""
        self._retrieval = retrieval
        self._reporter = reporter
        self.receipt: TrainingSetRetrieved = retrieval.receipt
        """Spec, plan, versions, fingerprints: what is recorded of it."""
        self.measured: Measured = retrieval.measured
        """What it took: files, bytes, rows, memory, seconds."""
        self.rebuilt_from_pin: bool = retrieval.pinned
        """Whether it was built again from its pin, in place of the tables."""
        self.why_from_pin: str | None = retrieval.why
        """Why the tables did not serve, where it was built again from its pin for that."""
        self._plan = retrieval.plan
        self._frame = retrieval.frame

    @cached_property
    def frame(self) -> "pl.DataFrame":
        """The rows, a polars frame.

        Raises `CallerError` (`ResultTooLarge`) where they lie in a file because they do not fit in memory: `batches`
        and the `write_...` methods go through them part by part.
        """
        from foreset.adapters.shared.frames.arrow_types import polars_frame  # kept off the import of foreset

        if not isinstance(self._frame, StoredFrame):
            return polars_frame(self._frame)
        budget = self._plan.result.how.budget_bytes if self._plan.result.how else 0
        needs = size(self.measured.result_bytes)
        raise raised(ResultTooLarge(id=self.id, needs=needs, budget=size(budget)))

    def batches(self) -> "Iterator[pl.DataFrame]":
        """The rows part by part, as polars frames: one where they are in memory."""
        import polars as pl  # kept off the import of foreset

        if not isinstance(self._frame, StoredFrame):
            return iter([self.frame])
        return (pl.DataFrame(batch) for batch in self._frame.batches())

    def explain(self) -> str:
        """The plan that was run, and what it took compared with what it was expected to take."""
        return f"{self._plan.explain()}\n\n{beside(self._plan, self.measured)}"

    @fitted_arguments
    def report(
        self, target: str | None = None, *, progress: "Progress | None" = None
    ) -> "Result[LeakReport, ReportError]":
        """Its leaks, ages and gaps, by view and by column; `target` is the column to be predicted.

        The tables are read again, at its versions. `progress(done, all)` is called after each view, and after each
        column that is compared with the target. What each number means: docs/report.md.
        """
        return self._origin.report(self._retrieval, target, progress)

    def audit(self, frame: object) -> "Result[FrameAudit, AuditError]":
        """A frame of the same rows that was made without Foreset, compared with this set: what differs, and why.

        `frame` has the rows in this order, and features under these names; see `store.training_sets.audit`.
        """
        return self._origin.audit(self._retrieval, frame)

    @fitted_arguments
    def diff(self, other: "TrainingSet | str", *, examples: int = 5) -> "Result[TrainingSetDiff, DiffError]":
        """What differs from this set to another one of its store, and why; see `FeatureStore.diff`."""
        return self._store.diff(self.id, other if isinstance(other, str) else other.id, examples=examples)

    def pin(self) -> "Result[Pinned, PinError]":
        """Keep the rows and columns that served it, so that it can be rebuilt without its tables."""
        return self._store.training_sets.pin(self.id)

    @fitted_arguments
    def record_model(
        self,
        model: object,
        *,
        metrics: Mapping[str, Any] | None = None,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> "Result[ModelTrained, RecordError]":
        """Record that a model was trained on this set, by whatever code; see `store.models.record`."""
        return self._store.models.record(self, model, metrics=metrics, name=name, params=params)

    @property
    def _origin(self) -> "Reporter":
        assert self._reporter is not None  # noqa: S101  # stores give it
        return self._reporter

    @property
    def _store(self) -> "OwnStore":
        store = self._origin.store
        assert store is not None  # noqa: S101  # as above
        return store

    @property
    def id(self) -> str:
        """The id by which `rebuild` finds it."""
        return self.receipt.id

    @property
    def name(self) -> str | None:
        """The name of its spec, by which the newest set of that name is found; None where it has none."""
        return self.receipt.spec.name

    def with_notes(self, rows: "pl.DataFrame") -> "pl.DataFrame | PandasRows":
        """Rows of this set with what is noted of the types of a pandas spine."""
        from foreset.adapters.shared.frames.pandas_rows import noted, types_of  # kept off the import of foreset

        return noted(rows, types_of(self._frame))

    @property
    def times(self) -> "pl.Series":
        """The time of each row, for which its features are known; the spine's time column, as it was given."""
        name = self.receipt.plan.spine.time
        return self.lazy().select(name).collect()[name] if isinstance(self._frame, StoredFrame) else self.frame[name]

    def lazy(self) -> "pl.LazyFrame":
        """The rows as a polars LazyFrame, also where they do not fit in memory: then they are read part by part."""
        if not isinstance(self._frame, StoredFrame):
            return self.frame.lazy()
        from foreset.adapters.shared.frames.lazy_batches import lazy_frame  # kept off the import of foreset

        return lazy_frame(self._frame)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows for every library that takes Arrow streams, part by part where they do not fit in memory."""
        if isinstance(self._frame, StoredFrame):
            return self._frame.__arrow_c_stream__(requested_schema)
        return super().__arrow_c_stream__(requested_schema)

    @fitted_arguments
    def split(
        self,
        at: datetime | str | None = None,
        *,
        by: str | Sequence[str] | None = None,
        test_size: float = 0.25,
        seed: int = 0,
    ) -> "tuple[TrainingSetPart, TrainingSetPart]":
        """The rows to train on and the rows to test on, each in the set's order.

        - `at`: a time (UTC where it has no zone): rows before it train, rows at or after it test.
        - `by`: columns that name a group, such as the customer: a group is never on both sides. About `test_size` of
          the groups, chosen by `seed`, test; the same groups and seed give the same sides.
        - Neither: the latest rows test, at least `test_size` of them where rows of one time allow; those stay together.

        Raises `CallerError` (`InvalidSpec`) for columns that are not there, both `at` and `by`, a share that is not
        between 0 and 1, and a side that would be empty.
        """
        from foreset.entrypoints.store.training_set_part import parts_of

        return parts_of(self, at, by, test_size, seed)

    @fitted_arguments
    def write_parquet(self, path: Place, *, overwrite: bool = False) -> Path:
        """Write the rows to a Parquet file, whole or not at all; gives its path.

        Raises `CallerError` (`OutputIsSource`) for a place that this training set was read from, its tables and its
        spine, unless `overwrite` is given.
        """
        self._spare(path, overwrite=overwrite)
        stored = self._frame
        return whole_file(path, stored.copy_to if isinstance(stored, StoredFrame) else self.frame.write_parquet)

    @fitted_arguments
    def write_delta(self, path: Place, *, overwrite: bool = False) -> Path:
        """Write the rows to a new Delta table, or replace the rows of one; gives its folder.

        Raises `CallerError` (`OutputIsSource`) for a place that this training set was read from, its tables and its
        spine, unless `overwrite` is given.
        """
        self._spare(path, overwrite=overwrite)
        if not isinstance(self._frame, StoredFrame):
            return delta_table(path, self.frame)
        from foreset.adapters.delta.tables import DeltaTables

        place = Path(path).absolute()
        DeltaTables(place.parent).replace(str(place), self._frame).unwrap()
        return place

    def _spare(self, path: str | PathLike[str], *, overwrite: bool) -> None:
        """Raise where a place that this set was read from would be replaced unasked."""
        if self._reporter is not None:
            sources = of_receipt(self.receipt, self._reporter.adapters.tables)
            given(spared(path, sources, overwrite=overwrite))

    def __reduce__(self) -> "tuple[Callable[[Rebuilder, str], TrainingSet], tuple[Rebuilder, str]]":
        """How it is pickled: by its store's place and its id. It is rebuilt where it is unpickled, which is recorded.

        Raises `CallerError` (`NotPickled`) for a set whose store cannot be pickled, or whose spine was not kept.
        """
        store = self._reporter.store if self._reporter is not None else None
        return _rebuilt, (checked_store(store, self.receipt), self.id)

    def __copy__(self) -> "TrainingSet":
        """Another one over the same rows."""
        return TrainingSet(self._retrieval, self._reporter)

    def __deepcopy__(self, memo: dict[int, Any]) -> "TrainingSet":
        """Another one, whose `frame` can be changed in place without changing this one's."""
        copied = TrainingSet(self._retrieval, self._reporter)
        if not isinstance(self._frame, StoredFrame):
            copied.frame = self.frame.clone()
        return copied

    def __repr__(self) -> str:
        """Its id, shape and versions."""
        versions = ", ".join(f"{table}@{version}" for table, version in self.receipt.versions.items())
        return f"TrainingSet({self.id}, {self.receipt.rows} rows, {len(self.features)} features, from {versions})"


def _rebuilt(store: Rebuilder, identifier: str) -> TrainingSet:
    """A training set in another process. Raises `ForesetError` where it cannot be rebuilt."""
    made: TrainingSet = given(store.rebuild(identifier))
    return made
