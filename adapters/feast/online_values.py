"""Values as Feast's messages and back, exactly: Feast's own way takes NaN for null, and rounds what pandas rounds.

Times are whole seconds there, rounded down, for Feast's type of them holds no more.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
from feast import FeatureView
from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import feast_value_type_to_python_type, python_values_to_proto_values
from feast.value_type import ValueType
from google.protobuf.message import EncodeError  # type: ignore[import-untyped]  # protobuf has no stubs

from foreset.domain.errors.online import OnlineKeysUnfit, OnlineValueUnfit
from foreset.domain.errors.problem import because, raised, told

Message = Any
"""A protobuf message; they have no types here."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
UNFIT: Final = (TypeError, ValueError, OverflowError, AttributeError, ArithmeticError, EncodeError)
"""What a value raises that does not fit a message."""
_FIELDS: Final = {
    ValueType.BOOL: "bool_val",
    ValueType.INT32: "int32_val",
    ValueType.INT64: "int64_val",
    ValueType.FLOAT: "float_val",
    ValueType.DOUBLE: "double_val",
    ValueType.STRING: "string_val",
    ValueType.BYTES: "bytes_val",
}
_KEYS: Final[Mapping[ValueType, type]] = {
    ValueType.INT32: int,
    ValueType.INT64: int,
    ValueType.STRING: str,
    ValueType.BYTES: bytes,
}


def features_of(view: FeatureView) -> dict[str, ValueType]:
    """The features of a view, with Feast's types of them."""
    return {field.name: field.dtype.to_value_type() for field in view.features}


def keys_of(view: FeatureView) -> dict[str, ValueType]:
    """The join keys of a view, with Feast's types of them; none of a view without entities."""
    return {field.name: field.dtype.to_value_type() for field in view.entity_columns if field.name != DUMMY_ENTITY_ID}


# === Keys ===


def entity_keys(view: FeatureView, columns: Mapping[str, Sequence[object]], rows: int) -> list[Message]:
    """The key of each row, None where a part of it is null. Raises `ForesetError` for values that are no keys."""
    kinds = keys_of(view)
    if not kinds:
        only = EntityKey(join_keys=[DUMMY_ENTITY_ID], entity_values=[Value(string_val=DUMMY_ENTITY_VAL)])
        return [only] * rows
    names = list(kinds)
    parts = [_key_values(view.name, name, kind, columns[name], names) for name, kind in kinds.items()]
    return [
        None if None in values else EntityKey(join_keys=names, entity_values=values)
        for values in zip(*parts, strict=True)
    ]


def _key_values(view: str, name: str, kind: ValueType, values: Sequence[object], names: list[str]) -> list[Message]:
    wanted, field = _KEYS.get(kind), _FIELDS.get(kind)
    found: list[Message] = []
    for value in values:
        if value is None:
            found.append(None)
            continue
        try:
            if kind == ValueType.UNIX_TIMESTAMP:
                found.append(_timestamp(value))
            elif field is None or wanted is None or type(value) is not wanted:
                problem = f"the {name!r} {value!r} is no {kind.name.lower()}, which Feast has as its type"
                raise raised(OnlineKeysUnfit(view=view, problem=problem, keys=tuple(names)))
            else:
                found.append(_value(field, value))
        except UNFIT as fault:
            if isinstance(fault, ValueError) and hasattr(fault, "error"):
                raise
            error = OnlineKeysUnfit(view=view, problem=f"{name!r}: {told(fault)}", keys=tuple(names))
            raise raised(because(error, fault)) from fault
    return found


# === Features ===


def messages(view: str, name: str, kind: ValueType, values: Sequence[object]) -> list[Message]:
    """Values of a feature as messages; null is an empty one. Raises `ForesetError` for what Feast does not hold."""
    try:
        return _messages(kind, values)
    except UNFIT as fault:
        error = OnlineValueUnfit(view=view, column=name, problem=told(fault))
        raise raised(because(error, fault)) from fault


def _messages(kind: ValueType, values: Sequence[object]) -> list[Message]:
    make: Callable[[Any], Message] | None = None
    if kind == ValueType.UNIX_TIMESTAMP:
        make = _timestamp
    elif kind in _FIELDS:
        make = partial(_value, _FIELDS[kind])
    if make is not None:
        return [Value() if value is None else make(value) for value in values]
    plain = [_plain(value) for value in values]
    made: list[Message] = python_values_to_proto_values(plain, kind)
    for value, message in zip(plain, made, strict=True):
        back = python_value(message, kind)
        if not _is_held(back, value):
            problem = f"{value!r} would be served as {back!r}, for Feast's type {kind.name.lower()} does not hold it"
            raise ValueError(problem)
    return made


def _is_held(back: Any, value: Any) -> bool:
    """Whether what a message gives back is the value: times in whole seconds, and fractions in 32 bits, count as held.

    Feast's lists have no nulls, and its conversion puts zeros and empty texts in their places.
    """
    match value:
        case datetime():
            return bool(back == value.replace(microsecond=0))
        case float():
            return back == value or (back != back and value != value) or back == float(np.float32(value))  # noqa: PLR0124  # NaN
        case dict():
            return (
                isinstance(back, dict)
                and back.keys() == value.keys()
                and all(_is_held(back[key], item) for key, item in value.items())
            )
        case list() if isinstance(back, set):
            return None not in value and len({str(item) for item in value}) == len(back)
        case list() | tuple():
            return isinstance(back, list) and len(back) == len(value) and all(map(_is_held, back, value))
        case _:
            return type(back) is type(value) and bool(back == value)


def _value(field: str, value: Any) -> Message:
    message: Any = Value
    return message(**{field: value})


def _timestamp(value: Any) -> Message:
    """A time or a date, in whole seconds; a number has been counted already."""
    if isinstance(value, datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=UTC)) - EPOCH
    elif isinstance(value, date):
        value = timedelta(days=value.toordinal() - EPOCH.toordinal())
    return Value(unix_timestamp_val=value // timedelta(seconds=1))


def _plain(value: Any) -> Any:
    """A nested value of which Feast makes a message: in it, times have a zone."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def python_value(message: Message, kind: ValueType) -> Any:
    """The value in a message, None in an empty one."""
    return feast_value_type_to_python_type(message, kind)


def exact(message: Message) -> bytes:
    """What two messages have in common whose values are the same, NaN included."""
    found: bytes = message.SerializeToString(deterministic=True)
    return found


# === Columns ===


def column_values(column: Any) -> list[Any]:
    """The values of a pyarrow column, in Python's types. Nanoseconds are left out: no message holds them."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    found: list[Any] = column.to_pylist(maps_as_pydicts="lossy")
    return found


def moments(column: Any, epoch_unit: str | None = None) -> list[datetime | None]:
    """The times in a pyarrow column of times or dates, or of whole numbers of a unit, in UTC, to the microsecond."""
    if pa.types.is_integer(column.type) and epoch_unit is not None:
        column = column.cast(pa.int64()).cast(pa.timestamp(epoch_unit, "UTC"))
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("s"))
    ticks: Iterable[int | None] = (
        column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64()).to_pylist()
    )
    return [None if tick is None else EPOCH + timedelta(microseconds=tick) for tick in ticks]
