"""Feast's types in our terms, both ways."""

from typing import Final

from feast import types
from feast.value_type import ValueType

from foreset.domain.dtypes import time_unit

_TO_FEAST: Final = {
    "bool": types.Bool,
    "int8": types.Int32,
    "int16": types.Int32,
    "int32": types.Int32,
    "int64": types.Int64,
    "uint8": types.Int32,
    "uint16": types.Int32,
    "uint32": types.Int64,
    "uint64": types.Int64,
    "float32": types.Float32,
    "float64": types.Float64,
    "string": types.String,
    "binary": types.Bytes,
}
_STORED_AS: Final[dict[types.FeastType, types.FeastType]] = {
    types.Json: types.String,
    types.Uuid: types.String,
    types.TimeUuid: types.String,
    types.PdfBytes: types.Bytes,
    types.ImageBytes: types.Bytes,
    types.ZonedTimestamp: types.UnixTimestamp,
    types.ScalarMap: types.Map,
}
_FROM_FEAST: Final[dict[types.FeastType, str]] = {
    types.Bool: "bool",
    types.Int32: "int32",
    types.Int64: "int64",
    types.Float32: "float32",
    types.Float64: "float64",
    types.String: "string",
    types.Bytes: "binary",
}


def feast_type(dtype: str) -> types.FeastType:
    """The Feast type that holds the values of a dtype; structs and maps are Feast's `Map`.

    >>> str(feast_type("list<float64>")), str(feast_type("timestamp[us, UTC]"))
    ('Array(Float64)', 'UnixTimestamp')
    """
    if dtype in _TO_FEAST:
        return _TO_FEAST[dtype]
    if time_unit(dtype) is not None:
        return types.UnixTimestamp
    if dtype.startswith("decimal"):
        return types.Decimal
    if dtype.startswith("list<"):
        return types.Array(feast_type(dtype.removeprefix("list<").removesuffix(">")))
    return types.Map


def dtype_of(feast: types.FeastType) -> str | None:
    """The dtype that a Feast type declares; None where Feast's type is wider than any, which leaves the table's.

    >>> dtype_of(types.Array(types.Int64)), dtype_of(types.UnixTimestamp)
    ('list<int64>', None)
    """
    if isinstance(feast, types.Array):
        inner = dtype_of(feast.base_type)
        return inner and f"list<{inner}>"
    return _FROM_FEAST.get(feast)


def stored_as(feast: types.FeastType) -> types.FeastType:
    """The type that a column's dtype tells of values of a Feast type, which may say more of what they mean.

    >>> str(stored_as(types.Json)), str(stored_as(types.Set(types.Uuid))), str(stored_as(types.Int64))
    ('String', 'Array(String)', 'Int64')
    """
    if isinstance(feast, types.Struct):
        return types.Map
    if isinstance(feast, (types.Array, types.Set)):
        return types.Array(stored_as(feast.base_type))
    return _STORED_AS.get(feast, feast)


def value_type(dtype: str) -> ValueType:
    """Feast's value type of a join key."""
    return feast_type(dtype).to_value_type()
