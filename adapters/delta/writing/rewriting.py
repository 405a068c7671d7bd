"""Replace some rows of a table: those that meet a condition, or those with the keys of other rows.

A file that holds such rows is written again without them, in its place in the snapshot's order (modification time, then
path); the new rows come last. Files are read one by one, first only what says whether they hold such rows.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import polars as pl
from returns.result import Result, Success

from foreset.adapters.delta.commit.base_version import PinnedTable
from foreset.adapters.delta.commit.data_file_writer import NewFile, NewFiles
from foreset.adapters.delta.log.paths import decoded
from foreset.adapters.delta.writing.target_schema import Target
from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.table_writes import UnwritableTable
from foreset.domain.errors.tables import TableError, TableWriteError
from foreset.domain.facts import DataFile
from foreset.domain.tables.delta_log import Add

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


_BEGIN = "part-"


def path_in_place(file: DataFile, others: Iterable[DataFile], root: str) -> str | None:
    """A new path, relative to the folder `root`, that sorts as the file's does among `others` of its time.

    It begins as the file's path does, as far as that is needed to tell it from the others. None for a file that is not
    under the root.

    >>> files = [DataFile(path=f"/t/part-0000{n}-a.parquet", rows=1, size_bytes=1, modified_ms=7) for n in range(3)]
    >>> path_in_place(files[1], files, "/t").partition("1-")[0]
    'part-0000'
    """
    folder = f"{root.rstrip('/')}/"
    if not file.path.startswith(folder):
        return None
    beside = [other.path for other in others if other.modified_ms == file.modified_ms and other.path != file.path]
    name = file.path.rindex("/") + 1
    least = name + len(_BEGIN) if file.path.startswith(_BEGIN, name) else name
    shared = max((_shared(file.path, other) for other in beside), default=0)
    begin = file.path[len(folder) : max(least, min(shared + 1, len(file.path)))]
    return f"{begin}{'' if begin.endswith('-') else '-'}{uuid4()}.parquet"


def _shared(one: str, other: str) -> int:
    """How many signs two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
