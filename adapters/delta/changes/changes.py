"""What changed between two versions of a Delta table: looked at in its log, and read as that says.

Only files that the commits in between added, removed or recorded are read. Their rows are held in memory at once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import polars as pl
from returns.result import Result, Success

from foreset.adapters.delta.changes.commit_files import commit_files, metadata_of, otherwise_stored
from foreset.adapters.delta.changes.older_columns import lossless, same_columns, through
from foreset.adapters.delta.log.folders import Folder, LocalFolder, folder, is_outside
from foreset.adapters.delta.log.log import LOG, commit_of
from foreset.adapters.delta.log.paths import decoded
from foreset.adapters.delta.snapshot.snapshot import DeltaSnapshot
from foreset.adapters.shared.rows.row_changes import as_changes, difference
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import ChangesUntold, TableError, TableUnreadable
from foreset.domain.facts import Column, DataFile
from foreset.domain.tables.changes import (
    CHANGE_TYPE,
    ChangeFiles,
    ChangesFacts,
    Reading,
    by_difference,
    reading,
    untold,
)
from foreset.domain.tables.delta_log import Commit, relative_to

_INSIDE = Column(CHANGE_TYPE, "string")
"""What files of the change data feed hold beside the table's columns: Delta protocol, "Change Data Files"."""
_AT_ONCE = 16
T = TypeVar("T")
U = TypeVar("U")


class DeltaChanges:
    """The changed rows of a table."""

    def __init__(self, first: DeltaSnapshot, last: DeltaSnapshot, told: Reading) -> None:
        """Read what changed between two snapshots as `told` says."""
        self._first, self._last, self._told = first, last, told

    @property
    def facts(self) -> ChangesFacts:
        """How they are read; after they were read, how that was done."""
        return self._told.facts(self._last.facts.table, self._first.facts.version, self._last.facts.version)

    def read(self) -> Result[pl.DataFrame, TableError]:
        """The changed rows: commit by commit, or those that went and then those that came."""
        return self._by_difference() if self._told.how == "difference" else self._by_commits()

    def _by_difference(self) -> Result[pl.DataFrame, TableError]:
        newer = self._last.facts.columns
        return Result.do(
            difference(
                through(before, newer, same_columns(self._first.mapping.fields, self._last.mapping.fields)), after
            )
            for before in _rows(self._first, self._files("delete"), self._first.facts.columns)
            for after in _rows(self._last, self._files("insert"), newer)
        )

    def _files(self, change: str) -> Iterator[DataFile]:
        return (file for part in self._told.parts if part.change == change for file in part.files)

    def _by_commits(self) -> Result[pl.DataFrame, TableError]:
        frames: list[pl.DataFrame] = []
        for part in (ChangeFiles(files=(), change="insert"), *self._told.parts):
            inside = (_INSIDE,) if part.change is None else ()
            read = _rows(self._last, part.files, self._last.facts.columns, *inside)
            if not isinstance(read, Success):
                return refuse(read.failure())
            frames.append(as_changes(read.unwrap(), part.change, part.version, part.at_us))
        return self._as_many(pl.concat(frames))

    def _as_many(self, changes: pl.DataFrame) -> Result[pl.DataFrame, TableError]:
        """The changes, if they lead to as many rows as the log counts: what was recorded may not be what was done.

        delta-rs 1.6 records a row that holds NaN as updated, and without what it was before, where another row of its
        file is.
        """
        before, after = self._first.facts.rows, self._last.facts.rows
        come = int(changes[CHANGE_TYPE].is_in(["insert", "update_postimage"]).sum())
        if before is None or after is None or before + 2 * come - changes.height == after:
            return Success(changes)
        told = before + 2 * come - changes.height
        problem = f"the recorded changes after version {self.facts.first} lead to {told} rows, its log counts {after}"
        if _lost(self._first, self._last) is not None:
            return refuse(TableUnreadable(table=self.facts.table, problem=problem))
        self._told = by_difference(self._first.facts.data_files, self._last.facts.data_files, problem)
        return self._by_difference()


