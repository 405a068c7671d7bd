"""What Foreset keeps in tags of Feast's objects, because Feast has no other place for it.

All begin with `foreset.`; other tags are their owners'. A tag that cannot be read counts as absent.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from foreset.domain.definitions.recordable import is_secret_option
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec
from foreset.domain.safe_text.secret_names import HIDDEN

VERSION: Final = "foreset.version"
"""Of an entity or view: its version in the catalog. What has it was published, and goes when the catalog lets it go."""
POSITION: Final = "foreset.position"
"""Of the project: the position of the event log at which the registry was built."""
_PREFIX: Final = "foreset."
_ENDPOINTS: Final = ("aws_endpoint_url", "aws_endpoint", "endpoint_url", "endpoint")
_ENTITY: Final = "foreset.entity"
_JOIN_KEYS: Final = "foreset.join_keys"
_STORAGE_OPTIONS: Final = "foreset.storage_options"
_PARTITION_TIME_ZONE: Final = "foreset.partition_time_zone"
_WAREHOUSE_TABLE: Final = "foreset.warehouse_table"
_WAREHOUSE_QUERY: Final = "foreset.warehouse_query"
_VALID_UNTIL: Final = "foreset.valid_until_field"
_TIMESTAMP_UNIT: Final = "foreset.timestamp_unit"
_CLOSED: Final = "foreset.closed"
_DTYPES: Final = "foreset.dtypes"


def owners(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that are not Foreset's.

    >>> owners({"team": "a", "foreset.version": "1"})
    {'team': 'a'}
    """
    return {name: value for name, value in tags.items() if not name.startswith(_PREFIX)}


def reserved(tags: Iterable[str]) -> str | None:
    """A tag that begins as Foreset's own do, None where there is none."""
    return next((name for name in tags if name.startswith(_PREFIX)), None)


# === Entities ===


def entity_tags(spec: EntitySpec, version: int) -> dict[str, str]:
    """The tags of an entity. Of one with several join keys, which Feast has as several, they say what it was."""
    keys = list(spec.join_keys)
    whole = {_ENTITY: spec.name, _JOIN_KEYS: _json(keys)} if len(keys) > 1 else {}
    return {**spec.tags, VERSION: str(version), **whole}


def whole_entity(tags: Mapping[str, str]) -> tuple[str, tuple[str, ...]] | None:
    """The name and join keys of the entity that this one was a part of, None where it is whole."""
    keys = _read(tags, _JOIN_KEYS, tuple[str, ...])
    return (tags[_ENTITY], keys) if keys and _ENTITY in tags else None


# === Sources ===


def source_tags(source: DeltaSource, endpoint: str) -> dict[str, str]:
    """The tags of a source: what Feast's has no field for. `endpoint` is what its field for that holds."""
    options = {name: value for name, value in source.storage_options.items() if not is_secret_option(name, value)}
    options = {name: value for name, value in options.items() if value != HIDDEN}
    found = {
        _STORAGE_OPTIONS: _json(options) if options and options != endpoint_options(endpoint) else "",
        _PARTITION_TIME_ZONE: source.partition_time_zone or "",
        _WAREHOUSE_TABLE: source.warehouse_table or "",
        _WAREHOUSE_QUERY: source.warehouse_query or "",
        _VALID_UNTIL: source.valid_until_field or "",
        _TIMESTAMP_UNIT: source.timestamp_unit or "",
    }
    return {name: value for name, value in found.items() if value}


