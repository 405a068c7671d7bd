"""A training set in the user's hands."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreset.application.retrieve import Retrieval
from foreset.domain.errors.problem import raised
from foreset.domain.errors.retrieval import OutputUnwritable
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.receipt import TrainingSetRetrieved

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa


class TrainingSet:
    """The rows of a spine with the features known at their times, and the receipt by which it can be rebuilt.

    The columns are the spine's, then the features in the order in which they were asked. Conversions are made when
    they are called.
    """

    def __init__(self, retrieval: Retrieval) -> None:
        """Wrap what a use case gave."""
        import polars as pl  # kept off the import of foreset

        self.receipt: TrainingSetRetrieved = retrieval.receipt
        """Spec, plan, versions, fingerprints: what is recorded of it."""
        frame = retrieval.frame
        self.frame: pl.DataFrame = frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame)
        """The rows, a polars frame."""

    @property
    def id(self) -> str:
        """The id by which `rebuild` finds it."""
        return self.receipt.id

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the feature columns."""
        spine = {column.name for column in self.receipt.plan.spine.columns}
        return tuple(name for name in self.frame.columns if name not in spine)

    def to_arrow(self) -> "pa.Table":  # pyright: ignore[reportUnknownParameterType]  # pyarrow has no stubs
        """As a pyarrow table, without a copy where types allow."""
        table: pa.Table = self.frame.to_arrow()
        return table

    def to_pandas(self) -> "pd.DataFrame":
        """As a pandas frame with a plain index; nulls as pandas has them (NaN, NaT, None)."""
        return self.frame.to_pandas()

    def to_numpy(self) -> "np.ndarray[Any, Any]":
        """The feature columns as an array of shape (rows, features); nulls are NaN."""
        return self.frame.select(self.features).to_numpy()

    def X_y(self, target: str) -> "tuple[pd.DataFrame, pd.Series[Any]]":  # the field's own name
        """The feature columns without the target, shape (rows, features), and the target, shape (rows,); pandas."""
        if target not in self.frame.columns:
            problem = f"the training set {self.id} has no column {target!r}"
            remedy = f"name one of {', '.join(self.frame.columns)}"
            raise raised(InvalidSpec(spec="X_y", problem=problem, remedy=remedy))
        names = [name for name in self.features if name != target]
        return self.frame.select(names).to_pandas(), self.frame[target].to_pandas()

    def write_parquet(self, path: str | Path) -> Path:
        """Write the rows to a Parquet file, whole or not at all; gives its path."""
        place = Path(path)
        partial = place.with_name(f"{place.name}.partial")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            self.frame.write_parquet(partial)
            partial.replace(place)
        except OSError as fault:
            with suppress(OSError):
                partial.unlink()
            raise raised(OutputUnwritable(path=str(place), problem=str(fault))) from fault
        return place

    def write_delta(self, path: str | Path) -> Path:
        """Write the rows to a new Delta table, or replace the rows of one; gives its folder."""
        from foreset.adapters.delta.tables import DeltaTables

        place = Path(path).absolute()
        DeltaTables(place.parent).write(str(place), self.frame, "overwrite", overwrite_schema=True).unwrap()
        return place

    def __repr__(self) -> str:
        """Its id, shape and versions."""
        versions = ", ".join(f"{table}@{version}" for table, version in self.receipt.versions.items())
        return f"TrainingSet({self.id}, {self.frame.height} rows, {len(self.features)} features, from {versions})"
