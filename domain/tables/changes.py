"""The rows that changed between two versions of a table: which files tell them, and at what cost.

The law: the rows at the first version, less those told as `delete` and `update_preimage`, with those told as `insert`
and `update_postimage`, are the rows at the last version, duplicates counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from foreset.domain.errors.tables import ChangesUntold
from foreset.domain.facts import DataFile, TableFacts
from foreset.domain.planning.explain import amount

How = Literal["nothing changed", "appended files", "change data feed", "difference"]
"""How changes are told."""
ChangeType = Literal["insert", "delete", "update_preimage", "update_postimage"]

CHANGE_TYPES: Final[tuple[ChangeType, ...]] = ("insert", "delete", "update_preimage", "update_postimage")
CHANGE_TYPE: Final = "_change_type"
COMMIT_VERSION: Final = "_commit_version"
COMMIT_TIMESTAMP: Final = "_commit_timestamp"
TOLD: Final = (CHANGE_TYPE, COMMIT_VERSION, COMMIT_TIMESTAMP)
"""The columns beside the table's, named as Delta's change data feed names them."""


class ChangesFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the changes after version `first`, up to and including `last`, cost to read.

    `why` says why they are told this way. `rows` is how many are read, None where the log does not say.
    """

    table: str
    first: int
    last: int
    how: How
    why: str
    files: int
    rows: int | None
    size_bytes: int

    def explain(self) -> str:
        """What is read, and why."""
        cost = amount(self.files, self.rows, self.size_bytes) if self.files else "nothing"
        span = f"changes of {self.table} after version {self.first}, up to version {self.last}"
        return f"{span}\n{self.how}: reads {cost}; {self.why}"


