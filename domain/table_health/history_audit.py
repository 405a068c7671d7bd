"""What the commits of a log say of one another: files removed twice, overwrites that missed some, checksums."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from foreset.domain.table_health.findings import LogFinding
from foreset.domain.table_health.log_findings import AddedTwice, ChecksumDiffers, OverwriteIncomplete, RemovedTwice
from foreset.domain.tables.delta_log import Add, Commit, FileKey, LogState, key_of

_RESTORE: Final = "RESTORE"


class Checksum(msgspec.Struct, frozen=True, kw_only=True):
    """What a version's checksum file counts; None where it does not say."""

    name: str
    files: int | None
    size_bytes: int | None


class _Rewrite(msgspec.Struct, frozen=True):
    """Two commits that removed the same files, and until which version that stood."""

    first: Commit
    second: Commit
    files: tuple[str, ...]


class History:
    """Follows a log commit by commit, in their order, and keeps what is odd.

    Commits may begin anywhere: what cannot be known for want of the earlier ones is not told.
    """

    def __init__(self, start: LogState, checksums: Mapping[int, Checksum], *, exact: bool) -> None:
        """Begin at `start`; `exact` says that it has all files of its version."""
        self._live = dict(start.files)
        self._size = _size(start)
        self._exact = exact
        self._checksums = checksums
        self._gone: dict[FileKey, Commit] = {}
        self._born: dict[str, int] = {}
        self._rewrites: list[tuple[_Rewrite, int | None]] = []
        self._survivors: list[tuple[Commit, frozenset[FileKey]]] = []
        self._added: dict[FileKey, int] = {}
        self._found: list[LogFinding] = []

    def follow(self, commits: Iterable[Commit], known: LogState | None) -> None:
        """Go on with these commits; `known` is the state of a checkpoint that may be met on the way."""
        for commit in commits:
            self._remove(commit)
            self._add(commit)
            if known is not None and commit.version == known.version:
                self._live, self._size, self._exact = dict(known.files), _size(known), True
            self._look_at_rest(commit)
            self._put_right(commit)
            self._compare(commit)

    def break_off(self) -> None:
        """A commit is missing or cannot be read here: what follows may rest on it."""
        self._gone.clear()
        self._exact = False

    def findings(self) -> list[LogFinding]:
        """What was odd."""
        twice = [_told(rewrite, until) for rewrite, until in self._rewrites]
        told = {rewrite.second.version for rewrite, _ in self._rewrites}
        return [*filter(None, twice), *self._found, *self._overwrites(told)]

    def _remove(self, commit: Commit) -> None:
        again: dict[int, tuple[Commit, list[str]]] = {}
        for remove in commit.removes:
            key = key_of(remove)
            gone = self._live.pop(key, None)
            self._size -= (gone.size or 0) if gone else 0
            self._added.pop(key, None)
            earlier = self._gone.get(key)
            if earlier is not None and earlier is not commit:
                again.setdefault(earlier.version, (earlier, []))[1].append(key[0])
            else:
                self._gone[key] = commit
        for earlier, files in again.values():
            self._rewrites.append((_Rewrite(earlier, commit, tuple(files)), None))

    def _add(self, commit: Commit) -> None:
        for add in commit.adds:
            key = key_of(add)
            standing = self._live.get(key)
            if standing is not None and key in self._added and _overwritten(standing, add):
                self._found.append(AddedTwice(file=key[0], first=self._added[key], second=commit.version))
            self._live[key] = add
            self._size += (add.size or 0) - ((standing.size or 0) if standing else 0)
            self._added[key] = commit.version
            self._gone.pop(key, None)
            self._born.setdefault(key[0], commit.version)

    def _look_at_rest(self, commit: Commit) -> None:
        """Whether an overwrite or delete of everything left files that are newer than all that it removed.

        Its writer did not see them. Older ones it may have spared: early releases of deltalake do not say so.
        """
        if not _of_everything(commit) or not commit.removes:
            return
        newest = max(self._born.get(key_of(remove)[0], -1) for remove in commit.removes)
        rest = frozenset(key for key in self._live if newest < self._born.get(key[0], -1) < commit.version)
        if rest and len(rest) == len(self._live) - len({key_of(add) for add in commit.adds}):
            self._survivors.append((commit, rest))

    def _put_right(self, commit: Commit) -> None:
        """Whether a restore or an overwrite left nothing of what two commits doubled."""
        if not any(until is None for _, until in self._rewrites):
            return
        restored, replaced = commit.operation == _RESTORE, _replaces(commit)
        if not restored and not replaced:
            return
        born = [self._born.get(path, -1) for path, _ in self._live]
        self._rewrites = [
            (r, until if until is not None or not _right_after(commit, r, born, restored=restored) else commit.version)
            for r, until in self._rewrites
        ]

    def _compare(self, commit: Commit) -> None:
        checksum = self._checksums.get(commit.version)
        if checksum is None or not self._exact or any(isinstance(f, ChecksumDiffers) for f in self._found):
            return
        for measure, said, found in (
            ("files", checksum.files, len(self._live)),
            ("bytes", checksum.size_bytes, self._size),
        ):
            if said is not None and said != found:
                version, name = commit.version, checksum.name
                self._found.append(ChecksumDiffers(version=version, name=name, measure=measure, said=said, found=found))
                return

    def _overwrites(self, told: set[int]) -> list[LogFinding]:
        found: list[LogFinding] = []
        for commit, rest in self._survivors:
            left = tuple(path for path, vector in rest if (path, vector) in self._live)
            if left and commit.version not in told:
                found.append(
                    OverwriteIncomplete(version=commit.version, operation=commit.operation, files=tuple(sorted(left)))
                )
        return found


