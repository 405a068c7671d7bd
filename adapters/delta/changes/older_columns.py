"""Rows of an older version of a table in the columns of a newer one.

A column is the same where it has the same place in files: its physical name (Delta protocol, "Column Mapping"), or its
name where the table maps none.
"""

from collections.abc import Sequence

import polars as pl

from foreset.adapters.delta.snapshot.column_mapping import physical_name
from foreset.adapters.delta.snapshot.schema import Field
from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype
from foreset.domain.dtypes import widens
from foreset.domain.facts import Column


def same_columns(older: Sequence[Field], newer: Sequence[Field]) -> dict[str, str]:
    """The older name of each newer column that was there."""
    names = {physical_name(field): str(field["name"]) for field in older}
    return {str(field["name"]): names[place] for field in newer if (place := physical_name(field)) in names}


def through(rows: pl.DataFrame, columns: Sequence[Column], older: dict[str, str]) -> pl.DataFrame:
    """The rows in the newer `columns`, whose `older` names are given; null where there was no such column."""
    dtypes = {column.name: polars_dtype(column.dtype) for column in columns}
    nothing = {name: pl.repeat(None, rows.height, dtype=dtype, eager=True) for name, dtype in dtypes.items()}
    kept = rows.select(_cast(pl.col(old), rows.schema[old], dtypes[new]).alias(new) for new, old in older.items())
    return pl.DataFrame(nothing | kept.to_dict())


def lossless(older: str, newer: str) -> bool:
    """Whether each value of the older dtype is one of the newer: the same, a wider one, or a struct with more fields.

    >>> lossless("int8", "int64"), lossless("struct<a: int8>", "struct<b: date, a: int8>"), lossless("int8", "string")
    (True, True, False)
    """
    return older == newer or _holds(polars_dtype(newer), polars_dtype(older))


def _holds(newer: pl.DataType, older: pl.DataType) -> bool:
    match newer, older:
        case pl.Decimal(precision=int() as wide, scale=scale), pl.Decimal(precision=int() as narrow, scale=small):
            return small <= scale and narrow - small <= wide - scale
        case pl.List(inner=pl.DataType() as item), pl.List(inner=pl.DataType() as was):
            return _holds(item, was)
        case pl.Struct(), pl.Struct():
            now, before = _fields(newer), _fields(older)
            return all(name in now and _holds(now[name], dtype) for name, dtype in before.items())
        case _:
            return newer == older or widens(dtype_name(older), dtype_name(newer))


def _cast(value: pl.Expr, older: pl.DataType, newer: pl.DataType) -> pl.Expr:
    """A value of the older type in the newer, which holds it."""
    if older == newer:
        return value
    match older, newer:
        case pl.List(inner=pl.DataType() as was), pl.List(inner=pl.DataType() as item):
            return value.list.eval(_cast(pl.element(), was, item))
        case pl.Struct(), pl.Struct():
            before = _fields(older)
            fields = [
                (_cast(value.struct.field(name), before[name], dtype) if name in before else pl.lit(None, dtype)).alias(
                    name
                )
                for name, dtype in _fields(newer).items()
            ]
            return pl.when(value.is_not_null()).then(pl.struct(fields))
        case _:
            return value.cast(newer)


def _fields(struct: pl.Struct) -> dict[str, pl.DataType]:
    return {field.name: field.dtype for field in struct.fields if isinstance(field.dtype, pl.DataType)}
