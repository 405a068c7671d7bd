"""A table's raw log: its commits, checkpoints and checksums, read file by file, whatever state they are in.

deltalake gives a snapshot or an error. Here each file is read by itself, so that a broken log can be told file by file,
and what commits say is at hand as they say it: partition values as texts, commit times, the rows a writer counted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

import msgspec

from foreset.adapters.delta.log.folders import FOLDER_FAULTS, Folder, LocalFolder
from foreset.domain.errors.problem import told
from foreset.domain.system_codes import meaning_of
from foreset.domain.table_health.history_audit import Checksum
from foreset.domain.tables.delta_log import NOTHING, Action, BrokenLine, Commit, LogState, replay, version_gaps

LOG: Final = "_delta_log"
SIDECARS: Final = f"{LOG}/_sidecars"
LAST_CHECKPOINT: Final = "_last_checkpoint"
_NAME: Final = re.compile(
    r"(?P<version>\d{20})\."
    r"(?:(?P<commit>json)|(?P<checksum>crc)"
    r"|checkpoint\.(?:(?P<part>\d{10})\.(?P<of>\d{10})\.|(?P<id>[0-9a-fA-F-]{36})\.)?(?:parquet|json))"
)
_GREATEST: Final = 2**63 - 1
"""The greatest version: the protocol holds versions as signed numbers of 64 bits."""
_NAMED: Final = 10
"""How many missing parts of a checkpoint are named: a name alone may say that there are billions."""
_AT_ONCE: Final = 16
"""How many small files are asked of an object store at a time."""
_DECODING_FAULTS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What is no JSON, or JSON that is nested too deeply to be read."""
_ACTIONS: Final = msgspec.json.Decoder(Action)


@dataclass(frozen=True)
class CheckpointFiles:
    """A checkpoint: the names of its files that are in the log, and of those that should be too.

    Where many are missing, the first are named and the others counted, as in `and 12 more of its 20 parts`.
    """

    version: int
    names: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the checkpoint, or of its first part."""
        return self.names[0]

    @property
    def paths(self) -> tuple[str, ...]:
        """Where its files are, relative to the table."""
        return tuple(f"{LOG}/{name}" for name in self.names)


@dataclass(frozen=True)
class DeltaLog:
    """What a log folder holds: file names with their sizes, by what they are.

    `commits` and `checksums` are by version, `checkpoints` in the order of their versions. `sidecars` are the names of
    the files that v2 checkpoints may name.
    """

    folder: Folder
    commits: Mapping[int, tuple[str, int]]
    checkpoints: tuple[CheckpointFiles, ...]
    checksums: Mapping[int, str]
    sidecars: Mapping[str, int]
    others: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the folder has no file at all."""
        return not (self.commits or self.checkpoints or self.checksums or self.sidecars or self.others)


def open_log(folder: Folder) -> DeltaLog:
    """List a table's log. Raises `FOLDER_FAULTS` where it cannot be listed; one that is missing is empty."""
    commits: dict[int, tuple[str, int]] = {}
    checkpoints: list[str] = []
    checksums: dict[int, str] = {}
    sidecars: dict[str, int] = {}
    others: list[str] = []
    for path, size in sorted(folder.listing(LOG).items()):
        name = PurePosixPath(path).name
        known = _NAME.fullmatch(name) if path == f"{LOG}/{name}" else None
        if known is None or int(known["version"]) > _GREATEST:
            sidecars.update({name: size} if path.startswith(f"{SIDECARS}/") else {})
            others.append(path)
        elif known["commit"]:
            commits[int(known["version"])] = (name, size)
        elif known["checksum"]:
            checksums[int(known["version"])] = name
        else:
            checkpoints.append(name)
    held = checkpoints_among(checkpoints)
    return DeltaLog(folder, dict(sorted(commits.items())), held, checksums, sidecars, tuple(others))


def checkpoints_among(names: Iterable[str]) -> tuple[CheckpointFiles, ...]:
    """The checkpoints among the names of a log's files, in the order of their versions."""
    parts: dict[tuple[int, str], list[str]] = {}
    for name in sorted(names):
        known = _NAME.fullmatch(name)
        if known and not (known["commit"] or known["checksum"]) and int(known["version"]) <= _GREATEST:
            parts.setdefault((int(known["version"]), known["of"] or known["id"] or ""), []).append(name)
    return tuple(_checkpoint(version, kind, held) for (version, kind), held in sorted(parts.items()))


def _checkpoint(version: int, kind: str, names: list[str]) -> CheckpointFiles:
    """A checkpoint of these files; `kind` is the number of parts, an id, or nothing."""
    if not kind.isdigit():
        return CheckpointFiles(version, tuple(names))
    parts, held = int(kind), frozenset(names)
    wanted = (f"{version:020}.checkpoint.{part:010}.{kind}.parquet" for part in range(1, parts + 1))
    count = parts - sum(1 <= int(name.split(".")[2]) <= parts for name in held)
    absent = list(islice((name for name in wanted if name not in held), min(count, _NAMED)))
    more = [f"and {count - _NAMED:,} more of its {parts:,} parts"] if count > _NAMED else []
    return CheckpointFiles(version, tuple(names), (*absent, *more))


