"""A commit that is to be made: what it does to a table, and the lines of its file in the log.

Names and meaning are those of the Delta protocol.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from foreset.domain.tables.delta_log import Add, ChangeFile, Protocol, recorded_rows

TRANSACTION_ID: Final = "txnId"
"""The field of `commitInfo` that tells a commit from all others."""


class AppTransaction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far an application has written: its id, and the version that it counts up."""

    app_id: str
    version: int


class TableSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A table's metadata as a whole. `created_time` is in milliseconds since the epoch."""

    id: str
    name: str | None = None
    description: str | None = None
    format: dict[str, Any] = msgspec.field(default_factory=lambda: {"provider": "parquet", "options": {}})
    schema_string: str
    partition_columns: tuple[str, ...] = ()
    configuration: dict[str, str] = {}
    created_time: int | None = None

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The fields of the schema."""
        fields: list[dict[str, Any]] = json.loads(self.schema_string)["fields"]
        return fields


class TableChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit does: files that it adds and removes, and settings and protocol where they change.

    `recorded` are files of the change data feed. `data_change` is False where the rows stay what they are. `operation`
    and `parameters` tell people what was done.
    """

    operation: str
    parameters: dict[str, str] = {}
    adds: tuple[Add, ...] = ()
    removes: tuple[Add, ...] = ()
    recorded: tuple[ChangeFile, ...] = ()
    data_change: bool = True
    settings: TableSettings | None = None
    protocol: Protocol | None = None
    transaction: AppTransaction | None = None

    @property
    def is_blind(self) -> bool:
        """Whether it only adds files, whatever the table holds."""
        return not self.removes and self.settings is None

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it brings, as the log has them."""
        return (*(add.path for add in self.adds), *(file.path for file in self.recorded))

    def lines(self, transaction_id: str, engine: str, at_ms: int, read_version: int | None) -> bytes:
        """The commit's file: JSON lines."""
        info = {
            "timestamp": at_ms,
            "operation": self.operation,
            "operationParameters": self.parameters,
            **({} if read_version is None else {"readVersion": read_version}),
            "isBlindAppend": self.is_blind,
            "operationMetrics": self._metrics(),
            "engineInfo": engine,
            TRANSACTION_ID: transaction_id,
        }
        actions = [{"commitInfo": info}, *self._actions(at_ms)]
        return b"".join(msgspec.json.encode(action) + b"\n" for action in actions)

    def _metrics(self) -> dict[str, str]:
        """How much the commit holds, as texts: a commit that lost its last lines shows by them."""
        counts = {
            "numAddedFiles": len(self.adds),
            "numRemovedFiles": len(self.removes),
            "numAddedChangeFiles": len(self.recorded),
            "numOutputRows": sum(recorded_rows(add) or 0 for add in self.adds),
        }
        return {name: str(count) for name, count in counts.items()}

    def _actions(self, at_ms: int) -> Iterator[dict[str, Any]]:
        if self.protocol:
            yield {"protocol": _stated(self.protocol)}
        if self.settings:
            yield {"metaData": msgspec.to_builtins(self.settings)}
        if self.transaction:
            yield {"txn": {**msgspec.to_builtins(self.transaction), "lastUpdated": at_ms}}
        for add in self.removes:
            yield {"remove": _removed(add, at_ms, data_change=self.data_change)}
        for add in self.adds:
            yield {"add": _stated(add)}
        for file in self.recorded:
            yield {"cdc": {**_stated(file), "dataChange": False}}


def _removed(add: Add, at_ms: int, *, data_change: bool) -> dict[str, Any]:
    """The removal of a file, told by the path and deletion vector of its action in the log."""
    known = _stated(add)
    return {
        "path": add.path,
        "deletionTimestamp": at_ms,
        "dataChange": data_change,
        "extendedFileMetadata": True,
        **{name: known[name] for name in ("partitionValues", "size", "deletionVector") if name in known},
    }


def _stated(action: msgspec.Struct) -> dict[str, Any]:
    """An action without the fields that are null."""
    return {name: value for name, value in msgspec.to_builtins(action).items() if value is not None}
