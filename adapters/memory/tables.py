"""The table store in memory: named tables, every write a new version."""

import threading
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import uuid4

import polars as pl
from msgspec.structs import asdict
from returns.result import Result, Success

from foreset.adapters.memory.changes import MemoryChanges
from foreset.adapters.memory.storing import file_of, stored_table
from foreset.adapters.memory.writing import Content, conformed, together, written
from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.application.ports.event_log import Clock
from foreset.application.ports.tables import ArrowStream
from foreset.domain.dtypes import NANOSECONDS, time_unit
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.table_writes import StaleTable, TableExists
from foreset.domain.errors.tables import (
    AfterLastVersion,
    BeforeFirstVersion,
    ChangesUntold,
    DataFileGone,
    TableError,
    TableMissing,
    TableWriteError,
    VersionMissing,
)
from foreset.domain.facts import Column, Range, TableFacts
from foreset.domain.retention.vacuum_rule import StoredTable
from foreset.domain.table_health.report import TableReport
from foreset.domain.tables.changes import untold
from foreset.domain.tables.commits import TableCommit
from foreset.domain.tables.write_options import (
    DEFAULTS,
    TARGET_BYTES,
    Compaction,
    Untouched,
    WriteMode,
    WriteOptions,
    contradiction,
)

_REMEDY: Final = "write it to this store first, or mend the name"


class _Version(NamedTuple):
    """A table at a version, when it was written, and by what."""

    content: Content
    committed_at: datetime
    operation: str = "WRITE"


class _Table(NamedTuple):
    identifier: str
    versions: tuple[_Version, ...]
    app_versions: Mapping[str, int]
    gone: frozenset[int] = frozenset()


class MemorySnapshot:
    """A table at a version. Immutable."""

    def __init__(self, name: str, table: _Table, version: int) -> None:
        """Describe version `version` of `table`."""
        chunks, schema, partitions = table.versions[version].content
        self._frame = frame = pl.concat([schema.to_frame(), *(conformed(chunk, schema) for chunk in chunks)])
        self.facts = TableFacts(
            table=name,
            table_id=table.identifier,
            version=version,
            columns=tuple(Column(name, dtype_name(dtype)) for name, dtype in frame.schema.items()),
            files=len(chunks),
            rows=frame.height,
            size_bytes=int(frame.estimated_size()),
            partition_columns=partitions,
            time_ranges=_ranges(frame),
        )

    @property
    def storage_options(self) -> dict[str, str]:
        """None: there are no files to open."""
        return {}

    def files(self, columns: tuple[str, ...]) -> Result[None, TableError]:  # noqa: ARG002  # there are no files
        """None: there are no files."""
        return Success(None)

    def read(self, columns: tuple[str, ...]) -> Result[pl.DataFrame, TableError]:
        """Its rows in the order of the writes, with these columns."""
        return Success(self._frame.select(columns))


