"""Replace rows by a condition, or by keys: what is committed for it, and the files that record the changed rows.

Delta protocol, "Change Data Files": where a commit has such files, readers of changes read them alone, so they hold all
that it changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl
from returns.result import Result, Success

from foreset.adapters.delta.commit.base_version import PinnedTable
from foreset.adapters.delta.commit.data_file_writer import NewFiles, Shape
from foreset.adapters.delta.writing.constraints import held
from foreset.adapters.delta.writing.rewriting import Marks, Rewritten, rewritten, rows_of
from foreset.adapters.delta.writing.target_schema import Target, target_of
from foreset.adapters.delta.writing.whole_writes import adds_of, is_written, refused, told_of, transaction_in
from foreset.adapters.shared.rows.merge_keys import have_key, keyed, unfit_keys
from foreset.adapters.shared.rows.partitions import texts_of
from foreset.adapters.shared.rows.sql_conditions import Condition, condition
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import TableWriteError
from foreset.domain.facts import Column, DataFile, bound
from foreset.domain.tables.changes import CHANGE_TYPE, ChangeType
from foreset.domain.tables.delta_commit import TableChange
from foreset.domain.tables.delta_log import ChangeFile
from foreset.domain.tables.write_options import WriteMode, WriteOptions
from foreset.domain.tables.writer_features import has_feed, unremovable

Changes = list[tuple[ChangeType, pl.DataFrame]]
_NONE: Final = False
_TEXTS: Final = ("String", "Date")
"""Types of partitions of which a value has one text."""


@dataclass(frozen=True)
class _Replacing:
    """Which rows of a table go, and what became of them and of the rows that came, for the change data feed."""

    marks: Callable[[PinnedTable], Marks]
    changes: Callable[[pl.DataFrame], Changes]


class RowWrite:
    """The rows of a frame in place of some of the table's. All is computed anew from each version."""

    def __init__(
        self, table: str, frame: pl.DataFrame, mode: WriteMode, options: WriteOptions, files: NewFiles
    ) -> None:
        """Replace the rows that `options.replace_where` holds for, or those with the keys `options.merge_on`."""
        self._table, self._frame, self._options, self._files = table, frame, options, files
        self._mode: WriteMode = mode

    def change(self, base: PinnedTable | None) -> Result[TableChange | None, TableWriteError]:
        """The files that come, and those that go."""
        if is_written(base, self._options):
            return Success(None)
        self._files.discard()
        return Result.do(
            change
            for _ in refused(self._table, base, self._mode, removes=False)
            for target, rows in target_of(self._table, self._frame, base, self._mode, self._options)
            for replacing in self._replacing(rows, target.columns, base.snapshot.facts.columns if base else None)
            for _ in held(self._table, rows, target)
            for done in self._rewritten(base, target, replacing)
            for change in self._change(base, target, rows, done, replacing)
        )

    def _replacing(
        self, rows: pl.DataFrame, columns: Sequence[Column], known: Sequence[Column] | None
    ) -> Result[_Replacing, TableWriteError]:
        where = self._options.replace_where
        if where is not None:
            return Result.do(
                replacing for met in condition(self._table, where, columns) for replacing in _by_condition(met, rows)
            )
        unfit = unfit_keys(self._table, tuple(self._options.merge_on), known or columns)
        if unfit is not None:
            return refuse(unfit)
        return keyed(self._table, rows, tuple(self._options.merge_on)).map(lambda keys: _by_key(keys, rows))

    def _rewritten(
        self, base: PinnedTable | None, target: Target, replacing: _Replacing
    ) -> Result[Rewritten, TableWriteError]:
        if base is None:
            return Success(Rewritten())
        done = rewritten(base, self._files, replacing.marks(base), keep_replaced=has_feed(target.settings))
        unfit = unremovable(self._table, base.settings)
        if unfit is not None and isinstance(done, Success) and done.unwrap().removes:
            return refuse(unfit)
        return done

    def _change(
        self, base: PinnedTable | None, target: Target, rows: pl.DataFrame, done: Rewritten, replacing: _Replacing
    ) -> Result[TableChange | None, TableWriteError]:
        new = self._files.write([rows], target.shape)
        changes = replacing.changes(pl.concat(done.replaced)) if done.replaced else []
        return Success(
            TableChange(
                operation="MERGE" if self._mode == "merge" else "WRITE",
                parameters=told_of(self._mode, target.settings, predicate=self._predicate()),
                adds=(*done.adds, *adds_of(new, base)),
                removes=tuple(done.removes),
                recorded=recorded(self._files, target.shape, changes) if changes else (),
                settings=target.new_settings,
                protocol=target.new_protocol,
                transaction=transaction_in(self._options),
            )
        )

    def _predicate(self) -> str:
        return self._options.replace_where or " AND ".join(f"new.{key} = old.{key}" for key in self._options.merge_on)


