"""Views in Feast's online store: loaded, read, and compared with their tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from returns.result import Result, Success

from foreset.application.feast.publish import publish
from foreset.application.online.check_online import check_online
from foreset.application.online.materialize import Online, materialize
from foreset.application.online.read_online import Asked, read_online
from foreset.domain.definitions.field_types import plain_value, shown
from foreset.domain.errors.online import MaterializeError, NotServedOnline, OnlineError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import PlanError
from foreset.domain.online.loading import OF_DIFFERENCES, OnlineCheck, ViewMaterialized
from foreset.entrypoints.store.frames import given_frame
from foreset.entrypoints.wiring.build import feast_online, table_keys
from foreset.entrypoints.wiring.raising import reject

if TYPE_CHECKING:
    import pandas as pd

    from foreset.adapters.feast.repository.registry import FeastRegistry
    from foreset.entrypoints.store.parts.part import WholeStore

EntityRows = Any
"""A list of rows, each a mapping of column to value; a mapping of column to values; or a frame."""


class OnlineFeatures:
    """Rows of keys with the values that an online store has for them."""

    def __init__(self, columns: Mapping[str, list[Any]]) -> None:
        """Hold columns of one length."""
        self._columns = dict(columns)

    def to_dict(self) -> dict[str, list[Any]]:
        """Each column's values, None for null."""
        return {name: list(values) for name, values in self._columns.items()}

    def to_df(self) -> "pd.DataFrame":
        """As a pandas frame; whole numbers and booleans with nulls are nullable (Int64, boolean): every digit stays."""
        from foreset.adapters.shared.interchange.to_pandas import frame_of_values  # kept off the import of foreset

        return frame_of_values(self._columns)


class OnlineViews:
    """The views of a store, in the online store of a Feast repository. The registry is brought up to date before."""

    def __init__(self, store: "WholeStore", registry: "FeastRegistry") -> None:
        """Serve the views of `store` by the repository of `registry`."""
        self._store = store
        self._registry = registry
        self._served_by = feast_online(registry)
        self._online = Online(self._served_by, table_keys())

    def materialize(
        self, views: Iterable[str] | None = None, *, full: bool = False
    ) -> Result[tuple[ViewMaterialized, ...], MaterializeError]:
        """Load views, one after another: all that Feast serves online, where none is named.

        Where one fails, those before it are loaded and recorded.
        """
        return Result.do(
            done
            for _ in publish(self._store.adapters.events, self._registry)
            for catalog in self._store.catalog()
            for done in self._each(catalog, views, full=full)
        )

    def _each(
        self, catalog: Any, views: Iterable[str] | None, *, full: bool
    ) -> Result[tuple[ViewMaterialized, ...], MaterializeError]:
        found: list[ViewMaterialized] = []
        for name in dict.fromkeys(catalog.views if views is None else views):
            done = materialize(name, self._store.adapters, self._online, catalog, full=full)
            if isinstance(done, Success):
                found.append(done.unwrap())
            elif views is not None or not isinstance(done.failure(), NotServedOnline):
                return refuse(done.failure())
        return Success(tuple(found))

    def check(self, view: str, *, limit: int = OF_DIFFERENCES) -> Result[OnlineCheck, MaterializeError]:
        """Compare the online values of a view with those that serve now."""
        return Result.do(
            checked
            for _ in publish(self._store.adapters.events, self._registry)
            for catalog in self._store.catalog()
            for checked in check_online(view, self._store.adapters, self._online, catalog, limit=limit)
        )

    def read(
        self, features: Sequence[str], entity_rows: EntityRows, *, full_feature_names: bool = False
    ) -> Result[OnlineFeatures, OnlineError | PlanError]:
        """The values that the online store has for some rows of keys."""
        asked = Asked(features, columns_of(entity_rows), full_feature_names)
        now = self._store.adapters.clock.now()
        return Result.do(
            OnlineFeatures(columns)
            for catalog in self._store.catalog()
            for columns in read_online(asked, self._online.store, catalog, now)
        )

    def close(self) -> None:
        """Let go of the online store's connection."""
        self._served_by.close()


def columns_of(rows: EntityRows) -> dict[str, list[Any]]:
    """Rows of keys as columns. Raises `ForesetError` for what is no such rows."""
    if isinstance(rows, Mapping):
        columns = {str(name): _column(name, values) for name, values in rows.items()}
        if len({len(values) for values in columns.values()}) > 1:
            reject("entity_rows", "its columns are not of one length", "give each column a value for each row")
        return columns
    if isinstance(rows, (list, tuple)):
        names = list(rows[0]) if rows and isinstance(rows[0], Mapping) else []
        if any(not isinstance(row, Mapping) or list(row) != names for row in rows):
            problem = "its rows are not all mappings with the same names"
            reject("entity_rows", problem, "give each row the same join keys, such as [{'k': 1}, {'k': 2}]")
        return {str(name): [plain_value(row[name]) for row in rows] for name in names}
    return given_frame(rows, "entity_rows").to_dict(as_series=False)


def _column(name: object, values: Any) -> list[Any]:
    """The values of a column; a single value, texts included, is not taken for a list of its parts."""
    single = isinstance(values, (str, bytes, bytearray, Mapping, type))
    try:
        if single:
            raise TypeError  # noqa: TRY301  # as what has no items
        return [plain_value(value) for value in values]
    except TypeError:
        problem = f"its column {shown(name)} is {shown(values)}, which is not a list"
        reject("entity_rows", problem, "give each column a list with a value for each row: {'k': [1, 2]}")
