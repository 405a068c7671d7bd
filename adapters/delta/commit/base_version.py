"""A table at the version that a write is made against."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from deltalake import DeltaTable

from foreset.adapters.delta.commit.local_storage import commit_path
from foreset.adapters.delta.log.checkpoints import live_adds
from foreset.adapters.delta.log.paths import decoded
from foreset.adapters.delta.snapshot.snapshot import DeltaSnapshot
from foreset.domain.tables.delta_commit import TableSettings
from foreset.domain.tables.delta_log import Add, Protocol

Mark = tuple[int, int] | None
"""What tells a local commit file from another of the same name."""


@dataclass(frozen=True)
class PinnedTable:
    """What a write looks at: all of it is of one version, and stays as it is.

    `app_version` is how far the writing application has got, None where it has not written.
    """

    snapshot: DeltaSnapshot
    settings: TableSettings
    protocol: Protocol
    mark: Mark
    app_version: int | None = None

    @property
    def version(self) -> int:
        """The version."""
        return self.snapshot.facts.version

    @property
    def newest_ms(self) -> int:
        """The modification time of the newest file, in milliseconds since the epoch."""
        return max((file.modified_ms for file in self.snapshot.facts.data_files), default=0)

    def is_there(self) -> bool:
        """Whether the version is still the same: a table may be removed, and made anew."""
        return _mark(self.snapshot.root, self.version) == self.mark

    @cached_property
    def live(self) -> Mapping[str, Add]:
        """The files of the table as its log has them, by where they are. Raises `FOLDER_FAULTS`."""
        return live_adds(self.snapshot.root, self.version, self.snapshot.storage_options)


def pinned(snapshot: DeltaSnapshot, table: DeltaTable, app_id: str | None) -> PinnedTable:
    """The table as it is open, which is at the snapshot's version."""
    metadata, protocol = table.metadata(), table.protocol()
    return PinnedTable(
        snapshot=snapshot,
        settings=TableSettings(
            id=str(metadata.id),
            name=metadata.name,
            description=metadata.description,
            schema_string=table.schema().to_json(),
            partition_columns=tuple(metadata.partition_columns),
            configuration=dict(metadata.configuration),
            created_time=metadata.created_time,
        ),
        protocol=Protocol(
            min_reader_version=protocol.min_reader_version,
            min_writer_version=protocol.min_writer_version,
            reader_features=_features(protocol.reader_features),
            writer_features=_features(protocol.writer_features),
        ),
        mark=_mark(snapshot.root, snapshot.facts.version),
        app_version=None if app_id is None else table.transaction_version(app_id),
    )


def _features(features: list[str] | None) -> tuple[str, ...] | None:
    return None if features is None else tuple(sorted(map(str, features)))


def _mark(root: str, version: int) -> Mark:
    place = decoded(root)
    if "://" in place:
        return None
    try:
        seen = Path(place, commit_path(version)).stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_mtime_ns
