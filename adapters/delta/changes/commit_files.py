"""What the commits between two versions did to the files of a table, and whether these are read alike."""

import json
from collections.abc import Iterator, Mapping, Sequence

from foreset.adapters.delta.snapshot.column_mapping import physical_name
from foreset.adapters.delta.snapshot.partition_times import instant_text
from foreset.adapters.delta.snapshot.schema import Field, dtype_of
from foreset.adapters.delta.snapshot.snapshot import DeltaSnapshot
from foreset.domain.facts import DataFile
from foreset.domain.tables.changes import CommitFiles, FileAction
from foreset.domain.tables.delta_log import Add, ChangeFile, Commit, Metadata, recorded_rows

_Partition = dict[str, str | None]


def commit_files(first: DeltaSnapshot, last: DeltaSnapshot, commits: Sequence[Commit]) -> Iterator[CommitFiles]:
    """What each commit did to files, which are described as files of the version `last`."""
    known = {file.path: file.partition for snapshot in (first, last) for file in snapshot.facts.data_files}
    feed = _has_feed(first.configuration)
    for commit in commits:
        for metadata in metadata_of(commit):
            feed = _has_feed(metadata.configuration)
        yield CommitFiles(
            version=commit.version,
            at_us=None if commit.time_ms is None else commit.time_ms * 1_000,
            feed=feed,
            added=tuple(_added(last, add, known) for add in commit.adds),
            removed=tuple(
                FileAction(path=last.locate(remove.path), data_change=remove.data_change) for remove in commit.removes
            ),
            recorded=tuple(_data_file(last, change, known) for change in commit.changes),
        )


def metadata_of(commit: Commit) -> list[Metadata]:
    """The metadata that a commit sets."""
    return [action.meta_data for action in commit.actions if action.meta_data]


def _has_feed(configuration: Mapping[str, str | None]) -> bool:
    return (configuration.get("delta.enableChangeDataFeed") or "").lower() == "true"


def _added(last: DeltaSnapshot, add: Add, known: Mapping[str, _Partition]) -> FileAction:
    """A file with a deletion vector is not described, for only a snapshot tells which rows are deleted."""
    file = _data_file(last, add, known) if add.deletion_vector is None else None
    return FileAction(path=last.locate(add.path), data_change=add.data_change, file=file)


def _data_file(last: DeltaSnapshot, action: Add | ChangeFile, known: Mapping[str, _Partition]) -> DataFile:
    path = last.locate(action.path)
    return DataFile(
        path=path,
        rows=recorded_rows(action) if isinstance(action, Add) else None,
        size_bytes=action.size or 0,
        modified_ms=action.modification_time if isinstance(action, Add) else 0,
        partition=known.get(path) or _partition(last, action.partition_values),
    )


def _partition(last: DeltaSnapshot, values: Mapping[str, str | None]) -> _Partition:
    """The values by column; an empty text is a null (Delta protocol, "Partition Value Serialization")."""
    found: _Partition = {}
    for name in last.facts.partition_columns:
        text = values.get(last.mapping.partition(name)) or None
        zoned = last.facts.dtype(name) == "timestamp[us, UTC]"
        found[name] = instant_text(text, last.facts.partition_time_zone) if text and zoned else text
    return found


# === Files that are read alike ===


def otherwise_stored(first: DeltaSnapshot, last: DeltaSnapshot, commits: Sequence[Commit]) -> str | None:
    """Why files of versions in between cannot be read as those of the last version are; None where they can."""
    versions = [(first.facts.version, first.mapping.fields, first.facts.partition_columns)]
    for commit in commits:
        versions += [(commit.version, _fields(of), of.partition_columns) for of in metadata_of(commit)]
    for version, fields, partitions in versions:
        if partitions != last.facts.partition_columns:
            return f"version {version} is partitioned otherwise than version {last.facts.version}"
        if (column := _other(fields, last.mapping.fields)) is not None:
            return f"the column {column!r} is stored otherwise in version {version} than in {last.facts.version}"
    return None


def _fields(metadata: Metadata) -> tuple[Field, ...]:
    return tuple(json.loads(metadata.schema_string)["fields"])


def _other(fields: Sequence[Field], newer: Sequence[Field]) -> str | None:
    """The first newer column that an older one has the name or the place in files of, but not both, or another type."""
    by_name = {field["name"]: field for field in fields}
    by_place = {physical_name(field): field for field in fields}
    for field in newer:
        named, placed = by_name.get(field["name"]), by_place.get(physical_name(field))
        if named is not placed or (named and dtype_of(named["type"]) != dtype_of(field["type"])):
            return str(field["name"])
    return None
