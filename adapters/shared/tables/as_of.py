"""Tables as they were at a time: the newest version is the one that was current then."""

from collections.abc import Collection, Mapping
from datetime import datetime

from returns.result import Result, Success

from foreset.application.ports.tables import ArrowStream, Changes, Snapshot, TableStore
from foreset.domain.errors.history import PastIsReadOnly
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retention import NothingToVacuum
from foreset.domain.errors.tables import AfterLastVersion, TableError, TableWriteError
from foreset.domain.facts import TableFacts
from foreset.domain.retention.vacuum_rule import StoredTable
from foreset.domain.table_health.report import TableReport
from foreset.domain.tables.commits import TableCommit
from foreset.domain.tables.write_options import DEFAULTS, TARGET_BYTES, Compaction, WriteMode, WriteOptions


class PastTables:
    """The tables of another store, as they were at a time. A version that is named is read, whenever it was made."""

    def __init__(self, tables: TableStore, at: datetime) -> None:
        """Look at `tables` as they were at `at`, a time that has passed."""
        self._tables = tables
        self._at = at

    def observe(
        self,
        table: str,
        version: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,
    ) -> Result[Snapshot, TableError]:
        """The table at a version, that of the time by default."""
        if version is not None:
            return self._tables.observe(table, version, storage_options, partition_time_zone=partition_time_zone)
        return Result.do(
            snapshot
            for _ in self._tables.observe(table, None, storage_options, partition_time_zone=partition_time_zone)
            for then in self.version_at(table, self._at)
            for snapshot in self._tables.observe(table, then, partition_time_zone=partition_time_zone)
        )

    def changes(
        self,
        table: str,
        first: int,
        last: int | None = None,
        storage_options: Mapping[str, str] | None = None,
        *,
        partition_time_zone: str | None = None,
    ) -> Result[Changes, TableError]:
        """What changed after version `first`, up to and including `last`, the version of the time by default."""
        zone = partition_time_zone
        return Result.do(
            changes
            for until in (self._then(table, storage_options) if last is None else Success(last))
            for changes in self._tables.changes(table, first, until, storage_options, partition_time_zone=zone)
        )

    def _then(self, table: str, storage_options: Mapping[str, str] | None) -> Result[int, TableError]:
        return self.observe(table, None, storage_options).map(lambda snapshot: snapshot.facts.version)

    def version_at(self, table: str, at: datetime) -> Result[int, TableError]:
        """The version that was current at a time; later than that of this store, it is the last one of then."""
        found = self._tables.version_at(table, min(at, self._at))
        match found.swap():
            case Success(AfterLastVersion(last=last)):
                return Success(last)  # that time has passed, so nothing can still be committed before it
            case _:
                return found

    def commits(self, table: str, first: int, last: int) -> Result[tuple[TableCommit, ...], TableError]:
        """The commits after version `first`, up to and including version `last`."""
        return self._tables.commits(table, first, last)

    def write(
        self,
        table: str,
        frame: ArrowStream,  # noqa: ARG002  # nothing is written
        mode: WriteMode = "append",  # noqa: ARG002  # as above
        options: WriteOptions = DEFAULTS,  # noqa: ARG002  # as above
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # as above
    ) -> Result[TableFacts, TableWriteError]:
        """Refused."""
        return refuse(self._read_only(f"writing the table {table!r}"))

    def optimize(
        self,
        table: str,
        target_bytes: int = TARGET_BYTES,  # noqa: ARG002  # nothing is written
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # as above
    ) -> Result[Compaction, TableWriteError]:
        """Refused."""
        return refuse(self._read_only(f"optimizing the table {table!r}"))

    def place(self, table: str) -> str:
        """Where a table is."""
        return self._tables.place(table)

    def stored(
        self, table: str, versions: Collection[int] = (), storage_options: Mapping[str, str] | None = None
    ) -> Result[StoredTable, TableError | NothingToVacuum]:
        """What lies in a table's folder now."""
        return self._tables.stored(table, versions, storage_options)

    def delete(
        self,
        table: str,
        paths: Collection[str],  # noqa: ARG002  # nothing is deleted
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # as above
    ) -> Result[tuple[str, ...], NothingToVacuum]:
        """Refused."""
        problem = f"the store is looked at as it was at {self._at.isoformat()}, and the past is not changed"
        return refuse(NothingToVacuum(table=table, problem=problem, remedy="open the store as it is now"))

    def check(
        self,
        table: str,
        *,
        deep: bool = False,
        storage_options: Mapping[str, str] | None = None,
    ) -> Result[TableReport, TableError]:
        """What is wrong with a table now: its log and its files are those of today."""
        return self._tables.check(table, deep=deep, storage_options=storage_options)

    def _read_only(self, what: str) -> PastIsReadOnly:
        return PastIsReadOnly(what=what, at=self._at.isoformat())