def _rows(
    snapshot: DeltaSnapshot, files: Iterable[DataFile], columns: Iterable[Column], *inside: Column
) -> Result[pl.DataFrame, TableError]:
    names = tuple(column.name for column in (*columns, *inside))
    return snapshot.with_files(files, *inside).read(names).map(pl.DataFrame)


# === Looking ===


def changes_between(first: DeltaSnapshot, last: DeltaSnapshot) -> Result[DeltaChanges, TableError]:
    """What changed after one snapshot, up to another. Raises `FOLDER_FAULTS` where the log cannot be read."""
    refusal = untold(last.facts.table, first.facts.version, last.facts)
    if refusal is not None:
        return refuse(refusal)
    place = folder(decoded(last.root), last.storage_options)
    commits = _commits(place, first.facts.version + 1, last.facts.version)
    if first.facts.table_id != last.facts.table_id:
        return refuse(_replaced(first, last, commits or []))
    told = _reading(place, first, last, commits)
    lost = _lost(first, last) if any(part.change == "delete" for part in told.parts) else None
    if told.how == "difference" and lost is not None:
        return refuse(_retyped(first, last, commits or [], lost))
    return Success(DeltaChanges(first, last, told))


def _reading(place: Folder, first: DeltaSnapshot, last: DeltaSnapshot, commits: list[Commit] | None) -> Reading:
    before, after = first.facts.data_files, last.facts.data_files
    if commits is None:
        return reading(before, after, None)
    known = list(commit_files(first, last, commits))
    told = reading(before, after, known, otherwise_stored(first, last, commits))
    if told.how != "difference" and _any_missing(place, {file.path for file in told.files} - {f.path for f in after}):
        return reading(before, after, known, "files of commits in between are no longer there")
    return told


def _commits(place: Folder, first: int, last: int) -> list[Commit] | None:
    """The commits of these versions, None where one is missing or broken."""

    def read(version: int) -> Commit:
        name = f"{version:020}.json"
        return commit_of(version, name, place.read(f"{LOG}/{name}"))

    try:
        commits = _of_each(place, read, range(first, last + 1))
    except FileNotFoundError:
        return None
    return None if any(commit.broken or not commit.actions for commit in commits) else commits


def _any_missing(place: Folder, paths: Iterable[str]) -> bool:
    """Whether a file under the table's root is gone. Of those elsewhere, which clones have, reading tells."""
    inside = [path for path in (relative_to(path, place.root) for path in paths) if not is_outside(path)]
    return None in _of_each(place, place.size, inside)


def _of_each(place: Folder, look: Callable[[T], U], at: Iterable[T]) -> list[U]:
    """What is seen of each file; of many at a time where each look waits."""
    if isinstance(place, LocalFolder):
        return [look(file) for file in at]
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        return list(workers.map(look, at))


# === What cannot be told ===


def _replaced(first: DeltaSnapshot, last: DeltaSnapshot, commits: Sequence[Commit]) -> ChangesUntold:
    made = [commit.version for commit in commits if any(of.id == last.facts.table_id for of in metadata_of(commit))]
    return _untold(first, last, "another table was made in its place in between", made[:1])


def _retyped(first: DeltaSnapshot, last: DeltaSnapshot, commits: Sequence[Commit], lost: str) -> ChangesUntold:
    changed = [commit.version for commit in commits if metadata_of(commit)]
    return _untold(first, last, lost, changed[-1:])


def _untold(first: DeltaSnapshot, last: DeltaSnapshot, problem: str, since: Sequence[int]) -> ChangesUntold:
    versions = f"version {since[0]} or a later one" if since else "a version after that change"
    return ChangesUntold(
        table=last.facts.table,
        first=first.facts.version,
        last=last.facts.version,
        problem=problem,
        remedy=f"name {versions} as the first, and read the last version as a whole for what was before",
    )


def _lost(first: DeltaSnapshot, last: DeltaSnapshot) -> str | None:
    """A column whose older values the newer type does not hold."""
    for new, old in same_columns(first.mapping.fields, last.mapping.fields).items():
        was, now = str(first.facts.dtype(old)), str(last.facts.dtype(new))
        if not lossless(was, now):
            return f"the column {new!r} was {was} and is {now}"
    return None
