"""Checkpoints: the state of a table at a version, in Parquet or JSON, in one file or several.

Delta protocol, "Checkpoints": a classic checkpoint is one Parquet file or several parts; one of v2 names sidecar files,
which hold its files, beside what it holds itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from foreset.adapters.delta.log.folders import FOLDER_FAULTS, folder
from foreset.adapters.delta.log.log import LOG, SIDECARS, CheckpointFiles, DeltaLog, commit_of, open_log, state_at
from foreset.adapters.delta.log.paths import decoded, location
from foreset.domain.errors.problem import told
from foreset.domain.planning.explain import size
from foreset.domain.system_codes import meaning_of
from foreset.domain.tables.delta_log import NOTHING, Action, Add, DeletionVector, LogState, Remove, Sidecar, replay

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
_ACTION_BYTES: Final = 1_000
"""What an action takes in memory, about, beside its texts."""
_EXPANDED: Final = 500
"""A checkpoint takes at most so many times its size in memory."""
_LEAST_BYTES: Final = 256_000_000
"""A small one may take so much."""
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
        own = [action for name in files.names for action in _actions(log, f"{LOG}/{name}")]
        sidecars = [action.sidecar for action in own if action.sidecar]
        absent = tuple(sidecar.path for sidecar in sidecars if _sidecar(log, sidecar) is None)
        if absent:
            return CheckpointRead(files, absent)
        held = [action for sidecar in sidecars for action in _actions(log, _sidecar(log, sidecar) or "")]
    except CHECKPOINT_FAULTS as fault:
        if meaning_of(fault) is not None:
            raise  # it says nothing about the checkpoint
        return CheckpointRead(files, problem=told(fault))
    return CheckpointRead(files, state=replay(NOTHING, [(files.version, (*own, *held))]))


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
        _check_size(file.metadata, source.seek(0, 2) or source.tell())
        for group in range(file.num_row_groups):
            yield from _group(file, group)


def check_expansion(checkpoint: Path) -> None:
    """Raise a `ValueError` where a local checkpoint's file would take too much memory.

    deltalake reads it whole, without a bound. What is no Parquet file is left to it.
    """
    try:
        footer = pq.read_metadata(checkpoint)
    except (OSError, pa.ArrowException):
        return
    try:
        _check_size(footer, checkpoint.stat().st_size)
    except ValueError as fault:
        message = f"the checkpoint {checkpoint.name} cannot be read: {fault}"
        raise ValueError(message) from None


def _check_size(footer: Any, size_bytes: int) -> None:
    """Raise a `ValueError` where a checkpoint's file says that it holds far more than one of its size does.

    Every action of a real one has a path of its own, which takes bytes however well they are compressed.
    """
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    needs = footer.num_rows * _ACTION_BYTES + sum(group.total_byte_size for group in groups)
    most = max(size_bytes * _EXPANDED, _LEAST_BYTES)
    if needs > most:
        problem = (
            f"its {footer.num_rows:,} rows would take about {size(needs)} of memory, and of a checkpoint of "
            f"{size(size_bytes)} at most {size(most)} are read"
        )
        raise ValueError(problem)


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