def _size(state: LogState) -> int:
    return sum(add.size or 0 for add in state.files.values())


def _overwritten(standing: Add, add: Add) -> bool:
    return standing.data_change and add.data_change and standing.size != add.size


def _of_everything(commit: Commit) -> bool:
    """Whether deltalake says that it replaced or deleted all rows."""
    if not str(commit.info.get("engineInfo") or commit.info.get("clientVersion") or "").startswith("delta-rs"):
        return False
    return commit.operation in {"WRITE", "DELETE"} and _replaces(commit)


def _replaces(commit: Commit) -> bool:
    """Whether it replaces or deletes all rows, by its own word."""
    parameters: Any = commit.info.get("operationParameters")
    asked = parameters if isinstance(parameters, dict) else {}
    if asked.get("predicate") not in (None, "", "[]", []):  # of any type: a writer may put there what it likes
        return False
    return commit.operation == "DELETE" or asked.get("mode") == "Overwrite" or "REPLACE" in commit.operation


def _right_after(commit: Commit, rewrite: _Rewrite, born: list[int], *, restored: bool) -> bool:
    if commit.version <= rewrite.second.version:
        return False
    if restored:
        return all(version < rewrite.second.version for version in born)
    if commit.operation == "DELETE":
        return not born  # one that leaves files may have left doubled rows in them
    return all(version == commit.version for version in born)


def _told(rewrite: _Rewrite, until: int | None) -> RemovedTwice | None:
    first, second = rewrite.first, rewrite.second
    effect = _effect(first, second)
    if effect is None:
        return None
    return RemovedTwice(
        severity="error" if until is None else "warning",
        first=first.version,
        first_operation=first.operation or "unnamed",
        second=second.version,
        second_operation=second.operation or "unnamed",
        files=rewrite.files,
        effect=effect,
        until="" if until is None else f", until version {until} replaced or restored the table",
        before=second.version - 1,
    )


def _effect(first: Commit, second: Commit) -> str | None:
    """What removing the same files twice did to the rows; None where it did nothing."""
    match bool(first.adds), bool(second.adds):
        case True, True if not any(add.data_change for add in second.adds):
            return "the rows of these files are there twice"
        case True, True:
            return f"the rows that version {first.version} wrote stand beside those of version {second.version}"
        case True, False:
            return f"the rows that version {second.version} was to delete are still there"
        case False, True:
            return f"rows that version {first.version} deleted are back"
        case _:
            return None
