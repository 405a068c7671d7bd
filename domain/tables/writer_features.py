"""What tables may be written, by what their protocol and settings ask of writers.

A writer must do all that a table's writer features ask (Delta protocol, "Table Features", "Requirements for Writers").
What is not on the list is refused before anything is written.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from foreset.domain.errors.table_writes import UnwritableTable
from foreset.domain.tables.delta_commit import TableSettings
from foreset.domain.tables.delta_log import Protocol

_NEWEST_WRITER: Final = 7
_FEATURES: Final = 7
"""The writer version from which a table names its features."""
_DONE: Final = frozenset(
    {
        "appendOnly",
        "changeDataFeed",
        "checkConstraints",
        "columnMapping",
        "deletionVectors",
        "generatedColumns",
        "invariants",
        "timestampNtz",
        "v2Checkpoint",
        "vacuumProtocolCheck",
    }
)
_BY_WRITER_VERSION: Final = {
    2: ("appendOnly", "invariants"),
    3: ("checkConstraints",),
    4: ("changeDataFeed", "generatedColumns"),
    5: ("columnMapping",),
    6: ("identityColumns",),
}
_CONSTRAINT: Final = "delta.constraints."
_INVARIANT: Final = "delta.invariants"
_GENERATED: Final = "delta.generationExpression"
_IDENTITY: Final = "delta.identity."
_FEED: Final = "delta.enableChangeDataFeed"
_MAPPINGS: Final = ("none", "name", "id")
_NTZ: Final = "timestamp_ntz"


def unwritable(table: str, settings: TableSettings, protocol: Protocol) -> UnwritableTable | None:
    """Why a table is not written at all; None where it is."""
    feature = next(_refused(settings, protocol), None)
    return None if feature is None else UnwritableTable(table=table, feature=feature)


def _refused(settings: TableSettings, protocol: Protocol) -> Iterator[str]:
    if protocol.min_writer_version > _NEWEST_WRITER:
        yield f"writer version {protocol.min_writer_version}"
    for feature in sorted(set(protocol.writer_features or ()) - _DONE):
        if feature != "identityColumns":
            yield f"the table feature {feature}"
    mode = settings.configuration.get("delta.columnMapping.mode", "none")
    if mode not in _MAPPINGS:
        yield f"column mapping by {mode}"
    for field in settings.fields:
        if any(key.startswith(_IDENTITY) for key in field.get("metadata") or {}):
            yield f"the identity column {field['name']!r}"


def unremovable(table: str, settings: TableSettings) -> UnwritableTable | None:
    """Why no row of the table may go; None where rows may."""
    if not _is_on(settings, "delta.appendOnly"):
        return None
    remedy = "append to it, or set delta.appendOnly to false first"
    return UnwritableTable(table=table, feature="delta.appendOnly, by which no row may be removed", remedy=remedy)


def has_feed(settings: TableSettings) -> bool:
    """Whether changes are recorded in a change data feed."""
    return _is_on(settings, _FEED)


def _is_on(settings: TableSettings, setting: str) -> bool:
    return settings.configuration.get(setting, "").lower() == "true"


def rules_of(settings: TableSettings) -> dict[str, str]:
    """What each row must meet beside its types: CHECK constraints, invariants, generated columns, as SQL by name."""
    named = {
        f"the constraint {key.removeprefix(_CONSTRAINT)!r}": condition
        for key, condition in settings.configuration.items()
        if key.startswith(_CONSTRAINT)
    }
    for field in settings.fields:
        metadata: Mapping[str, str] = field.get("metadata") or {}
        if _INVARIANT in metadata:
            named[f"the invariant of the column {field['name']!r}"] = metadata[_INVARIANT]
        if _GENERATED in metadata:
            named[f"the generated column {field['name']!r}"] = metadata[_GENERATED]
    return named


def needed(protocol: Protocol | None, fields: list[dict[str, Any]]) -> Protocol:
    """The protocol of a table with these fields: the one that it has, where that has the features for them."""
    if not any(_holds_ntz(field["type"]) for field in fields):
        return protocol or Protocol(min_reader_version=1, min_writer_version=2)
    if protocol is None:
        return Protocol(
            min_reader_version=3,
            min_writer_version=_FEATURES,
            reader_features=("timestampNtz",),
            writer_features=("timestampNtz",),
        )
    if "timestampNtz" in (protocol.writer_features or ()):
        return protocol
    return _with_feature(protocol, "timestampNtz")


def _with_feature(protocol: Protocol, feature: str) -> Protocol:
    """The protocol with a feature of readers and writers, and by name those that it had by its versions."""
    readers = protocol.reader_features
    if readers is None:
        readers = ("columnMapping",) if protocol.min_reader_version > 1 else ()
    writers = protocol.writer_features
    if writers is None:
        implied = (names for version, names in _BY_WRITER_VERSION.items() if version <= protocol.min_writer_version)
        writers = tuple(name for names in implied for name in names)
    return Protocol(
        min_reader_version=3,
        min_writer_version=_FEATURES,
        reader_features=(*readers, feature),
        writer_features=(*writers, feature),
    )


def _holds_ntz(delta: Any) -> bool:
    """Whether a type of Delta's schema JSON is, or holds, a timestamp without a zone."""
    match delta:
        case str():
            return delta == _NTZ
        case {"type": "array", "elementType": element}:
            return _holds_ntz(element)
        case {"type": "map", "keyType": key, "valueType": value}:
            return _holds_ntz(key) or _holds_ntz(value)
        case {"fields": fields}:
            return any(_holds_ntz(field["type"]) for field in fields)
        case _:
            return False
