"""Delta's schema and protocol in our terms."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from deltalake import DeltaTable

from foreset.adapters.shared.frames.arrow_types import quoted
from foreset.domain.facts import Column

Field = dict[str, Any]
"""A field of Delta's schema JSON: `name`, `type` (a name or an object), `metadata`."""

PHYSICAL_NAME: Final = "delta.columnMapping.physicalName"
FIELD_ID: Final = "delta.columnMapping.id"
TYPE_CHANGES: Final = "delta.typeChanges"
_NEWEST_READER: Final = 3
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
    "void": "null",
}
_READ_IN_FULL: Final = frozenset(
    {
        "columnMapping",
        "deletionVectors",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "v2Checkpoint",
        "vacuumProtocolCheck",
        "variantType",  # its columns are refused where they are asked for
        "variantType-preview",
    }
)
_MAPPINGS: Final = ("none", "id", "name")


def fields_of(table: DeltaTable) -> list[Field]:
    """The fields of the table's schema, in its order."""
    fields: list[Field] = json.loads(table.schema().to_json())["fields"]
    return fields


def columns_of(fields: Sequence[Field]) -> tuple[Column, ...]:
    """The table's columns, in its order. One of a type that has no dtype has Delta's name of it."""
    return tuple(Column(field["name"], dtype_of(field["type"])) for field in fields)


def dtype_of(delta: Any) -> str:  # Delta's schema JSON: a name or an object
    """The dtype of a Delta type.

    >>> dtype_of({"type": "array", "elementType": "long", "containsNull": True})
    'list<int64>'
    """
    if isinstance(delta, str):
        return _PRIMITIVES.get(delta, delta.replace(" ", ""))
    match delta["type"]:
        case "array":
            return f"list<{dtype_of(delta['elementType'])}>"
        case "map":
            return f"map<{dtype_of(delta['keyType'])}, {dtype_of(delta['valueType'])}>"
        case "struct":
            fields = (f"{quoted(field['name'])}: {dtype_of(field['type'])}" for field in delta["fields"])
            return f"struct<{', '.join(fields)}>"
        case other:
            return str(other)


def mapping_mode(configuration: Mapping[str, str]) -> str:
    """How the table's columns are found in its files: `none`, by `name`, or by `id`."""
    return configuration.get("delta.columnMapping.mode", "none")


def unsupported(reader_version: int, features: Sequence[str], mapping: str) -> str | None:
    """The first thing that a table's protocol asks of a reader and that is not done here in full.

    A reader must know every reader feature of a table (Delta protocol, "Table Features"). Unknown is refused.

    >>> unsupported(3, ["deletionVectors", "catalogManaged"], "none")
    'the table feature catalogManaged'
    """
    if reader_version > _NEWEST_READER:
        return f"reader version {reader_version}"
    if mapping not in _MAPPINGS:
        return f"column mapping by {mapping}"
    unknown = sorted(set(features) - _READ_IN_FULL)
    return f"the table feature {unknown[0]}" if unknown else None


def unsupported_feature(table: DeltaTable) -> str | None:
    """The same, of an open table."""
    protocol = table.protocol()
    features = [str(feature) for feature in protocol.reader_features or ()]
    return unsupported(protocol.min_reader_version, features, mapping_mode(table.metadata().configuration))
