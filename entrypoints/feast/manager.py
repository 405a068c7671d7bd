"""The guide's Feast-style surface: Feast's objects and pandas in and out, Foreset's engine and event log beneath."""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from foreset.adapters.shared.files.places import is_not_a_place
from foreset.adapters.shared.processes.fork_guard import all_need_threads, needs_threads
from foreset.application.feast.publish import publish
from foreset.domain.definitions.specs import EntitySpec, FeatureRef, FeatureViewSpec, TrainingSetSpec
from foreset.domain.facts import Column
from foreset.domain.safe_text.addresses import is_address
from foreset.entrypoints.datasets.datasets import read_delta_table
from foreset.entrypoints.feast.arguments import check_object
from foreset.entrypoints.store.feature_store import FeatureStore
from foreset.entrypoints.store.frames import spine_frame
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.build import table_name
from foreset.entrypoints.wiring.engines import OfflineStore, chosen_store
from foreset.entrypoints.wiring.openings import not_pickled
from foreset.entrypoints.wiring.raising import given, reject

if TYPE_CHECKING:
    import feast
    import pandas as pd

    from foreset.adapters.feast.repository.registry import FeastRegistry
    from foreset.domain.definitions.field_hints import InstantsGiven
    from foreset.domain.online.loading import OnlineCheck, ViewMaterialized
    from foreset.entrypoints.store.parts.online_views import EntityRows, OnlineFeatures, OnlineViews
    from foreset.entrypoints.store.training_set import TrainingSet

DEFAULT_VIEW: Final = "classification_features"
"""The view that bare feature names mean where several are registered."""


