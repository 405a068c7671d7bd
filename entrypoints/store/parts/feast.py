"""Feast's repositories: `store.feast`."""

from contextlib import closing
from typing import TYPE_CHECKING

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.feast.import_repository import LOOK_ROWS, FeastImportError, import_feast
from foreset.application.feast.publish import Published, publish
from foreset.domain.feast.import_report import ImportReport
from foreset.entrypoints.store.parts.part import StorePart, WholeStore
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.build import feast_registry, feast_repository, looks
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    from foreset.adapters.feast.repository.registry import FeastRegistry
    from foreset.adapters.feast.repository.settings import RepositoryError
    from foreset.domain.errors.event_log import RepositoryNeeded, StoreError
    from foreset.domain.errors.feast import PublishError, RegistryUnreadable


@results_must_be_read
@all_need_threads()
class StoreFeast(StorePart):
    """Definitions from and to Feast's repositories. Loading Feast takes seconds."""

    _called = "store.feast"

    @fitted_arguments
    def import_repository(
        self, path: Place, *, register: bool = True, look_rows: int = LOOK_ROWS
    ) -> "Result[ImportReport, FeastImportError]":
        """Register the entities and views of the Feast repository in the folder `path`, all or none; gives a report.

        The report has what maps, what does not and why, and the `findings`: which wrong answers the repository gives
        today without an error, worst first, each with what to do. Nothing in the repository is run or changed, and
        importing again changes nothing. With `register=False` it is only looked at. Of each view `look_rows` rows are
        read at most, for nulls and ties.
        """
        return Result.do(
            report
            for known in self._store.current()
            for repository in feast_repository(path, self._store.data_dir)
            for report in import_feast(
                repository,
                looks(look_rows, self._store.data_dir),
                self._adapters,
                known,
                register=register,
            )
        )

    @fitted_arguments
    def publish(
        self, repo: Place | None = None, *, project: str | None = None
    ) -> "Result[Published, PublishError | RepositoryError | RegistryUnreadable | RepositoryNeeded | StoreError]":
        """Make the registry of a Feast repository hold what is registered here; publishing again changes nothing.

        `repo` is its folder, by default the store's own; it is made where it is missing. `project` is needed only
        where the registry has several.
        """
        return Result.do(
            published
            for folder in self._store.repository(repo)
            for registry in feast_registry(folder, project, data_dir=self._store.data_dir, any_offline_store=True)
            for published in _published(self._store, registry)
        )


def _published(store: WholeStore, registry: "FeastRegistry") -> "Result[Published, PublishError | StoreError]":
    with closing(registry):
        return publish(store.adapters.events, registry)
