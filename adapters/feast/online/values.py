"""The keys and the values of a view's rows, as Feast's messages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from feast import FeatureView
from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.value_type import ValueType
from google.protobuf.message import EncodeError  # type: ignore[import-untyped]  # protobuf has no stubs

from foreset.adapters.feast.online.messages import EPOCH, Message, Messages
from foreset.domain.errors.online import OnlineKeysUnfit, OnlineValueUnfit
from foreset.domain.errors.problem import because, raised, told

UNFIT: Final = (TypeError, ValueError, OverflowError, AttributeError, ArithmeticError, EncodeError, KeyError)
"""What a value raises that does not fit a message, or Python's types."""
_KEYS: Final = {
    ValueType.INT32,
    ValueType.INT64,
    ValueType.STRING,
    ValueType.BYTES,
    ValueType.UNIX_TIMESTAMP,
}
"""The types of keys that Feast's stores take."""


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
    make, found = Messages(), list[Message]()
    if kind not in _KEYS:
        problem = f"{name!r} is {kind.name.lower()}, and Feast has no keys of that type"
        raise raised(OnlineKeysUnfit(view=view, problem=problem, keys=tuple(names)))
    for value in values:
        try:
            found.append(None if value is None else make.of(kind, value))
        except UNFIT as fault:
            problem = f"the {name!r} {value!r} is no {kind.name.lower()}, which Feast has as its type"
            raise raised(because(OnlineKeysUnfit(view=view, problem=problem, keys=tuple(names)), fault)) from fault
        if make.rounded:
            problem = f"the {name!r} {value!r} is not in whole seconds, and Feast has no finer keys"
            raise raised(OnlineKeysUnfit(view=view, problem=problem, keys=tuple(names)))
    return found


# === Features ===


@dataclass(frozen=True)
class Feature:
    """The messages of a feature's values, and whether times among them lost fractions of seconds."""

    messages: list[Message]
    rounded: bool


def of_feature(
    view: str, name: str, kind: ValueType, column: Any, keys: Sequence[Mapping[str, Any]]
) -> Feature:  # a pyarrow column
    """The values of a feature as messages; `keys` are those of its rows.

    Raises `ForesetError` for a value that Feast does not hold, with its key.
    """
    values, make, made = values_of(view, name, column, keys), Messages(), list[Message]()
    for value in values:
        try:
            made.append(make.of(kind, value))
        except UNFIT as fault:
            raise raised(because(_unfit(view, name, told(fault), keys[len(made)]), fault)) from fault
    return Feature(made, rounded=make.rounded)


def values_of(view: str, name: str, column: Any, keys: Sequence[Mapping[str, Any]]) -> list[Any]:  # as above
    """The values of a column. Raises `ForesetError` for one that Python's types do not hold, with its key."""
    try:
        return column_values(column)
    except UNFIT:
        for row, key in enumerate(keys):
            try:
                column_values(column.slice(row, 1))
            except UNFIT as fault:
                raise raised(because(_unfit(view, name, told(fault), key), fault)) from fault
        raise


def _unfit(view: str, name: str, problem: str, key: Mapping[str, Any]) -> OnlineValueUnfit:
    at = ", ".join(f"{column}={value!r}" for column, value in key.items()) or "the only row"
    return OnlineValueUnfit(view=view, column=name, key=at, problem=problem)


# === Columns ===


def column_values(column: Any) -> list[Any]:
    """The values of a pyarrow column, in Python's types; maps are dicts. Raises for what these do not hold."""
    found: list[Any] = column.to_pylist(maps_as_pydicts="strict")
    return found


def moments(column: Any, epoch_unit: str | None = None) -> list[datetime | None]:  # as above
    """The times in a pyarrow column of times or dates, or of whole numbers of a unit, in UTC, to the microsecond.

    Raises OverflowError for times outside of the years 1 to 9999.
    """
    if pa.types.is_integer(column.type) and epoch_unit is not None:
        column = column.cast(pa.int64()).cast(pa.timestamp(epoch_unit, "UTC"))
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("s"))
    ticks: Iterable[int | None] = (
        column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64()).to_pylist()
    )
    return [None if tick is None else EPOCH + timedelta(microseconds=tick) for tick in ticks]
