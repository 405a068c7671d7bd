"""Replace some rows of a table: those that meet a condition, or those with the keys of other rows.

A file that holds such rows is written anew without them, in its place in the snapshot's order; the new rows come last.
Files are read one by one, first only what tells whether they hold such rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import polars as pl
from returns.result import Result, Success

from foreset.adapters.arrow_types import polars_frame
from foreset.adapters.delta.names import decoded
from foreset.adapters.delta.new_files import NewFile, NewFiles
from foreset.adapters.delta.order import path_in_place
from foreset.adapters.delta.pinned import PinnedTable
from foreset.adapters.delta.target import Target
from foreset.domain.delta_log import Add
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import TableError, TableWriteError
from foreset.domain.errors.writes import UnwritableTable
from foreset.domain.facts import DataFile

Marks = Callable[[DataFile], Result[pl.Series | bool, TableWriteError]]
"""Tells of each row of a file whether it is replaced; or of all of them."""


@dataclass
class Rewritten:
    """What became of a table's files: those that go, and what is written in their places.

    `replaced` are the rows that went, where they were asked for.
    """

    removes: list[Add] = field(default_factory=list)
    adds: list[Add] = field(default_factory=list)
    replaced: list[pl.DataFrame] = field(default_factory=list)


def rewritten(
    base: PinnedTable, files: NewFiles, marks: Marks, *, keep_replaced: bool
) -> Result[Rewritten, TableWriteError]:
    """The table's files without the marked rows."""
    done = Rewritten()
    for file in base.snapshot.facts.data_files:
        marked = marks(file)
        if not isinstance(marked, Success):
            return refuse(marked.failure())
        gone = marked.unwrap()
        if not (gone if isinstance(gone, bool) else gone.any()):
            continue
        replaced = done.replaced if keep_replaced else None
        added = _remainder(base, files, file, None if isinstance(gone, bool) else gone, replaced)
        if not isinstance(added, Success):
            return refuse(added.failure())
        done.removes.append(base.live[file.path])
        done.adds += added.unwrap()
    return Success(done)


def _remainder(
    base: PinnedTable, files: NewFiles, file: DataFile, gone: pl.Series | None, replaced: list[pl.DataFrame] | None
) -> Result[list[Add], TableWriteError]:
    """A file's rows that stay, in a file in its place; none where all go, as they do where `gone` is None."""
    whole = gone is None or bool(gone.all())
    if whole and replaced is None:
        return Success([])
    read = rows_of(base, file, tuple(column.name for column in base.snapshot.facts.columns))
    if not isinstance(read, Success):
        return refuse(read.failure())
    rows = read.unwrap()
    if replaced is not None:
        replaced.append(rows if gone is None else rows.filter(gone))
    if gone is None or whole:
        return Success([])
    made = in_place(base, files, [file], iter([rows.filter(~gone)]))
    return made.map(lambda new: [new.add(file.modified_ms)])


def rows_of(base: PinnedTable, file: DataFile, columns: tuple[str, ...]) -> Result[pl.DataFrame, TableError]:
    """Some columns of a file's rows, without those that are deleted."""
    return base.snapshot.with_files([file]).read(columns).map(polars_frame)


def in_place(
    base: PinnedTable, files: NewFiles, instead_of: list[DataFile], frames: Iterator[pl.DataFrame]
) -> Result[NewFile, UnwritableTable]:
    """One file with these rows, in the place of neighbours in the snapshot's order that are of one partition."""
    first, taken = instead_of[0], {file.path for file in instead_of}
    others = [file for file in base.snapshot.facts.data_files if file.path not in taken]
    path = path_in_place(first, others, decoded(base.snapshot.root))
    if path is None:
        feature = f"files outside its folder ({first.path}), in whose place no other can be put"
        return refuse(UnwritableTable(table=base.snapshot.facts.table, feature=feature))
    shape = Target(base.settings, base.protocol).shape
    return Success(files.rewrite(frames, path, base.live[first.path].partition_values, shape))
