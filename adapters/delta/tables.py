"""The table store over Delta Lake."""

import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import polars as pl
from deltalake import DeltaTable
from returns.result import Result, Success

from foreset.adapters.delta.changes.changes import DeltaChanges, changes_between
from foreset.adapters.delta.checking.check import check_table
from foreset.adapters.delta.commit.base_version import PinnedTable, pinned
from foreset.adapters.delta.commit.local_storage import is_free
from foreset.adapters.delta.log.commit_times import Times, told_commit, version_at
from foreset.adapters.delta.log.faults import OPEN_FAULTS, opening
from foreset.adapters.delta.log.folders import FOLDER_FAULTS, folder
from foreset.adapters.delta.log.log import open_log, read_commits
from foreset.adapters.delta.log.paths import is_url, misread_in, table_uri
from foreset.adapters.delta.snapshot.open_tables import Handles
from foreset.adapters.delta.snapshot.partition_times import is_zone
from foreset.adapters.delta.snapshot.schema import unsupported_feature
from foreset.adapters.delta.snapshot.snapshot import DeltaSnapshot
from foreset.adapters.delta.vacuum import delete_files, stored_table
from foreset.adapters.delta.writing.table_writer import OpenTable
from foreset.adapters.shared.files.object_stores import StorageOptions
from foreset.adapters.shared.parquet.scan import READ_FAULTS
from foreset.application.ports.engine import StoredFrame
from foreset.application.ports.tables import ArrowStream
from foreset.domain.errors.problem import Problem, because, refuse, told
from foreset.domain.errors.retention import VacuumFailed
from foreset.domain.errors.system import or_out_of_reach
from foreset.domain.errors.tables import (
    NotADeltaTable,
    TableError,
    TableMissing,
    TableUnreadable,
    TableWriteError,
    UnfitPath,
    UnknownTimeZone,
    UnsupportedTable,
    VersionMissing,
)
from foreset.domain.facts import TableFacts
from foreset.domain.retention.vacuum_rule import StoredTable
from foreset.domain.table_health.report import TableReport
from foreset.domain.tables.commits import TableCommit
from foreset.domain.tables.write_options import (
    DEFAULTS,
    TARGET_BYTES,
    Compaction,
    WriteMode,
    WriteOptions,
    contradiction,
)

T = TypeVar("T")
E = TypeVar("E", bound=Problem)
_Then = Callable[[str, Mapping[str, str]], Result[T, E]]
SAMPLES = ("classification_data", "regression_data")


