"""Whether a commit holds all the actions that its writer counted.

Writers put the numbers of files and rows that they added and removed into `commitInfo`, which is the first line of a
commit. A commit that lost its last lines therefore holds fewer than it says. More than it says is no fault: actions
that only change deletion vectors are not counted as files.
"""

from collections.abc import Callable
from typing import Any, Final

from foreset.domain.finding import Severity
from foreset.domain.table_health.log_findings import CommitCutShort
from foreset.domain.tables.delta_log import Commit, recorded_rows

_Counter = Callable[[Commit], int | None]


def _rows(commit: Commit) -> int | None:
    rows = [recorded_rows(add) for add in commit.adds]
    return None if None in rows else sum(r for r in rows if r is not None)


def _added(commit: Commit) -> int:
    return len(commit.adds) + len(commit.changes)  # deltalake counts the files of the change data feed too


def _removed(commit: Commit) -> int:
    return len(commit.removes)


def _changes(commit: Commit) -> int:
    return len(commit.changes)


def _vectors(commit: Commit) -> int:
    return sum(add.deletion_vector is not None for add in commit.adds)


_ADDED: Final = ("files added", _added)
_REMOVED: Final = ("files removed", _removed)
_CHANGES: Final = ("files of the change data feed", _changes)
_VECTORS: Final = ("files with a deletion vector", _vectors)
_ROWS: Final = ("rows in the files added", _rows)
# `numFiles` of Spark is left out: it counts files without a row, which Spark does not add.
_COUNTED: Final[dict[str, tuple[str, _Counter]]] = {
    "numAddedFiles": _ADDED,
    "numTargetFilesAdded": _ADDED,
    "numRestoredFiles": _ADDED,
    "numConvertedFiles": _ADDED,
    "num_added_files": _ADDED,
    "num_target_files_added": _ADDED,
    "numFilesAdded": _ADDED,
    "numRestoredFile": _ADDED,
    "numRemovedFiles": _REMOVED,
    "numTargetFilesRemoved": _REMOVED,
    "num_removed_files": _REMOVED,
    "num_target_files_removed": _REMOVED,
    "numFilesRemoved": _REMOVED,
    "numRemovedFile": _REMOVED,
    "numAddedChangeFiles": _CHANGES,
    "numTargetChangeFilesAdded": _CHANGES,
    "numDeletionVectorsAdded": _VECTORS,
    "numTargetDeletionVectorsAdded": _VECTORS,
    "numOutputRows": _ROWS,
    "num_added_rows": _ROWS,
    "num_output_rows": _ROWS,
}


def cut_short(commit: Commit, severity: Severity) -> CommitCutShort | None:
    """The first number of its writer that a commit does not reach, None where it reaches all."""
    metrics: Any = commit.info.get("operationMetrics")
    for metric, told in metrics.items() if isinstance(metrics, dict) else ():
        said, (counted, count) = _whole(told), _COUNTED.get(metric, ("", _added))
        found = count(commit) if counted and said else None
        if said is not None and found is not None and said > found:
            return CommitCutShort(
                severity=severity,
                version=commit.version,
                name=commit.name,
                operation=commit.operation or "writer",
                metric=metric,
                said=said,
                found=found,
                counted=counted,
            )
    return None


def _whole(told: object) -> int | None:
    """A metric's number: Spark writes texts, deltalake numbers."""
    if isinstance(told, str):
        return int(told) if told.isdecimal() else None
    return told if isinstance(told, int) and not isinstance(told, bool) else None
