"""The parts of columns that have a name: a column of that name, and fields of that name inside structs and lists."""

from collections.abc import Collection, Iterator

import polars as pl
from polars.datatypes import DataTypeClass


def columns_with(schema: pl.Schema | dict[str, pl.DataType], names: Collection[str]) -> list[str]:
    """The columns that have one of some names, or a field with one of them, at any depth.

    >>> columns_with({"a": pl.Int8(), "b": pl.List(pl.Struct({"a": pl.Int8})), "c": pl.Int8()}, ["a"])
    ['a', 'b']
    """
    return [column for column, dtype in schema.items() if any(True for _ in types_of_parts(column, dtype, names))]


def types_of_parts(column: str, dtype: pl.DataType, names: Collection[str]) -> Iterator[pl.DataType]:
    """The types without inner ones that are in a column or field of one of some names.

    >>> list(types_of_parts("b", pl.List(pl.Struct({"a": pl.Int8, "c": pl.Date})), ["a"]))
    [Int8]
    """
    yield from _innermost(dtype, names, named=column in names)


def _innermost(dtype: pl.DataType | DataTypeClass, names: Collection[str], *, named: bool) -> Iterator[pl.DataType]:
    match dtype:
        case pl.Struct(fields=fields):
            for field in fields:
                yield from _innermost(field.dtype, names, named=named or field.name in names)
        case pl.List(inner=inner) | pl.Array(inner=inner):
            yield from _innermost(inner, names, named=named)
        case pl.Map(key=key, value=value):
            yield from _innermost(key, names, named=named)
            yield from _innermost(value, names, named=named)
        case _ if named:
            yield dtype() if isinstance(dtype, DataTypeClass) else dtype
        case _:
            return
