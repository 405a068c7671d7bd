"""A table in an object store, written through deltalake's own stores and commits.

deltalake commits by compare-and-set too: with no retries a commit becomes the version after that of the open table, or
fails. It takes files to add and to remove, and a new schema where it replaces all files; what it does not take is
refused.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from time import time_ns
from typing import Any, Final
from urllib.parse import quote, unquote

from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction
from deltalake.exceptions import DeltaError
from deltalake.fs import DeltaStorageHandler
from deltalake.transaction import (
    AddAction,
    PostCommitHookProperties,
    RemoveAction,
    create_table_with_add_actions,
)

from foreset.adapters.delta.commit.local_storage import ENGINE, Extended, Raced, Unfit, transaction_of
from foreset.adapters.shared.parquet.writer import ParquetFileWriter
from foreset.domain.tables.delta_commit import TRANSACTION_ID, TableChange
from foreset.domain.tables.delta_log import Add

_UNQUOTED: Final = "".join(chr(sign) for sign in range(0x21, 0x7F) if chr(sign) not in '\\{^}%`]">[<#|*?')
"""The signs that deltalake leaves as they are when it writes a path to the log."""


class _Upload:
    """A file that is uploaded; pyarrow writes buffers to it, and deltalake takes bytes."""

    closed = False

    def __init__(self, handler: DeltaStorageHandler, path: str) -> None:
        self._handler, self._path = handler, path
        stream: Any = handler._handler.open_output_stream(path, None)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # pyarrow's way gives it no bytes
        self._stream = stream
        self._size = 0
        self.file = self

    def write(self, content: Any) -> int:
        self._stream.write(given := bytes(memoryview(content)))
        self._size += len(given)
        return len(given)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing: the store takes parts of its own size."""

    def settle(self) -> None:
        self.closed = True
        self._stream.close()

    def discard(self) -> None:
        with suppress(OSError, ValueError):
            if not self.closed:
                self.settle()
            self._handler.delete_file(self._path)


class ObjectStorage:
    """A folder in an object store."""

    def __init__(self, root: str, options: Mapping[str, str]) -> None:
        """Write below the URL `root`; `options` are the store's."""
        self._root, self._options = root, dict(options)
        self._handler = DeltaStorageHandler(root, self._options or None)

    def create(self, path: str) -> ParquetFileWriter:
        """A new file."""
        return ParquetFileWriter(Path(path), _Upload(self._handler, path))

    def settle(self, paths: Iterable[str]) -> None:
        """Nothing: a store tells that a file is there once it is durable."""

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, as far as possible."""
        for path in paths:
            with suppress(OSError, ValueError):
                self._handler.delete_file(path)

    def commit(self, version: int, change: TableChange, transaction_id: str) -> None:
        """Commit through deltalake, and look who has the version where that fails."""
        try:
            self._commit(version, change, self._properties(change, transaction_id))
        except (DeltaError, OSError) as fault:
            held = transaction_of(self._root, self._options, version)
            if held == transaction_id:
                return  # the store's answer was lost, not the commit
            if held is not None:
                raise Raced from fault
            raise

    def tend(self, version: int, configuration: Mapping[str, str]) -> None:
        """Nothing: deltalake writes checkpoints as it commits."""

    def _commit(self, version: int, change: TableChange, properties: CommitProperties) -> None:
        if not version:
            self._make(change, properties)
            return
        table = DeltaTable(self._root, version=version - 1, storage_options=self._options or None)
        unfit = _unfit(change, table)
        if unfit:
            raise Unfit(unfit)
        schema = Schema.from_json(change.settings.schema_string) if change.settings else table.schema()
        columns = _added_columns(table, schema)
        if change.settings and columns and not change.removes:
            table.alter.add_columns(columns, commit_properties=CommitProperties(max_commit_retries=0))
            raise Extended
        replaces = change.settings is not None
        table.create_write_transaction(
            [*map(_added, change.adds), *([] if replaces else (_removed(add, change) for add in change.removes))],
            mode="overwrite" if replaces else "append",
            schema=schema,
            partition_by=table.metadata().partition_columns,
            commit_properties=properties,
            post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
        )

    def _make(self, change: TableChange, properties: CommitProperties) -> None:
        """Version 0."""
        assert change.settings  # noqa: S101  # a table is made with them
        create_table_with_add_actions(
            self._root,
            Schema.from_json(change.settings.schema_string),
            [*map(_added, change.adds)],
            partition_by=list(change.settings.partition_columns),
            storage_options=self._options or None,
            commit_properties=properties,
        )

    def _properties(self, change: TableChange, transaction_id: str) -> CommitProperties:
        told: dict[str, Any] = {TRANSACTION_ID: transaction_id, "isBlindAppend": change.is_blind, "writer": ENGINE}
        written = change.transaction
        return CommitProperties(
            custom_metadata=told,
            max_commit_retries=0,
            app_transactions=[Transaction(written.app_id, written.version)] if written else None,
        )


def _unfit(change: TableChange, table: DeltaTable) -> str | None:
    """What deltalake's commits do not take."""
    if change.protocol:
        return "a new table feature, which is not set in an object store"
    if change.recorded:
        return "a change data feed, whose files are not recorded in an object store"
    if change.settings is None:
        return next((unfit for add in change.removes if (unfit := _unremovable(add))), None)
    if list(change.settings.partition_columns) != table.metadata().partition_columns:
        return "other partition columns, which are not set in an object store"
    if change.removes and len(change.removes) != len(table.file_uris()):
        return "new columns while some rows are replaced, which is not done in one commit in an object store"
    return None


def _unremovable(add: Add) -> str | None:
    if add.deletion_vector:
        return "deletion vectors, whose files are not replaced in an object store"
    if quote(unquote(add.path), safe=_UNQUOTED) != add.path:
        return f"the path {add.path}, which deltalake would write otherwise"
    return None


def _added_columns(table: DeltaTable, schema: Schema) -> list[Field]:
    """The columns that a schema has beyond the table's; none where it differs otherwise."""
    known, wanted = list(table.schema().fields), list(schema.fields)
    return wanted[len(known) :] if wanted[: len(known)] == known else []


def _added(add: Add) -> AddAction:
    return AddAction(
        path=unquote(add.path),
        size=add.size or 0,
        partition_values=add.partition_values,
        modification_time=add.modification_time,
        data_change=add.data_change,
        stats=add.stats or "{}",
    )


def _removed(add: Add, change: TableChange) -> RemoveAction:
    at_ms = time_ns() // 1_000_000
    return RemoveAction(unquote(add.path), change.data_change, at_ms, add.size, dict(add.partition_values))