def _by_condition(met: Condition, rows: pl.DataFrame) -> Result[_Replacing, TableWriteError]:
    """Replace the rows for which a condition holds; it must hold for the new rows too."""
    return met.must_hold(rows).map(
        lambda _: _Replacing(lambda base: _where(base, met), lambda old: [("delete", old), ("insert", rows)])
    )


def _where(base: PinnedTable, met: Condition) -> Marks:
    """Which rows of a file meet a condition. One on partitions alone is told once for each of them."""
    told: dict[tuple[str | None, ...], bool] = {}
    of_partitions = bool(met.asked) and set(met.asked) <= set(base.settings.partition_columns)
    known = {column.name for column in base.snapshot.facts.columns}

    def marks(file: DataFile) -> Result[pl.Series | bool, TableWriteError]:
        partition = tuple(file.partition.get(name) for name in met.asked)
        if of_partitions and partition in told:
            return Success(told[partition])
        columns = tuple(name for name in met.asked if name in known) or (base.snapshot.facts.columns[0].name,)
        rows = rows_of(base, file, columns)
        if not isinstance(rows, Success):
            return refuse(rows.failure())
        found = met.holds(rows.unwrap())
        if of_partitions and isinstance(found, Success):
            told[partition] = bool(found.unwrap().any())
            return Success(told[partition])
        return found

    return marks


def _by_key(keys: pl.DataFrame, rows: pl.DataFrame) -> _Replacing:
    """Replace the rows with these keys."""

    def changes(old: pl.DataFrame) -> Changes:
        known = have_key(rows, old.select(keys.columns).unique())
        return [
            ("update_preimage", old),
            ("update_postimage", rows.filter(known)),
            ("insert", rows.filter(~known)),
        ]

    return _Replacing(lambda base: _with_key(base, keys), changes)


def _with_key(base: PinnedTable, keys: pl.DataFrame) -> Marks:
    ranges = {name: (bound(keys[name].min()), bound(keys[name].max())) for name in keys.columns}
    by = [name for name in base.settings.partition_columns if name in keys.columns and str(keys[name].dtype) in _TEXTS]
    texts = {name: set(texts_of(keys[name].unique())) for name in by}

    def may_hold(file: DataFile) -> bool:
        if not keys.height or any(file.partition[name] not in known for name, known in texts.items()):
            return False
        return all(_meets(file, name, *ends) for name, ends in ranges.items())

    def marks(file: DataFile) -> Result[pl.Series | bool, TableWriteError]:
        if not may_hold(file):
            return Success(_NONE)
        return rows_of(base, file, tuple(keys.columns)).map(lambda rows: have_key(rows, keys))

    return marks


def _meets(file: DataFile, column: str, least: int | None, greatest: int | None) -> bool:
    """Whether a file may hold a value between these; what the log does not know excludes nothing."""
    known = file.range_of(column)
    return known is None or least is None or greatest is None or not (known[1] < least or known[0] > greatest)


_FOLDER = "_change_data/"


def recorded(
    files: NewFiles, shape: Shape, changes: Sequence[tuple[ChangeType, pl.DataFrame]]
) -> tuple[ChangeFile, ...]:
    """Write rows with how they changed; the columns are those of the last frame, and null in rows without them."""
    told = [rows.with_columns(pl.lit(change).alias(CHANGE_TYPE)) for change, rows in changes]
    columns = told[-1].columns
    rows = pl.concat(told, how="diagonal").select(columns)
    made = files.write([rows], replace(shape, indexed=()), under=_FOLDER)
    return tuple(ChangeFile(path=file.encoded, partition_values=file.partition, size=file.size_bytes) for file in made)