class DeltaTables:
    """Delta tables by dataset name (in `data_dir`), path or URL. Safe to use from several threads."""

    def __init__(self, data_dir: Path, files_from: Iterable[str | Path] = ()) -> None:
        """Look up dataset names in `data_dir`.

        Files of a table are read below its folder, and in the folders and URLs `files_from`, which shallow clones need.
        """
        self._data_dir = data_dir
        self._files_from = tuple(map(str, files_from))
        self._handles = Handles(self._files_from)
        self._options = StorageOptions()
        self._lock = threading.RLock()

    def observe(
        self,
        table: str,
        version: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,
    ) -> Result[DeltaSnapshot, TableError]:
        """The table at a version, the newest by default."""
        if partition_time_zone is not None and not is_zone(partition_time_zone):
            return refuse(UnknownTimeZone(table=table, zone=partition_time_zone))
        with self._lock:
            return self._options.tried(
                table,
                storage_options,
                lambda: Result.do(
                    snapshot
                    for uri in table_uri(table, self._data_dir)
                    for snapshot in self._snapshot(table, uri, version, partition_time_zone)
                ),
            )

    def changes(
        self,
        table: str,
        first: int,
        last: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,
    ) -> Result[DeltaChanges, TableError]:
        """What changed after version `first`, up to and including version `last`, the newest by default."""
        return Result.do(
            changes
            for after in self.observe(table, last, storage_options, partition_time_zone=partition_time_zone)
            for before in self.observe(table, first, partition_time_zone=partition_time_zone)
            for changes in _between(before, after)
        )

    def version_at(
        self, table: str, at: datetime, storage_options: Mapping[str, str] | None = None
    ) -> Result[int, TableError]:
        """The version that was current at a time, by the commit times in the log."""
        with self._lock:
            return self._options.tried(table, storage_options, lambda: self._version_at(table, at))

    def _version_at(self, table: str, at: datetime) -> Result[int, TableError]:
        return Result.do(
            version
            for uri in table_uri(table, self._data_dir)
            for times in self._times(table, uri)
            for version in version_at(table, times, at.replace(tzinfo=UTC) if at.tzinfo is None else at)
        )

    def commits(self, table: str, first: int, last: int) -> Result[tuple[TableCommit, ...], TableError]:
        """The commits after version `first`, up to and including version `last`, as far as the log holds them."""
        with self._lock:
            return Result.do(
                commits
                for uri in table_uri(table, self._data_dir)
                for _ in self._open(table, uri)
                for commits in _commits(table, uri, self._options.of(table), first, last)
            )

    def committed_at(self, table: str) -> Result[datetime | None, TableError]:
        """When the newest version was committed, in UTC; None where the log does not say."""
        with self._lock:
            return Result.do(
                time
                for uri in table_uri(table, self._data_dir)
                for handle in self._open(table, uri)
                for time in self._time(table, uri, handle.version())
            )

    def _time(self, table: str, uri: str, version: int) -> Result[datetime | None, TableError]:
        try:
            return Success(self._handles.time(uri, version, self._options.of(table)))
        except FOLDER_FAULTS as fault:
            return refuse(opening(table, uri, fault))

    def _times(self, table: str, uri: str) -> Result[Times, TableError]:
        opened = self._open(table, uri)
        if not isinstance(opened, Success):
            return refuse(opened.failure())
        try:
            return Success(self._handles.times(uri, opened.unwrap().version(), self._options.of(table)))
        except FOLDER_FAULTS as fault:
            return refuse(opening(table, uri, fault))

    def write(
        self,
        table: str,
        frame: ArrowStream,
        mode: WriteMode = "append",
        options: WriteOptions = DEFAULTS,
        storage_options: Mapping[str, str] | None = None,
    ) -> Result[TableFacts, TableWriteError]:
        """Commit the rows of a frame, making the table where it is missing; all or nothing."""
        contradicted = contradiction(table, mode, options)
        if contradicted is not None:
            return refuse(contradicted)
        return self._options.tried(
            table,
            storage_options,
            lambda: self.to_write(table).bind(lambda to: to.write(pl.DataFrame(frame), mode, options)),
        )

    def replace(self, table: str, frame: StoredFrame) -> Result[TableFacts, TableWriteError]:
        """Replace a table, or make it, with a frame that does not fit in memory, part by part."""
        return self.to_write(table).bind(lambda to: to.replace(map(pl.DataFrame, frame.batches())))

    def optimize(
        self, table: str, target_bytes: int = TARGET_BYTES, storage_options: Mapping[str, str] | None = None
    ) -> Result[Compaction, TableWriteError]:
        """Put small files together; the rows and their order stay."""
        return self._options.tried(
            table, storage_options, lambda: self.to_write(table).bind(lambda to: to.optimize(target_bytes))
        )

    def to_write(self, table: str) -> Result[OpenTable, TableWriteError]:
        """The table at its place, whether it is there or not."""
        with self._lock:
            options = self._options.of(table)
        return table_uri(table, self._data_dir).map(
            lambda uri: OpenTable(
                table,
                uri,
                options,
                pinned=lambda app_id: self._pinned(table, uri, app_id),
                facts=lambda version: self._facts(table, uri, version),
            )
        )

    def _pinned(self, table: str, uri: str, app_id: str | None) -> Result[PinnedTable | None, TableError]:
        """The newest version of a table that is to be written, None where there is no table yet."""
        with self._lock:
            opened = self._open(table, uri)
            match opened.swap():
                case Success(TableMissing()):
                    return Success(None)
                case Success(NotADeltaTable()) if is_free(Path(uri)):
                    return Success(None)
                case _:
                    return Result.do(
                        pinned(snapshot, handle, app_id)
                        for handle in opened
                        for snapshot in self._snapshot_of(table, uri, handle)
                    )

    def _facts(self, table: str, uri: str, version: int | None) -> Result[TableFacts, TableError]:
        with self._lock:
            return self._snapshot(table, uri, version).map(lambda snapshot: snapshot.facts)

    def place(self, table: str) -> str:
        """Where a table is: its URL, or the path of its folder without links."""
        where = table_uri(table, self._data_dir).value_or(table)
        if "\0" in where:  # which no path has
            return where
        return where.rstrip("/") if is_url(where) else os.path.realpath(where)

    def stored(
        self, table: str, versions: Collection[int] = (), storage_options: Mapping[str, str] | None = None
    ) -> Result[StoredTable, TableError]:
        """Which files lie in the table's folder that are no part of its newest version, and what some versions need."""
        return self._of_newest(
            table,
            storage_options,
            lambda root, options: Success(stored_table(table, root, options, versions, self._files_from)),
        )

    def delete(
        self, table: str, paths: Collection[str], storage_options: Mapping[str, str] | None = None
    ) -> Result[tuple[str, ...], TableError | VacuumFailed]:
        """Delete files of the table which its newest version does not need."""
        return self._of_newest(table, storage_options, lambda root, options: delete_files(table, root, options, paths))

    def _of_newest(
        self, table: str, storage_options: Mapping[str, str] | None, then: "_Then[T, E]"
    ) -> Result[T, TableError | E]:
        """What follows from where a table lies that is read in full at its newest version."""
        with self._lock:
            opened: Result[DeltaTable, TableError] = self._options.tried(
                table,
                storage_options,
                lambda: Result.do(
                    handle for uri in table_uri(table, self._data_dir) for handle in self._open(table, uri)
                ),
            )
        if not isinstance(opened, Success):
            return refuse(opened.failure())
        handle = opened.unwrap()
        feature = unsupported_feature(handle)
        if feature is not None:
            return refuse(UnsupportedTable(table=table, feature=feature))
        try:
            return then(handle.table_uri, self._options.of(table))
        except FOLDER_FAULTS as fault:
            return refuse(opening(table, handle.table_uri, fault))

    def check(
        self, table: str, *, deep: bool = False, storage_options: Mapping[str, str] | None = None
    ) -> Result[TableReport, TableError]:
        """What is wrong with the table, by its raw log and its files: also where deltalake cannot open it."""
        return self._options.tried(table, storage_options, lambda: self._checked(table, deep=deep))

    def _checked(self, table: str, *, deep: bool) -> Result[TableReport, TableError]:
        options = self._options.of(table)
        return Result.do(
            report
            for uri in table_uri(table, self._data_dir)
            for report in _checked(table, uri, options, deep=deep, allowed=self._files_from)
        )

    def _open(self, table: str, uri: str, version: int | None = None) -> Result[DeltaTable, TableError]:
        missing = _missing(table, uri)
        if missing is not None:
            return refuse(missing)
        options = self._options.of(table)
        known = None if version is None else self._handles.known(uri, version)
        if known is not None:
            return Success(known)
        try:
            newest = self._handles.newest(uri, options)
            if version is None or version == newest.version():
                return Success(newest)
            return self._older(table, uri, version, newest)
        except OPEN_FAULTS as fault:
            return refuse(opening(table, uri, fault))

    def _older(self, table: str, uri: str, version: int, newest: DeltaTable) -> Result[DeltaTable, TableError]:
        if not 0 <= version <= newest.version():
            return refuse(_no_version(table, newest, version))
        try:
            return Success(self._handles.at(uri, version, self._options.of(table)))
        except OPEN_FAULTS as fault:
            if "log segment" in str(fault):
                return refuse(because(_no_version(table, newest, version), fault))
            return refuse(opening(table, uri, fault))

    def _snapshot(
        self, table: str, uri: str, version: int | None, zone: str | None = None
    ) -> Result[DeltaSnapshot, TableError]:
        return self._open(table, uri, version).bind(lambda handle: self._snapshot_of(table, uri, handle, zone))

    def _snapshot_of(
        self, table: str, uri: str, handle: DeltaTable, zone: str | None = None
    ) -> Result[DeltaSnapshot, TableError]:
        feature = unsupported_feature(handle)
        if feature is not None:
            return refuse(UnsupportedTable(table=table, feature=feature))
        try:
            return Success(self._handles.snapshot(table, uri, handle, self._options.of(table), zone))
        except (*OPEN_FAULTS, *READ_FAULTS) as fault:
            return refuse(opening(table, uri, fault))


