"""What the groups of a store's calls have in common."""

from os import PathLike
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from returns.result import Result

    from foreset.application.definitions.catalog import CatalogAt
    from foreset.application.ports.engine import Adapters
    from foreset.domain.definitions.registry import Catalog
    from foreset.domain.errors.event_log import RepositoryNeeded, StoreError
    from foreset.entrypoints.store.reports import Reporter


class WholeStore(Protocol):
    """What a group needs of the store that it is of: see `FeatureStore`."""

    data_dir: str | PathLike[str] | None
    place: str | None

    @property
    def adapters(self) -> "Adapters":
        """The adapters in use."""
        ...

    def current(self) -> "Result[CatalogAt, StoreError]":
        """The catalog, and the position of the log at which it is so."""
        ...

    def reporter(self, catalog: "Catalog") -> "Reporter":
        """What the training sets of a catalog ask about themselves."""
        ...

    def repository(self, repo: str | PathLike[str] | None = None) -> "Result[str, RepositoryNeeded]":
        """The folder of the Feast repository."""
        ...

    def catalog(self) -> "Result[Catalog, StoreError]":
        """What is defined now."""
        ...


class StorePart:
    """Calls of a store that belong together, such as those of `store.tables`."""

    _called: ClassVar[str]
    """How users write it, for messages."""

    def __init__(self, store: WholeStore) -> None:
        """Be a part of this store."""
        self._store = store

    @property
    def _adapters(self) -> "Adapters":
        return self._store.adapters

    def __repr__(self) -> str:
        """What it is called, and what it offers."""
        offered = ", ".join(sorted(name for name in vars(type(self)) if not name.startswith("_")))
        return f"<{self._called}: {offered}>"
