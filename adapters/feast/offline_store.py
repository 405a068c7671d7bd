"""Foreset as an offline store of Feast: Foreset's planner and engine, over Delta tables and Parquet files.

In feature_store.yaml: `offline_store: {type: foreset.adapters.feast.offline_store.DeltaOfflineStore}`. Feast asks for
the class and its configuration in one module, by these names.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from feast import FeatureView, FileSource, OnDemandFeatureView
from feast.data_source import DataSource
from feast.feature_logging import LoggingConfig, LoggingSource
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalMetadata
from feast.infra.registry.base_registry import BaseRegistry
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from pydantic import StrictBool, StrictInt, StrictStr

from foreset.adapters.feast.offline.date_ranges import date_range
from foreset.adapters.feast.offline.jobs import DeltaRetrievalJob
from foreset.adapters.feast.offline.options import ArrowTable, options_of
from foreset.adapters.feast.offline.pulls import Wanted, microseconds, pull_job, times_of
from foreset.adapters.feast.offline.requests import Asked, request_of, view_name
from foreset.adapters.feast.offline.sources import check_pins, source_of
from foreset.adapters.feast.offline.spine_keys import as_given, whole_keys, with_columns
from foreset.adapters.feast.offline.spines import TIME, ends, entity_frame
from foreset.adapters.feast.offline.writes import write_batch, write_logs
from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.domain.errors.problem import raised


class DeltaOfflineStoreConfig(FeastConfigBaseModel):
    """The options in feature_store.yaml, all of which may be left out.

    - `store`: the folder of the store in which retrievals are recorded, absolute or in the repository, or the URL of
      its database; by default the repository's own folder, and none for a configuration made in code without one.
      `foreset log`, `show` and `rebuild` work there.
    - `record`: whether anything is recorded.
    - `memory`, `threads`: what retrievals may use, as in `FeatureStore.open`.
    - `known_at`: a time, "event_time", or a list of both, as in `TrainingSetSpec`, for all historical retrievals.
    - `versions`: the Delta versions at which tables are read, by the name or path of their source.
    - `partition_time_zone`: that of all sources, as in `DeltaSource`.
    """

    type: StrictStr = f"{__name__}.DeltaOfflineStore"
    store: StrictStr | None = None
    record: StrictBool = True
    memory: StrictStr | StrictInt | None = None
    threads: StrictInt | None = None
    known_at: datetime | date | StrictStr | list[datetime | date | StrictStr] | None = None
    versions: dict[StrictStr, StrictInt] = {}  # noqa: RUF012  # pydantic makes a copy for each
    partition_time_zone: StrictStr | None = None


@all_need_threads(but=("supports_filter_by_created_timestamp",))
class DeltaOfflineStore(OfflineStore):
    """Feast's offline store, by Foreset's laws. What fails raises `ForesetError`, which ends with what to do next."""

    supports_filter_by_created_timestamp = True

    @staticmethod
    def get_historical_features(  # noqa: PLR0913, PLR0917  # Feast's signature
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: Any,  # a pandas frame, or what is refused
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,  # noqa: FBT001, FBT002  # Feast's signature
        filter_by_created_timestamp: bool = False,  # noqa: FBT001, FBT002  # Feast's own signature
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        **_: Any,  # what later versions of Feast may ask beside
    ) -> DeltaRetrievalJob:
        """A job that gives the rows of `entity_df`, all of them and in their order, with the features.

        Without one it gives a row for each key and time at which a view has a row from `start_date` to `end_date`, both
        inclusive, with the features as of that time; the rows come by time, then by key.
        """
        options = options_of(config)
        check_pins(options, registry, project)
        on_demand = OnDemandFeatureView.get_requested_odfvs(feature_refs, project, registry)
        frame, time = (None, TIME) if entity_df is None else entity_frame(entity_df)
        asked = Asked(
            views=feature_views,
            references=feature_refs,
            on_demand=[view_name(view) for view in on_demand],
            time=time,
            full_names=full_feature_names,
            written_by_then=filter_by_created_timestamp,
        )
        request = request_of(asked, options)
        run: Callable[[], ArrowTable]
        if frame is None:
            first, last = date_range(feature_views, start_date, end_date)
            bounds = microseconds(first), microseconds(last)
            run = partial(options.engine.training_set_between, request.specs, request.spec, *bounds)
            metadata = RetrievalMetadata(feature_refs, list(request.join_keys), first, last)
        else:
            frame, floats = whole_keys(with_columns(frame, request.join_keys), request.join_keys)
            engine, wanted = options.engine, (request.specs, request.spec, frame)
            run = lambda: as_given(engine.training_set(*wanted), floats)  # noqa: E731
            keys = [str(name) for name in frame.columns if name != time]
            metadata = RetrievalMetadata(feature_refs, keys, *ends(frame, time))
        return DeltaRetrievalJob(run, options, metadata, on_demand, full_feature_names=full_feature_names)

    @staticmethod
    def pull_latest_from_table_or_query(  # noqa: PLR0913, PLR0917  # Feast's signature
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> DeltaRetrievalJob:
        """A job that gives the newest row of each key from `start_date` to `end_date`, both inclusive.

        Ties are broken by law 4: created time, then the place in the snapshot. Rows without a key are left out.
        """
        wanted = Wanted(
            join_key_columns, feature_name_columns, timestamp_field, created_timestamp_column, start_date, end_date
        )
        return pull_job(options_of(config), data_source, wanted, latest=True)

    @staticmethod
    def pull_all_from_table_or_query(  # noqa: PLR0913, PLR0917  # Feast's signature
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> DeltaRetrievalJob:
        """A job that gives all rows from `start_date` to `end_date`, both inclusive.

        Those of a view's source come newest first, because Feast keeps the first of each key, and without keys newest
        last, because it then keeps what comes last: so it keeps what law 4 serves. Those of saved datasets and logs
        come in their order. Without feature columns all columns are given.
        """
        wanted = Wanted(
            join_key_columns, feature_name_columns, timestamp_field, created_timestamp_column, start_date, end_date
        )
        return pull_job(options_of(config), data_source, wanted, latest=False)

    @staticmethod
    def offline_write_batch(
        config: RepoConfig, feature_view: FeatureView, table: ArrowTable, progress: Callable[[int], Any] | None
    ) -> None:
        """Append rows to the source of a view: to its Delta table, or behind the rows of its Parquet files."""
        write_batch(options_of(config), feature_view, table, progress)

    @staticmethod
    def write_logged_features(
        config: RepoConfig,
        data: ArrowTable | Path,
        source: LoggingSource,  # noqa: ARG004  # the rows say what they are
        logging_config: LoggingConfig,
        registry: BaseRegistry,  # noqa: ARG004  # as above
    ) -> None:
        """Append logged features to the destination of the configuration."""
        write_logs(options_of(config), data, logging_config)

    def validate_data_source(self, config: RepoConfig, data_source: DataSource) -> None:
        """Look whether a source is there, can be read, and has its times; `feast apply` and `feast plan` ask it."""
        if not isinstance(data_source, FileSource):
            super().validate_data_source(config, data_source)
            return
        options = options_of(config)
        source = source_of(data_source.name, data_source, options)
        facts = options.engine.facts(source)
        problem = times_of(source, data_source.name, facts).problem(facts)
        if problem is not None:
            raise raised(problem)

    def get_table_column_names_and_types_from_data_source(
        self, config: RepoConfig, data_source: DataSource
    ) -> Iterable[tuple[str, str]]:
        """The names of a source's columns, and of their types as pyarrow calls them."""
        if not isinstance(data_source, FileSource):
            return super().get_table_column_names_and_types_from_data_source(config, data_source)
        options = options_of(config)
        return options.engine.columns(source_of(data_source.name, data_source, options))
