"""Whether what Feast's readers give for a message is a value of a table."""

import json
import math
from datetime import date, datetime
from typing import Any
from uuid import UUID

from feast.type_map import feast_value_type_to_python_type
from feast.value_type import ValueType

from foreset.adapters.feast.online.messages import Message, in_seconds


def python_value(message: Message, kind: ValueType) -> Any:
    """The value in a message as Feast's readers give it, None in an empty one."""
    return feast_value_type_to_python_type(message, kind)


def is_value(back: Any, value: Any, kind: ValueType) -> bool:
    """Whether what Feast's readers give is a value of a table: times in whole seconds, NaN as NaN, nulls as None."""
    base = kind.name.removesuffix("_LIST").removesuffix("_SET")
    match value:
        case None:
            same = back is None
        case date():
            same = isinstance(back, datetime) and back == in_seconds(value)
        case bool():
            same = back is value
        case float() | int():
            same = type(back) in {float, int} and _is_number(back, value)
        case str() if base == "JSON":
            same = json.dumps(back, sort_keys=True) == json.dumps(json.loads(value), sort_keys=True)  # NaN included
        case str() if base in {"UUID", "TIME_UUID"}:
            same = back == UUID(value)
        case dict():
            same = isinstance(back, dict) and _is_map(back, value)
        case list():
            same = _is_list(back, value, kind)
        case _:
            same = type(back) is type(value) and back == value
    return bool(same)


def _is_list(back: Any, value: list[Any], kind: ValueType) -> bool:
    if isinstance(back, set):  # each value once, in any order
        found = all(any(is_value(one, item, kind) for one in back) for item in value)
        return found and all(any(is_value(one, item, kind) for item in value) for one in back)
    if not isinstance(back, list) or len(back) != len(value):
        return False
    return all(is_value(one, item, kind) for one, item in zip(back, value, strict=True))


def _is_map(back: dict[Any, Any], value: dict[Any, Any]) -> bool:
    named = {in_seconds(key) if isinstance(key, date) else key: item for key, item in value.items()}
    same = back.keys() == named.keys() and len(named) == len(value)
    return same and all(is_value(back[key], item, ValueType.UNKNOWN) for key, item in named.items())


def _is_number(one: float, other: float) -> bool:
    if one != other:
        return math.isnan(one) and math.isnan(other)
    return one != 0 or math.copysign(1, one) == math.copysign(1, other)
