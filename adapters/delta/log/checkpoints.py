"""Checkpoints: the state of a table at a version, in Parquet or JSON, in one file or several.

Delta protocol, "Checkpoints": a classic checkpoint is one Parquet file or several parts; one of v2 names sidecar files,
which hold its files, beside what it holds itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from foreset.adapters.delta.log.expansion import check_expansion
from foreset.adapters.delta.log.folders import FOLDER_FAULTS, Folder, folder
from foreset.adapters.delta.log.log import (
    SIDECARS,
    CheckpointFiles,
    DeltaLog,
    checkpoints_among,
    commit_of,
    open_log,
    state_at,
)
from foreset.adapters.delta.log.paths import decoded, location
from foreset.domain.errors.problem import told
from foreset.domain.system_codes import meaning_of
from foreset.domain.tables.delta_log import (
    NOTHING,
    Action,
    Add,
    DeletionVector,
    LogState,
    Remove,
    Sidecar,
    relative_to,
    replay,
)

CHECKPOINT_FAULTS: Final = (*FOLDER_FAULTS, pa.ArrowException, msgspec.MsgspecError, RecursionError)
"""What reading a checkpoint raises: beside a folder's, what is no Parquet or not of a checkpoint's schema."""
_VECTOR: Final = "deletionVector"
_ADD: Final = ("path", "partitionValues", "size", "modificationTime", "dataChange", "stats", _VECTOR)
_REMOVE: Final = ("path", "deletionTimestamp", "dataChange", _VECTOR)
_METADATA: Final = ("id", "schemaString", "partitionColumns", "configuration")
_PROTOCOL: Final = ("minReaderVersion", "minWriterVersion", "readerFeatures", "writerFeatures")
_WANTED: Final = {
    "add": _ADD,
    "remove": _REMOVE,
    "metaData": _METADATA,
    "protocol": _PROTOCOL,
    "sidecar": ("path", "sizeInBytes"),
}
_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_MAPS: Final = ("partitionValues", "configuration")


@dataclass(frozen=True)
class CheckpointRead:
    """A checkpoint: files of it that are missing, why it cannot be read, and its state where it can."""

    files: CheckpointFiles
    missing: tuple[str, ...] = ()
    problem: str | None = None
    state: LogState | None = None


def read_checkpoint(log: DeltaLog, files: CheckpointFiles) -> CheckpointRead:
    """A checkpoint's state, or what is wrong with it."""
    if files.missing:
        return CheckpointRead(files, files.missing)
    try:
        check_expansion(log.folder, files.paths)
        own = [action for path in files.paths for action in _actions(log, path)]
        sidecars = [action.sidecar for action in own if action.sidecar]
        absent = tuple(sidecar.path for sidecar in sidecars if _sidecar(log, sidecar) is None)
        if absent:
            return CheckpointRead(files, absent)
        places = [_sidecar(log, sidecar) or "" for sidecar in sidecars]
        check_expansion(log.folder, places)
        held = [action for place in places for action in _actions(log, place)]
    except CHECKPOINT_FAULTS as fault:
        if meaning_of(fault) is not None:
            raise  # it says nothing about the checkpoint
        return CheckpointRead(files, problem=told(fault))
    return CheckpointRead(files, state=replay(NOTHING, [(files.version, (*own, *held))]))


def require_fit(place: Folder, names: Iterable[str], last: int | None = None) -> None:
    """Raise a `ValueError` where deltalake would open a checkpoint that takes too much memory: it has no bound.

    `names` are the files of a log. Of their checkpoints the newest up to `last` is read, and those after it that lack
    a part; what cannot be read as a checkpoint is left to deltalake.
    """
    for files in reversed(checkpoints_among(names)):
        if last is None or files.version <= last:
            _require_fit(place, files)
            if not files.missing:
                break


def _require_fit(place: Folder, files: CheckpointFiles) -> None:
    try:
        check_expansion(place, files.paths)
        check_expansion(place, {path for own in files.paths for path in _sidecars_of(place, own)})
    except (OSError, pa.ArrowException):
        return
    except ValueError as fault:
        message = f"the checkpoint {files.name} cannot be read: {fault}"
        raise ValueError(message) from None


def newest_state(log: DeltaLog, last: int | None = None) -> tuple[LogState | None, list[CheckpointRead]]:
    """The state of the newest checkpoint up to a version that can be read, and what was met on the way to it.

    None where none can be.
    """
    met: list[CheckpointRead] = []
    for files in reversed(log.checkpoints):
        if last is None or files.version <= last:
            met.append(read_checkpoint(log, files))
            if met[-1].state is not None:
                return met[-1].state, met
    return None, met


def live_files(log: DeltaLog, version: int | None = None) -> LogState:
    """The table at a version, the newest by default: its files, protocol and metadata, by replay of its log.

    Raises an `OSError` where a commit that is needed is missing or broken.
    """
    base, _ = newest_state(log, version)
    return state_at(log, base, version)


