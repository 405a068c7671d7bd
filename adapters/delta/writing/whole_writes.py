"""Appending rows to a table, or replacing all that it holds."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import time_ns

import polars as pl
from returns.result import Result, Success

from foreset.adapters.delta.commit.base_version import PinnedTable
from foreset.adapters.delta.commit.committer import Plan
from foreset.adapters.delta.commit.data_file_writer import NewFile, NewFiles
from foreset.adapters.delta.writing.constraints import held
from foreset.adapters.delta.writing.target_schema import Target, target_of
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.table_writes import RowRefused, TableExists, UnwritableTable
from foreset.domain.errors.tables import SchemaMismatch, TableWriteError, WriteFailed
from foreset.domain.tables.delta_commit import AppTransaction, TableChange, TableSettings
from foreset.domain.tables.delta_log import Add
from foreset.domain.tables.write_options import WriteMode, WriteOptions
from foreset.domain.tables.writer_features import rules_of, unremovable, unwritable


def refused(table: str, base: PinnedTable | None, mode: WriteMode, *, removes: bool) -> Result[None, TableWriteError]:
    """Refuse a table that may not be written so."""
    if base is None:
        return Success(None)
    if mode == "error":
        return refuse(TableExists(table=table))
    unfit = unwritable(table, base.settings, base.protocol) or (unremovable(table, base.settings) if removes else None)
    return Success(None) if unfit is None else refuse(unfit)


def is_written(base: PinnedTable | None, options: WriteOptions) -> bool:
    """Whether the application has written this, or something later, already."""
    known = None if base is None else base.app_version
    return known is not None and options.app_version is not None and known >= options.app_version


def transaction_in(options: WriteOptions) -> AppTransaction | None:
    """How far the application has got with this write."""
    if options.app_id is None or options.app_version is None:
        return None
    return AppTransaction(app_id=options.app_id, version=options.app_version)


def adds_of(files: list[NewFile], base: PinnedTable | None) -> tuple[Add, ...]:
    """The actions for new files, which come after all others in the snapshot's order."""
    modified_ms = max(time_ns() // 1_000_000, base.newest_ms + 1 if base else 0)
    return tuple(file.add(modified_ms) for file in files)


def told_of(mode: str, settings: TableSettings, **beside: str | None) -> dict[str, str]:
    """The parameters that a commit tells of a write."""
    known = {name: text for name, text in beside.items() if text is not None}
    return {"mode": mode.capitalize(), "partitionBy": json.dumps(list(settings.partition_columns)), **known}


class WholeWrite:
    """Rows that come in frames. Files are written once, unless the table becomes another one meanwhile."""

    def __init__(self, table: str, mode: WriteMode, options: WriteOptions, files: NewFiles) -> None:
        """Write in this mode."""
        self._table, self._options, self._files = table, options, files
        self._mode: WriteMode = mode
        self._made: list[NewFile] = []
        self._made_for: object = None

    def of(self, frame: pl.DataFrame) -> Plan:
        """The plan for a frame."""
        return _Planned(
            lambda base: self._change(base, frame, lambda target, fitted: self._frame(base, target, fitted))
        )

    def of_parts(self, empty: pl.DataFrame, parts: Iterator[pl.DataFrame]) -> Plan:
        """The plan for parts that are there once; `empty` has their columns and no rows."""
        return _Planned(lambda base: self._change(base, empty, lambda target, _: self._parts(base, target, parts)))

    def _change(
        self,
        base: PinnedTable | None,
        frame: pl.DataFrame,
        written: Callable[[Target, pl.DataFrame], Result[list[NewFile], TableWriteError]],
    ) -> Result[TableChange | None, TableWriteError]:
        """The files that come, and those that go."""
        if is_written(base, self._options):
            return Success(None)
        replaces = self._mode == "overwrite" and base is not None
        return Result.do(
            TableChange(
                operation="WRITE",
                parameters=told_of(self._mode, target.settings),
                adds=adds_of(files, base),
                removes=tuple(base.live.values()) if replaces and base else (),
                settings=target.new_settings,
                protocol=target.new_protocol,
                transaction=transaction_in(self._options),
            )
            for _ in refused(self._table, base, self._mode, removes=replaces)
            for target, fitted in target_of(self._table, frame, base, self._mode, self._options)
            for files in written(target, fitted)
        )

    def _frame(
        self, base: PinnedTable | None, target: Target, fitted: pl.DataFrame
    ) -> Result[list[NewFile], TableWriteError]:
        """The frame's files, which are those of an earlier attempt where the table is what it was then."""
        settings = target.settings
        wanted = (base and settings.id, settings.schema_string, settings.partition_columns, settings.configuration)
        if self._made_for != wanted:
            allowed = held(self._table, fitted, target)
            if not isinstance(allowed, Success):
                return refuse(allowed.failure())
            self._files.discard()
            self._made = self._files.write([fitted], target.shape)
            self._made_for = wanted
        return Success(self._made)

    def _parts(
        self, base: PinnedTable | None, target: Target, parts: Iterator[pl.DataFrame]
    ) -> Result[list[NewFile], TableWriteError]:
        """The parts' files, which cannot be written twice."""
        if rules_of(target.settings):
            feature = "constraints, which are not held of rows that come in parts"
            return refuse(UnwritableTable(table=self._table, feature=feature))
        if self._made_for is None:
            self._made_for = target.shape
            try:
                self._made = self._files.write(self._fitted(base, parts), target.shape)
            except _PartRefusedError as unfit:
                return refuse(unfit.error)
        if self._made_for != target.shape:
            return refuse(WriteFailed(table=self._table, problem="another writer made it another table meanwhile"))
        return Success(self._made)

    def _fitted(self, base: PinnedTable | None, parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        for part in parts:
            fitted = target_of(self._table, part, base, self._mode, self._options)
            if not isinstance(fitted, Success):
                raise _PartRefusedError(fitted.failure())
            yield fitted.unwrap()[1]
            del part, fitted  # they are not needed while the next part is read


class _PartRefusedError(Exception):
    def __init__(self, error: SchemaMismatch | RowRefused | UnwritableTable) -> None:
        self.error = error


@dataclass(frozen=True)
class _Planned:
    change: Callable[[PinnedTable | None], Result[TableChange | None, TableWriteError]]
