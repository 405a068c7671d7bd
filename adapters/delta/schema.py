"""Delta's schema and protocol in our terms."""

import json
from typing import Any, Final

from deltalake import DeltaTable

from foreset.domain.facts import Column

_PRIMITIVES: Final = {
    "byte": "int8",
    "short": "int16",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "boolean": "bool",
    "string": "string",
    "binary": "binary",
    "date": "date",
    "timestamp": "timestamp[us, UTC]",
    "timestamp_ntz": "timestamp[us]",
}
_READ_IN_FULL: Final = frozenset({"timestampNtz", "vacuumProtocolCheck", "v2Checkpoint"})


def columns_of(table: DeltaTable) -> tuple[Column, ...]:
    """The table's columns, in its order."""
    fields = json.loads(table.schema().to_json())["fields"]
    return tuple(Column(field["name"], _dtype(field["type"])) for field in fields)


def _dtype(delta: Any) -> str:  # Delta's schema JSON: a name or an object
    if isinstance(delta, str):
        return _PRIMITIVES.get(delta, delta.replace(" ", ""))
    match delta["type"]:
        case "array":
            return f"list<{_dtype(delta['elementType'])}>"
        case "map":
            return f"map<{_dtype(delta['keyType'])}, {_dtype(delta['valueType'])}>"
        case _:
            fields = ", ".join(f"{f['name']}: {_dtype(f['type'])}" for f in delta["fields"])
            return f"struct<{fields}>"


def unsupported_feature(table: DeltaTable) -> str | None:
    """The first thing that the table's protocol asks of a reader and that is not done here in full."""
    protocol = table.protocol()
    if protocol.min_reader_version > 3:  # noqa: PLR2004  # the newest reader version of the Delta protocol
        return f"reader version {protocol.min_reader_version}"
    mapping = table.metadata().configuration.get("delta.columnMapping.mode", "none")
    if mapping != "none":
        return f"column mapping by {mapping}"
    features = {str(feature) for feature in protocol.reader_features or ()}
    unknown = sorted(features - _READ_IN_FULL - {"columnMapping"})
    return f"the table feature {unknown[0]}" if unknown else None
