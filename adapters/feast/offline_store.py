"""Foreset as an offline store of Feast: historical features by Foreset's planner and engine, over Delta tables.

In feature_store.yaml: `offline_store: {type: foreset.adapters.feast.offline_store.DeltaOfflineStore}`. Feast asks for
the class and its configuration in one module, by these names.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import pandas as pd
from feast import FeatureView, OnDemandFeatureView
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalJob, RetrievalMetadata
from feast.infra.registry.base_registry import BaseRegistry
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from pydantic import StrictStr

from foreset.adapters.feast.convert import source_of, source_path
from foreset.adapters.feast.dtypes import dtype_of
from foreset.domain.errors.feast import FeastNotSupported, FeastObjectRefused
from foreset.domain.errors.problem import raised
from foreset.domain.errors.specs import InvalidSpec, UnknownView
from foreset.domain.spec import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec, TrainingSetSpec

TIME: Final = "event_timestamp"
ENGINE: Final = "foreset.entrypoints.feast_engine"
"""Where the engine is put together. Feast makes this class by its name, so nobody can hand it one."""


class DeltaOfflineStoreConfig(FeastConfigBaseModel):
    """The configuration in feature_store.yaml: the type alone."""

    type: StrictStr = f"{__name__}.DeltaOfflineStore"


class DeltaRetrievalJob(RetrievalJob):
    """A retrieval that runs when its result is asked for, once."""

    def __init__(
        self,
        run: Callable[[], Any],
        metadata: RetrievalMetadata,
        on_demand: list[OnDemandFeatureView],
        *,
        full_feature_names: bool,
    ) -> None:
        """Keep what is to be run."""
        self._run = run
        self._table: Any = None
        self._metadata = metadata
        self._on_demand = on_demand
        self._full_feature_names = full_feature_names

    def _to_arrow_internal(self, timeout: int | None = None) -> Any:  # a pyarrow table, without stubs
        if timeout is not None:
            _refuse("a timeout", "leave it out; retrieval runs in this process")
        if self._table is None:
            self._table = self._run()
        return self._table

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        frame: pd.DataFrame = self._to_arrow_internal(timeout).to_pandas()
        return frame

    @property
    def full_feature_names(self) -> bool:
        """Whether features are named view__feature."""
        return self._full_feature_names

    @property
    def on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        """The on-demand views that Feast computes on the result."""
        return self._on_demand

    @property
    def metadata(self) -> RetrievalMetadata:
        """What was asked."""
        return self._metadata

    def persist(self, *_: Any, **__: Any) -> NoReturn:  # Feast's, refused as a whole
        """Saved datasets are not supported."""
        _refuse("saved datasets", "use FeatureStore.training_set(...), which records and keeps its sets")


class DeltaOfflineStore(OfflineStore):
    """Historical features for a pandas entity frame. Every row comes back, in its order, with what was known then."""

    supports_filter_by_created_timestamp = True

    @staticmethod
    def get_historical_features(  # noqa: PLR0913, PLR0917  # Feast's signature
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: pd.DataFrame | str | None,
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,  # noqa: FBT001, FBT002  # Feast's signature
        filter_by_created_timestamp: bool = False,  # noqa: FBT001, FBT002  # Feast's own signature
        **_: Any,  # dates, which say nothing more when there is an entity frame
    ) -> RetrievalJob:
        """A job that gives the rows of `entity_df` with the features."""
        if not isinstance(entity_df, pd.DataFrame):
            kind = "retrieval without an entity_df" if entity_df is None else "an entity_df that is no pandas frame"
            _refuse(kind, "give a pandas frame with the join keys and event_timestamp")
        time = _time_column(entity_df)
        on_demand = OnDemandFeatureView.get_requested_odfvs(feature_refs, project, registry)
        references = [reference.replace("@latest:", ":") for reference in feature_refs]
        asked = [(view, names) for view in feature_views if (names := _asked(_feast_name(view), references))]
        _check_known(references, [*(_feast_name(view) for view in feature_views), *(v.name for v in on_demand)])
        repo = Path(config.repo_path or ".").absolute()
        specs = [spec for view, _names in asked for spec in _specs(view, repo)]
        features = [ref for view, names in asked for ref in _references(view, names, full=full_feature_names)]
        known_at = "event_time" if filter_by_created_timestamp else None
        training_set = TrainingSetSpec(features, timestamp_field=time, known_at=cast("Any", known_at))
        keys = [name for name in entity_df.columns if name != time]
        return DeltaRetrievalJob(
            lambda: import_module(ENGINE).run(specs, training_set, entity_df),
            RetrievalMetadata(feature_refs, keys, _moment(entity_df[time].min()), _moment(entity_df[time].max())),
            on_demand,
            full_feature_names=full_feature_names,
        )

    @staticmethod
    def pull_latest_from_table_or_query(*_: Any, **__: Any) -> NoReturn:  # Feast's, refused as a whole
        """Materialisation is not supported."""
        _refuse("materialisation to an online store", "materialise with a repository on another offline store")

    @staticmethod
    def pull_all_from_table_or_query(*_: Any, **__: Any) -> NoReturn:  # Feast's, refused as a whole
        """Materialisation is not supported."""
        _refuse("reading whole sources for Feast", "use read_delta_table(...), or FeatureStore.training_set(...)")

    @staticmethod
    def offline_write_batch(*_: Any, **__: Any) -> NoReturn:  # Feast's, refused as a whole
        """Writing through Feast is not supported."""
        _refuse("writing to offline tables", "use write_to_delta_lake(...)")

    @staticmethod
    def write_logged_features(*_: Any, **__: Any) -> NoReturn:  # Feast's, refused as a whole
        """Feature logging is not supported."""
        _refuse("feature logging", "write the log with write_to_delta_lake(...)")


def _refuse(operation: str, remedy: str) -> NoReturn:
    raise raised(FeastNotSupported(operation=operation, remedy=remedy))


def _time_column(entity_df: pd.DataFrame) -> str:
    """`event_timestamp`, or the only column of times."""
    if TIME in entity_df.columns:
        return TIME
    times = list(entity_df.select_dtypes(include=["datetime", "datetimetz"]).columns)
    if len(times) != 1:
        problem = f"the entity frame has no column {TIME!r}, and {len(times)} columns of times"
        raise raised(InvalidSpec(spec="get_historical_features", problem=problem, remedy=f"name the time {TIME!r}"))
    return str(times[0])


def _moment(value: object) -> datetime | None:
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) and not pd.isna(value) else None


def _specs(view: FeatureView, repo: Path) -> Iterable[EntitySpec | FeatureViewSpec]:
    """A view of Feast's, with its projection applied, and an entity of all its keys."""
    delta = source_of(view).unwrap()
    if not view.entity_columns:
        problem = "it names no entity column, so that Feast would join its rows to any row"
        remedy = "register it with FeastManager.register_feature_view, or apply it again after its entities"
        raise raised(FeastObjectRefused(object=f"view {view.name!r}", problem=problem, remedy=remedy))
    columns = {mapped: column for column, mapped in (delta.field_mapping or {}).items()}
    renamed = view.projection.join_key_map
    keys = [field.name for field in view.entity_columns]
    mapping = {columns.get(key, key): renamed.get(key, key) for key in keys}
    mapping |= {column: name for column, name in (delta.field_mapping or {}).items() if name not in keys}
    name = _name(view)
    yield EntitySpec(name, tuple(renamed.get(key, key) for key in keys))
    yield FeatureViewSpec(
        name,
        (name,),
        DeltaSource(
            source_path(delta, repo),
            delta.timestamp_field,
            delta.created_timestamp_column or None,
            {column: mapped for column, mapped in mapping.items() if column != mapped},
        ),
        tuple(FeatureField(field.name, dtype_of(field.dtype)) for field in view.features),
        ttl=view.ttl or None,
    )


def _asked(view: str, references: list[str]) -> list[str]:
    """The features of a view that are asked for, by `view:feature`."""
    parts = (reference.partition(":") for reference in references)
    return list(dict.fromkeys(feature for name, _, feature in parts if name == view))


def _check_known(references: list[str], views: list[str]) -> None:
    """Refuse a reference to a view that Feast did not hand over; those to on-demand views Feast computes itself."""
    for reference in references:
        view = reference.partition(":")[0]
        if view not in views:
            raise raised(UnknownView(view=view, known=tuple(views)))


def _name(view: FeatureView) -> str:
    return _feast_name(view).replace("@", "_")


def _feast_name(view: FeatureView) -> str:
    return str(view.projection.name_to_use())  # type: ignore[no-untyped-call]  # Feast is typed in part


def _references(view: FeatureView, names: list[str], *, full: bool) -> Iterable[str]:
    for name in names:
        yield f"{_name(view)}:{name} as {_feast_name(view)}__{name}" if full else f"{_name(view)}:{name}"