@all_need_threads(but=("cleanup", "features", "store"))
class FeastManager:
    """A Feast repository whose views are registered in, and retrieved by, Foreset.

    Everything that fails raises `ForesetError`. It may be used in a `with` block, which ends with `cleanup()`.
    """

    @fitted_arguments
    def __init__(self, repo_path: str | PathLike[str] = "feature_repo", project_name: str = "ml_workflow") -> None:
        """Name the folder and the Feast project. Nothing is touched before `initialize()`."""
        if is_address(str(repo_path)) or is_not_a_place(str(repo_path)):
            problem = "repo_path is an address, and Feast's repository, which lies there too, is a folder"
            reject("FeastManager", problem, "give a folder; a store in a database is used with FeatureStore")
        self.repo_path = Path(repo_path).absolute()
        self.project_name = project_name
        self.last_training_set_id: str | None = None
        """The id of the last training set, by which `foreset rebuild` makes it again."""
        self._registry: FeastRegistry | None = None
        self._views: OnlineViews | None = None
        self._store: FeatureStore | None = None

    @fitted_arguments
    def initialize(
        self, provider: str = "local", offline_store_type: OfflineStore = "delta", accept: Iterable[str] = ()
    ) -> None:
        """Make or open the repository: feature_store.yaml, the event log, and Feast's registry built from it.

        A registry that is missing or damaged is built again. `offline_store_type` "delta" and "file" both mean
        Foreset's own engine, inside Feast too. Another store of Feast's, by its name or with its options as
        feature_store.yaml has them, runs the plans of `get_features` and `get_training_data`; the laws that it breaks
        are restored, or it is refused, unless `accept` names the defect.
        """
        from foreset.entrypoints.wiring.build import feast_registry  # loads Feast: seconds

        check_offline_store(offline_store_type, accept := tuple(accept))
        _check_provider(provider)
        store = given(FeatureStore.open(self.repo_path, offline_store=offline_store_type, accept=accept))
        registry = given(feast_registry(self.repo_path, self.project_name, provider))
        given(publish(store.adapters.events, registry))
        self._store, self._registry, self._views = store, registry, None

    @property
    def store(self) -> "feast.FeatureStore":
        """Feast's own FeatureStore over the repository."""
        return self._opened()[1].store

    @property
    def features(self) -> FeatureStore:
        """Foreset's FeatureStore in the same folder: definitions, training sets, history."""
        return self._opened()[0]

    def _opened(self) -> "tuple[FeatureStore, FeastRegistry]":
        if self._store is None or self._registry is None:
            reject(f"FeastManager({str(self.repo_path)!r})", "it is not initialized", "call manager.initialize() first")
        return self._store, self._registry

    @fitted_arguments
    def register_feature_view(self, feature_view: "feast.FeatureView") -> None:
        """Register the view and its entities, all or none, and publish them to Feast's registry.

        An entity is taken from Feast's registry, else from what is registered, else from the view's entity columns. The
        view's table, its columns and their types are checked.
        """
        from foreset.adapters.feast.repository.from_proto import Places, view_seen
        from foreset.domain.feast.mapping import entities_of, plain_view, source_of, view_spec

        check_object("FeastManager.register_feature_view", "feature_view", feature_view, "feature view")
        store, registry = self._opened()
        seen = view_seen(feature_view.to_proto(), Places(self.repo_path, table_name))
        table = given(source_of(given(plain_view(seen)))).table
        known = given(store.catalog()).entities

        def find(name: str) -> EntitySpec | None:
            return registry.entity(name) or (known[name].spec if name in known else None)

        entities = given(entities_of(seen, find))
        self.register(*entities, given(view_spec(seen, entities, self._columns(table))))

    def register(self, *specs: EntitySpec | FeatureViewSpec) -> None:
        """Register Foreset's own specs, all or none, and publish them to Feast's registry."""
        store, registry = self._opened()
        given(store.register(*specs))
        given(publish(store.adapters.events, registry))

    def _columns(self, table: str) -> tuple[Column, ...]:
        return given(self.features.tables.info(table)).columns

    @fitted_arguments
    def get_entity_values(self, entity_column: str, dataset_name: str) -> list[Any]:
        """The distinct values of a column of a dataset, in the table's order of first mention, without nulls."""
        frame = read_delta_table(dataset_name, columns=[entity_column])
        return frame[entity_column].drop_nulls().unique(maintain_order=True).to_list()

    @fitted_arguments
    def get_features(
        self,
        entity_df: "pd.DataFrame",
        features: Iterable[str],
        feature_view_name: str | None = None,
        *,
        known_at: "InstantsGiven" = None,
        versions: Mapping[str, int] | None = None,
    ) -> "pd.DataFrame":
        """The rows of `entity_df`, all of them and in their order, with the features known at their times.

        `entity_df` has the join keys and `event_timestamp` (UTC where it has no zone). A feature is named alone, then
        it is of `feature_view_name`, or as "view:feature". Without `feature_view_name` the only registered view is
        meant, or `classification_features` where there are several. `known_at` and `versions` are those of
        `TrainingSetSpec`. The result has the columns of `entity_df`, then the features.
        """
        asked = self._asked(list(features), feature_view_name, known_at, versions)
        return self._training_set(spine_frame(entity_df), asked).to_pandas()

    @fitted_arguments
    def get_training_data(  # noqa: PLR0913  # what is asked, of what, and as known when
        self,
        entity_df: "pd.DataFrame",
        feature_names: Iterable[str],
        target_name: str,
        feature_view_name: str | None = None,
        *,
        known_at: "InstantsGiven" = None,
        versions: Mapping[str, int] | None = None,
    ) -> "tuple[pd.DataFrame, pd.Series[Any]]":
        """Features X, shape (rows, features) in the order of `feature_names`, and target y, shape (rows,).

        Views, times and versions are as in `get_features`. The target is a feature too, unless `entity_df` has a
        column of its name and the view has not. Types are those of `TrainingSet.X_y`.
        """
        names = list(feature_names)
        if target_name in names:
            remedy = f"leave {target_name!r} out of feature_names"
            reject(
                "get_training_data", f"the target {target_name!r} is among the features and gives itself away", remedy
            )
        from foreset.adapters.shared.frames.arrow_types import polars_frame  # kept off the import of foreset

        labels = spine_frame(entity_df)
        is_column = target_name in polars_frame(labels).columns
        own_label = is_column and not self._has_feature(target_name, feature_view_name)
        asked = names if own_label else [*names, target_name]
        columns = [_column(name) for name in names]
        made = self._training_set(labels, self._asked(asked, feature_view_name, known_at, versions))
        return made.columns_for(columns, _column(target_name), "get_training_data")

    def _has_feature(self, name: str, view: str | None) -> bool:
        if ":" in name:
            return True
        known = given(self.features.catalog()).views.get(self._view_name(view))
        return known is not None and name in {field.name for field in known.spec.fields}

    def _asked(
        self, features: list[str], view: str | None, known_at: "InstantsGiven", versions: Mapping[str, int] | None
    ) -> TrainingSetSpec:
        references = [name if ":" in name else f"{self._view_name(view)}:{name}" for name in features]
        return TrainingSetSpec(references, known_at=known_at, versions=dict(versions or {}))

    def _training_set(self, labels: object, asked: TrainingSetSpec) -> "TrainingSet":
        training_set = given(self.features.training_set(asked, labels))
        self.last_training_set_id = training_set.id
        return training_set

    def _view_name(self, given_name: str | None) -> str:
        """The view that bare names mean."""
        views = list(given(self.features.catalog()).views)
        if given_name is not None or not views:
            return given_name or DEFAULT_VIEW
        if len(views) > 1 and DEFAULT_VIEW not in views:
            remedy = f"give feature_view_name, one of {', '.join(views)}, or name features as 'view:feature'"
            reject("FeastManager", "several feature views are registered, and none is named", remedy)
        return views[0] if len(views) == 1 else DEFAULT_VIEW

    @fitted_arguments
    def materialize(self, views: Iterable[str] | None = None, *, full: bool = False) -> "tuple[ViewMaterialized, ...]":
        """Load the newest values of views (default: all that are online) into Feast's online store.

        Only keys are written whose rows changed since the Delta version that was loaded last, late rows included, or
        whose time has come or gone; all of them with `full=True`. Each load says what it did, and is recorded.
        """
        return given(self._online().materialize(views, full=full))

    @fitted_arguments
    def get_online_features(
        self, features: Iterable[str], entity_rows: "EntityRows", *, full_feature_names: bool = False
    ) -> "OnlineFeatures":
        """The online values of features for rows of keys, with `to_dict()` and `to_df()`.

        `features` are "view:feature", "view:feature as alias" or "view:*". `entity_rows` is a list of mappings, a
        mapping of lists or a frame, with the join keys. A key that is not there has nulls, as have values that are
        older than the view's ttl.
        """
        return given(self._online().read(list(features), entity_rows, full_feature_names=full_feature_names))

    @fitted_arguments
    def check_online(self, feature_view_name: str, *, limit: int = 10) -> "OnlineCheck":
        """Whether the online values of a view are those that serve now; with the first `limit` keys that differ."""
        return given(self._online().check(feature_view_name, limit=limit))

    def _online(self) -> "OnlineViews":
        from foreset.entrypoints.store.parts.online_views import OnlineViews

        if self._views is None:
            self._views = OnlineViews(*self._opened())
        return self._views

    def cleanup(self) -> None:
        """Let go of the repository. What is registered and retrieved stays; `initialize()` opens it again."""
        if self._registry is not None:
            self._registry.close()
        if self._views is not None:
            self._views.close()
        if self._store is not None:
            self._store.close()
        self._views = None
        self._registry = None
        self._store = None

    def __reduce__(self) -> NoReturn:
        """Refused: a manager holds Feast's connections."""
        remedy = f"make one in the other process: create_feast_manager({str(self.repo_path)!r}, {self.project_name!r})"
        not_pickled(f"FeastManager({str(self.repo_path)!r})", "it holds Feast's connections", remedy)

    def __enter__(self) -> Self:
        """Begin a block that ends with `cleanup()`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clean up."""
        self.cleanup()


