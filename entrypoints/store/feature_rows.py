"""Rows of a training set in the forms that libraries take."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

from foreset.domain.errors.problem import told
from foreset.domain.safe_text.notebooks import card
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.raising import reject

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from foreset.adapters.shared.frames.pandas_rows import PandasRows
    from foreset.domain.event_log.receipts import TrainingSetRetrieved

_SHOWN = 5
"""So many rows are shown in notebooks."""
Form = Literal["pandas", "polars", "numpy"]
"""The libraries whose frames `X_y` gives."""


class FeatureRows:
    """Rows with feature columns, and their conversions, which are made when they are called."""

    receipt: "TrainingSetRetrieved"

    @cached_property
    def frame(self) -> "pl.DataFrame":
        """The rows, a polars frame."""
        raise NotImplementedError

    def with_notes(self, rows: "pl.DataFrame") -> "pl.DataFrame | PandasRows":
        """Rows of this set with what is noted of the types of a pandas spine."""
        raise NotImplementedError

    @property
    def _noted(self) -> "pl.DataFrame | PandasRows":
        return self.with_notes(self.frame)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the feature columns."""
        spine = {column.name for column in self.receipt.plan.spine.columns}
        return tuple(name for name in self.receipt.columns if name not in spine)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the spine columns that are join keys of its views."""
        spine = {column.name for column in self.receipt.plan.spine.columns}
        joined = (key.spine for _, match, _ in self.receipt.plan.gathers for key in match.keys)
        return tuple(dict.fromkeys(name for name in joined if name in spine))

    @property
    def times(self) -> "pl.Series":
        """The time of each row, for which its features are known; the spine's time column, as it was given."""
        return self.frame[self.receipt.plan.spine.time]

    def lazy(self) -> "pl.LazyFrame":
        """The rows as a polars LazyFrame."""
        return self.frame.lazy()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows for every library that takes Arrow streams, such as DuckDB, pyarrow and polars, as `to_arrow`."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

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

        return pandas_frame(self._noted)

    def to_numpy(self) -> "np.ndarray[Any, Any]":
        """The feature columns as an array of shape (rows, features).

        Of numbers and booleans it has numpy's common type, where whole numbers or booleans have nulls float64 with NaN;
        of columns of one type of time datetime64 or timedelta64, in UTC, with NaT. Every other mixture, and texts,
        decimals and nested columns, is an array of objects: Python's own values, None for null.

        Raises `CallerError` (`ValueNotHeld`) for a whole number that float64, as the common type, would round.
        """
        from foreset.adapters.shared.interchange.to_numpy import numpy_array  # kept off the import of foreset

        return numpy_array(self.frame.select(self.features), "to_numpy")

    @overload
    def X_y(self, target: str, *, as_: Literal["pandas"] = "pandas") -> "tuple[pd.DataFrame, pd.Series[Any]]": ...
    @overload
    def X_y(self, target: str, *, as_: Literal["polars"]) -> "tuple[pl.DataFrame, pl.Series]": ...
    @overload
    def X_y(self, target: str, *, as_: Literal["numpy"]) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]": ...

    @fitted_arguments
    def X_y(self, target: str, *, as_: Form = "pandas") -> tuple[Any, Any]:  # the field's own name
        """The feature columns without the target, shape (rows, features), and the target, shape (rows,).

        In pandas, numbers and booleans are numpy's own, as estimators need them: with nulls they are float64 with NaN,
        which is exact for every number that is given. Categories and all other types are those of `to_pandas`. In
        polars the columns are as they are; in numpy both are arrays as `to_numpy` gives them.

        Raises `CallerError` (`ValueNotHeld`) for a whole number that float64 would round, and (`InvalidSpec`) for a
        target that is not a column, or another `as_`.
        """
        self._require(target, "X_y")
        names = [name for name in self.features if name != target]
        if as_ == "pandas":
            return self.columns_for(names, target, "X_y")
        if as_ == "polars":
            return self.frame.select(names), self.frame[target]
        from foreset.adapters.shared.interchange.to_numpy import numpy_array  # kept off the import of foreset

        X, y = self.frame.select(names), self.frame.select(target)  # the field's own name
        return numpy_array(X, "X_y"), numpy_array(y, "X_y").reshape(-1)

    @fitted_arguments
    def columns_for(self, features: Sequence[str], target: str, call: str) -> "tuple[pd.DataFrame, pd.Series[Any]]":
        """Some columns, shape (rows, features), and another, shape (rows,), as `X_y` has them; errors name `call`."""
        from foreset.adapters.shared.interchange.to_pandas import features_and_target  # kept off the import of foreset

        for name in (target, *features):
            self._require(name, call)
        return features_and_target(self._noted, features, target, call)

    def _require(self, name: str, call: str) -> None:
        if name not in self.receipt.columns:
            problem = f"the training set {self.receipt.id} has no column {name!r}"
            reject(call, problem, f"name one of {', '.join(self.receipt.columns)}")

    def _repr_html_(self) -> str:
        """Its first rows and its facts, for notebooks."""
        receipt = self.receipt
        facts = [
            ("name", receipt.spec.name),
            ("rows", f"{receipt.rows:,}"),
            ("features", ", ".join(self.features)),
            ("tables", ", ".join(f"{table}@{version}" for table, version in receipt.versions.items())),
        ]
        return card(repr(self), facts, body=_as_html(self.lazy().head(_SHOWN).collect()))


def _as_html(frame: Any) -> str:
    html: str = frame._repr_html_()  # as notebooks ask it
    return html


def arrow_of(frame: "pl.DataFrame") -> "pa.Table":  # pyright: ignore[reportUnknownParameterType]  # pyarrow has no stubs
    """A frame as a pyarrow table. Raises `CallerError` for a type that pyarrow does not have."""
    import pyarrow as pa

    try:
        table: pa.Table = frame.to_arrow()
    except pa.ArrowException as fault:
        problem = f"pyarrow has no type for a column ({told(fault)})"
        reject("to_arrow", problem, "take the polars frame (.frame), or cast the column before", fault)
    return table
