"""The table store in memory: named tables, every write a new version."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import uuid4

import polars as pl
from returns.result import Result, Success

from foreset.adapters.arrow_types import dtype_name
from foreset.adapters.memory.changes import MemoryChanges
from foreset.application.ports import ArrowStream, Clock, WriteMode
from foreset.domain.changes import untold
from foreset.domain.dtypes import NANOSECONDS, time_unit, widens
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import (
    AfterLastVersion,
    BeforeFirstVersion,
    SchemaMismatch,
    TableError,
    TableMissing,
    TableWriteError,
    VersionMissing,
    WriteFailed,
)
from foreset.domain.facts import Column, Range, TableFacts
from foreset.domain.table_report import TableReport

_REMEDY: Final = "write it to this store first, or mend the name"


class _Version(NamedTuple):
    """A table at a version: what each write that still stands brought, and when the last one was."""

    chunks: tuple[pl.DataFrame, ...]
    committed_at: datetime


class _Table(NamedTuple):
    identifier: str
    partition_columns: tuple[str, ...]
    versions: tuple[_Version, ...]


class MemorySnapshot:
    """A table at a version. Immutable."""

    def __init__(self, name: str, table: _Table, version: int) -> None:
        """Describe version `version` of `table`."""
        current = table.versions[version]
        self._frame = frame = pl.concat(current.chunks)
        self.facts = TableFacts(
            table=name,
            table_id=table.identifier,
            version=version,
            columns=tuple(Column(name, dtype_name(dtype)) for name, dtype in frame.schema.items()),
            files=len(current.chunks),
            rows=frame.height,
            size_bytes=int(frame.estimated_size()),
            partition_columns=table.partition_columns,
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

    def write(
        self, table: str, frame: ArrowStream, mode: WriteMode = "append", *, partition_by: tuple[str, ...] = ()
    ) -> Result[TableFacts, TableWriteError]:
        """Append to the table or replace its rows, making it where it is missing; all or nothing."""
        given = pl.DataFrame(frame)
        with self._lock:
            known = self._tables.get(table)
            if mode == "error" and known is not None:
                return refuse(WriteFailed(table=table, problem="it exists, and mode='error' only makes new tables"))
            fitted = _new(table, given, partition_by) if known is None else _fitted(table, given, known)
            if not isinstance(fitted, Success):
                return refuse(fitted.failure())
            self._tables[table] = written = self._after(known, fitted.unwrap(), mode, partition_by)
        return Success(MemorySnapshot(table, written, len(written.versions) - 1).facts)

    def check(self, table: str, *, deep: bool = False) -> Result[TableReport, TableError]:
        """Nothing is wrong with a table in memory; the report tells how large it is."""
        return self._found(table).bind(lambda found: _at(table, found, None)).map(lambda s: _report(s.facts, deep=deep))

    def _after(
        self, known: _Table | None, rows: pl.DataFrame, mode: WriteMode, partition_by: tuple[str, ...]
    ) -> _Table:
        """The table with one more version. Commit times never run back, as in a Delta log."""
        if known is None:
            return _Table(uuid4().hex, partition_by, (_Version((rows,), self._clock.now()),))
        last = known.versions[-1]
        chunks = (*last.chunks, rows) if mode == "append" else (rows,)
        version = _Version(chunks, max(last.committed_at, self._clock.now()))
        return known._replace(versions=(*known.versions, version))

    def _found(self, table: str) -> Result[_Table, TableError]:
        with self._lock:
            found = self._tables.get(table)
        if found is None:
            return refuse(TableMissing(table=table, place="a table in memory", remedy=_REMEDY))
        return Success(found)


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
    return Success(MemorySnapshot(name, table, asked))


def _changes(name: str, table: _Table, first: int, last: int | None) -> Result[MemoryChanges, TableError]:
    for version in (first, last):
        asked = _at(name, table, version)
        if not isinstance(asked, Success):
            return refuse(asked.failure())
    problem = untold(name, first, asked.unwrap().facts)
    if problem is not None:
        return refuse(problem)
    return Success(MemoryChanges(name, first, table.versions[first : None if last is None else last + 1]))


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


# === Fitting a frame to its table ===


def _new(table: str, frame: pl.DataFrame, partition_by: tuple[str, ...]) -> Result[pl.DataFrame, SchemaMismatch]:
    strange = [name for name in partition_by if name not in frame.columns]
    if strange or not frame.columns:
        problem = f"it has no column to partition by: {strange}" if strange else "it has no columns"
        return refuse(SchemaMismatch(table=table, problem=problem))
    return Success(frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String)))


def _fitted(table: str, frame: pl.DataFrame, known: _Table) -> Result[pl.DataFrame, SchemaMismatch]:
    """The frame with the table's columns, in their order and types."""
    wanted = known.versions[-1].chunks[0].schema
    if set(wanted) != set(frame.columns):
        strange = [name for name in frame.columns if name not in wanted]
        absent = [name for name in wanted if name not in frame.columns]
        return refuse(SchemaMismatch(table=table, problem=f"beyond the table: {strange}; not in the frame: {absent}"))
    for name, dtype in wanted.items():
        given, held = dtype_name(frame.schema[name]), dtype_name(dtype)
        if frame.schema[name] != pl.Null and not (given == held or widens(given, held)):
            problem = f"column {name!r} is {given}, and the table's {held} does not hold it"
            return refuse(SchemaMismatch(table=table, problem=problem))
    return Success(frame.select(pl.col(name).cast(dtype) for name, dtype in wanted.items()))
