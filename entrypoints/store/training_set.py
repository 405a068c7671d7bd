"""A training set in the user's hands."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.ports.engine import Progress, StoredFrame
from foreset.application.training_sets.retrieve import Retrieval
from foreset.domain.errors.problem import raised, told
from foreset.domain.errors.retrieval import ResultTooLarge
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.planning.explain import size
from foreset.domain.planning.measurements import Measured, beside
from foreset.entrypoints.store.outputs import delta_table, whole_file
from foreset.entrypoints.store.sources import of_receipt, spared
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.openings import Rebuilder, checked_store
from foreset.entrypoints.wiring.raising import given, reject
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from returns.result import Result

    from foreset.adapters.shared.frames.pandas_rows import PandasRows
    from foreset.application.leakage.audit import AuditError
    from foreset.application.leakage.report import ReportError
    from foreset.domain.leakage.report import FrameAudit, LeakReport
    from foreset.entrypoints.store.reports import Reporter


@results_must_be_read
@all_need_threads(but=("explain", "features", "id"))
class TrainingSet:
    """The rows of a spine with the features known at their times, and the receipt by which it can be rebuilt.

    The columns are the spine's, then the features in the order in which they were asked. Conversions are made when
    they are called.
    """

    def __init__(self, retrieval: Retrieval, reporter: "Reporter | None" = None) -> None:
        """Wrap what a use case gave; `reporter` tells of it, where somebody may ask."""
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
        """The plan that was run, and what it took beside what it was expected to take."""
        return f"{self._plan.explain()}\n\n{beside(self._plan, self.measured)}"

    @fitted_arguments
    def report(
        self, target: str | None = None, *, progress: "Progress | None" = None
    ) -> "Result[LeakReport, ReportError]":
        """What it tells of leaks, ages and gaps, by view and by column; `target` is the column to be predicted.

        The tables are read again, at its versions. `progress(done, all)` is called after each view, and after each
        column that is looked at for the target. What each number means: docs/report.md.
        """
        return self._told_by.report(self._retrieval, target, progress)

    def audit(self, frame: object) -> "Result[FrameAudit, AuditError]":
        """A frame of the same rows that was made without Foreset, held against this set: what differs, and why.

        `frame` has the rows in this order, and features under these names; more of it: `FeatureStore.audit`.
        """
        return self._told_by.audit(self._retrieval, frame)

    @property
    def _told_by(self) -> "Reporter":
        assert self._reporter is not None  # noqa: S101  # stores give it
        return self._reporter

    @property
    def id(self) -> str:
        """The id by which `rebuild` finds it."""
        return self.receipt.id

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the feature columns."""
        spine = {column.name for column in self.receipt.plan.spine.columns}
        return tuple(name for name in self.receipt.columns if name not in spine)

    def to_arrow(self) -> "pa.Table":  # pyright: ignore[reportUnknownParameterType]  # pyarrow has no stubs
        """As a pyarrow table, without a copy where types allow.

        Raises `CallerError` for what pyarrow has no type for: 128-bit numbers, and arrays of length 0.
        """
        return arrow_of(self.frame)

    def to_pandas(self) -> "pd.DataFrame":
        """As a pandas frame with a plain index, a copy in which every digit and tick is kept.

        Columns of a pandas spine have the types that they had there, categories in their order included. Of others,
        whole numbers and booleans with nulls have pandas' nullable types (Int64, boolean); which type becomes which:
        docs/retrieval.md. Raises `CallerError` for a time of day with nanoseconds, which Python has not.
        """
        from foreset.adapters.shared.interchange.to_pandas import pandas_frame  # kept off the import of foreset

        return pandas_frame(self._rows)

    def to_numpy(self) -> "np.ndarray[Any, Any]":
        """The feature columns as an array of shape (rows, features).

        Of numbers and booleans it has numpy's common type, where whole numbers or booleans have nulls float64 with NaN;
        of columns of one type of time datetime64 or timedelta64, in UTC, with NaT. Every other mixture, and texts,
        decimals and nested columns, is an array of objects: Python's own values, None for null.

        Raises `CallerError` (`ValueNotHeld`) for a whole number that float64, as the common type, would round.
        """
        from foreset.adapters.shared.interchange.to_numpy import numpy_array  # kept off the import of foreset

        return numpy_array(self.frame.select(self.features), "to_numpy")

    @fitted_arguments
    def X_y(self, target: str) -> "tuple[pd.DataFrame, pd.Series[Any]]":  # the field's own name
        """The feature columns without the target, shape (rows, features), and the target, shape (rows,); pandas.

        Numbers and booleans are numpy's own, as estimators need them: with nulls they are float64 with NaN, which is
        exact for every number that is given. Categories and all other types are those of `to_pandas`.

        Raises `CallerError` (`ValueNotHeld`) for a whole number in a column with nulls that float64 would round.
        """
        names = [name for name in self.features if name != target]
        return self.columns_for(names, target, "X_y")

    @fitted_arguments
    def columns_for(self, features: Sequence[str], target: str, call: str) -> "tuple[pd.DataFrame, pd.Series[Any]]":
        """Some columns, shape (rows, features), and another, shape (rows,), as `X_y` has them; errors name `call`."""
        from foreset.adapters.shared.interchange.to_pandas import features_and_target  # kept off the import of foreset

        for name in (target, *features):
            if name not in self.receipt.columns:
                problem = f"the training set {self.id} has no column {name!r}"
                reject(call, problem, f"name one of {', '.join(self.receipt.columns)}")
        return features_and_target(self._rows, features, target, call)

    @property
    def _rows(self) -> "pl.DataFrame | PandasRows":
        """The rows, with what is noted of the types of a pandas spine."""
        from foreset.adapters.shared.frames.pandas_rows import noted, types_of

        return noted(self.frame, types_of(self._frame))

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


def arrow_of(frame: "pl.DataFrame") -> "pa.Table":  # pyright: ignore[reportUnknownParameterType]  # pyarrow has no stubs
    """A frame as a pyarrow table. Raises `CallerError` for a type that pyarrow does not have."""
    import pyarrow as pa

    try:
        table: pa.Table = frame.to_arrow()
    except pa.ArrowException as fault:
        problem = f"pyarrow has no type for a column ({told(fault)})"
        reject("to_arrow", problem, "take the polars frame (.frame), or cast the column before", fault)
    return table


def _rebuilt(store: Rebuilder, identifier: str) -> TrainingSet:
    """A training set in another process. Raises `ForesetError` where it cannot be rebuilt."""
    made: TrainingSet = given(store.rebuild(identifier))
    return made
