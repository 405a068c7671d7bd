"""The files of a table as its log describes them, with their deletion vectors: which of their rows are deleted."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
import polars as pl
from deltalake import DeltaTable

from foreset.adapters.delta.log.checkpoints import newest_state
from foreset.adapters.delta.log.folders import folder
from foreset.adapters.delta.log.log import open_log, state_at
from foreset.adapters.delta.log.outside import Access, check_inside
from foreset.adapters.delta.log.paths import decoded, location
from foreset.adapters.delta.snapshot.column_mapping import ColumnMapping
from foreset.adapters.delta.snapshot.partition_times import InLog, instant_text, times_in_log
from foreset.adapters.delta.snapshot.schema import columns_of
from foreset.domain.facts import Column, DataFile, Range, bit_count, bound

_WHOLE = ("int8", "int16", "int32", "int64", "date")
_TOLD = ("size_bytes", "modification_time", "num_records")
_TRUNCATED_US = 1_000  # logs hold times truncated to milliseconds, so a maximum may be this much too low


def data_files(
    table: DeltaTable,
    mapping: ColumnMapping,
    partitions: list[str],
    access: Access,
    zone: str | None,
) -> tuple[DataFile, ...]:
    """The files in the snapshot's order: by the modification time in the log, then by path.

    `zone` is that of times of partitions that have none. Raises `OutsideFileError` for a file that `access` refuses.
    """
    actions = pl.DataFrame(table.get_add_actions(flatten=False))
    check_inside(table.table_uri, actions["path"], access.allowed)
    paths = [location(table.table_uri, path) for path in actions["path"]]
    stored, deleted = mapping.by_name(), deleted_rows(table, access.options, access.allowed)
    values = _columns(actions, "partition", {name: name for name in partitions})
    timed = [name for name, of_files in values.items() if any(isinstance(v, datetime) and v.tzinfo for v in of_files)]
    if timed:
        values |= times_in_log(table, mapping, timed, paths, access.options)
    ranges = _all_ranges(actions, columns_of(mapping.fields), stored, values)
    files = [
        DataFile(
            path=path,
            rows=None if rows is None else rows - bit_count(deleted.get(path, b"")),
            size_bytes=size,
            modified_ms=modified,
            partition={name: _text(texts[index], zone) for name, texts in values.items()},
            ranges={name: known for name, of_files in ranges.items() if (known := of_files[index]) is not None},
            deleted=deleted.get(path, b""),
            stored=stored,
        )
        for index, (path, (size, modified, rows)) in enumerate(
            zip(paths, actions.select(_TOLD).iter_rows(), strict=True)
        )
    ]
    _check_counts(actions, files)
    if strange := set(deleted) - {file.path for file in files}:
        problem = f"its log has a deletion vector for {min(strange)}, which is no file of it"
        raise ValueError(problem)
    return tuple(sorted(files, key=lambda file: (file.modified_ms, file.path)))


def _check_counts(actions: pl.DataFrame, files: Sequence[DataFile]) -> None:
    """Raise a `ValueError` for a file whose rows and nulls, as its log counts them, contradict each other."""
    for file in files:
        if file.rows is not None and file.rows < 0:
            problem = f"its log counts fewer rows in {file.path} than it says are deleted there, or fewer than none"
            raise ValueError(problem)
    held = actions.schema.get("null_count")
    rows = pl.col("num_records")
    for field in held.fields if isinstance(held, pl.Struct) else ():
        if field.dtype.is_integer():
            nulls = pl.col("null_count").struct.field(field.name)
            wrong = actions.filter((nulls < 0) | (nulls > rows)).select("path", rows, nulls)
            if wrong.height:
                path, count, null = wrong.row(0)
                problem = f"its log counts {null} nulls in the column {field.name!r} of {path}, which has {count} rows"
                raise ValueError(problem)


def _text(value: object, zone: str | None) -> str | None:
    if isinstance(value, InLog):
        return instant_text(value, zone)
    return None if value is None else json.dumps(value) if isinstance(value, bool) else str(value)


def _columns(actions: pl.DataFrame, kind: str, names: dict[str, str]) -> dict[str, list[object]]:
    """The values of a kind (`partition`, `min`, `max`) of those columns that the log has, by the names given for it."""
    held = actions.schema.get(kind)
    known = {field.name for field in held.fields} if isinstance(held, pl.Struct) else set[str]()
    return {name: actions[kind].struct.field(in_log).to_list() for name, in_log in names.items() if in_log in known}


def _all_ranges(
    actions: pl.DataFrame, columns: tuple[Column, ...], stored: dict[str, Column], partitions: dict[str, list[object]]
) -> dict[str, list[Range | None]]:
    """The range of each column of times, whole numbers or dates, by file; a partition's follows from its value."""
    timed = {c.name for c in columns if c.dtype.startswith("timestamp") and c.name not in partitions}
    whole = {c.name for c in columns if c.dtype in _WHOLE}
    names = {name: stored[name].name if name in stored else name for name in (*timed, *whole) if name not in partitions}
    least, greatest = _columns(actions, "min", names), _columns(actions, "max", names)
    told = {name: (least[name], greatest[name]) for name in names if name in least and name in greatest}
    told |= {name: (values, values) for name, values in partitions.items() if name in whole}
    return {
        name: [_range(low, high, _TRUNCATED_US if name in timed else 0) for low, high in zip(*values, strict=True)]
        for name, values in told.items()
    }


def _range(least: object, greatest: object, truncated: int) -> Range | None:
    low, high = bound(least), bound(greatest)
    return None if low is None or high is None else (low, high + truncated)


def whole_ranges(files: tuple[DataFile, ...], columns: tuple[Column, ...]) -> dict[str, Range]:
    """The range of each time column over all files, where every file has it."""
    names = {column.name for column in columns if column.dtype.startswith("timestamp")} if files else set[str]()
    for file in files:
        names &= set(file.ranges)
    ranges = {name: [file.ranges[name] for file in files] for name in sorted(names)}
    return {name: (min(r[0] for r in rs), max(r[1] for r in rs)) for name, rs in ranges.items()}


_FEATURE = "deletionVectors"


def deleted_rows(
    table: DeltaTable, options: Mapping[str, str] | None = None, allowed: tuple[str, ...] = ()
) -> dict[str, bytes]:
    """The deleted rows of each file that has some, as in `DataFile.deleted`, by the file's path.

    Raises `OutsideFileError` for a vector that is neither below the table's folder nor in a place of `allowed`.
    """
    if _FEATURE not in map(str, table.protocol().reader_features or ()):
        return {}
    check_inside(table.table_uri, _vector_files(table, options), allowed)
    vectors = pl.DataFrame(table.deletion_vectors())
    return {
        decoded(uri): _bitmap(keep) for uri, keep in zip(vectors["filepath"], vectors["selection_vector"], strict=True)
    }


def _vector_files(table: DeltaTable, options: Mapping[str, str] | None) -> Iterator[str]:
    """The files of its vectors that the log names by an absolute path; others are below the table's folder."""
    log = open_log(folder(decoded(table.table_uri), options))
    base, _ = newest_state(log, table.version())
    for add in state_at(log, base, table.version()).files.values():
        if add.deletion_vector is not None and add.deletion_vector.storage_type == "p":
            yield add.deletion_vector.path_or_inline_dv


def _bitmap(keep: pl.Series) -> bytes:
    """Of a mask that is True where a row is kept; rows beyond its end are."""
    return np.packbits(~keep.to_numpy(), bitorder="little").tobytes()
