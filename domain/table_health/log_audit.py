"""What is wrong with a log: from what was read of it to findings.

Severity follows from what is lost: a fault in a commit that a whole checkpoint holds touches older versions alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from foreset.domain.table_health.commit_counts import cut_short
from foreset.domain.table_health.findings import LogFinding, Severity, TableFinding
from foreset.domain.table_health.history_audit import Checksum, History
from foreset.domain.table_health.log_findings import (
    ActionMissing,
    CheckpointDiffers,
    CheckpointIncomplete,
    CheckpointUnreadable,
    ClockRanBack,
    CommitBroken,
    CommitEmpty,
    CommitsMissing,
    CommitUnreadable,
    HintBroken,
    LiveTwice,
    LogEmpty,
)
from foreset.domain.tables.delta_log import NOTHING, Commit, LogState, replay, version_gaps

_CLOSE_MS = 60_000  # clocks that are kept right differ by less
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CheckpointSeen:
    """A checkpoint: files of it that are missing, and why the others cannot be read, None where they can."""

    version: int
    name: str
    missing: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def whole(self) -> bool:
        """Whether it can be read from."""
        return not self.missing and self.problem is None


@dataclass(frozen=True)
class LogSeen:
    """What was read of a log.

    `commits` are in the order of their versions, `state` is that of the newest whole checkpoint. `hint` is what is
    wrong with `_last_checkpoint`, None where nothing is. `others` are the names of files that are neither.
    """

    commits: tuple[Commit, ...]
    checkpoints: tuple[CheckpointSeen, ...] = ()
    state: LogState | None = None
    hint: str | None = None
    checksums: Mapping[int, Checksum] = field(default_factory=dict)
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class LogAudit:
    """What a log tells of its table, as far as it can be read; `state` is None where it has no version at all."""

    state: LogState | None
    findings: tuple[TableFinding, ...]


def audit_log(seen: LogSeen) -> LogAudit:
    """Everything that is wrong with a log, and the newest state that it gives."""
    if not seen.commits and seen.state is None and not seen.checkpoints:
        return LogAudit(None, (LogEmpty(found=seen.others),))
    base = seen.state or NOTHING
    later = [commit for commit in seen.commits if commit.version > base.version]
    state = replay(base, ((commit.version, commit.actions) for commit in later))
    findings = [
        *_checkpoints(seen, base),
        *([HintBroken(problem=seen.hint)] if seen.hint else []),
        *_gaps(seen, base),
        *(finding for commit in seen.commits for finding in _commit(commit, base.version)),
        *_history(seen),
        *_held_against(seen),
        *_absent(state),
        *_twice(state),
        *_clock(seen.commits),
    ]
    return LogAudit(state if state.version >= 0 else None, tuple(findings))


def _severity(version: int, held: int) -> Severity:
    return "warning" if version <= held else "error"


# === One commit, one checkpoint ===


def _commit(commit: Commit, held: int) -> Iterator[TableFinding]:
    severity = _severity(commit.version, held)
    version, name = commit.version, commit.name
    if commit.problem is not None:
        yield CommitUnreadable(severity=severity, version=version, name=name, problem=commit.problem)
    elif not commit.actions and not commit.broken:
        yield CommitEmpty(severity=severity, version=version, name=name)
    elif commit.broken:
        line, of = commit.broken[0], commit.lines
        yield CommitBroken(severity=severity, version=version, name=name, line=line.line, of=of, problem=line.problem)
    elif (short := cut_short(commit, severity)) is not None:
        yield short


def _checkpoints(seen: LogSeen, base: LogState) -> Iterator[TableFinding]:
    """Broken checkpoints; only where no other and no commits can stand in does that make a table unreadable."""
    replayable = base.version >= 0 or (bool(seen.commits) and seen.commits[0].version == 0)
    severity: Severity = "warning" if replayable else "error"
    for checkpoint in seen.checkpoints:
        version, name = checkpoint.version, checkpoint.name
        instead = _instead(base, replayable=replayable)
        if checkpoint.missing:
            yield CheckpointIncomplete(
                severity=severity, version=version, name=name, missing=checkpoint.missing, instead=instead
            )
        elif checkpoint.problem is not None:
            yield CheckpointUnreadable(
                severity=severity, version=version, name=name, problem=checkpoint.problem, instead=instead
            )


def _instead(base: LogState, *, replayable: bool) -> str:
    if base.version >= 0:
        return f" (the checkpoint of version {base.version} can be read)"
    return " (the commits since version 0 can be read instead)" if replayable else ", and nothing stands in for it"


# === Versions ===


def _gaps(seen: LogSeen, base: LogState) -> Iterator[TableFinding]:
    have = {commit.version for commit in seen.commits}
    if not have:
        return
    last = max(*have, base.version)
    needed = list(version_gaps(have, base.version + 1, last))
    older = list(version_gaps(have, min(have), min(base.version, last)))
    if needed:
        yield CommitsMissing(versions=_runs(needed), held="")
    if older:
        held = f"; the checkpoint of version {base.version} holds what they did, older versions are lost"
        yield CommitsMissing(severity="warning", versions=_runs(older), held=held)


def _runs(gaps: list[range]) -> str:
    """Versions in their order, with those that follow one another put together."""
    return ", ".join(f"{gap[0]} to {gap[-1]}" if gap.stop - gap.start > 1 else str(gap[0]) for gap in gaps)


def _history(seen: LogSeen) -> list[LogFinding]:
    commits, known = seen.commits, seen.state
    if not commits:
        return []
    start = known if known is not None and known.version < commits[0].version else NOTHING
    exact = commits[0].version == start.version + 1
    history, expected = History(start, seen.checksums, exact=exact), commits[0].version
    for commit in commits:
        if commit.version != expected or commit.broken or not commit.actions:
            history.break_off()
        history.follow([commit], known)
        expected = commit.version + 1
    return history.findings()


def _held_against(seen: LogSeen) -> Iterator[TableFinding]:
    """The newest checkpoint, held against all commits up to it."""
    known = seen.state
    if known is None:
        return
    upto = [c for c in seen.commits if c.version <= known.version and c.actions and not c.broken]
    if len(upto) != known.version + 1 or any(commit.version != place for place, commit in enumerate(upto)):
        return
    told = replay(NOTHING, ((commit.version, commit.actions) for commit in upto))
    missing, beyond = told.files.keys() - known.files.keys(), known.files.keys() - told.files.keys()
    if missing or beyond:
        name = next(c.name for c in seen.checkpoints if c.version == known.version and c.whole)
        yield CheckpointDiffers(version=known.version, name=name, missing=_paths(missing), beyond=_paths(beyond))


def _paths(keys: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    return tuple(sorted(path for path, _ in keys))


def _absent(state: LogState) -> Iterator[TableFinding]:
    if state.protocol is None and state.version >= 0:
        yield ActionMissing(action="protocol", version=state.version)
    if state.metadata is None and state.version >= 0:
        yield ActionMissing(action="metaData", version=state.version)


def _twice(state: LogState) -> Iterator[TableFinding]:
    vectors: dict[str, list[str]] = {}
    for path, vector in state.files:
        vectors.setdefault(path, []).append(vector or "none")
    for path, several in vectors.items():
        if len(several) > 1:
            yield LiveTwice(file=path, vectors=tuple(sorted(several)))


# === Times ===


def _clock(commits: tuple[Commit, ...]) -> Iterator[TableFinding]:
    timed = [(commit.time_ms, commit.version) for commit in commits if commit.time_ms is not None]
    latest = accumulate(timed, max)
    back = [
        (before[0] - now[0], now, before)
        for previous, now, before in zip(timed, timed[1:], latest, strict=False)
        if now[0] < previous[0]
    ]
    if back:
        by, (time, version), (earlier, before) = max(back)
        yield ClockRanBack(
            severity="warning" if by > _CLOSE_MS else "advice",
            version=version,
            at=_moment(time),
            before=before,
            before_at=_moment(earlier),
            count=len(back),
        )


def _moment(time_ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=time_ms)).isoformat(timespec="milliseconds")
