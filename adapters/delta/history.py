"""Which version was current at a time.

Times are those that writers put into the commits (`inCommitTimestamp` where there is one, else `timestamp`),
never the modification times of files, which a copy changes. Clocks of writers may run back; a version counts as
current from the latest commit time up to and including its own, as the Delta protocol asks of readers.
"""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable
from returns.result import Result, Success

from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import AfterLastVersion, BeforeFirstVersion, HistoryMissing, TableError


def version_at(table: str, handle: DeltaTable, at: datetime) -> Result[int, TableError]:
    """The version that was current at `at`, a time with a zone."""
    commits = sorted(_commit_times(handle))
    asked = at.astimezone(UTC).isoformat()
    if not commits or any(time is None for _, time in commits) or len(commits) < _commit_files(handle):
        return refuse(HistoryMissing(table=table, at=asked, problem="its log has commits without a time"))
    versions = [version for version, _ in commits]
    times = list(accumulate((time for _, time in commits if time is not None), max))
    if at < times[0]:
        if versions[0] > 0:
            problem = f"its log was cleaned up to version {versions[0]}, committed at {times[0].isoformat()}"
            return refuse(HistoryMissing(table=table, at=asked, problem=problem))
        return refuse(BeforeFirstVersion(table=table, at=asked, first=versions[0], first_at=times[0].isoformat()))
    if at > times[-1]:
        return refuse(AfterLastVersion(table=table, at=asked, last=versions[-1], last_at=times[-1].isoformat()))
    return Success(max(v for v, time in zip(versions, times, strict=True) if time <= at))


def committed_at(handle: DeltaTable) -> datetime | None:
    """When the handle's newest version was committed; None where the log does not say."""
    return next((time for _, time in _commit_times(handle, 1)), None)


def _commit_files(handle: DeltaTable) -> int:
    """How many commits a local log has. deltalake leaves out commits without `commitInfo`, and then miscounts."""
    log = Path(unquote(handle.table_uri.removeprefix("file://"))) / "_delta_log"
    names = [path.stem for path in log.glob("*.json") if path.stem.isdigit()]  # none for a table in an object store
    return sum(int(name) <= handle.version() for name in names)


def _commit_times(handle: DeltaTable, limit: int | None = None) -> list[tuple[int, datetime | None]]:
    found: list[tuple[int, datetime | None]] = []
    for entry in handle.history(limit):
        ms = entry.get("inCommitTimestamp", entry.get("timestamp"))
        time = None if ms is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(ms))
        found.append((int(entry["version"]), time))
    return found
