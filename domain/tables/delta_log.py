"""What a Delta log says, as plain values: actions, commits, and the state that follows from them.

Names and meaning are those of the Delta protocol. Unknown actions and fields are left out, as it asks of readers.
"""

import posixpath
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import unquote

import msgspec

FileKey = tuple[str, str | None]
"""What the protocol tells files by: where a file is, decoded, and the id of its deletion vector."""


class DeletionVector(msgspec.Struct, frozen=True, rename="camel"):
    """The descriptor of a deletion vector. `storage_type` is `u` (a file by its id), `p` (a path) or `i` (inline)."""

    storage_type: str
    path_or_inline_dv: str
    size_in_bytes: int = 0
    cardinality: int = 0
    offset: int | None = None

    @property
    def id(self) -> str:
        """Its unique id, as the protocol derives it."""
        place = self.storage_type + self.path_or_inline_dv
        return place if self.offset is None else f"{place}@{self.offset}"


class Add(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file that became part of the table.

    `path` is URL-encoded, relative to the table or absolute. `partition_values` are texts by physical name, `size` is
    in bytes, `modification_time` in milliseconds since the epoch, `stats` a JSON text by physical names.
    """

    path: str
    partition_values: dict[str, str | None] = {}
    size: int | None = None
    modification_time: int = 0
    data_change: bool = True
    stats: str | None = None
    deletion_vector: DeletionVector | None = None


class Remove(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file that is no longer part of the table; `deletion_timestamp` is in milliseconds since the epoch."""

    path: str
    deletion_timestamp: int | None = None
    data_change: bool = True
    deletion_vector: DeletionVector | None = None


class ChangeFile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file of the change data feed; its fields are those of an `Add`."""

    path: str
    partition_values: dict[str, str | None] = {}
    size: int | None = None


class Metadata(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The table's id, schema (a JSON text), partition columns and configuration."""

    id: str = ""
    schema_string: str = ""
    partition_columns: tuple[str, ...] = ()
    configuration: dict[str, str] = {}


class Protocol(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the table asks of readers and writers."""

    min_reader_version: int
    min_writer_version: int
    reader_features: tuple[str, ...] | None = None
    writer_features: tuple[str, ...] | None = None


class Sidecar(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file of actions that a v2 checkpoint names; `size_in_bytes` is its size."""

    path: str
    size_in_bytes: int | None = None


class Action(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of a log: one of these, or something that no reader needs.

    `commit_info` is whatever the writer put there; the protocol leaves its content free.
    """

    add: Add | None = None
    remove: Remove | None = None
    cdc: ChangeFile | None = None
    meta_data: Metadata | None = None
    protocol: Protocol | None = None
    sidecar: Sidecar | None = None
    commit_info: dict[str, Any] | None = None


class BrokenLine(msgspec.Struct, frozen=True):
    """A line of a commit that is no action; `line` counts from 1."""

    line: int
    problem: str


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit as its file holds it.

    `broken` are the lines that are no actions, the others are in `actions`. `problem` is why the file as a whole could
    not be read, None where it could.
    """

    version: int
    name: str
    size: int
    lines: int = 0
    actions: tuple[Action, ...] = ()
    broken: tuple[BrokenLine, ...] = ()
    problem: str | None = None

    @property
    def adds(self) -> list[Add]:
        """The files that it adds."""
        return [action.add for action in self.actions if action.add]

    @property
    def removes(self) -> list[Remove]:
        """The files that it removes."""
        return [action.remove for action in self.actions if action.remove]

    @property
    def changes(self) -> list[ChangeFile]:
        """The files of the change data feed that it names."""
        return [action.cdc for action in self.actions if action.cdc]

    @property
    def info(self) -> dict[str, Any]:
        """What the writer said of it, empty where it said nothing."""
        return next((action.commit_info for action in self.actions if action.commit_info), {})

    @property
    def operation(self) -> str:
        """What the writer says it did, such as `WRITE`; an empty text where it does not say."""
        return str(self.info.get("operation") or "")

    @property
    def time_ms(self) -> int | None:
        """When it was committed, in milliseconds since the epoch; None where it does not say, or no calendar has it.

        `inCommitTimestamp` where there is one, else `timestamp`.
        """
        told = self.info.get("inCommitTimestamp", self.info.get("timestamp"))
        return int(told) if isinstance(told, (int, float)) and _YEAR_1_MS <= told <= _YEAR_9999_MS else None


class LogState(msgspec.Struct, frozen=True, kw_only=True):
    """A table at a version, as its log tells it.

    `files` are those of the table, `removed` those that were part of it and that the log still names.
    """

    version: int
    files: dict[FileKey, Add] = {}
    removed: dict[FileKey, Remove] = {}
    protocol: Protocol | None = None
    metadata: Metadata | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The paths of all data files that it names, as the log writes them."""
        return (*(add.path for add in self.files.values()), *(remove.path for remove in self.removed.values()))


NOTHING = LogState(version=-1)
"""The state before the first commit."""
_YEAR_1_MS = -62_135_596_800_000
_YEAR_9999_MS = 253_402_300_799_999


def place_of(path: str) -> str:
    """Where a file is: its path in the log, decoded; local files by their path alone.

    >>> place_of("p=a%20b/part.parquet"), place_of("file:///tmp/part.parquet")
    ('p=a b/part.parquet', '/tmp/part.parquet')
    """
    decoded = unquote(path) if "%" in path else path
    if not decoded.startswith("file:"):
        return decoded
    return "/" + decoded.removeprefix("file:").lstrip("/")


def relative_to(path: str, root: str) -> str:
    """A decoded path relative to the table's root, a folder or URL; one outside is absolute.

    Paths are compared as what they name, not as texts: `.`, `..` and doubled slashes are resolved, and the schemes of
    one object store are the same.

    >>> relative_to("/data/t//part.parquet", "/data/t"), relative_to("../t/./part.parquet", "/data/t")
    ('part.parquet', 'part.parquet')
    >>> relative_to("../u/part.parquet", "/data/t"), relative_to("s3a://b/t/part.parquet", "s3://b/t")
    ('/data/u/part.parquet', 'part.parquet')
    """
    store, start = _address(root.removeprefix("file://"))
    if "://" in path or path.startswith("/"):
        authority, place = _address(path)
    else:
        authority, place = store, posixpath.normpath(f"{start}/{path}")
    inside = start.rstrip("/") + "/"
    if authority == store and place.startswith(inside):
        return place[len(inside) :]
    return f"{authority}{place}"


_SCHEMES: Final = {"s3a": "s3", "s3n": "s3", "abfs": "abfss", "wasb": "wasbs"}
"""Schemes by which other readers name the same store."""


def _address(place: str) -> tuple[str, str]:
    """The scheme with the host, empty for a local path, and the path, normalised."""
    scheme, mark, rest = place.partition("://")
    if not mark:
        return "", posixpath.normpath("/" + place.lstrip("/") if place.startswith("/") else place)
    host, _, path = rest.partition("/")
    scheme = scheme.lower()
    return f"{_SCHEMES.get(scheme, scheme)}://{host}", posixpath.normpath("/" + path.lstrip("/"))


def spellings(path: str, root: str) -> tuple[str, ...]:
    """The relative paths that a path of a log may mean: decoded, as the protocol asks, and as it is written.

    Some writers do not encode what they write, so a file's name may hold the percent sign itself.

    >>> spellings("p=a%20b/./x.parquet", "/data/t")
    ('p=a b/x.parquet', 'p=a%20b/x.parquet')
    """
    raw = "/" + path.removeprefix("file:").lstrip("/") if path.startswith("file:") else path
    return tuple(dict.fromkeys((relative_to(place_of(path), root), relative_to(raw, root))))


def key_of(action: Add | Remove) -> FileKey:
    """What the protocol tells this file by."""
    vector = action.deletion_vector
    return place_of(action.path), vector.id if vector else None


class _Recorded(msgspec.Struct, rename={"rows": "numRecords"}):
    rows: int | None = None


_RECORDED: Final = msgspec.json.Decoder(_Recorded)


def recorded_rows(add: Add) -> int | None:
    """How many rows its file has by the log's statistics, deleted ones included; None where they do not say."""
    try:
        return _RECORDED.decode(add.stats).rows if add.stats else None
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


def version_gaps(held: Iterable[int], first: int, last: int) -> Iterator[range]:
    """The runs of versions from `first` to `last`, both inclusive, that are not among `held`.

    A file's name may be of any version, so versions are never counted through.

    >>> list(version_gaps([0, 2, 9], 0, 10**18))
    [range(1, 2), range(3, 9), range(10, 1000000000000000001)]
    """
    for version in sorted({version for version in held if first <= version <= last}):
        if first < version:
            yield range(first, version)
        first = version + 1
    if first <= last:
        yield range(first, last + 1)


def replay(base: LogState, actions: Iterable[tuple[int, tuple[Action, ...]]]) -> LogState:
    """The state after these commits, each a version and its actions, in their order.

    Within a commit removes come first: the protocol allows one action for a file there, whatever the order of lines.
    """
    version, files, removed = base.version, dict(base.files), dict(base.removed)
    protocol, metadata = base.protocol, base.metadata
    for reached, commit in actions:
        version = reached
        for action in commit:
            if action.remove:
                key = key_of(action.remove)
                files.pop(key, None)
                removed[key] = action.remove
            elif action.protocol:
                protocol = action.protocol
            elif action.meta_data:
                metadata = action.meta_data
        for action in commit:
            if action.add:
                key = key_of(action.add)
                removed.pop(key, None)
                files[key] = action.add
    return LogState(version=version, files=files, removed=removed, protocol=protocol, metadata=metadata)