def storage_options(tags: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """The storage options of a source."""
    options = _read(tags, _STORAGE_OPTIONS, dict[str, str])
    return endpoint_options(endpoint) if options is None else options


def endpoint_options(endpoint: str) -> dict[str, str]:
    """The storage options that say no more than an endpoint does.

    >>> endpoint_options("http://127.0.0.1:9000")
    {'AWS_ENDPOINT_URL': 'http://127.0.0.1:9000', 'AWS_ALLOW_HTTP': 'true'}
    """
    plain = {"AWS_ALLOW_HTTP": "true"} if endpoint.startswith("http://") else {}
    return {"AWS_ENDPOINT_URL": endpoint, **plain} if endpoint else {}


def endpoint_of(options: Mapping[str, str]) -> str:
    """The endpoint among storage options, for which Feast has a field; an empty text where there is none.

    >>> endpoint_of({"aws_endpoint_url": "https://store.example.com", "aws_region": "eu"})
    'https://store.example.com'
    """
    return next((value for name, value in options.items() if name.lower() in _ENDPOINTS), "")


def partition_time_zone(tags: Mapping[str, str]) -> str | None:
    """The zone of the times of partitions."""
    return tags.get(_PARTITION_TIME_ZONE)


def warehouse_table(tags: Mapping[str, str]) -> str | None:
    """The name under which a warehouse sees the table."""
    return tags.get(_WAREHOUSE_TABLE)


def warehouse_query(tags: Mapping[str, str]) -> str | None:
    """The query that gives the table's rows in a warehouse."""
    return tags.get(_WAREHOUSE_QUERY)


def valid_until_field(tags: Mapping[str, str]) -> str | None:
    """The end of validity of a source's rows."""
    return tags.get(_VALID_UNTIL)


def timestamp_unit(tags: Mapping[str, str]) -> Any:
    """What the times of a source count that are whole numbers; the spec refuses what is none."""
    return tags.get(_TIMESTAMP_UNIT)


# === Views ===


def closed_tag(closed: str) -> dict[str, str]:
    """The tag of a view for whether its events serve labels of their own instant; none where they do.

    >>> closed_tag("left"), closed_tag("right")
    ({'foreset.closed': 'left'}, {})
    """
    return {_CLOSED: closed} if closed != "right" else {}


def closed(tags: Mapping[str, str]) -> Any:
    """Whether a view's events serve labels of their own instant; the spec refuses what says neither."""
    return tags.get(_CLOSED, "right")


def by_laws_alone(spec: FeatureViewSpec) -> str | None:
    """What a view says that only Foreset's stores keep, for a message; None where that is nothing.

    >>> by_laws_alone(FeatureViewSpec("v", ["e"], DeltaSource("t", "at", timestamp_unit="s"), ["x"]))
    "timestamp_unit='s'"
    """
    found = {
        "closed": spec.closed if spec.closed != "right" else None,
        "valid_until_field": spec.source.valid_until_field,
        "timestamp_unit": spec.source.timestamp_unit,
    }
    return ", ".join(f"{name}={value!r}" for name, value in found.items() if value is not None) or None


# === Features ===


def dtype_tags(declared: Mapping[str, str | None], told: Mapping[str, str | None]) -> dict[str, str]:
    """The tags of a view for the dtypes that its features declare, where Feast's types tell others.

    >>> dtype_tags({"x": None, "y": "int8"}, {"x": "float64", "y": "int32"})
    {'foreset.dtypes': '{"x":null,"y":"int8"}'}
    >>> dtype_tags({"x": None}, {"x": "float64"}), dtype_tags({"x": "int64"}, {"x": "int64"})
    ({'foreset.dtypes': 'null'}, {})
    """
    lost = {name: dtype for name, dtype in declared.items() if dtype != told[name]}
    if not lost:
        return {}
    return {_DTYPES: _json(None if not any(declared.values()) else lost)}


def declared_dtypes(tags: Mapping[str, str], told: Mapping[str, str | None]) -> dict[str, str | None]:
    """The dtypes that features declare; `told` are those that Feast's types tell."""
    if tags.get(_DTYPES) == "null":
        return dict.fromkeys(told)
    lost = _read(tags, _DTYPES, dict[str, str | None]) or {}
    return {name: lost.get(name, dtype) for name, dtype in told.items()}


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _read(tags: Mapping[str, str], name: str, wanted: Any) -> Any:
    try:
        return msgspec.json.decode(tags[name], type=wanted) if name in tags else None
    except msgspec.MsgspecError:
        return None
