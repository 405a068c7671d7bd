"""One of Feast's own offline stores, asked directly: its Feast objects are made here, and no repository is touched."""

import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any, Final

import polars as pl
from feast import Entity, FeatureView, Field, RepoConfig
from feast.data_source import DataSource
from feast.errors import FeastExtrasDependencyImportError, FeastModuleImportError
from feast.infra.offline_stores.offline_utils import get_offline_store_from_config
from feast.types import Int64, String
from feast.value_type import ValueType
from pydantic import ValidationError
from returns.result import Result, Success

from foreset.adapters.feast.engines.label_batch import AT, LABEL
from foreset.adapters.feast.engines.store_times import sent
from foreset.domain.errors.feast import (
    LoadError,
    OfflineStoreFailed,
    OfflineStoreNotInstalled,
    OfflineStoreOptions,
)
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.feast.engines import OBSERVED, FeastStore

_PROJECT: Final = "foreset"
_VIEW: Final = "served"
_LONG: Final = 100 * 365 * 86_400
_NOT_INSTALLED: Final = (ImportError, FeastExtrasDependencyImportError, FeastModuleImportError)


class _NoRegistry:
    """What a store looks up on-demand views in. Plans have none."""

    def list_on_demand_feature_views(self, *_: object, **__: object) -> list[object]:
        return []


@dataclass(frozen=True)
class Request:
    """Features for labels, which have the keys, `AT` and `LABEL`; `event_time` is a column of the source."""

    keys: tuple[str, ...]
    labels: pl.DataFrame
    features: tuple[str, ...]
    event_time: str
    ttl: timedelta = timedelta(0)


class StockStore:
    """A store of Feast's, with its options."""

    def __init__(self, store: FeastStore, config: RepoConfig, source: Callable[..., DataSource]) -> None:
        """Ask `store`; `open` makes it."""
        self.store = store
        self._config = config
        self._source = source
        self._feast: Any = get_offline_store_from_config(config.offline_store)

    @classmethod
    def open(cls, store: FeastStore, options: Mapping[str, object]) -> "Result[StockStore, LoadError]":
        """The store, loaded. `options` are the fields of Feast's section `offline_store`, but for the type."""
        section = {**options, "type": store.name}
        try:
            module, _, name = store.source.rpartition(".")
            source: Callable[..., DataSource] = getattr(import_module(module), name)
            config = RepoConfig(
                project=_PROJECT,
                provider="local",
                registry="none",
                offline_store=section,
                online_store=None,
                entity_key_serialization_version=3,
            )
            return Success(cls(store, config, source))
        except ValidationError as fault:
            found = "; ".join(f"{'.'.join(map(str, e['loc'][-1:]))}: {e['msg']}" for e in fault.errors())
            return refuse(because(OfflineStoreOptions(store=store.name, problem=found), fault))
        except _NOT_INSTALLED as fault:
            package = f"{store.package}=={OBSERVED}.*"
            error = OfflineStoreNotInstalled(store=store.name, package=package, problem=told(fault))
            return refuse(because(error, fault))

    def serve(self, view: str, request: Request, **source: object) -> Result[pl.DataFrame, OfflineStoreFailed]:
        """What the store answers: `LABEL` and the features, in any order. `source` says where its data is."""
        try:
            with _quiet():
                job = self._job(request, source)
                answer = pl.DataFrame(job.to_arrow())
            return Success(answer.select(LABEL, *request.features))
        except Exception as fault:  # noqa: BLE001  # stores raise what their drivers raise
            error = OfflineStoreFailed(store=self.store.name, view=view, problem=told(fault))
            return refuse(because(error, fault))

    def sql(self, request: Request, **source: object) -> str:
        """The SQL with which the store would answer."""
        sql: str = self._job(request, source).to_sql()
        return sql

    def _job(self, request: Request, source: Mapping[str, object]) -> Any:  # feast's RetrievalJob
        labels = sent(request.labels.select(*request.keys, AT, LABEL), AT, self.store.unit)
        return self._feast.get_historical_features(
            self._config,
            [self._view(request, source)],
            [f"{_VIEW}:{name}" for name in request.features],
            labels.to_pandas(),
            _NoRegistry(),
            _PROJECT,
        )

    def _view(self, request: Request, source: Mapping[str, object]) -> FeatureView:
        """A view whose entities have the keys. The types of its other columns are not looked at."""
        keys = {name: request.labels.schema[name] == pl.String for name in request.keys}
        entities = [
            Entity(name=name, join_keys=[name], value_type=ValueType.STRING if text else ValueType.INT64)
            for name, text in keys.items()
        ]
        schema = [Field(name=name, dtype=String if text else Int64) for name, text in keys.items()]
        schema += [Field(name=name, dtype=Int64) for name in request.features]
        made = self._source(name=_VIEW, timestamp_field=request.event_time, **source)
        return FeatureView(name=_VIEW, entities=entities, schema=schema, source=made, ttl=request.ttl)


@contextmanager
def _quiet() -> Generator[None]:
    """Stores warn of what their libraries will do some day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def ttl_of(ttl_us: int | None) -> timedelta:
    """A ttl in whole seconds, rounded up; zero, which is none, where it is so long that times would overflow."""
    seconds = 0 if ttl_us is None else -(-ttl_us // 1_000_000)
    return timedelta(seconds=seconds if seconds < _LONG else 0)
