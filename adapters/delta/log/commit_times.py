"""Which version was current at a time.

Times are those that writers put into the commits (`inCommitTimestamp` where there is one, else `timestamp`), never the
modification times of files, which a copy changes. Clocks of writers may run back, and a commit may have no time: a
version is told only where no other could be meant.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from returns.result import Result, Success

from foreset.adapters.delta.log.log import DeltaLog, read_commits
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import (
    AfterLastVersion,
    AmbiguousTime,
    BeforeFirstVersion,
    CommitTimeMissing,
    HistoryCleaned,
    TableError,
)
from foreset.domain.tables.commits import TableCommit
from foreset.domain.tables.delta_log import Commit

Times = Mapping[int, datetime | None]
"""When each version that the log still holds was committed, in UTC, by version; None where it does not say."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def commit_times(log: DeltaLog, first: int, last: int) -> dict[int, datetime | None]:
    """When the versions from `first` to `last` were committed, as far as the log holds them."""
    return {commit.version: time_of(commit) for commit in read_commits(log, first, last)}


def time_of(commit: Commit) -> datetime | None:
    """When a commit was made, in UTC; None where it does not say."""
    return None if commit.time_ms is None else _EPOCH + timedelta(milliseconds=commit.time_ms)


def told_commit(commit: Commit) -> TableCommit:
    """A commit as its writer tells it: by the user's name where there is one, else by the program's."""
    told = (commit.info.get(name) for name in ("userName", "userId", "writer", "engineInfo", "clientVersion"))
    return TableCommit(
        version=commit.version,
        at=time_of(commit),
        operation=commit.operation,
        author=next((str(name) for name in told if name), ""),
        changes_columns=any(action.meta_data for action in commit.actions),
    )


def version_at(table: str, times: Times, at: datetime) -> Result[int, TableError]:
    """The version that was current at `at`, a time with a zone, up to and including its moment."""
    asked, last = at.astimezone(UTC).isoformat(), max(times, default=0)
    by_then = [version for version, time in times.items() if time is not None and time <= at]
    after = [version for version, time in times.items() if time is not None and time > at]
    if by_then and after and max(by_then) > min(after):
        return refuse(_ambiguous(table, asked, times, max(by_then), min(after)))
    current = max(by_then, default=None)
    untold = [v for v, time in times.items() if time is None and (current is None or v > current)]
    doubtful = [version for version in untold if not after or version < min(after)]
    if doubtful or not times:
        return refuse(CommitTimeMissing(table=table, at=asked, versions=tuple(map(str, doubtful))))
    if current is None:
        return refuse(_before(table, asked, times))
    if not after and times[last] != at:
        return refuse(AfterLastVersion(table=table, at=asked, last=last, last_at=_iso(times[last])))
    return Success(current)


def _before(table: str, asked: str, times: Times) -> HistoryCleaned | BeforeFirstVersion:
    first = min(times)
    if first > 0:
        return HistoryCleaned(table=table, at=asked, first=first, first_at=_iso(times[first]))
    return BeforeFirstVersion(table=table, at=asked, first=first, first_at=_iso(times[first]))


def _ambiguous(table: str, asked: str, times: Times, later: int, earlier: int) -> AmbiguousTime:
    return AmbiguousTime(
        table=table,
        at=asked,
        later=later,
        later_at=_iso(times[later]),
        earlier=earlier,
        earlier_at=_iso(times[earlier]),
    )


def _iso(time: datetime | None) -> str:
    return "" if time is None else time.isoformat()