class MemoryTables:
    """Tables by any name. Safe to use from several threads."""

    def __init__(self, tables: Mapping[str, ArrowStream] | None = None, *, clock: Clock) -> None:
        """Begin with `tables`, each written as version 0; `clock` gives the times of commits."""
        self._tables: dict[str, _Table] = {}
        self._clock = clock
        self._lock = threading.Lock()
        for name, frame in (tables or {}).items():
            self.write(name, frame)

    def observe(
        self,
        table: str,
        version: int | None = None,
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # memory is no storage that has any
        *,
        partition_time_zone: str | None = None,  # noqa: ARG002  # times in memory are moments
    ) -> Result[MemorySnapshot, TableError]:
        """The table at a version, the newest by default."""
        return self._found(table).bind(lambda found: _at(table, found, version))

    def changes(
        self,
        table: str,
        first: int,
        last: int | None = None,
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # memory is no storage that has any
        *,
        partition_time_zone: str | None = None,  # noqa: ARG002  # times in memory are moments
    ) -> Result[MemoryChanges, TableError]:
        """What changed after version `first`, up to and including version `last`, the newest by default."""
        return self._found(table).bind(lambda found: _changes(table, found, first, last))

    def version_at(self, table: str, at: datetime) -> Result[int, TableError]:
        """The version that was current at a time (UTC where it has no zone)."""
        when = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        return self._found(table).bind(lambda found: _current(table, found, when))

    def commits(self, table: str, first: int, last: int) -> Result[tuple[TableCommit, ...], TableError]:
        """The commits after version `first`, up to and including version `last`."""
        return self._found(table).map(lambda found: _commits(found, first, last))

    def write(
        self,
        table: str,
        frame: ArrowStream,
        mode: WriteMode = "append",
        options: WriteOptions = DEFAULTS,
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # memory is no storage that has any
    ) -> Result[TableFacts, TableWriteError]:
        """Commit the rows of a frame, making the table where it is missing; all or nothing."""
        contradicted = contradiction(table, mode, options)
        if contradicted is not None:
            return refuse(contradicted)
        given = pl.DataFrame(frame)
        with self._lock:
            known = self._tables.get(table)
            if known is not None and _is_written(known, options):
                return Success(Untouched(**asdict(MemorySnapshot(table, known, len(known.versions) - 1).facts)))
            refused = _refused(table, known, mode, options)
            if refused is not None:
                return refuse(refused)
            content = written(table, None if known is None else known.versions[-1].content, given, mode, options)
            if not isinstance(content, Success):
                return refuse(content.failure())
            operation = "MERGE" if mode == "merge" else "WRITE"
            self._tables[table] = after = self._after(known, content.unwrap(), options, operation)
        return Success(MemorySnapshot(table, after, len(after.versions) - 1).facts)

    def optimize(
        self,
        table: str,
        target_bytes: int = TARGET_BYTES,
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # memory is no storage that has any
    ) -> Result[Compaction, TableWriteError]:
        """Put what small writes brought together; the rows and their order stay."""
        with self._lock:
            known = self._tables.get(table)
            if known is None:
                return refuse(_missing(table))
            chunks, schema, partitions = known.versions[-1].content
            runs = list(together(chunks, schema, partitions, target_bytes))
            merged = sum(len(run) for run in runs if len(run) > 1)
            if merged:
                content = (tuple(pl.concat(run) for run in runs), schema, partitions)
                self._tables[table] = known = self._after(known, content, DEFAULTS, "OPTIMIZE")
        facts = MemorySnapshot(table, known, len(known.versions) - 1).facts
        return Success(Compaction(facts=facts, merged=merged, into=sum(len(run) > 1 for run in runs)))

    def place(self, table: str) -> str:
        """The table's name."""
        return table

    def stored(
        self,
        table: str,
        versions: Collection[int] = (),
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # memory is no storage that has any
    ) -> Result[StoredTable, TableError]:
        """The older versions, each as one file."""
        return self._found(table).map(lambda found: _stored(table, found, versions))

    def delete(
        self,
        table: str,
        paths: Collection[str],
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # memory is no storage that has any
    ) -> Result[tuple[str, ...], TableError]:
        """Forget older versions."""
        with self._lock:
            known = self._tables.get(table)
            if known is None:
                return refuse(_missing(table))
            older = {file_of(table, version): version for version in range(len(known.versions) - 1)}
            done = tuple(path for path in paths if path in older and older[path] not in known.gone)
            gone = known.gone | {older[path] for path in done}
            versions = tuple(
                v._replace(content=((), *v.content[1:])) if n in gone else v for n, v in enumerate(known.versions)
            )
            self._tables[table] = known._replace(versions=versions, gone=gone)
        return Success(done)

    def check(
        self,
        table: str,
        *,
        deep: bool = False,
        storage_options: Mapping[str, str] | None = None,  # noqa: ARG002  # there are none in memory
    ) -> Result[TableReport, TableError]:
        """Nothing is wrong with a table in memory; the report tells how large it is."""
        return self._found(table).bind(lambda found: _at(table, found, None)).map(lambda s: _report(s.facts, deep=deep))

    def _after(self, known: _Table | None, content: Content, options: WriteOptions, operation: str) -> _Table:
        """The table with one more version. Commit times never run back, as in a Delta log."""
        now = self._clock.now()
        told = {} if options.app_id is None or options.app_version is None else {options.app_id: options.app_version}
        if known is None:
            return _Table(uuid4().hex, (_Version(content, now, operation),), told)
        version = _Version(content, max(known.versions[-1].committed_at, now), operation)
        return known._replace(versions=(*known.versions, version), app_versions={**known.app_versions, **told})

    def _found(self, table: str) -> Result[_Table, TableError]:
        with self._lock:
            found = self._tables.get(table)
        if found is None:
            return refuse(_missing(table))
        return Success(found)


def _missing(table: str) -> TableMissing:
    return TableMissing(table=table, place="a table in memory", remedy=_REMEDY)


def _is_written(known: _Table, options: WriteOptions) -> bool:
    """Whether the application has written this, or something later, already."""
    told = known.app_versions.get(options.app_id or "")
    return told is not None and options.app_version is not None and told >= options.app_version


