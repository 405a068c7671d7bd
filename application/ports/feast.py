"""The ports of Feast's side: registries and repositories, tables as Feast sees them, and online stores."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from returns.result import Result

from foreset.application.ports.tables import ArrowStream, Changes, Snapshot
from foreset.domain.definitions.registry import Catalog
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.feast import PublishError, RepositoryReadError
from foreset.domain.errors.online import OnlineError
from foreset.domain.errors.tables import TableError
from foreset.domain.feast.folder_facts import FolderFacts
from foreset.domain.feast.repository import FeastRepository
from foreset.domain.feast.row_facts import RowColumns, RowFacts
from foreset.domain.online.loading import KeyRows, Loaded, OnlineDifference


class FeatureRegistry(Protocol):
    """Somebody else's registry, to which the catalog is projected."""

    def publish(self, catalog: Catalog, position: int) -> Result[int, StoreError | PublishError]:
        """Make it hold this catalog, as of a position of the event log; gives the number of changes made."""
        ...


class TableKeys(Protocol):
    """The keys that rows of tables have."""

    def within(self, snapshot: Snapshot, rows: KeyRows) -> Result[ArrowStream, TableError]:
        """The distinct keys of these rows of a table. Memory holds these and a batch of rows."""
        ...

    def changed(self, changes: Changes, rows: KeyRows) -> Result[ArrowStream, TableError]:
        """The distinct keys of the rows that changed, whatever their event time."""
        ...

    def spine(self, found: Iterable[ArrowStream], rows: KeyRows, time: str, at: datetime) -> ArrowStream:
        """A spine of the keys that were found, each once, all at one time, which is in the column `time`."""
        ...


@dataclass(frozen=True)
class Served:
    """What serves the keys of a spine: the view's features, and its times in the columns named.

    Where nothing serves a key, its event time is null. `parts` is that of `Retrieved`. `time_unit` is what times count
    that are whole numbers.
    """

    spine: ArrowStream
    parts: Iterator[ArrowStream]
    event_time: str
    created_time: str | None = None
    time_unit: str | None = None


@dataclass(frozen=True)
class OnlineValues:
    """Values of features, each with one for each row that was asked for.

    `seconds` are their event times, in whole seconds since the epoch, rounded down; None where there is no value.
    """

    columns: Mapping[str, list[Any]]
    seconds: list[int | None]


@dataclass(frozen=True)
class Written:
    """How many keys were given values, and the features whose times lost fractions of seconds by it."""

    rows: int
    rounded: tuple[str, ...] = ()

    def __add__(self, other: "Written") -> "Written":
        """Both together."""
        return Written(self.rows + other.rows, tuple(dict.fromkeys((*self.rounded, *other.rounded))))


class OnlineStore(Protocol):
    """What serves the newest values of views, and says what it was loaded with."""

    @property
    def name(self) -> str:
        """What it is, for people; without secrets."""
        ...

    def loaded(self, view: str) -> Result[Loaded | None, OnlineError]:
        """What it holds of a view by its own word, None where it has none."""
        ...

    def mark(self, view: str, loaded: Loaded) -> Result[None, OnlineError]:
        """Have it say what it holds of a view."""
        ...

    def clear(self, view: str) -> Result[None, OnlineError]:
        """Take all values of a view from it, and its word."""
        ...

    def write(self, view: str, served: Served) -> Result[Written, OnlineError | TableError]:
        """Give each key its values, or nulls where nothing serves it."""
        ...

    def compare(
        self, view: str, served: Served, limit: int
    ) -> Result[tuple[int, tuple[OnlineDifference, ...]], OnlineError | TableError]:
        """How many keys have other values than what serves them, and the first `limit` of these.

        The values are those of the table: only fractions of seconds are left out.
        """
        ...

    def read(
        self, view: str, keys: Mapping[str, Sequence[object]], features: tuple[str, ...]
    ) -> Result[OnlineValues, OnlineError]:
        """The values of keys, row by row. A null key, or one that is not there, has nulls."""
        ...


class RepositoryReader(Protocol):
    """Reads somebody else's Feast repository, and changes nothing in it."""

    def observe(self) -> Result[FeastRepository, RepositoryReadError]:
        """What it holds."""
        ...


class TableFolders(Protocol):
    """The folders of tables, as readers see them that do not look at the log."""

    def look(self, table: str, storage_options: Mapping[str, str] | None = None) -> Result[FolderFacts, TableError]:
        """What lies in a table's folder beside the files of its newest version."""
        ...


class TableRows(Protocol):
    """The rows of tables, looked at for what readers do not agree on."""

    def look(self, snapshot: Snapshot, columns: RowColumns, limit: int) -> Result[RowFacts, TableError]:
        """What the first `limit` rows of a table are like, in the snapshot's order."""
        ...
