"""The library's facade: a store of features, Result-typed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from inspect import getdoc
from os import PathLike, fspath
from types import TracebackType
from typing import Any, Final, Self

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.definitions.catalog import CatalogAt, current_catalog
from foreset.application.definitions.register import Registered, RegistryError, register, remove
from foreset.application.diff.compare import DiffError, diff
from foreset.application.event_log.history import ReceiptError, past_at, receipt_of
from foreset.application.ports.engine import Adapters, Progress
from foreset.application.training_sets.plan import plan_retrieval
from foreset.application.training_sets.rebuild import rebuild
from foreset.application.training_sets.retrieve import retrieve
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.diff.report import TrainingSetDiff
from foreset.domain.errors.event_log import RepositoryNeeded, StoreError
from foreset.domain.errors.history import PastError
from foreset.domain.errors.retrieval import PlanError, RebuildError, RetrievalError
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.safe_text.addresses import without_secrets
from foreset.domain.safe_text.notebooks import card
from foreset.entrypoints.spec_files.specs import SpecFileError, with_files_read
from foreset.entrypoints.store.frames import frame_to_write
from foreset.entrypoints.store.old_names import OldNames
from foreset.entrypoints.store.parts.feast import StoreFeast
from foreset.entrypoints.store.parts.keys import StoreKeys
from foreset.entrypoints.store.parts.log import StoreLog
from foreset.entrypoints.store.parts.models import StoreModels
from foreset.entrypoints.store.parts.online import StoreOnline
from foreset.entrypoints.store.parts.tables import StoreTables
from foreset.entrypoints.store.parts.training_sets import StoredTrainingSets
from foreset.entrypoints.store.past_store import PastStore
from foreset.entrypoints.store.reports import Reporter
from foreset.entrypoints.store.training_set import TrainingSet
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.build import comparer, data_folder, in_memory, local_store, run_on
from foreset.entrypoints.wiring.engines import OfflineStore, chosen_store
from foreset.entrypoints.wiring.locations import feast_folder
from foreset.entrypoints.wiring.openings import Opening, checked, opening
from foreset.entrypoints.wiring.raising import given
from foreset.entrypoints.wiring.unread import results_must_be_read

_PARTS: Final = ("feast", "keys", "log", "models", "online", "tables", "training_sets")
_LOG_ALONE: Final = ("adapters", "at", "catalog", "close", "current", "open", "receipt", "reporter", "repository")
"""What looks at the event log alone, and so needs no threads of polars or deltalake."""


@results_must_be_read
@all_need_threads(but=(*_LOG_ALONE, *_PARTS))
class FeatureStore(OldNames):
    """Definitions, training sets and their history, in a folder, a database or in memory.

    Calls that belong together are in groups: `training_sets`, `tables`, `log`, `models`, `online`, `feast`, `keys`.
    Every call gives a `Result`: `unwrap()` gives its value, or raises the error as a `ForesetError`.

    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
    >>> day = lambda d: datetime(2024, 1, d, tzinfo=UTC)
    >>> store = FeatureStore.in_memory(
    ...     {"rain": pl.DataFrame({"city": ["Rome", "Rome"], "at": [day(1), day(3)], "mm": [2.0, 9.0]})}
    ... )
    >>> rain = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
    >>> store.apply(EntitySpec("city", ["city"]), rain).unwrap().changed
    2
    >>> labels = pl.DataFrame({"city": ["Rome", "Oslo"], "event_timestamp": [day(2), day(2)]})
    >>> store.training_set(TrainingSetSpec(["rain:mm"]), labels).unwrap().frame["mm"].to_list()
    [2.0, None]
    """

    def __init__(
        self,
        adapters: Adapters,
        data_dir: str | PathLike[str] | None = None,
        place: str | None = None,
        opened: Opening | None = None,
    ) -> None:
        """Use these adapters, which look up dataset names in `data_dir`; `open` and `in_memory` choose them."""
        self._adapters = adapters
        self.data_dir: str | PathLike[str] | None = data_dir
        """Where dataset names are looked up; None: FORESET_DATA_DIR, else ./data."""
        self.place: str | None = place
        """The folder or the URL by which it was opened; None for a store in memory."""
        self.opened: Opening | None = opened
        """How it was opened: place, limits and the like; None for a store in memory."""
        self._known = CatalogAt()

    @classmethod
    @fitted_arguments
    def open(  # noqa: PLR0913  # where, and within what
        cls,
        path_or_url: "Place",
        *,
        create: bool = True,
        data_dir: "Place | None" = None,
        memory: int | str | None = None,
        threads: int | None = None,
        offline_store: "OfflineStore | None" = None,
        accept: "Iterable[str]" = (),
        files_from: "Iterable[Place]" = (),
        verify: bool | None = None,
    ) -> "Result[FeatureStore, StoreError]":
        """The store in a folder, or in a database of PostgreSQL, by its URL; it is made where it is missing.

        With `create=False` nothing is made, and a place without a store is refused (`NoLog`).

        The URL is `postgresql://user@host:port/database`; event log and kept spines lie there. Dataset names are looked
        up in `data_dir`.

        `memory` is what the whole process may take, in bytes or as text such as `"4GB"` (default: FORESET_MEMORY, else
        half of the machine's). Retrievals keep within it, in parts if need be, or are refused before they begin.
        `threads` is how many threads retrievals use (default: FORESET_THREADS, else all); fewer than polars was
        loaded with is an error.

        `offline_store` runs the plans (default: FORESET_OFFLINE_STORE, else Foreset's own engine): a store of Feast's
        by its name, such as `"duckdb"`, or with its options as feature_store.yaml has them, such as
        `{"type": "postgres", "host": ...}`. The laws that it breaks are restored, or it is refused; `accept` names the
        defects of it that may show. Loading Feast takes seconds.

        `files_from` are folders and URLs where files of tables may be that are not below the tables' own folders, as
        those of shallow clones (default: FORESET_FILES_FROM, by commas). Files elsewhere are not opened.

        `verify`: whether retrievals compare the checksums in files with the bytes that they read, once for each file
        that a process reads (default: FORESET_VERIFY, else they do). A damaged file is an error. Receipts say how many
        files were verified.
        """
        return Result.do(
            cls(
                on_store,
                data_dir,
                str(path_or_url),
                opening(
                    path_or_url,
                    data_dir=data_dir,
                    memory=memory,
                    threads=threads,
                    offline_store=offline_store,
                    accept=accept,
                    places=files_from,
                    verify=verify,
                ),
            )
            for _ in data_folder(data_dir)
            for chosen in chosen_store(offline_store, accept)
            for adapters in local_store(
                path_or_url, data_dir, memory, threads, places=files_from, verify=verify, create=create
            )
            for on_store in run_on(adapters, chosen)
        )

    @classmethod
    @fitted_arguments
    def in_memory(cls, tables: Mapping[str, Any] | None = None) -> "FeatureStore":
        """A store for tests: tables from frames, nothing on disk, the reference semantics as its executor."""
        return cls(in_memory({name: given(frame_to_write(frame, name)) for name, frame in (tables or {}).items()}))

    # === Groups of calls ===

    @property
    def training_sets(self) -> StoredTrainingSets:
        """Training sets that were retrieved: `list`, `load`, `report`, `audit`, `pin`, `unpin`, `pins`."""
        return StoredTrainingSets(self)

    @property
    def tables(self) -> StoreTables:
        """Tables: `info`, `write`, `changes`, `check`, `optimize`, `retention`, `vacuum`."""
        return StoreTables(self)

    @property
    def log(self) -> StoreLog:
        """The event log: `events`, `lineage`, `send_lineage`, `verify`, `move`."""
        return StoreLog(self)

    @property
    def models(self) -> StoreModels:
        """Models that were trained: `record`, `list`, `train`."""
        return StoreModels(self)

    @cached_property
    def online(self) -> StoreOnline:
        """Feast's online store: `materialize`, `read`, `check`."""
        return StoreOnline(self)

    @property
    def feast(self) -> StoreFeast:
        """Feast's repositories: `import_repository`, `publish`."""
        return StoreFeast(self)

    @property
    def keys(self) -> StoreKeys:
        """Keys of entities: `find`, `erase`."""
        return StoreKeys(self)

    # === What is defined ===

    def catalog(self) -> "Result[Catalog, StoreError]":
        """What is defined now."""
        return self.current().map(lambda known: known.catalog)

    @fitted_arguments
    def apply(self, *specs_or_files: object) -> "Result[Registered, RegistryError | SpecFileError]":
        """Define entities and views, all or none. What is there already, unchanged, is not an event.

        Specs, lists of specs, and files of specs by their paths (YAML, TOML or JSON; docs/spec-files.md).
        """
        return Result.do(
            registered
            for specs in with_files_read(specs_or_files)
            for registered in register(specs, self._adapters, self._known)
        )

    register = apply

    @fitted_arguments
    def remove(self, *, entities: Iterable[str] = (), views: Iterable[str] = ()) -> "Result[Registered, RegistryError]":
        """Forget entities and views, all or none."""
        return remove(entities, views, self._adapters, self._known)

    @fitted_arguments
    def plan(self, spec: TrainingSetSpec, spine: object) -> "Result[RetrievalPlan, PlanError]":
        """The plan of a training set, from facts alone: no feature is read. `explain()` prints it."""
        return Result.do(
            planned.plan
            for known in self.current()
            for planned in plan_retrieval(spec, spine, self._adapters, known.catalog)
        )

    @fitted_arguments
    def training_set(
        self,
        spec: TrainingSetSpec,
        spine: object,
        *,
        keep_spine: bool = True,
        progress: "Progress | None" = None,
    ) -> "Result[TrainingSet, RetrievalError]":
        """The rows of the spine, in their order, with the features known at their times.

        `spine` is a polars, pandas or pyarrow frame, the path of a Parquet or CSV file or of a Delta table, or a
        `SpineReference`. It is kept by its content, so that the id alone rebuilds the set; with `keep_spine=False` only
        its fingerprint is recorded. `progress(done, all)` counts spine rows while a result that does not fit in memory
        is written to a file.
        """
        return Result.do(
            TrainingSet(retrieval, self.reporter(known.catalog))
            for known in self.current()
            for retrieval in retrieve(
                spec, spine, self._adapters, known.catalog, keep_spine=keep_spine, progress=progress
            )
        )

    @fitted_arguments
    def rebuild(
        self,
        id: str,  # noqa: A002  # the contract's name
        *,
        spine: object | None = None,
        from_pin: bool = False,
    ) -> "Result[TrainingSet, RebuildError]":
        """The same training set again, proved equal to the recorded fingerprint, or refused.

        `id` is its id, an unambiguous beginning of it, or its name: the newest set of that name; `NAME~1` is the one
        before it.

        It is built from the tables at their recorded versions; from its pin where they cannot serve it any more, or
        with `from_pin`. `TrainingSet.rebuilt_from_pin` tells. What is gone, if it cannot be, is told by the error.
        """
        return Result.do(
            TrainingSet(retrieval, self.reporter(known.catalog))
            for known in self.current()
            for retrieval in rebuild(id, self._adapters, known.catalog, spine, pin=from_pin)
        )

    @fitted_arguments
    def diff(self, a: str, b: str, *, examples: int = 5) -> "Result[TrainingSetDiff, DiffError]":
        """What differs from one training set to another, by their ids, and what caused it; `explain()` tells it.

        Spec, views, tables and rows are compared, and then the cells: each changed one has its cause, a commit of a
        table, an event that defined a view anew, or a field of the spec. Both sets are made again in memory; where that
        cannot be done, `untold` says why, and the cells are left out. `examples` are given of each column. Nothing is
        recorded.
        """
        return Result.do(
            told
            for known in self.current()
            for told in diff(a, b, self._adapters, known.catalog, comparer(), examples=examples)
        )

    @fitted_arguments
    def receipt(self, id: str) -> "Result[TrainingSetRetrieved, ReceiptError]":  # noqa: A002  # the contract's name
        """The receipt of a training set, by its id, an unambiguous beginning of it, or its name.

        A name means the newest set of that name; `NAME~1` is the one before it.
        """
        return receipt_of(id, self._adapters.events)

    @fitted_arguments
    def at(self, when: datetime | int) -> "Result[PastStore, PastError | StoreError]":
        """The store as it was at a time (inclusive; UTC where it has no zone), or at a position of its log.

        Definitions, receipts and tables are those of then; at a position, tables are as of the time of the event there.
        It cannot be changed; what is retrieved from it is recorded in the log of now.
        """
        return past_at(when, self._adapters.events, self._adapters.clock.now()).map(
            lambda past: PastStore(past, self._adapters, self)
        )

    # === What its parts share ===

    @property
    def adapters(self) -> Adapters:
        """The adapters in use, for those who build on them."""
        return self._adapters

    def current(self) -> "Result[CatalogAt, StoreError]":
        """The catalog, and the position of the log at which it is so; what was read before is not read again."""
        current = current_catalog(self._adapters.events, self._known)
        self._known = current.value_or(self._known)
        return current

    def reporter(self, catalog: Catalog) -> Reporter:
        """What the training sets of a catalog ask about themselves."""
        return Reporter(self._adapters, catalog, self)

    @fitted_arguments
    def repository(self, repo: Place | None = None) -> "Result[str, RepositoryNeeded]":
        """The folder of the Feast repository: `repo`, or the store's own folder."""
        return feast_folder(self.place if repo is None else fspath(repo))

    def __repr__(self) -> str:
        """Where it is."""
        return f"FeatureStore({'in memory' if self.place is None else without_secrets(self.place)})"

    def _repr_html_(self) -> str:
        """The same for notebooks, with what is defined."""
        groups = [(f"store.{name}", (getdoc(getattr(self, name)) or "").partition("\n")[0]) for name in _PARTS]
        body = self.catalog().map(lambda catalog: catalog.as_html()).value_or("")
        return card(repr(self), groups, body=body)

    # === Its end ===

    def close(self) -> None:
        """Close the connections to the event log and to an online store. A later call opens them again.

        A store that nobody uses any more closes them by itself; `with FeatureStore.open(...).unwrap() as store:` does
        so at the end of the block.
        """
        if "online" in vars(self):
            self.online.close()
        self._adapters.events.close()

    def __enter__(self) -> Self:
        """Begin a block that ends with `close()`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def __reduce__(self) -> tuple[Callable[[Opening], "FeatureStore"], tuple[Opening]]:
        """How it is pickled and copied: by its place, to be opened again; without what other calls made it remember.

        Raises `CallerError` (`NotPickled`) for a store in memory, and for one that was opened with credentials.
        """
        return _reopened, (checked(self.opened),)


def _reopened(known: Opening) -> FeatureStore:
    """A store in another process. Raises `ForesetError` where it is not there, and makes none."""
    return given(
        FeatureStore.open(
            known.place,
            create=False,
            data_dir=known.data_dir,
            memory=known.memory,
            threads=known.threads,
            offline_store=known.offline_store,
            accept=known.accept,
            files_from=known.files_from,
            verify=known.verify,
        )
    )