def _commits(
    table: str, uri: str, options: Mapping[str, str], first: int, last: int
) -> Result[tuple[TableCommit, ...], TableError]:
    try:
        return Success(tuple(map(told_commit, read_commits(open_log(folder(uri, options)), first + 1, last))))
    except FOLDER_FAULTS as fault:
        return refuse(opening(table, uri, fault))


def _between(first: DeltaSnapshot, last: DeltaSnapshot) -> Result[DeltaChanges, TableError]:
    try:
        return changes_between(first, last)
    except FOLDER_FAULTS as fault:
        return refuse(opening(last.facts.table, last.root, fault))


def _missing(table: str, uri: str) -> TableError | None:
    """A local place that holds no table, told before deltalake looks."""
    if is_url(uri):
        return None
    log = Path(uri) / "_delta_log"
    if escape := misread_in(uri):
        return UnfitPath(table=table, place=uri, escape=escape)
    try:
        if not _is_there(uri):
            if table in SAMPLES:
                return TableMissing(table=table, place=uri, remedy=f"make the sample with `foreset generate {table}`")
            return TableMissing(table=table, place=uri)
        is_table = _is_there(log) and log.is_dir() and _holds_files(log)
        return None if is_table else NotADeltaTable(table=table, place=uri)
    except OSError as fault:
        error = TableUnreadable(table=table, problem=told(fault, place=True))
        return or_out_of_reach(error, f"The table {table!r}", fault)


def _checked(
    table: str, uri: str, options: Mapping[str, str] | None, *, deep: bool, allowed: tuple[str, ...]
) -> Result[TableReport, TableError]:
    missing = _missing(table, uri)
    return check_table(table, uri, options, deep=deep, allowed=allowed) if missing is None else refuse(missing)


def _is_there(place: str | Path) -> bool:
    """Whether there is such a file or folder; raises `OSError` where that cannot be seen.

    Python 3.14's `Path.exists` and `is_dir` say no to a place that may not be looked at, as if it were not there.
    """
    try:
        Path(place).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _holds_files(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is not None


def _no_version(table: str, newest: DeltaTable, version: int) -> VersionMissing:
    versions = [entry["version"] for entry in newest.history()]
    return VersionMissing(table=table, version=version, first=min(versions, default=0), last=newest.version())