class FileAction(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a commit adds or removes. `file` is None where it is removed, or not read by its action alone."""

    path: str
    data_change: bool
    file: DataFile | None = None


class CommitFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit did to the files of a table.

    `at_us` is its time, in microseconds UTC, None where the log does not say. `feed`: the change data feed was on.
    `recorded` are the files in which the commit recorded the rows that it changed.
    """

    version: int
    at_us: int | None = None
    feed: bool = False
    added: tuple[FileAction, ...] = ()
    removed: tuple[FileAction, ...] = ()
    recorded: tuple[DataFile, ...] = ()


class ChangeFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Files whose rows are changes of one type, or of the type that each row names where `change` is None."""

    files: tuple[DataFile, ...]
    change: ChangeType | None
    version: int | None = None
    at_us: int | None = None


class Reading(msgspec.Struct, frozen=True):
    """How changes are told, and from which files. What a difference reads alike on both sides is no change."""

    how: How
    why: str
    parts: tuple[ChangeFiles, ...] = ()

    @property
    def files(self) -> tuple[DataFile, ...]:
        """All files that are read."""
        return tuple(file for part in self.parts for file in part.files)

    def facts(self, table: str, first: int, last: int) -> ChangesFacts:
        """What it costs."""
        files = self.files
        return ChangesFacts(
            table=table,
            first=first,
            last=last,
            how=self.how,
            why=self.why,
            files=len(files),
            rows=_rows(files),
            size_bytes=sum(file.size_bytes for file in files),
        )


def untold(table: str, first: int, last: TableFacts) -> ChangesUntold | None:
    """Why a range of versions has no changes, or none that can be told beside the table's own columns."""
    if first > last.version:
        problem, remedy = "the first version is the later one", "name the older version first"
    elif taken := [column.name for column in last.columns if column.name in TOLD]:
        problem, remedy = f"it has a column {taken[0]!r}, which tells of a change", "write a copy with another name"
    else:
        return None
    return ChangesUntold(table=table, first=first, last=last.version, problem=problem, remedy=remedy)


def reading(
    first: Sequence[DataFile], last: Sequence[DataFile], commits: Sequence[CommitFiles] | None, unfit: str | None = None
) -> Reading:
    """How to read what changed between two versions, which have these files, by all commits in between.

    `commits` is None where some are missing; `unfit` says why their files cannot be used. `dataChange` in the log is
    believed only where all adds up, for writers that compact a table at once have put its rows there twice.
    """
    found = "the log no longer has all commits in between" if commits is None else _by_commits(first, last, commits)
    if isinstance(found, Reading) and found.parts and unfit:
        found = unfit
    return by_difference(first, last, found) if isinstance(found, str) else found


def _by_commits(first: Sequence[DataFile], last: Sequence[DataFile], commits: Sequence[CommitFiles]) -> Reading | str:
    """What the commits changed, one by one; or why they do not tell."""
    live: dict[str, DataFile | None] = {file.path: file for file in first}
    parts: list[ChangeFiles] = []
    for commit in commits:
        found = _parts(commit, live)
        if isinstance(found, str):
            return f"version {commit.version} {found}"
        parts += found
        for action in commit.removed:
            del live[action.path]
        live.update({action.path: action.file for action in commit.added})
    if live.keys() != {file.path for file in last} or not _counted(first, last, parts):
        return "what the commits in between say of their files does not add up"
    return _told(tuple(parts))


def _parts(commit: CommitFiles, live: Mapping[str, DataFile | None]) -> list[ChangeFiles] | str:
    gone, come = {action.path for action in commit.removed}, [action.path for action in commit.added]
    new = [action for action in commit.added if action.data_change]
    old = [action for action in commit.removed if action.data_change]
    if not gone <= live.keys() or any(action.path in live and action.path not in gone for action in new):
        return "removes a file that is not in the table, or adds one that is"
    if commit.recorded and not (new or old):
        return "recorded changes without changing a file"
    if commit.recorded and commit.feed:
        return [ChangeFiles(files=commit.recorded, change=None, version=commit.version, at_us=commit.at_us)]
    if old and not commit.feed:
        return "changed rows while the change data feed was off"
    if (new or old) and gone & {*come}:
        return "marked rows as deleted, or no longer"
    return _whole(commit, [live[action.path] for action in old], [action.file for action in new])


def _whole(commit: CommitFiles, old: list[DataFile | None], new: list[DataFile | None]) -> list[ChangeFiles] | str:
    """Files whose rows all went or all came: Delta protocol, "Change Data Files"."""
    parts: list[ChangeFiles] = []
    both: tuple[tuple[ChangeType, list[DataFile | None]], ...] = (("delete", old), ("insert", new))
    for change, files in both:
        known = tuple(file for file in files if file is not None)
        if len(known) < len(files):
            return "has files that its log entry alone does not tell how to read"
        if known:
            parts.append(ChangeFiles(files=known, change=change, version=commit.version, at_us=commit.at_us))
    return parts


def _counted(first: Sequence[DataFile], last: Sequence[DataFile], parts: Iterable[ChangeFiles]) -> bool:
    """Whether the log's counts of rows agree with the changes, as far as it counts them."""
    total = _rows(first)
    for part in parts:
        rows = None if part.change is None else _rows(part.files)
        total = None if total is None or rows is None else total + (rows if part.change == "insert" else -rows)
    return total is None or _rows(last) in {None, total}


def _told(parts: tuple[ChangeFiles, ...]) -> Reading:
    if not parts:
        return Reading("nothing changed", "no commit in between changed rows")
    if all(part.change == "insert" for part in parts):
        return Reading("appended files", "all commits in between only added rows", parts)
    return Reading("change data feed", "the commits in between recorded what they changed", parts)


def by_difference(first: Sequence[DataFile], last: Sequence[DataFile], why: str) -> Reading:
    """The files that only one of the versions has. A file with other rows marked as deleted is another file."""
    before, after = ({(file.path, file.deleted) for file in files} for files in (first, last))
    gone = tuple(file for file in first if (file.path, file.deleted) not in after)
    come = tuple(file for file in last if (file.path, file.deleted) not in before)
    parts = (ChangeFiles(files=gone, change="delete"), ChangeFiles(files=come, change="insert"))
    return Reading("difference", why, tuple(part for part in parts if part.files))


def _rows(files: Iterable[DataFile]) -> int | None:
    rows = [file.rows for file in files]
    return None if None in rows else sum(count for count in rows if count is not None)
