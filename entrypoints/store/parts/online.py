"""Views in Feast's online store: `store.online`."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.domain.errors.event_log import RepositoryNeeded
from foreset.domain.online.loading import OF_DIFFERENCES, OnlineCheck, ViewMaterialized
from foreset.entrypoints.store.parts.online_views import EntityRows, OnlineFeatures, OnlineViews
from foreset.entrypoints.store.parts.part import StorePart, WholeStore
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.build import feast_registry
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    from foreset.adapters.feast.repository.registry import FeastRegistry
    from foreset.adapters.feast.repository.settings import RepositoryError
    from foreset.domain.errors.feast import RegistryUnreadable
    from foreset.domain.errors.online import MaterializeError, OnlineError
    from foreset.domain.errors.retrieval import PlanError

    RepositoryFault: TypeAlias = RepositoryNeeded | RepositoryError | RegistryUnreadable


@results_must_be_read
@all_need_threads(but=("close", "repository"))
class StoreOnline(StorePart):
    """The views of a store in the online store of a Feast repository, by default the one in the store's own folder.

    Feast is loaded by the first call, which takes seconds; connections stay open until the store is closed.
    """

    _called = "store.online"

    def __init__(self, store: WholeStore, repo: str | None = None, project: str | None = None) -> None:
        """Serve by the repository in the folder `repo`."""
        super().__init__(store)
        self._repo, self._project = repo, project
        self._open: tuple[OnlineViews, FeastRegistry] | None = None

    @fitted_arguments
    def repository(self, repo: Place, *, project: str | None = None) -> "StoreOnline":
        """The same in the Feast repository of another folder; `project` is needed where its registry has several."""
        return StoreOnline(self._store, str(repo), project)

    @fitted_arguments
    def materialize(
        self, views: Iterable[str] | None = None, *, full: bool = False
    ) -> "Result[tuple[ViewMaterialized, ...], MaterializeError | RepositoryFault]":
        """Load the newest values of views, one after another: of all that Feast serves online, where none is named.

        What changed since a view was last loaded is loaded, or with `full` everything. Where one fails, those before
        it are loaded and recorded.
        """
        return Result.do(loaded for online in self._opened() for loaded in online.materialize(views, full=full))

    @fitted_arguments
    def check(
        self, view: str, *, limit: int = OF_DIFFERENCES
    ) -> "Result[OnlineCheck, MaterializeError | RepositoryFault]":
        """Compare the online values of a view with those that serve now; the first `limit` differences are named."""
        return Result.do(checked for online in self._opened() for checked in online.check(view, limit=limit))

    @fitted_arguments
    def read(
        self, features: Sequence[str], entity_rows: EntityRows, *, full_feature_names: bool = False
    ) -> "Result[OnlineFeatures, OnlineError | PlanError | RepositoryFault]":
        """The values that the online store has for some rows of keys.

        `features` are "view:feature" texts; `entity_rows` a list of mappings of join key to value, a mapping of columns
        or a frame. With `full_feature_names` columns are called view__feature.
        """
        return Result.do(
            values
            for online in self._opened()
            for values in online.read(features, entity_rows, full_feature_names=full_feature_names)
        )

    def close(self) -> None:
        """Close the connections to the online store and the registry. A later call opens them again."""
        if self._open is not None:
            for connection in self._open:
                connection.close()
            self._open = None

    def _opened(self) -> "Result[OnlineViews, RepositoryFault]":
        if self._open is not None:
            return Result.from_value(self._open[0])
        return Result.do(
            self._keep(registry)
            for folder in self._store.repository(self._repo)
            for registry in feast_registry(folder, self._project, data_dir=self._store.data_dir, any_offline_store=True)
        )

    def _keep(self, registry: "FeastRegistry") -> OnlineViews:
        self._open = OnlineViews(self._store, registry), registry
        return self._open[0]
