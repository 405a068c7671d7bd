"""The table store over Parquet files."""

import threading
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Final

import pyarrow as pa
from returns.result import Result, Success

from foreset.adapters.parquet.footers import Footer, footer_of
from foreset.adapters.parquet.places import PLACE_FAULTS, Found, Place, place_at
from foreset.adapters.parquet.snapshot import ParquetFile, ParquetSnapshot
from foreset.adapters.parquet.writing import write_files
from foreset.adapters.shared.files.object_stores import StorageOptions, bounded, store_problem
from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.adapters.shared.tables.by_format import parquet_path
from foreset.application.ports.tables import ArrowStream, Changes
from foreset.domain.errors.files import FolderIsDelta, ParquetMissing
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.retention import NothingToVacuum
from foreset.domain.errors.system import or_out_of_reach
from foreset.domain.errors.table_writes import UnwritableTable
from foreset.domain.errors.tables import (
    ChangesUntold,
    CommitTimeMissing,
    ObjectStoreFailed,
    TableError,
    TableUnreadable,
    TableWriteError,
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

_AT_ONCE: Final = 8
"""A footer is a small read that waits, above all for an object store."""
_NO_HISTORY: Final = "Parquet files have no history"
_TO_DELTA: Final = "write the data to a Delta table, which keeps its versions"


class ParquetTables:
    """Parquet files by their path or URL (see `parquet_table`). Safe to use from several threads.

    A table is what the files are when it is observed: version 0, and no other. Its id stands for the files' paths,
    sizes and times of writing, so that a table that was changed is told from the one that was read.
    """

    def __init__(self) -> None:
        """Know of no file yet."""
        self._footers: dict[Found, Footer] = {}
        self._options = StorageOptions()
        self._lock = threading.Lock()

    def observe(
        self,
        table: str,
        version: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,  # noqa: ARG002  # there is no log that holds times
    ) -> Result[ParquetSnapshot, TableError]:
        """The files as they are now."""
        path = parquet_path(table) or table
        if version:
            return refuse(VersionMissing(table=table, version=version, first=0, last=0))
        return self._options.tried(table, storage_options, lambda: self._observed(table, path))

    def _observed(self, table: str, path: str) -> Result[ParquetSnapshot, TableError]:
        options = self._options_of(table, path)
        try:
            place = place_at(path, options)
            return self._snapshot(table, path, place, options)
        except (*PLACE_FAULTS, pa.ArrowException) as fault:
            return refuse(_unseen(table, path, fault))

    def _options_of(self, table: str, path: str) -> dict[str, str]:
        with self._lock:
            given = self._options.of(table)
        return bounded(given) if "://" in path else given

    def _snapshot(
        self, table: str, path: str, place: Place, options: Mapping[str, str]
    ) -> Result[ParquetSnapshot, TableError]:
        if place.is_delta():
            return refuse(FolderIsDelta(place=path))
        found = place.files()
        if not found:
            return refuse(ParquetMissing(place=path))
        with ThreadPoolExecutor(_AT_ONCE) as workers:
            files = list(workers.map(partial(self._file, place), found))
        return Success(ParquetSnapshot(table, files, options))

    def _file(self, place: Place, found: Found) -> ParquetFile:
        """A file with its footer, which is read once for each content."""
        with self._lock:
            footer = self._footers.get(found)
        if footer is None:
            footer = footer_of(place.open(found.path))
            with self._lock:
                self._footers = {f: known for f, known in self._footers.items() if f.path != found.path}
                self._footers[found] = footer
        return ParquetFile(found, footer)

    def changes(
        self,
        table: str,
        first: int,
        last: int | None = None,
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # nothing is looked at
        *,
        partition_time_zone: str | None = None,  # noqa: ARG002  # as above
    ) -> Result[Changes, TableError]:
        """Refused: there is one version."""
        return refuse(ChangesUntold(table=table, first=first, last=last or 0, problem=_NO_HISTORY, remedy=_TO_DELTA))

    def version_at(self, table: str, at: datetime) -> Result[int, TableError]:
        """Refused: when the files were what they are is not told."""
        when = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        return refuse(CommitTimeMissing(table=table, at=when.isoformat(), versions=("0",)))

    def commits(self, table: str, first: int, last: int) -> Result[tuple[TableCommit, ...], TableError]:  # noqa: ARG002  # as above
        """None: there is one version."""
        return Success(())

    def write(
        self,
        table: str,
        frame: ArrowStream,
        mode: WriteMode = "append",
        options: WriteOptions = DEFAULTS,
        storage_options: Mapping[str, str] | None = None,
    ) -> Result[TableFacts, TableWriteError]:
        """Write the rows behind those that are there, or in their place; see `write_files`."""
        path = parquet_path(table) or table
        unfit = contradiction(table, mode, options) or _unwritable(table, mode, options)
        if unfit is not None:
            return refuse(unfit)
        return self._options.tried(table, storage_options, lambda: self._written(table, path, frame, mode, options))

    def _written(
        self, table: str, path: str, frame: ArrowStream, mode: WriteMode, options: WriteOptions
    ) -> Result[TableFacts, TableWriteError]:
        try:
            place = place_at(path, self._options_of(table, path))
        except PLACE_FAULTS as fault:
            return refuse(_unseen(table, path, fault))
        return Result.do(
            snapshot.facts
            for known in self._known(table)
            for _ in write_files(table, place, polars_frame(frame), mode, options, known)
            for snapshot in self.observe(table)
        )

    def _known(self, table: str) -> Result[ParquetSnapshot | None, TableError]:
        """The table that is to be written, None where there is none yet."""
        found = self.observe(table)
        match found.swap():
            case Success(ParquetMissing()):
                return Success(None)
            case _:
                return found.map(lambda snapshot: snapshot)

    def optimize(
        self,
        table: str,
        target_bytes: int = TARGET_BYTES,  # noqa: ARG002  # nothing is written
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # as above
    ) -> Result[Compaction, TableWriteError]:
        """Refused: whoever reads the files meanwhile would see rows twice, or not at all."""
        return refuse(UnwritableTable(table=table, feature="Parquet files without a log", remedy=_TO_DELTA))

    def place(self, table: str) -> str:
        """The name of the table, which has the path."""
        return table

    def stored(
        self,
        table: str,
        versions: Collection[int] = (),  # noqa: ARG002  # there are none
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # nothing is looked at
    ) -> Result[StoredTable, NothingToVacuum]:
        """Refused: no file is kept of what was there before."""
        return refuse(_unversioned(table))

    def delete(
        self,
        table: str,
        paths: Collection[str],  # noqa: ARG002  # none may be
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # nothing is looked at
    ) -> Result[tuple[str, ...], NothingToVacuum]:
        """Refused: all files are the table's."""
        return refuse(_unversioned(table))

    def check(
        self,
        table: str,
        *,
        deep: bool = False,
        storage_options: Mapping[str, str] | None = None,
    ) -> Result[TableReport, TableError]:
        """What there is; files without a log have nothing that could be held against them."""
        seen = self.observe(table, storage_options=storage_options)
        return seen.map(lambda snapshot: _report(snapshot.facts, deep=deep))


def _unversioned(table: str) -> NothingToVacuum:
    problem = "Parquet files have no versions, and all of them are the table's"
    return NothingToVacuum(table=table, problem=problem, remedy=_TO_DELTA)


def _report(facts: TableFacts, *, deep: bool) -> TableReport:
    return TableReport(
        table=facts.table,
        version=0,
        deep=deep,
        commits=0,
        files=facts.files,
        rows=facts.rows,
        size_bytes=facts.size_bytes,
    )


def _unwritable(table: str, mode: WriteMode, options: WriteOptions) -> UnwritableTable | None:
    """What only a log makes possible."""
    asked = {
        "mode='merge'": mode == "merge",
        "replace_where": options.replace_where is not None,
        "expected_version": options.expected_version is not None,
        "app_id": options.app_id is not None,
    }
    wanted = next((name for name, is_asked in asked.items() if is_asked), None)
    if wanted is None:
        return None
    return UnwritableTable(
        table=table, feature=f"Parquet files without a log, and {wanted} needs one", remedy=_TO_DELTA
    )


def _unseen(table: str, path: str, fault: BaseException) -> TableError:
    away = store_problem(fault)
    if away is not None:
        return because(ObjectStoreFailed(table=table, place=path, problem=away), fault)
    error = TableUnreadable(table=table, problem=told(fault, place=True))
    return or_out_of_reach(error, f"The table {table!r}", fault)
