"""A training set in the user's hands."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreset.application.ports import StoredFrame
from foreset.application.retrieve import Retrieval
from foreset.domain.errors.problem import raised
from foreset.domain.errors.retrieval import ResultTooLarge
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.explaining import size
from foreset.domain.measured import Measured, beside
from foreset.domain.receipt import TrainingSetRetrieved
from foreset.entrypoints.outputs import delta_table, whole_file

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from returns.result import Result

    from foreset.application.audit import AuditError
    from foreset.application.report import ReportError
    from foreset.domain.leak_report import FrameAudit, LeakReport
    from foreset.entrypoints.reports import Reporter


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
        import polars as pl  # kept off the import of foreset

        if not isinstance(self._frame, StoredFrame):
            return self._frame if isinstance(self._frame, pl.DataFrame) else pl.DataFrame(self._frame)
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

    def report(self, target: str | None = None) -> "Result[LeakReport, ReportError]":
        """What it tells of leaks, ages and gaps, by view and by column; `target` is the column to be predicted.

        The tables are read again, at its versions. What each number means: docs/report.md.
        """
        return self._told_by.report(self._retrieval, target)

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
        """As a pyarrow table, without a copy where types allow."""
        table: pa.Table = self.frame.to_arrow()
        return table

    def to_pandas(self) -> "pd.DataFrame":
        """As a pandas frame with a plain index, a copy; nulls as pandas has them (NaN, NaT, None)."""
        return self.frame.to_pandas()

    def to_numpy(self) -> "np.ndarray[Any, Any]":
        """The feature columns as an array of shape (rows, features); nulls are NaN."""
        return self.frame.select(self.features).to_numpy()

    def X_y(self, target: str) -> "tuple[pd.DataFrame, pd.Series[Any]]":  # the field's own name
        """The feature columns without the target, shape (rows, features), and the target, shape (rows,); pandas."""
        if target not in self.receipt.columns:
            problem = f"the training set {self.id} has no column {target!r}"
            remedy = f"name one of {', '.join(self.receipt.columns)}"
            raise raised(InvalidSpec(spec="X_y", problem=problem, remedy=remedy))
        names = [name for name in self.features if name != target]
        return self.frame[names].to_pandas(), self.frame[target].to_pandas()

    def write_parquet(self, path: str | Path) -> Path:
        """Write the rows to a Parquet file, whole or not at all; gives its path."""
        stored = self._frame
        return whole_file(path, stored.copy_to if isinstance(stored, StoredFrame) else self.frame.write_parquet)

    def write_delta(self, path: str | Path) -> Path:
        """Write the rows to a new Delta table, or replace the rows of one; gives its folder."""
        if not isinstance(self._frame, StoredFrame):
            return delta_table(path, self.frame)
        from foreset.adapters.delta.tables import DeltaTables

        place = Path(path).absolute()
        DeltaTables(place.parent).replace(str(place), self._frame).unwrap()
        return place

    def __repr__(self) -> str:
        """Its id, shape and versions."""
        versions = ", ".join(f"{table}@{version}" for table, version in self.receipt.versions.items())
        return f"TrainingSet({self.id}, {self.receipt.rows} rows, {len(self.features)} features, from {versions})"
