"""One table store for tables of several formats, told apart by their names.

The name of Parquet files is their path or URL after `parquet:`, so that a receipt says what was read, and a folder
without a log is never taken for a Delta table, nor the other way round. All other names are Delta's.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from returns.result import Result

from foreset.application.ports.tables import ArrowStream, Changes, Snapshot, TableStore
from foreset.domain.errors.retention import NothingToVacuum, VacuumFailed
from foreset.domain.errors.tables import TableError, TableWriteError
from foreset.domain.facts import TableFacts
from foreset.domain.retention.vacuum_rule import StoredTable
from foreset.domain.table_health.report import TableReport
from foreset.domain.tables.commits import TableCommit
from foreset.domain.tables.write_options import DEFAULTS, TARGET_BYTES, Compaction, WriteMode, WriteOptions

_PARQUET: Final = "parquet:"


def parquet_table(path: str) -> str:
    """The name of the table that is the Parquet files at a path or URL.

    >>> parquet_table("/data/stats.parquet")
    'parquet:/data/stats.parquet'
    """
    return f"{_PARQUET}{path}"


def parquet_path(table: str) -> str | None:
    """The path or URL of Parquet files, by their table's name; None for a table of another format."""
    return table.removeprefix(_PARQUET) if table.startswith(_PARQUET) else None


class TablesByFormat:
    """Each call goes to the store of the table's format."""

    def __init__(self, delta: TableStore, parquet: TableStore) -> None:
        """Use these stores."""
        self._delta = delta
        self._parquet = parquet

    def _of(self, table: str) -> TableStore:
        return self._delta if parquet_path(table) is None else self._parquet

    def observe(
        self,
        table: str,
        version: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,
    ) -> Result[Snapshot, TableError]:
        """The table at a version, the newest by default."""
        return self._of(table).observe(table, version, storage_options, partition_time_zone=partition_time_zone)

    def changes(
        self,
        table: str,
        first: int,
        last: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,
    ) -> Result[Changes, TableError]:
        """What changed after version `first`, up to and including version `last`, the newest by default."""
        return self._of(table).changes(table, first, last, storage_options, partition_time_zone=partition_time_zone)

    def version_at(self, table: str, at: datetime) -> Result[int, TableError]:
        """The version that was current at a time."""
        return self._of(table).version_at(table, at)

    def commits(self, table: str, first: int, last: int) -> Result[tuple[TableCommit, ...], TableError]:
        """The commits after version `first`, up to and including version `last`."""
        return self._of(table).commits(table, first, last)

    def write(
        self,
        table: str,
        frame: ArrowStream,
        mode: WriteMode = "append",
        options: WriteOptions = DEFAULTS,
        storage_options: Mapping[str, str] | None = None,
    ) -> Result[TableFacts, TableWriteError]:
        """Commit the rows of a frame, making the table where it is missing."""
        return self._of(table).write(table, frame, mode, options, storage_options)

    def optimize(
        self, table: str, target_bytes: int = TARGET_BYTES, storage_options: Mapping[str, str] | None = None
    ) -> Result[Compaction, TableWriteError]:
        """Put small files of a table together."""
        return self._of(table).optimize(table, target_bytes, storage_options)

    def place(self, table: str) -> str:
        """Where a table is."""
        return self._of(table).place(table)

    def stored(
        self, table: str, versions: Collection[int] = (), storage_options: Mapping[str, str] | None = None
    ) -> Result[StoredTable, TableError | NothingToVacuum]:
        """Which files lie in a table's folder that are no part of its newest version, and what some versions need."""
        return self._of(table).stored(table, versions, storage_options)

    def delete(
        self, table: str, paths: Collection[str], storage_options: Mapping[str, str] | None = None
    ) -> Result[tuple[str, ...], TableError | NothingToVacuum | VacuumFailed]:
        """Delete files of a table which its newest version does not need."""
        return self._of(table).delete(table, paths, storage_options)

    def check(
        self,
        table: str,
        *,
        deep: bool = False,
        storage_options: Mapping[str, str] | None = None,
    ) -> Result[TableReport, TableError]:
        """What is wrong with a table, and what could be better."""
        return self._of(table).check(table, deep=deep, storage_options=storage_options)
