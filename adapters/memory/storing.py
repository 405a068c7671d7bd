"""What a table in memory keeps: each version as if it were one file, until it is deleted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from foreset.domain.errors.retention import Removal
from foreset.domain.facts import bound
from foreset.domain.retention.vacuum_rule import StoredFile, StoredTable, StoredVersion

_WEEK_HOURS = 168.0


def file_of(table: str, version: int) -> str:
    """The name of what holds a version."""
    return f"{table}@{version}"


def stored_table(
    table: str,
    commits: Sequence[tuple[datetime, str]],
    sizes: Mapping[int, int],
    versions: Collection[int],
) -> StoredTable:
    """The table as it is kept.

    `commits` tell of all versions when they were made, and by what; `sizes`, in bytes, of those that are there.
    """
    newest = len(commits) - 1
    removed = {version: commits[version + 1] for version in range(newest)}
    return StoredTable(
        table=table,
        version=newest,
        hours=_WEEK_HOURS,
        log_hours=None,
        others=tuple(
            StoredFile(
                path=file_of(table, version),
                size_bytes=sizes[version],
                since_ms=(bound(at) or 0) // 1_000,
                removed=True,
            )
            for version, (at, _) in removed.items()
            if version in sizes
        ),
        versions={version: _version(table, version, newest, sizes) for version in versions},
        removals={
            file_of(table, version): Removal(version=version + 1, operation=operation, at=at.isoformat())
            for version, (at, operation) in removed.items()
        },
    )


def _version(table: str, version: int, newest: int, sizes: Mapping[int, int]) -> StoredVersion:
    if not 0 <= version <= newest:
        return StoredVersion(problem=f"it has the versions 0 to {newest}")
    held = (file_of(table, version),)
    return StoredVersion(files=held, missing=frozenset(() if version in sizes else held))