@needs_threads
@fitted_arguments
def create_feast_manager(  # noqa: PLR0913, PLR0917  # the guide's signature, and more behind it
    repo_path: str | PathLike[str] = "feature_repo",
    project_name: str = "ml_workflow",
    initialize: bool = True,  # noqa: FBT001, FBT002  # the guide's signature
    provider: str = "local",
    offline_store_type: OfflineStore = "delta",
    accept: Iterable[str] = (),
) -> FeastManager:
    """A manager, initialized unless `initialize` is False."""
    manager = FeastManager(repo_path, project_name)
    if initialize:
        manager.initialize(provider, offline_store_type, accept)
    else:
        _check_provider(provider)
        check_offline_store(offline_store_type, accept)
    return manager


def _check_provider(provider: str) -> None:
    if provider != "local":
        reject(f"FeastManager.initialize(provider={provider!r})", "only the local provider is known", "use 'local'")


def check_offline_store(store: OfflineStore, accept: Iterable[str] = ()) -> None:
    """Refuse the offline stores that plans cannot be run on, with the reason."""
    given(chosen_store(store, accept))


def _column(name: str) -> str:
    """The column of the result that a feature fills."""
    if ":" not in name:
        return name
    reference = FeatureRef.parse(name)
    return reference.alias or reference.feature
