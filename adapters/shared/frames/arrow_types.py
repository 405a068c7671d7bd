"""The names of column types in polars: both ways between `foreset.domain.dtypes` and polars.

Polars types that the grammar has no name for keep a name of their own (`null`, `time`, `duration[us]`, `int128`,
`uint128`, `float16`), so that every column has one and `polars_dtype` takes it back. Categories are served as `string`.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

import polars as pl
from polars.datatypes import DataTypeClass

from foreset.adapters.shared.frames.pandas_rows import PandasRows

_PLAIN: Final[dict[str, pl.DataType]] = {
    "bool": pl.Boolean(),
    "int8": pl.Int8(),
    "int16": pl.Int16(),
    "int32": pl.Int32(),
    "int64": pl.Int64(),
    "int128": pl.Int128(),
    "uint8": pl.UInt8(),
    "uint16": pl.UInt16(),
    "uint32": pl.UInt32(),
    "uint64": pl.UInt64(),
    "uint128": pl.UInt128(),
    "float16": pl.Float16(),
    "float32": pl.Float32(),
    "float64": pl.Float64(),
    "string": pl.String(),
    "binary": pl.Binary(),
    "date": pl.Date(),
    "time": pl.Time(),
    "null": pl.Null(),
    "duration[ms]": pl.Duration("ms"),
    "duration[us]": pl.Duration("us"),
    "duration[ns]": pl.Duration("ns"),
}
_NAMES: Final = {dtype: name for name, dtype in _PLAIN.items()}
_TIMESTAMP: Final = re.compile(r"timestamp\[(ms|us|ns)(?:, ([^\]]+))?\]")
_DECIMAL: Final = re.compile(r"decimal\((\d+), ?(-?\d+)\)|decimal\((\d+)\)")
_PLAIN_FIELD: Final = re.compile(r"\w(?:[\w .-]*\w)?")


# === From polars ===


def dtype_name(dtype: pl.DataType) -> str:
    """The name of a polars type.

    >>> dtype_name(pl.Datetime("us", "UTC")), dtype_name(pl.List(pl.Struct({"a": pl.Int64})))
    ('timestamp[us, UTC]', 'list<struct<a: int64>>')
    """
    match dtype:
        case pl.Categorical() | pl.Enum():
            return "string"
        case pl.Array(inner=inner):  # one dimension of its shape; `inner` has the others
            return f"list<{dtype_name(_instance(inner))}>"
        case _:
            return _name(dtype, dtype_name)


def exact_name(dtype: pl.DataType) -> str:
    """The name of a polars type with all that it is: categories in their order, lengths of arrays, at any depth.

    Different types have different names. Of types without categories and arrays it is `dtype_name`.

    >>> exact_name(pl.Enum(["b", "a"])), exact_name(pl.Array(pl.Categorical(), 2))
    ('enum<"b", "a">', 'array<categorical, 2>')
    """
    match dtype:
        case pl.Enum(categories=categories):
            return f"enum<{', '.join(_json(category) for category in categories)}>"
        case pl.Categorical(categories=categories) if categories.is_global():
            return "categorical"
        case pl.Categorical(categories=categories):
            parts = (_json(categories.name()), _json(categories.namespace()), str(categories.physical()).lower())
            return f"categorical<{', '.join(parts)}>"
        case pl.Array(inner=inner, size=size):
            return f"array<{exact_name(_instance(inner))}, {size}>"
        case _:
            return _name(dtype, exact_name)


def _name(dtype: pl.DataType, inside: Callable[[pl.DataType], str]) -> str:
    """The name of a type, with those of the types inside it by `inside`."""
    match dtype:
        case pl.Datetime(time_unit=unit, time_zone=zone):
            return f"timestamp[{unit}, {zone}]" if zone else f"timestamp[{unit}]"
        case pl.Decimal(precision=precision, scale=scale):
            return f"decimal({precision},{scale})"
        case pl.List(inner=inner):
            return f"list<{inside(_instance(inner))}>"
        case pl.Map(key=key, value=value):
            return f"map<{inside(_instance(key))}, {inside(_instance(value))}>"
        case pl.Struct(fields=fields):
            return f"struct<{', '.join(f'{quoted(f.name)}: {inside(_instance(f.dtype))}' for f in fields)}>"
        case _:
            return _NAMES.get(dtype, str(dtype).lower())


def plain_dtype(dtype: pl.DataType) -> pl.DataType:
    """The type that `dtype_name` states: categories are texts and arrays lists, at any depth."""
    return polars_dtype(dtype_name(dtype))


def _instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    return dtype() if isinstance(dtype, DataTypeClass) else dtype


def quoted(name: str) -> str:
    """A field's name in a dtype: as it is, or in JSON's quotes where it has signs of the grammar.

    >>> quoted("a b"), quoted("a, b")
    ('a b', '"a, b"')
    """
    return name if _PLAIN_FIELD.fullmatch(name) else _json(name)


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# === To polars ===


def polars_frame(frame: Any) -> pl.DataFrame:  # whatever has an Arrow stream
    """A frame as polars has it."""
    if isinstance(frame, PandasRows):
        return frame.frame
    return frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame)


def polars_dtype(name: str) -> pl.DataType:
    """The polars type of a name; a `ValueError` for what is no dtype.

    >>> polars_dtype("map<string, int64>"), polars_dtype("decimal(10,2)")
    (Map(String, Int64), Decimal(precision=10, scale=2))
    """
    if name in _PLAIN:
        return _PLAIN[name]
    if timestamp := _TIMESTAMP.fullmatch(name):
        return pl.Datetime(timestamp[1], timestamp[2])  # type: ignore[arg-type]  # the pattern allows units only
    if decimal := _DECIMAL.fullmatch(name):
        return pl.Decimal(int(decimal[1] or decimal[3]), int(decimal[2] or 0))
    kind, _, inner = name.removesuffix(">").partition("<")
    parts = _parts(inner) if name.endswith(">") else []
    match kind, parts:
        case "list", [item]:
            return pl.List(polars_dtype(item))
        case "map", [key, value]:
            return pl.Map(polars_dtype(key), polars_dtype(value))
        case "struct", _ if name.endswith(">"):
            return pl.Struct([_field(part) for part in parts])
        case _:
            msg = f"no dtype: {name!r}"
            raise ValueError(msg)


def _field(text: str) -> pl.Field:
    if text.startswith('"'):
        name, end = json.JSONDecoder().raw_decode(text)
        return pl.Field(name, polars_dtype(text[end:].removeprefix(":").strip()))
    name, _, dtype = text.partition(":")
    return pl.Field(name, polars_dtype(dtype.strip()))


def _parts(text: str) -> list[str]:
    """What stands between the commas that are in no bracket and no quotes."""
    parts, start, depth, at = [], 0, 0, 0
    while at < len(text):
        if text[at] == '"':
            at = json.JSONDecoder().raw_decode(text, at)[1]
            continue
        depth += (text[at] in "<([") - (text[at] in ">)]")
        if text[at] == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
        at += 1
    return [*parts, text[start:].strip()] if text else []


# === From one to another ===


def as_named(value: pl.Expr, held: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    """A value in another type of the same shape: fields of structs are renamed by their places, and values widened."""
    renamed = _renamed(value, held, wanted)
    return renamed if held == wanted else renamed.cast(wanted)


def _renamed(value: pl.Expr, held: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    match held, wanted:
        case pl.Struct(fields=inside), pl.Struct(fields=asked) if inside != asked:
            named = value.struct.rename_fields([field.name for field in asked])
            return named.struct.with_fields(
                _renamed(pl.field(new.name), _instance(old.dtype), _instance(new.dtype)).alias(new.name)
                for old, new in zip(inside, asked, strict=True)
            )
        case pl.List(inner=old), pl.List(inner=new) if old != new:
            return value.list.eval(_renamed(pl.element(), _instance(old), _instance(new)))
        case pl.Map(), pl.Map() if held != wanted:
            old_pairs, new_pairs = _pairs(held), _pairs(wanted)
            return _renamed(value.cast(old_pairs), old_pairs, new_pairs).cast(new_pairs).cast(wanted)
        case _:
            return value


def _pairs(dtype: pl.Map) -> pl.List:
    """A map's type as a list of its pairs."""
    return pl.List(pl.Struct({"key": dtype.key, "value": dtype.value}))
