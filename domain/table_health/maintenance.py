"""What could be kept better in a table that is whole: small files, orphans, a long log."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from foreset.domain.table_health.file_findings import CheckpointDue, Leftovers, OrphanFiles, SmallFiles
from foreset.domain.table_health.findings import TableFinding
from foreset.domain.tables.delta_log import Commit, LogState

_SMALL_BYTES: Final = 16_000_000
_MANY_FILES: Final = 50
_MANY_COMMITS: Final = 200
_UNFINISHED: Final = re.compile(r".*(#\d+|\.tmp|\._COPYING_|\.inprogress)")
_NAMED: Final = 100  # orphans in a finding's field


def upkeep(
    state: LogState,
    commits: Iterable[Commit],
    listing: Mapping[str, int],
    checkpoint: int | None,
    named: Collection[str],
) -> Iterator[TableFinding]:
    """Advice on a table.

    `listing` has the size of each file in its folder that is the table's, by relative path; `named` are those that the
    log names.
    """
    several = tuple(commits)
    yield from _strays(named, listing)
    yield from _small(state)
    waiting = [commit for commit in several if checkpoint is None or commit.version > checkpoint]
    if len(waiting) >= _MANY_COMMITS:
        since = "without a checkpoint" if checkpoint is None else f"after the checkpoint of version {checkpoint}"
        yield CheckpointDue(commits=len(waiting), since=since)


def _strays(named: Collection[str], listing: Mapping[str, int]) -> Iterator[TableFinding]:
    unfinished = {path: size for path, size in listing.items() if _UNFINISHED.fullmatch(path)}
    orphans = {
        path: size
        for path, size in listing.items()
        if path.endswith(".parquet") and path not in named and not _hidden(path)
    }
    if orphans:
        files = tuple(sorted(orphans)[:_NAMED])
        yield OrphanFiles(count=len(orphans), size_bytes=sum(orphans.values()), files=files)
    if unfinished:
        files = tuple(sorted(unfinished)[:_NAMED])
        yield Leftovers(count=len(unfinished), size_bytes=sum(unfinished.values()), files=files)


def _hidden(path: str) -> bool:
    """Whether vacuum would leave it: names that begin with `_` or `.`, beside those of partitions."""
    return any(part[0] in "_." and "=" not in part for part in path.split("/") if part)


def _small(state: LogState) -> Iterator[TableFinding]:
    """Small files that share a partition with another: only those can be put together."""
    small = [add for add in state.files.values() if (add.size or 0) < _SMALL_BYTES]
    partitions = [tuple(sorted(add.partition_values.items(), key=str)) for add in small]
    several = Counter(partitions)
    mergeable = [add for add, partition in zip(small, partitions, strict=True) if several[partition] > 1]
    if len(mergeable) >= _MANY_FILES:
        yield SmallFiles(count=len(mergeable), size_bytes=sum(add.size or 0 for add in mergeable))
