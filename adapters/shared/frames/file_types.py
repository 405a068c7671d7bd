"""Types in which files hold columns that a table has in another one: what a table's schema says counts.

Who writes a Parquet file may put into its footer that a list has a fixed size, that a text is one of few, or that a
number is a period. A table says list, string, long: its values are these, whatever the footer adds.
"""

from collections.abc import Callable
from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.domain.dtypes import widens

Dtype = pl.DataType | DataTypeClass
_KEY: Final = b"ARROW:schema"
_NO_KEY: Final = b"ARROW:unread"
"""Another key of the same length, by which no reader looks for anything."""


def storage_of(dtype: Dtype) -> pl.DataType:
    """A type without the extension types in it: they are names for plain ones."""
    match dtype:
        case pl.BaseExtension():
            return storage_of(dtype.ext_storage())
        case pl.List(inner=inner):
            return pl.List(storage_of(inner))
        case pl.Array(inner=inner, size=size):
            return pl.Array(storage_of(inner), size)
        case pl.Map(key=key, value=value):
            return pl.Map(storage_of(key), storage_of(value))
        case pl.Struct(fields=fields):
            return pl.Struct({field.name: storage_of(field.dtype) for field in fields})
        case _:
            return dtype() if isinstance(dtype, DataTypeClass) else dtype


def asked_as(held: Dtype, wanted: pl.DataType) -> pl.DataType:
    """The type to ask a scan for: the file's own, but times in the table's unit and zone, for a scan decodes all."""
    match held, wanted:
        case pl.Datetime(), pl.Datetime():
            return wanted
        case (pl.List(inner=old), pl.List(inner=pl.DataType() as new)):
            return pl.List(asked_as(old, new))
        case (pl.Array(inner=old, size=size), pl.List(inner=pl.DataType() as new)):
            return pl.Array(asked_as(old, new), size)
        case pl.Map(key=key, value=value), pl.Map(key=pl.DataType() as new_key, value=pl.DataType() as new_value):
            return pl.Map(asked_as(key, new_key), asked_as(value, new_value))
        case pl.Struct(fields=old_fields), pl.Struct(fields=new_fields):
            wanted_of = {field.name: field.dtype for field in new_fields}
            types = {f.name: (f.dtype, wanted_of.get(f.name)) for f in old_fields}
            return pl.Struct(
                {n: asked_as(old, new) if isinstance(new, pl.DataType) else old for n, (old, new) in types.items()}
            )
        case _:
            return held() if isinstance(held, DataTypeClass) else held


def as_stored(value: pl.Expr, held: Dtype, wanted: Dtype) -> pl.Expr | None:
    """A plain value in the table's type; None where the types do not mean the same."""
    return value.cast(wanted) if _means_the_same(held, wanted) else None


Leaf = Callable[[pl.Expr, Dtype, Dtype], pl.Expr | None]
"""How a plain value of one type becomes one of another; None where it does not."""


def as_wanted(value: pl.Expr, held: Dtype, wanted: Dtype, leaf: Leaf = as_stored) -> pl.Expr | None:
    """A file's value in the table's type; None where the types do not mean the same.

    Fields of structs go by their names: those that a file lacks are null, those that it has beyond the table go.
    """
    match held, wanted:
        case _ if held == wanted:
            return value
        case pl.BaseExtension(), _:
            return as_wanted(value.ext.storage(), held.ext_storage(), wanted, leaf)
        case ((pl.List() | pl.Array() | pl.Map() | pl.Struct()), (pl.List() | pl.Map() | pl.Struct())):
            return _nested(value, held, wanted, leaf)
        case _:
            return leaf(value, held, wanted)


def _nested(value: pl.Expr, held: pl.DataType, wanted: pl.DataType, leaf: Leaf) -> pl.Expr | None:
    match held, wanted:
        case pl.Array(inner=old), pl.List():
            return as_wanted(value.arr.to_list(), pl.List(old), wanted, leaf)
        case pl.List(inner=old), pl.List(inner=new):
            inside = as_wanted(pl.element(), old, new, leaf)
            return None if inside is None else value.list.eval(inside)
        case pl.Map(), pl.Map():
            old_pairs, new_pairs = _pairs(held), _pairs(wanted)
            pairs = as_wanted(value.cast(old_pairs), old_pairs, new_pairs, leaf)
            return None if pairs is None else pairs.cast(wanted)
        case pl.Struct(), pl.Struct():
            return _struct(value, held, wanted, leaf)
        case _:
            return None


def _means_the_same(held: Dtype, wanted: Dtype) -> bool:
    """Whether plain values of one type are values of another: whatever holds it was narrowed by its writer."""
    match held, wanted:
        case ((pl.Enum() | pl.Categorical()), pl.String()):
            return True
        case pl.Datetime(time_unit="ms", time_zone=None), pl.Date():  # Arrow's dates that count milliseconds
            return True
        case (pl.Duration(), pl.Int64()) | (pl.Binary(), pl.String()):
            return True
        case _:
            return held == pl.Null or widens(_name(held), _name(wanted))


def _name(dtype: Dtype) -> str:
    return dtype_name(dtype() if isinstance(dtype, DataTypeClass) else dtype)


def _pairs(dtype: pl.Map) -> pl.List:
    """A map's type as a list of its pairs."""
    return pl.List(pl.Struct({"key": dtype.key, "value": dtype.value}))


def _struct(value: pl.Expr, held: pl.Struct, wanted: pl.Struct, leaf: Leaf) -> pl.Expr | None:
    inside = {field.name: field.dtype for field in held.fields}
    fields: list[pl.Expr] = []
    for field in wanted.fields:
        found = (
            as_wanted(value.struct.field(field.name), inside[field.name], field.dtype, leaf)
            if field.name in inside
            else pl.lit(None, field.dtype)
        )
        if found is None:
            return None
        fields.append(found.alias(field.name))
    return pl.when(value.is_not_null()).then(pl.struct(fields))


def without_arrow_schema(content: bytes) -> bytes:
    """The bytes of a Parquet file without the Arrow schema in its footer, so that the types are those of Parquet.

    The schema stands under a key in the footer, which ends with its length and a mark, eight bytes in all.
    """
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    place = content.rfind(_KEY, max(start, 0))
    return content if place < 0 else b"".join((content[:place], _NO_KEY, content[place + len(_KEY) :]))