def _refused(table: str, known: _Table | None, mode: WriteMode, options: WriteOptions) -> TableWriteError | None:
    newest = None if known is None else len(known.versions) - 1
    if options.expected_version not in {None, newest}:
        found = "no version, for it does not exist" if newest is None else f"version {newest}"
        return StaleTable(table=table, expected=options.expected_version or 0, found=found)
    if mode == "error" and known is not None:
        return TableExists(table=table)
    return None


def _report(facts: TableFacts, *, deep: bool) -> TableReport:
    return TableReport(
        table=facts.table,
        version=facts.version,
        deep=deep,
        commits=facts.version + 1,
        files=facts.files,
        rows=facts.rows,
        size_bytes=facts.size_bytes,
    )


def _at(name: str, table: _Table, version: int | None) -> Result[MemorySnapshot, TableError]:
    last = len(table.versions) - 1
    asked = last if version is None else version
    if not 0 <= asked <= last:
        return refuse(VersionMissing(table=name, version=asked, first=0, last=last))
    if asked in table.gone:
        return refuse(DataFileGone(table=name, problem=file_of(name, asked)))
    return Success(MemorySnapshot(name, table, asked))


def _stored(name: str, table: _Table, versions: Collection[int]) -> StoredTable:
    sizes = {
        number: sum(int(chunk.estimated_size()) for chunk in version.content[0])
        for number, version in enumerate(table.versions)
        if number not in table.gone
    }
    commits = [(version.committed_at, version.operation) for version in table.versions]
    return stored_table(name, commits, sizes, versions)


def _changes(name: str, table: _Table, first: int, last: int | None) -> Result[MemoryChanges, TableError]:
    for version in (first, last):
        asked = _at(name, table, version)
        if not isinstance(asked, Success):
            return refuse(asked.failure())
    problem = untold(name, first, asked.unwrap().facts)
    if problem is not None:
        return refuse(problem)
    gone = sorted(version for version in table.gone if first <= version <= asked.unwrap().facts.version)
    if gone:
        return refuse(DataFileGone(table=name, problem=file_of(name, gone[0])))
    versions = table.versions[first : None if last is None else last + 1]
    retyped = _retyped(versions[0].content[1], versions[-1].content[1])
    if retyped is not None:
        remedy = (
            "name a version after that change as the first, and read the last version as a whole for what was before"
        )
        last = first + len(versions) - 1
        return refuse(ChangesUntold(table=name, first=first, last=last, problem=retyped, remedy=remedy))
    return Success(MemoryChanges(name, first, [version[:2] for version in versions]))


def _commits(table: _Table, first: int, last: int) -> tuple[TableCommit, ...]:
    return tuple(
        TableCommit(
            version=version,
            at=written.committed_at,
            operation=written.operation,
            changes_columns=version == 0 or written.content[1] != table.versions[version - 1].content[1],
        )
        for version, written in enumerate(table.versions)
        if first < version <= last
    )


def _retyped(before: pl.Schema, after: pl.Schema) -> str | None:
    """A column that is of another type than it was."""
    changed = next((name for name, dtype in after.items() if before.get(name, dtype) != dtype), None)
    if changed is None:
        return None
    return f"the column {changed!r} was {dtype_name(before[changed])} and is {dtype_name(after[changed])}"


def _current(name: str, table: _Table, at: datetime) -> Result[int, TableError]:
    times = [version.committed_at for version in table.versions]
    asked, last = at.isoformat(), len(times) - 1
    if at < times[0]:
        return refuse(BeforeFirstVersion(table=name, at=asked, first=0, first_at=times[0].isoformat()))
    if at > times[-1]:
        return refuse(AfterLastVersion(table=name, at=asked, last=last, last_at=times[-1].isoformat()))
    return Success(max(version for version, time in enumerate(times) if time <= at))


def _ranges(frame: pl.DataFrame) -> dict[str, Range]:
    """Least and greatest of each timestamp column that has any, in microseconds, widened where they are rounded."""
    found: dict[str, Range] = {}
    for name, dtype in frame.schema.items():
        physical = frame[name].to_physical() if isinstance(dtype, pl.Datetime) else None
        if physical is not None and physical.null_count() < len(physical):
            step = NANOSECONDS[time_unit(dtype_name(dtype)) or "us"]
            least, greatest = (int(str(bound)) * step for bound in (physical.min(), physical.max()))
            found[name] = (least // 1_000, -(-greatest // 1_000))
    return found
