"""Which files of a table a vacuum deletes, and which training sets rest on them.

The rule is that of the Delta protocol and of its vacuums (Spark's, and deltalake's with `full=True`): a file goes that
is no part of the newest version, if it was removed from the table longer ago than the retention, or if the log names it
no more, or never did, and it was last modified longer ago. Folders and files whose names begin with `_` or `.` stay,
beside those of partitions and `_change_data`.
"""

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Final, Literal

import msgspec

from foreset.domain.errors.retention import Removal
from foreset.domain.facts import DataFile
from foreset.domain.planning.data_skipping import may_serve
from foreset.domain.planning.nodes import Bounds
from foreset.domain.tables.delta_log import Protocol

HOUR_MS: Final = 3_600_000
UNFINISHED_MS: Final = HOUR_MS
"""A file that no commit names may be of a write that is going on; so it stays for this long, whatever was asked."""
Fate = Literal["stays", "pinned", "lost", "gone"]
"""What a vacuum makes of a training set: it can be rebuilt from the table as before; only from its pin; not any more;
not before the vacuum either."""


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file in a table's folder that is no part of the newest version.

    `removed`: the log says that it was removed, at `since_ms`; else the log does not name it, and it was last modified
    then. Times are in milliseconds since the epoch. `also` are other paths by which versions name the same file.
    """

    path: str
    size_bytes: int
    since_ms: int
    removed: bool
    also: tuple[str, ...] = ()


class StoredVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of a table needs: its data files and the files of its deletion vectors, and those `missing`.

    `problem` is why the log does not tell any more, None where it does. `log_since_ms` is when the oldest commit or
    checkpoint was written that is needed to open it. `by_footers` are the columns of which the footers of all files
    tell how they hold them: with one of these no file can be skipped.
    """

    files: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    log_since_ms: int | None = None
    by_footers: frozenset[str] = frozenset()
    problem: str | None = None


class StoredTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table as it is stored: at its newest version, the other files in its folder, and some older versions.

    `hours` is for how long the table asks to keep removed files, `log_hours` for how long other writers keep commits
    that they do not need, None where they keep them. `removals` tells which commit removed a file, where the log does.
    `unknown` is what the table asks of writers that nothing is known of here, None where there is no such thing.
    """

    table: str
    version: int
    hours: float
    log_hours: float | None
    others: tuple[StoredFile, ...] = ()
    versions: dict[int, StoredVersion] = {}
    removals: dict[str, Removal] = {}
    unknown: str | None = None


def expired(stored: StoredTable, hours: float, now_ms: int) -> tuple[StoredFile, ...]:
    """The files that a vacuum deletes now which keeps what was removed within `hours`."""
    cut_off = now_ms - round(hours * HOUR_MS)
    unnamed = min(cut_off, now_ms - UNFINISHED_MS)
    return tuple(file for file in stored.others if file.since_ms < (cut_off if file.removed else unnamed))


def needed(
    files: Iterable[DataFile], version: StoredVersion, columns: Iterable[str] = (), bounds: Iterable[Bounds] = ()
) -> frozenset[str]:
    """The files without which these columns of the rows within the bounds cannot be read.

    `files` are empty where the store does not tell them apart: then all are needed.
    """
    conditions = () if version.by_footers.intersection(columns) else tuple(bounds)
    known = tuple(files)
    data = {file.path for file in known if may_serve(file, conditions)} if known else set(version.files)
    return frozenset(data | set(version.vectors))


def log_expires(stored: StoredTable, version: int, now_ms: int) -> bool:
    """Whether other writers may clean away, when they write a checkpoint, what is needed to open a version."""
    since = stored.versions[version].log_since_ms if version in stored.versions else None
    if since is None or stored.log_hours is None or version >= stored.version:
        return False
    return since < now_ms - round(stored.log_hours * HOUR_MS)


class SetRetention(msgspec.Struct, frozen=True, kw_only=True):
    """What a vacuum of a table means to a training set that reads it.

    `version` is the one that it reads, `files` are those of it that go, or that are gone. `pin_bytes` is the size of
    its pin, None where it has none. `models` are those that were trained on it. `log_expires`: other writers may clean
    away the log of its version. `why` tells why it cannot be rebuilt already.
    """

    id: str
    name: str | None
    version: int
    fate: Fate
    files: tuple[str, ...] = ()
    pin_bytes: int | None = None
    models: tuple[str, ...] = ()
    log_expires: bool = False
    why: str | None = None


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """What a vacuum of a table deletes, keeping what was removed within `hours`, and what it means to training sets.

    `table_hours` is what the table itself asks for, `unknown` as in `StoredTable`. `unread` are the training sets that
    were named as lost and of which no receipt can be decoded.
    """

    table: str
    version: int
    hours: float
    table_hours: float
    files: tuple[StoredFile, ...]
    sets: tuple[SetRetention, ...]
    unknown: str | None = None
    unread: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """What the deleted files take."""
        return sum(file.size_bytes for file in self.files)

    def of(self, *fates: Fate) -> tuple[SetRetention, ...]:
        """The training sets of these fates."""
        return tuple(found for found in self.sets if found.fate in fates)


def fate_of(*, loses: bool, gone: bool, pinned: bool) -> Fate:
    """The fate of a set that loses files, or has lost some before, and has a pin or none."""
    if not loses and not gone:
        return "stays"
    if pinned:
        return "pinned"
    return "gone" if gone else "lost"


def hours_of(configuration: Mapping[str, str], name: str, default: float) -> float:
    """A duration in a table's configuration, in hours; `default` where it is none.

    Months and years, which have no length, are refused by Delta.

    >>> hours_of({"delta.deletedFileRetentionDuration": "interval 2 days"}, "delta.deletedFileRetentionDuration", 168)
    48.0
    """
    words = configuration.get(name, "").lower().removeprefix("interval").split()
    pairs = list(zip(words[::2], words[1::2], strict=False))
    if not pairs or len(words) % 2:
        return default
    try:
        hours = sum(float(number) * _HOURS[unit.removesuffix("s")] for number, unit in pairs)
    except (KeyError, ValueError):
        return default
    return hours if isfinite(hours) and hours >= 0 else default


_HOURS: Final = {
    "week": 168.0,
    "day": 24.0,
    "hour": 1.0,
    "minute": 1 / 60,
    "second": 1 / 3_600,
    "millisecond": 1 / HOUR_MS,
    "microsecond": 1 / HOUR_MS / 1_000,
    "nanosecond": 1 / HOUR_MS / 1_000_000,
}


_WRITERS: Final = frozenset(
    {
        "allowColumnDefaults",
        "appendOnly",
        "changeDataFeed",
        "checkConstraints",
        "checkpointProtection",
        "clustering",
        "columnMapping",
        "deletionVectors",
        "domainMetadata",
        "generatedColumns",
        "icebergCompatV1",
        "icebergCompatV2",
        "icebergWriterCompatV1",
        "identityColumns",
        "inCommitTimestamp",
        "inCommitTimestamp-preview",
        "invariants",
        "materializePartitionColumns",
        "rowTracking",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "v2Checkpoint",
        "vacuumProtocolCheck",
        "variantShredding-preview",
        "variantType",
        "variantType-preview",
    }
)
"""Writer features with which a version needs the files that its log's actions name, and no others."""
_NEWEST_WRITER: Final = 7


def unknown_to_writers(protocol: Protocol | None) -> str | None:
    """What a table asks of writers by which it may need other files than are known here; None where nothing.

    A vacuum must know all that a table asks of readers and writers (Delta protocol, "Vacuum Protocol Check").

    >>> unknown_to_writers(Protocol(min_reader_version=1, min_writer_version=7, writer_features=("newest",)))
    'the table feature newest'
    """
    if protocol is None:
        return None
    if protocol.min_writer_version > _NEWEST_WRITER:
        return f"writer version {protocol.min_writer_version}"
    unknown = sorted(set(protocol.writer_features or ()) - _WRITERS)
    return f"the table feature {unknown[0]}" if unknown else None


def is_hidden(path: str) -> bool:
    """Whether a vacuum leaves a file that the log does not name, by its path relative to the table.

    >>> is_hidden("_delta_log/x.json"), is_hidden("_change_data/c.parquet"), is_hidden("_day=1/part.parquet")
    (True, False, False)
    """
    parts = path.split("/")
    inside = parts[1:] if parts[0] == "_change_data" else parts
    return any(part[:1] in {"_", "."} and "=" not in part for part in inside)
