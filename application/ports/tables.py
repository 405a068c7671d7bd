"""The ports of tables: where rows lie, at which versions, and how they are written.

Frames cross ports as Arrow streams (the PyCapsule interface), which polars, pyarrow, pandas and DuckDB all take.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from returns.result import Result

from foreset.domain.errors.retention import NothingToVacuum, VacuumFailed
from foreset.domain.errors.tables import TableError, TableWriteError
from foreset.domain.facts import DataFile, TableFacts
from foreset.domain.retention.vacuum_rule import StoredTable
from foreset.domain.table_health.report import TableReport
from foreset.domain.tables.changes import ChangesFacts
from foreset.domain.tables.commits import TableCommit
from foreset.domain.tables.write_options import DEFAULTS, TARGET_BYTES, Compaction, WriteMode, WriteOptions


class ArrowStream(Protocol):
    """A frame, by the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """An Arrow C stream capsule."""
        ...


class Snapshot(Protocol):
    """A table at one version, open for reading."""

    @property
    def facts(self) -> TableFacts:
        """What was observed of it."""
        ...

    @property
    def storage_options(self) -> Mapping[str, str]:
        """What opens its files, where they lie in an object store."""
        ...

    def files(self, columns: tuple[str, ...]) -> Result[tuple[DataFile, ...] | None, TableError]:
        """Its Parquet files in the snapshot's order, as reading these columns needs them.

        None where there are no files. An error where a column's values cannot be told.
        """
        ...

    def read(self, columns: tuple[str, ...]) -> Result[ArrowStream, TableError]:
        """Its rows in the snapshot's order, with these columns."""
        ...


class Changes(Protocol):
    """The rows that changed between two versions of a table, which were looked at and not read yet."""

    @property
    def facts(self) -> ChangesFacts:
        """How they are told, and what that costs."""
        ...

    def read(self) -> Result[ArrowStream, TableError]:
        """The changed rows, held in memory, as is all that is read for them; commit by commit, where that is told.

        Columns: the table's at the last version, `_change_type` (`insert`, `delete`, `update_preimage` or
        `update_postimage`), `_commit_version` (int64) and `_commit_timestamp` (microseconds, UTC). The last two are
        null where rows are told by a difference, and the last where the log does not say.
        """
        ...


class TableStore(Protocol):
    """Tables and their versions."""

    def observe(
        self,
        table: str,
        version: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,
    ) -> Result[Snapshot, TableError]:
        """The table at a version, the newest by default. Later calls for the table reuse `storage_options`.

        `partition_time_zone` is that of times of partitions which have none.
        """
        ...

    def changes(
        self,
        table: str,
        first: int,
        last: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,
    ) -> Result[Changes, TableError]:
        """What changed after version `first`, up to and including version `last`, the newest by default.

        The rows at `first`, as the columns at `last` show them (null where there was no such column), with the changes
        applied are the rows at `last`. `ChangesUntold` where that cannot be told.
        """
        ...

    def version_at(self, table: str, at: datetime) -> Result[int, TableError]:
        """The version that was current at a time (with a zone), by the commit times in the log.

        `BeforeFirstVersion` and `AfterLastVersion` outside the history.
        """
        ...

    def commits(self, table: str, first: int, last: int) -> Result[tuple[TableCommit, ...], TableError]:
        """The commits after version `first`, up to and including version `last`, in their order.

        Those that the log no longer holds are left out.
        """
        ...

    def write(
        self,
        table: str,
        frame: ArrowStream,
        mode: WriteMode = "append",
        options: WriteOptions = DEFAULTS,
        storage_options: Mapping[str, str] | None = None,
    ) -> Result[TableFacts, TableWriteError]:
        """Commit the rows of a frame, in their order, making the table where it is missing; all or nothing.

        Gives the facts of the version that it became, or `Untouched` where `options` say that it was written before.
        What other writers commit meanwhile is kept; with an expected version it is `StaleTable`.
        """
        ...

    def optimize(
        self, table: str, target_bytes: int = TARGET_BYTES, storage_options: Mapping[str, str] | None = None
    ) -> Result[Compaction, TableWriteError]:
        """Put small files of a table together, up to about `target_bytes` each. The rows and their order stay.

        `TableBusy` where another process of the machine does so.
        """
        ...

    def place(self, table: str) -> str:
        """Where a table is, which tells whether two names are of one table; its name where that leads nowhere."""
        ...

    def stored(
        self, table: str, versions: Collection[int] = (), storage_options: Mapping[str, str] | None = None
    ) -> Result[StoredTable, TableError | NothingToVacuum]:
        """Which files lie in a table's folder that are no part of its newest version, and what some versions need.

        No data file is opened. `NothingToVacuum` for a table that has no versions.
        """
        ...

    def delete(
        self, table: str, paths: Collection[str], storage_options: Mapping[str, str] | None = None
    ) -> Result[tuple[str, ...], TableError | NothingToVacuum | VacuumFailed]:
        """Delete files of a table, as `stored` names them, but for those that its newest version needs by now.

        Gives those that were there and are not any more.
        """
        ...

    def check(
        self,
        table: str,
        *,
        deep: bool = False,
        storage_options: Mapping[str, str] | None = None,
    ) -> Result[TableReport, TableError]:
        """What is wrong with a table, and what could be better; with `deep` all its data is read too.

        A broken table is a report with findings. An error is only that there is no table, or no way to look at it.
        """
        ...
