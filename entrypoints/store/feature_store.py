"""The library's facade: a store of features, Result-typed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Unpack

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.definitions.catalog import CatalogAt, current_catalog
from foreset.application.definitions.register import Registered, RegistryError, register, remove
from foreset.application.diff.compare import DiffError, diff
from foreset.application.event_log.history import (
    ReceiptError,
    lineage_around,
    past_at,
    receipt_of,
    selected_events,
    send_lineage,
)
from foreset.application.feast.import_repository import LOOK_ROWS, FeastImportError, import_feast
from foreset.application.ports.engine import Adapters, Progress
from foreset.application.tables.write import WriteError, optimize_table, write_table
from foreset.application.training_sets.plan import plan_retrieval
from foreset.application.training_sets.rebuild import rebuild
from foreset.application.training_sets.retrieve import retrieve
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.diff.report import TrainingSetDiff
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.history import PastError, SendError, UnknownName
from foreset.domain.errors.problem import Problem
from foreset.domain.errors.retrieval import PlanError, RebuildError, RetrievalError
from foreset.domain.errors.tables import TableError
from foreset.domain.event_log.history import EventFilter, Wanted
from foreset.domain.event_log.lineage import Lineage, LineageSent
from foreset.domain.event_log.receipts import Recorded, TrainingSetRetrieved
from foreset.domain.facts import TableFacts
from foreset.domain.feast.import_report import ImportReport
from foreset.domain.leakage.report import LeakReport
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.table_health.report import TableReport
from foreset.domain.tables.write_options import TARGET_BYTES, WriteMode
from foreset.entrypoints.store.erasure import ErasesKeys
from foreset.entrypoints.store.frames import frame_to_write
from foreset.entrypoints.store.log import LooksAfterItsLog
from foreset.entrypoints.store.past_store import PastStore
from foreset.entrypoints.store.report_page import report_page
from foreset.entrypoints.store.reports import Reporter, TellsOfTrainingSets
from foreset.entrypoints.store.retention import KeepsTrainingSets
from foreset.entrypoints.store.table_changes import TableChanges
from foreset.entrypoints.store.training_set import TrainingSet
from foreset.entrypoints.store.write_arguments import WriteArguments, write_options
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.build import (
    comparer,
    data_folder,
    feast_repository,
    in_memory,
    lineage_sink,
    local_store,
    looks,
    run_on,
)
from foreset.entrypoints.wiring.engines import OfflineStore, chosen_store
from foreset.entrypoints.wiring.limits import size_of
from foreset.entrypoints.wiring.openings import Opening, checked, opening
from foreset.entrypoints.wiring.raising import given
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    from foreset.domain.tables.write_options import Compaction

_LOG_ALONE: Final = (
    *("adapters", "at", "catalog", "close", "history", "lineage", "open", "pins", "receipt", "verify_log"),
)
"""What looks at the event log alone, and so needs no threads of polars or deltalake."""


@results_must_be_read
@all_need_threads(but=_LOG_ALONE)
class FeatureStore(KeepsTrainingSets, TellsOfTrainingSets, LooksAfterItsLog, ErasesKeys):
    """Definitions, training sets and their history, in a folder or in memory.

    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
    >>> day = lambda d: datetime(2024, 1, d, tzinfo=UTC)
    >>> store = FeatureStore.in_memory(
    ...     {"rain": pl.DataFrame({"city": ["Rome", "Rome"], "at": [day(1), day(3)], "mm": [2.0, 9.0]})}
    ... )
    >>> rain = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
    >>> store.register(EntitySpec("city", ["city"]), rain).unwrap().changed
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
        """Use these adapters, which look up dataset names in `data_dir`; `open` and `in_memory` choose them.

        `place` is the folder or the URL by which it was opened, and `opened` all that it was opened with.
        """
        self._adapters = adapters
        self._data_dir = data_dir
        self._place = place
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

    def _catalog(self) -> "Result[CatalogAt, StoreError]":
        current = current_catalog(self._adapters.events, self._known)
        self._known = current.value_or(self._known)
        return current

    def catalog(self) -> "Result[Catalog, StoreError]":
        """What is defined now."""
        return self._catalog().map(lambda known: known.catalog)

    @fitted_arguments
    def register(self, *specs: object) -> "Result[Registered, RegistryError]":
        """Define entities and views, all or none. What is there already, unchanged, is no event."""
        return register(specs, self._adapters, self._known)

    @fitted_arguments
    def remove(self, *, entities: Iterable[str] = (), views: Iterable[str] = ()) -> "Result[Registered, RegistryError]":
        """Forget entities and views, all or none."""
        return remove(entities, views, self._adapters, self._known)

    @fitted_arguments
    def import_feast(
        self, path: Place, *, register: bool = True, look_rows: int = LOOK_ROWS
    ) -> "Result[ImportReport, FeastImportError]":
        """Register the entities and views of the Feast repository in the folder `path`, all or none, and tell of it.

        The report has what maps, what does not and why, and the `findings`: which wrong answers the repository gives
        today without a word, worst first, each with what to do. Nothing in the repository is run or changed, and
        importing again changes nothing. With `register=False` it is only looked at. Of each view `look_rows` rows are
        read at most, for nulls and ties. Loading Feast takes seconds.
        """
        return Result.do(
            report
            for known in self._catalog()
            for repository in feast_repository(path, self._data_dir)
            for report in import_feast(
                repository,
                looks(look_rows, self._data_dir),
                self._adapters,
                known,
                register=register,
            )
        )

    @fitted_arguments
    def plan(self, spec: TrainingSetSpec, spine: object) -> "Result[RetrievalPlan, PlanError]":
        """The plan of a training set, from facts alone: no feature is read. `explain()` prints it."""
        return Result.do(
            planned.plan
            for known in self._catalog()
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
        its fingerprint is recorded. `progress(done, all)` is told of spine rows while a result that does not fit in
        memory is written to a file.
        """
        return Result.do(
            TrainingSet(retrieval, Reporter(self._adapters, known.catalog, self))
            for known in self._catalog()
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
            TrainingSet(retrieval, Reporter(self._adapters, known.catalog, self))
            for known in self._catalog()
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
            for known in self._catalog()
            for told in diff(a, b, self._adapters, known.catalog, comparer(), examples=examples)
        )

    @fitted_arguments
    def receipt(self, id: str) -> "Result[TrainingSetRetrieved, ReceiptError]":  # noqa: A002  # the contract's name
        """The receipt of a training set, by its id, an unambiguous beginning of it, or its name.

        A name means the newest set of that name; `NAME~1` is the one before it.
        """
        return receipt_of(id, self._adapters.events)

    @fitted_arguments
    def history(self, **wanted: Unpack[Wanted]) -> "Result[tuple[Recorded, ...], StoreError]":
        """The events, in their order: all, or those that meet everything that is given.

        `actor`, `view`, `table`, `model` and `training_set` (an id or a beginning of one) are names; `since` and
        `until` are times, inclusive, UTC where they have no zone. What was made from a view or table is of it too.
        """
        return selected_events(EventFilter.of(wanted), self._adapters.events).map(lambda selection: selection.events)

    @fitted_arguments
    def lineage(self, name: str | None = None) -> "Result[Lineage, UnknownName | StoreError]":
        """What a view, table, entity, model or training set was made from, and what was made from it.

        `name` is its name or id; `view:NAME` or `table:NAME@VERSION` tell apart what has the same name. Without one it
        is the whole graph of the log. `as_text` and `as_mermaid` of `foreset.domain.event_log.lineage_text` draw it.
        """
        return Result.do(
            around for recorded in self._adapters.events.read() for around in lineage_around(name, recorded)
        )

    @fitted_arguments
    def send_lineage(
        self, target: Place, *, after: int = 0, namespace: str = "foreset"
    ) -> "Result[LineageSent, SendError | StoreError]":
        """Send what was done after a position of the log as OpenLineage events, to a file or the URL of a service.

        One event for each retrieval, rebuild, training, load and write, with its tables at their versions; to a file
        they are added, one JSON document a line. `namespace` is that of the jobs, and of training sets and models.
        What is sent twice is the same run. A key for the service is taken from OPENLINEAGE_API_KEY. Needs the extra
        `lineage`.
        """
        return Result.do(
            sent
            for sink in lineage_sink(str(target), namespace, self._data_dir)
            for sent in send_lineage(self._adapters.events, sink, after)
        )

    @fitted_arguments
    def report_page(self, report: LeakReport, path: Place) -> "Result[Path, Problem]":
        """Write a report of a training set as a page for a browser, and with it the plan, the lineage and the receipt.

        One HTML file, whole or not at all, which needs no network and no other file; gives its path.
        """
        return report_page(report, self._adapters, path, self._place, self._data_dir)

    @fitted_arguments
    def at(self, when: datetime | int) -> "Result[PastStore, PastError | StoreError]":
        """The store as it was at a time (inclusive; UTC where it has no zone), or at a position of its log.

        Definitions, receipts and tables are those of then; at a position, tables are as of the time of the event there.
        It cannot be changed; what is retrieved from it is recorded in the log of now.
        """
        return past_at(when, self._adapters.events, self._adapters.clock.now()).map(
            lambda past: PastStore(past, self._adapters, self)
        )

    @fitted_arguments
    def table(
        self,
        table: str | PathLike[str],
        version: int | None = None,
        *,
        storage_options: Mapping[str, str] | None = None,
    ) -> "Result[TableFacts, TableError]":
        """What is known of a table at a version, the newest by default.

        `storage_options` are those of a `DeltaSource`; later calls for the table reuse them.
        """
        return self._adapters.tables.observe(fspath(table), version, storage_options).map(
            lambda snapshot: snapshot.facts
        )

    @fitted_arguments
    def check(
        self, table: str | PathLike[str], *, deep: bool = False, storage_options: Mapping[str, str] | None = None
    ) -> "Result[TableReport, TableError]":
        """What is wrong with a table, and what could be better: its log, its files, and with `deep` all its data.

        The report's `findings` stand worst first; each says what is wrong and what to do next. A broken table is a
        report too: an error is only that there is no table, or no way to look at it. `storage_options` are those of a
        `DeltaSource`.
        """
        return self._adapters.tables.check(fspath(table), deep=deep, storage_options=storage_options)

    @fitted_arguments
    def changes(
        self,
        table: str | PathLike[str],
        from_version: int,
        to_version: int | None = None,
        *,
        partition_time_zone: str | None = None,
        storage_options: Mapping[str, str] | None = None,
    ) -> "Result[TableChanges, TableError]":
        """What changed after `from_version`, up to and including `to_version`, the newest by default.

        `explain()` tells what will be read and why, before anything is; `frame` reads it. The changes lead from the
        rows at the one version to exactly those at the other, whatever the table's writers did, with or without a
        change data feed. `partition_time_zone` and `storage_options` are those of a `DeltaSource`.
        """
        return self._adapters.tables.changes(
            fspath(table), from_version, to_version, storage_options, partition_time_zone=partition_time_zone
        ).map(lambda found: TableChanges(found, self._adapters.tables))

    @fitted_arguments
    def write(
        self,
        frame: Any,
        table: str | PathLike[str],
        *,
        mode: "WriteMode" = "append",
        storage_options: Mapping[str, str] | None = None,
        **options: Unpack[WriteArguments],
    ) -> "Result[TableFacts, WriteError]":
        """Write a table as `write_to_delta_lake` does, with the same arguments, and record it; gives its facts.

        `frame` is polars, pandas or pyarrow. `options` are `partition_by`, `schema_mode`, `replace_where`, `merge_on`,
        `expected_version`, `app_id` and `app_version`. A write that was made before, by its app_version, gives
        `Untouched` facts, and is not recorded.
        """
        return Result.do(
            facts
            for asked in write_options(**options)
            for rows in frame_to_write(frame, fspath(table))
            for facts in write_table(
                fspath(table), rows, self._adapters, mode=mode, options=asked, storage_options=storage_options
            )
        )

    @fitted_arguments
    def optimize(
        self,
        table: str | PathLike[str],
        *,
        target_size: int | str = TARGET_BYTES,
        storage_options: Mapping[str, str] | None = None,
    ) -> "Result[Compaction, WriteError]":
        """Put small files of a table together, up to about `target_size` (bytes, or text such as "256MB") each.

        The rows, their order and the older versions stay. What was done is recorded.
        """
        return Result.do(
            done
            for size in size_of("target_size", target_size)
            for done in optimize_table(
                fspath(table), self._adapters, target_bytes=size, storage_options=storage_options
            )
        )

    def __reduce__(self) -> tuple[Callable[[Opening], "FeatureStore"], tuple[Opening]]:
        """How it is pickled and copied: by its place, to be opened again; without what other calls made it remember.

        Raises `CallerError` (`NotPickled`) for a store in memory, and for one that was opened with credentials.
        """
        return _reopened, (checked(self.opened),)

    @property
    def adapters(self) -> Adapters:
        """The adapters in use, for those who build on them."""
        return self._adapters


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
