"""Values as Feast's messages, exactly.

Feast's own conversion takes NaN for null, rounds what pandas rounds, and puts zeros, False and empty texts in the place
of nulls in lists. Here such a list is a list of single values (`list_val`), which Feast's readers give back with its
nulls. Times are whole seconds, rounded down, for Feast's types of them hold no more.
"""

import json
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import NULL_TIMESTAMP_INT_VALUE
from feast.value_type import ValueType

Message = Any
"""A protobuf message; they have no types here."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_LONGEST: Final = 200
"""Of a value in a message to people."""
_FIELDS: Final[Mapping[ValueType, str]] = {
    ValueType.BOOL: "bool",
    ValueType.INT32: "int32",
    ValueType.INT64: "int64",
    ValueType.FLOAT: "float",
    ValueType.DOUBLE: "double",
    ValueType.STRING: "string",
    ValueType.BYTES: "bytes",
    ValueType.PDF_BYTES: "bytes",
    ValueType.IMAGE_BYTES: "bytes",
    ValueType.UNIX_TIMESTAMP: "unix_timestamp",
    ValueType.DECIMAL: "decimal",
    ValueType.UUID: "uuid",
    ValueType.TIME_UUID: "time_uuid",
    ValueType.JSON: "json",
}
"""Feast's types of single values, and how the fields of its messages that hold them begin."""
_MAPS: Final[Mapping[ValueType, str]] = {ValueType.MAP: "map", ValueType.STRUCT: "struct"}
_MAP_KEYS: Final[tuple[tuple[type, ValueType, str], ...]] = (
    (bool, ValueType.BOOL, "bool_key"),
    (int, ValueType.INT64, "int64_key"),
    (float, ValueType.DOUBLE, "double_key"),
    (bytes, ValueType.BYTES, "bytes_key"),
    (date, ValueType.UNIX_TIMESTAMP, "unix_timestamp_key"),
    (Decimal, ValueType.DECIMAL, "decimal_key"),
)
"""Keys of maps that are not texts; the first that fits is meant."""
_KINDS: Final[tuple[tuple[type, ValueType], ...]] = (
    (bool, ValueType.BOOL),
    (int, ValueType.INT64),
    (float, ValueType.DOUBLE),
    (str, ValueType.STRING),
    (bytes, ValueType.BYTES),
    (date, ValueType.UNIX_TIMESTAMP),
    (Decimal, ValueType.DECIMAL),
    (dict, ValueType.MAP),
    (list, ValueType.VALUE_LIST),
)
"""Feast's types of Python's values, for what is in maps and lists of lists; the first that fits is meant."""


class Messages:
    """Makes messages of values. `rounded` says whether a time lost its fraction of a second."""

    def __init__(self) -> None:
        """Begin with nothing rounded."""
        self.rounded = False

    def of(self, kind: ValueType, value: Any) -> Message:
        """The message of a value; null is an empty one. Raises for what Feast's type does not hold."""
        message: Any = Value()
        if value is None:
            return message
        base, _, many = kind.name.rpartition("_")
        if kind in _FIELDS:
            setattr(message, f"{_FIELDS[kind]}_val", self._held(kind, value))
        elif kind in _MAPS and _is_of_texts(value):
            self._fill(getattr(message, f"{_MAPS[kind]}_val"), value)
        elif kind in {ValueType.MAP, ValueType.SCALAR_MAP} and isinstance(value, dict):
            self._entries(message.scalar_map_val, value)
        elif kind == ValueType.ZONED_TIMESTAMP:
            zoned = message.zoned_timestamp_val
            zoned.unix_timestamp, zoned.zone = self._held(ValueType.UNIX_TIMESTAMP, value), _zone(value)
        elif many == "LIST" and isinstance(value, list):
            self._list(message, ValueType[base] if base != "VALUE" else None, value)
        elif many == "SET" and isinstance(value, list):
            self._set(message, ValueType[base] if base != "VALUE" else None, value)
        else:
            raise _unheld(value, kind)
        return message

    def _list(self, message: Message, kind: ValueType | None, value: list[Any]) -> None:
        """`kind` is that of the items, None where they have no type of their own."""
        if kind == ValueType.UNIX_TIMESTAMP:
            _put(message, "unix_timestamp_list_val", [self._time_or_null(item) for item in value])
        elif kind is not None and kind in _FIELDS and None not in value:
            _put(message, f"{_FIELDS[kind]}_list_val", [self._held(kind, item) for item in value])
        elif kind is not None and kind in _MAPS and all(map(_is_of_texts, value)):
            held = getattr(message, f"{_MAPS[kind]}_list_val")
            held.SetInParent()
            for item in value:
                self._fill(held.val.add(), item)
        else:
            _put(message, "list_val", [self.of(kind or kind_of(item), item) for item in value])

    def _set(self, message: Message, kind: ValueType | None, value: list[Any]) -> None:
        """A set has no order, and its readers take each value once."""
        if None in value:
            problem = f"{value!r} has a null, and Feast's sets have none"
            raise ValueError(problem)
        if kind is None:
            _put(message, "set_val", [self.of(kind_of(item), item) for item in value])
        else:
            _put(message, f"{_FIELDS[kind]}_set_val", [self._held(kind, item) for item in value])

    def _entries(self, held: Message, value: dict[Any, Any]) -> None:
        held.SetInParent()
        for key, item in value.items():
            found = [(kind, field) for known, kind, field in _MAP_KEYS if isinstance(key, known)]
            if not found or (isinstance(key, date) and moment(key) != in_seconds(key)):
                raise _unheld(value, ValueType.SCALAR_MAP)
            kind, field = found[0]
            entry = held.val.add()
            setattr(entry.key, field, self._held(kind, key))
            entry.value.CopyFrom(self.of(kind_of(item), item))

    def _fill(self, held: Message, value: dict[str, Any]) -> None:
        held.SetInParent()
        for key, item in value.items():
            held.val[key].CopyFrom(self.of(kind_of(item), item))

    def _held(self, kind: ValueType, value: Any) -> Any:
        """What the field of a single value is given."""
        if kind == ValueType.UNIX_TIMESTAMP and isinstance(value, date):
            return self._seconds(value)
        check = _CHECKS.get(kind)
        held = None if check is None or value is None else check(value)
        if held is None:
            raise _unheld(value, kind)
        return held

    def _time_or_null(self, value: Any) -> int:
        return NULL_TIMESTAMP_INT_VALUE if value is None else self._held(ValueType.UNIX_TIMESTAMP, value)

    def _seconds(self, value: date) -> int:
        whole = (moment(value) - EPOCH) // _SECOND
        self.rounded = self.rounded or moment(value) != EPOCH + whole * _SECOND
        return whole