def read_commits(log: DeltaLog, first: int = 0, last: int | None = None) -> Iterator[Commit]:
    """The commits of these versions that are there, both inclusive, in their order; broken ones say so.

    Raises `FOLDER_FAULTS` where the operating system does not open one.
    """
    wanted = [version for version in log.commits if first <= version and (last is None or version <= last)]
    if isinstance(log.folder, LocalFolder):
        yield from (_commit(log, version) for version in wanted)
        return
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        yield from workers.map(partial(_commit, log), wanted)


def _commit(log: DeltaLog, version: int) -> Commit:
    name, size = log.commits[version]
    try:
        content = log.folder.read(f"{LOG}/{name}")
    except FOLDER_FAULTS as fault:
        if meaning_of(fault) is not None:
            raise  # it says nothing about the commit
        return Commit(version=version, name=name, size=size, problem=told(fault))
    return commit_of(version, name, content)


def commit_of(version: int, name: str, content: bytes) -> Commit:
    """A commit file's content, decoded. Zero bytes, which a power cut leaves, count as nothing."""
    held = content.strip(b"\0")
    broken: tuple[BrokenLine, ...] = ()
    try:
        actions = tuple(_ACTIONS.decode_lines(held))
    except _DECODING_FAULTS:
        actions, broken = _line_by_line(held)
    return Commit(
        version=version,
        name=name,
        size=len(content),
        lines=len(held.splitlines()),
        actions=actions,
        broken=broken,
    )


def _line_by_line(content: bytes) -> tuple[tuple[Action, ...], tuple[BrokenLine, ...]]:
    actions: list[Action] = []
    broken: list[BrokenLine] = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            actions.extend([_ACTIONS.decode(line)] if line.strip() else [])
        except _DECODING_FAULTS as fault:
            broken.append(BrokenLine(number, str(fault)))
    return tuple(actions), tuple(broken)


def read_checksums(log: DeltaLog) -> dict[int, Checksum]:
    """The checksum files of versions that have one; those that cannot be read are left out, as readers do."""
    found: dict[int, Checksum] = {}
    for version, name in log.checksums.items():
        try:
            counts = msgspec.json.decode(log.folder.read(f"{LOG}/{name}"), type=_Counts)
        except (*FOLDER_FAULTS, *_DECODING_FAULTS):
            continue
        found[version] = Checksum(name=name, files=counts.num_files, size_bytes=counts.table_size_bytes)
    return found


class _Counts(msgspec.Struct, rename="camel"):
    num_files: int | None = None
    table_size_bytes: int | None = None


class _LastCheckpoint(msgspec.Struct):
    version: int


def last_checkpoint_problem(log: DeltaLog) -> str | None:
    """What is wrong with `_last_checkpoint`; None where nothing is, or where there is none."""
    if f"{LOG}/{LAST_CHECKPOINT}" not in log.others:
        return None
    try:
        hint = msgspec.json.decode(log.folder.read(f"{LOG}/{LAST_CHECKPOINT}"), type=_LastCheckpoint)
    except (*FOLDER_FAULTS, RecursionError) as fault:  # what is no JSON raises a ValueError
        if meaning_of(fault) is not None:
            raise
        return f"cannot be read ({told(fault)})"
    if any(checkpoint.version == hint.version for checkpoint in log.checkpoints):
        return None
    return f"names a checkpoint of version {hint.version}, which is not there"


def state_at(log: DeltaLog, base: LogState | None, last: int | None = None) -> LogState:
    """The table at version `last`, the newest by default: its files, protocol and metadata.

    `base` is the state of a checkpoint before it, None to begin at version 0. Raises an `OSError` where a commit that
    is needed is missing or broken.
    """
    begin = base or NOTHING
    final = max([*log.commits, begin.version]) if last is None else last
    absent = next(version_gaps(log.commits, begin.version + 1, final), None)
    if absent is not None:
        problem = f"the commit of version {absent[0]} is missing from its log"
        raise FileNotFoundError(problem)
    return replay(begin, _sound(read_commits(log, begin.version + 1, final)))


def _sound(commits: Iterable[Commit]) -> Iterator[tuple[int, tuple[Action, ...]]]:
    for commit in commits:
        if commit.problem or commit.broken or not commit.actions:
            problem = commit.problem or (commit.broken[0].problem if commit.broken else "it is empty")
            message = f"the commit {commit.name} of its log cannot be read: {problem}"
            raise OSError(message)
        yield commit.version, commit.actions
