"""Columns of a key: those of its name, and fields of its name inside structs and lists; their values and their types.

A type can hold values that no row has: the categories of an Enum, and those that were noted of a pandas column.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import Final

import polars as pl

from foreset.adapters.polars.leakage.instants import instants
from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_frame
from foreset.adapters.shared.frames.named_parts import types_of_parts
from foreset.adapters.shared.frames.pandas_rows import categories_of, types_of
from foreset.application.ports.tables import ArrowStream
from foreset.domain.erasure.key import as_dtype

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_ROW, _KEY, _VALUE = "row", "key", "value"


# === In the rows ===


def rows_with(frame: ArrowStream, form: Mapping[str, object]) -> pl.Series:
    """Which rows of a frame hold all the values of a form, each under its name."""
    rows = polars_frame(frame)
    return reduce(and_, (_rows_of(rows, name, value) for name, value in form.items()))


def _rows_of(rows: pl.DataFrame, name: str, value: object) -> pl.Series:
    held = (_held(column, name, value, named=column.name == name) for column in rows.get_columns())
    return reduce(or_, held, pl.repeat(value=False, n=rows.height, eager=True))


def _held(column: pl.Series, name: str, value: object, *, named: bool) -> pl.Series:
    """Which rows of a column hold a value: in it where it is `named`, else in the fields of that name."""
    match column.dtype:
        case pl.Struct(fields=fields):
            inside = [_held(column.struct.field(f.name), name, value, named=named or f.name == name) for f in fields]
            return reduce(or_, inside, _no_rows(column))
        case pl.List():
            return _in_items(column, lambda items: _held(items, name, value, named=named))
        case pl.Array(inner=inner):
            return _held(column.cast(pl.List(inner)), name, value, named=named)
        case pl.Map(key=key, value=held):
            pairs = column.cast(pl.List(pl.Struct({_KEY: key, _VALUE: held})))
            keys = _in_items(pairs, lambda items: _held(items.struct.field(_KEY), name, value, named=named))
            return keys | _in_items(pairs, lambda items: _held(items.struct.field(_VALUE), name, value, named=named))
        case _:
            return _equals(column, value) if named else _no_rows(column)


def _in_items(lists: pl.Series, held: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Which rows have an item that is held."""
    numbers = pl.int_range(len(lists), eager=True)
    items = pl.DataFrame({_ROW: numbers, _VALUE: lists}).explode(_VALUE)
    return numbers.is_in(items[_ROW].filter(held(items[_VALUE])).unique().implode())


def _equals(column: pl.Series, value: object) -> pl.Series:
    """Which rows of a column have a value; one that cannot have it has it nowhere."""
    dtype = "string" if isinstance(column.dtype, pl.Categorical | pl.Enum) else dtype_name(column.dtype)
    wanted = as_dtype(value, dtype)
    if wanted is None:
        return _no_rows(column)
    if isinstance(wanted, datetime):
        ticks = instants(column, column.name)
        return (ticks == (wanted - _EPOCH) // _MICROSECOND * 1_000).fill_null(value=False)
    has = column.cast(pl.String) if dtype == "string" else column
    return has.to_frame().select((pl.first() == pl.lit(wanted)).fill_null(value=False)).to_series()


def _no_rows(column: pl.Series) -> pl.Series:
    return pl.repeat(value=False, n=len(column), eager=True)


# === In the types ===


def is_category(frame: ArrowStream, form: Mapping[str, object]) -> bool:
    """Whether the types of a frame hold values of a form that no row has, and its types and rows hold all of them."""
    rows = polars_frame(frame)
    in_rows = {name: bool(_rows_of(rows, name, value).any()) for name, value in form.items()}
    in_types = {name: _in_types(frame, name, value) for name, value in form.items()}
    return all(in_rows[name] or in_types[name] for name in form) and not all(in_rows.values())


def _in_types(frame: ArrowStream, name: str, value: object) -> bool:
    return any(_equals(categories, value).any() for categories in _categories(frame, name))


def _categories(frame: ArrowStream, name: str) -> Iterator[pl.Series]:
    """The categories of the types of that name."""
    for column, dtype in polars_frame(frame).schema.items():
        yield from (part.categories for part in types_of_parts(column, dtype, [name]) if isinstance(part, pl.Enum))
    note = types_of(frame).get(name)
    if note is not None and note.categories:
        yield categories_of(note)