def kind_of(value: Any) -> ValueType:
    """Feast's type of a value of Python's, in the way of lists that have no type of their own."""
    if isinstance(value, list):
        kinds = {kind_of(item) for item in value if item is not None}
        only = kinds.pop() if len(kinds) == 1 else ValueType.UNKNOWN
        return ValueType[f"{only.name}_LIST"] if only in _FIELDS or only == ValueType.MAP else ValueType.VALUE_LIST
    return next((kind for known, kind in _KINDS if isinstance(value, known)), ValueType.UNKNOWN)


def _is_of_texts(value: Any) -> bool:
    """Whether a value is a map whose keys are texts."""
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _put(message: Message, field: str, items: Iterable[Any]) -> None:
    held = getattr(message, field)
    held.SetInParent()  # an empty list is not a null
    held.val.extend(items)


def moment(value: date) -> datetime:
    """A time in UTC; a date is its first moment."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def in_seconds(value: date) -> datetime:
    """The last whole second that is not after a time."""
    return EPOCH + (moment(value) - EPOCH) // _SECOND * _SECOND


def _zone(value: Any) -> str:
    zone = value.tzinfo if isinstance(value, datetime) else None
    return str(getattr(zone, "key", None) or zone or "")


def _unheld(value: Any, kind: ValueType) -> ValueError:
    return ValueError(f"{_shown(value)} is not held by Feast's type {kind.name.lower()}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


# === What single values are ===


def _of_type(kind: type) -> Callable[[Any], Any]:
    return lambda value: value if type(value) is kind else None


def _double(value: Any) -> float | None:
    """A number with a fraction, or a whole number that is one exactly."""
    held = float(value) if type(value) in {float, int} else None
    return held if held is None or math.isnan(held) or held == value else None


def _single(value: Any) -> float | None:
    held = _double(value)
    if held is None or math.isnan(held) or math.isinf(held):
        return held
    try:
        return held if struct.unpack("<f", struct.pack("<f", held))[0] == held else None
    except OverflowError:
        return None


def _uuid(value: Any) -> str | None:
    """The text of an id, which Feast's readers parse."""
    return str(value) if isinstance(value, UUID) or (isinstance(value, str) and UUID(value)) else None


def _json(value: Any) -> str | None:
    """A text in JSON, which Feast's readers parse."""
    if not isinstance(value, str):
        return None
    json.loads(value)
    return value


_CHECKS: Final[Mapping[ValueType, Callable[[Any], Any]]] = {
    ValueType.BOOL: _of_type(bool),
    ValueType.INT32: _of_type(int),
    ValueType.INT64: _of_type(int),
    ValueType.FLOAT: _single,
    ValueType.DOUBLE: _double,
    ValueType.STRING: _of_type(str),
    ValueType.BYTES: _of_type(bytes),
    ValueType.PDF_BYTES: _of_type(bytes),
    ValueType.IMAGE_BYTES: _of_type(bytes),
    ValueType.DECIMAL: lambda value: str(value) if isinstance(value, Decimal) else None,
    ValueType.UUID: _uuid,
    ValueType.TIME_UUID: _uuid,
    ValueType.JSON: _json,
}
"""What gives a value to its field, None where its type does not fit; ranges are the messages' own."""