def live_adds(root: str, version: int, options: Mapping[str, str] | None) -> dict[str, Add]:
    """The files of the table at a URL as its log has them, by where they are. Raises as `live_files` does."""
    state = live_files(open_log(folder(decoded(root), options)), version)
    return {location(root, add.path): add for add in state.files.values()}


def _sidecars_of(place: Folder, path: str) -> Iterator[str]:
    """Where the sidecars of a checkpoint's file are, relative to the table. Raises a `ValueError` for one elsewhere."""
    if path.endswith(".json"):
        found = {action.sidecar.path for action in commit_of(0, path, place.read(path)).actions if action.sidecar}
    else:
        with place.open(path) as source:
            file = pq.ParquetFile(source, pre_buffer=False, page_checksum_verification=True)
            if "sidecar" not in file.schema_arrow.names:
                return
            column = file.read(columns=["sidecar.path"], use_threads=False).column("sidecar")
        found = {row["path"] for row in column.drop_null().to_pylist() if row["path"]}
    for sidecar in found:
        name = sidecar.rpartition("/")[2]
        if sidecar != name and relative_to(unquote(sidecar), place.root) != f"{SIDECARS}/{name}":
            problem = f"it names the sidecar file {sidecar!r}, which is not in {SIDECARS}"
            raise ValueError(problem)
        yield f"{SIDECARS}/{name}"


def _sidecar(log: DeltaLog, sidecar: Sidecar) -> str | None:
    """Where a sidecar is: its name, or a path; None where it is missing."""
    name = sidecar.path.rpartition("/")[2]
    return f"{SIDECARS}/{name}" if name in log.sidecars else None


def _actions(log: DeltaLog, path: str) -> Iterator[Action]:
    if path.endswith(".json"):
        commit = commit_of(0, path, log.folder.read(path))
        if commit.broken or not commit.actions:
            problem = commit.broken[0].problem if commit.broken else "it is empty"
            raise ValueError(problem)
        yield from commit.actions
        return
    with log.folder.open(path) as source:
        # Threads of pyarrow outlive an error over a damaged page and can abort the process at its end.
        file = pq.ParquetFile(source, pre_buffer=False, page_checksum_verification=True)
        for group in range(file.num_row_groups):
            yield from _group(file, group)


def _group(file: Any, group: int) -> Iterator[Action]:
    """The actions in a row group of a checkpoint's file. pyarrow has no types."""
    columns = [f"{kind}.{name}" for kind, names in _WANTED.items() for name in names]
    table = file.read_row_group(group, columns=columns, use_threads=False)
    rows = {kind: _rows(table, kind) for kind in _WANTED}
    if rows["add"] and not any(row.get("stats") for row in rows["add"]):
        for row, stats in zip(rows["add"], _parsed_stats(file, group), strict=False):
            row["stats"] = stats
    yield from (Action(add=_add(row)) for row in rows["add"])
    yield from (Action(remove=_remove(row)) for row in rows["remove"])
    for kind in ("metaData", "protocol", "sidecar"):
        yield from (msgspec.convert({kind: row}, Action) for row in rows[kind])


def _rows(table: Any, kind: str) -> list[dict[str, Any]]:
    """The actions of a kind, without the fields that are null."""
    if kind not in table.column_names:
        return []
    found = table.column(kind).combine_chunks()
    found = found.filter(found.is_valid())
    names = [field.name for field in found.type]
    values = [found.field(index).to_pylist() for index in range(len(names))]
    for index in (names.index(name) for name in _MAPS if name in names):
        values[index] = [None if value is None else dict(value) for value in values[index]]
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in zip(*values, strict=True)
    ]


def _parsed_stats(file: Any, group: int) -> list[str | None]:
    """Statistics that a checkpoint holds as columns, in the JSON of a commit."""
    table = file.read_row_group(group, columns=["add.path", "add.stats_parsed"], use_threads=False)
    rows = _rows(table, "add")
    parsed = (row.get("stats_parsed") for row in rows)
    return [None if stats is None else _JSON.encode(_known(stats)).decode() for stats in parsed]


def _known(stats: Any) -> Any:
    """Without the nulls: a column that has no bound is absent in JSON."""
    if isinstance(stats, dict):
        return {name: _known(value) for name, value in stats.items() if value is not None}
    return stats.isoformat() if isinstance(stats, datetime) else stats  # also pandas' own, of INT96 times


def _add(row: dict[str, Any]) -> Add:
    return Add(
        path=row["path"],
        partition_values=row.get("partitionValues", {}),
        size=row.get("size"),
        modification_time=row.get("modificationTime", 0),
        data_change=row.get("dataChange", True),
        stats=row.get("stats"),
        deletion_vector=_vector(row),
    )


def _remove(row: dict[str, Any]) -> Remove:
    return Remove(
        path=row["path"],
        deletion_timestamp=row.get("deletionTimestamp"),
        data_change=row.get("dataChange", True),
        deletion_vector=_vector(row),
    )


def _vector(row: dict[str, Any]) -> DeletionVector | None:
    return msgspec.convert(row[_VECTOR], DeletionVector) if _VECTOR in row else None
