"""A frame in a table's types wherever its values allow: for callers whose types say less than their values.

pandas makes 64-bit numbers of what a table holds in 32 bits, numbers with a fraction of whole ones with gaps, and
nanoseconds of any time. Values are cast where each comes back as it was, at every depth; numbers with a fraction are
rounded to the table's precision, as any writer of such a column does. Texts are read and written as `by_text` says. A
dict becomes a map of texts, or a struct, in which fields that it lacks are null; Arrow does not tell a key that is
missing from one whose value is null: a map has neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute
from polars.datatypes import DataTypeClass
from polars.exceptions import PolarsError
from returns.result import Result, Success

from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype
from foreset.adapters.shared.frames.fitting import shown
from foreset.adapters.shared.frames.fitting_by_text import from_text, to_text
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import SchemaMismatch
from foreset.domain.facts import Column

pc: Final[Any] = pyarrow.compute  # its functions are made as it is imported, which no checker sees


def by_value(table: str, frame: pl.DataFrame, columns: Sequence[Column]) -> Result[pl.DataFrame, SchemaMismatch]:
    """The frame with those of the table's columns that it has in the table's types; other columns stay as they are."""
    fitted: dict[str, pl.Series] = {}
    for column in columns:
        if column.name not in frame.columns:
            continue
        given, target = frame[column.name], polars_dtype(column.dtype)
        made = _fitted(given, target)
        if made is None:
            return refuse(_unfit(table, given, column.dtype))
        if made.lost.any():
            row = made.lost.arg_max() or 0
            return refuse(_unfit(table, given, column.dtype, f": {shown(given, row)} at row {row}"))
        fitted[column.name] = made.column
    return Success(frame.with_columns(fitted.values()))


def _unfit(table: str, column: pl.Series, dtype: str, where: str = "") -> SchemaMismatch:
    problem = f"column {column.name!r} is {dtype_name(column.dtype)}, and the table's {dtype} does not hold it{where}"
    return SchemaMismatch(table=table, problem=problem)


@dataclass(frozen=True)
class _Fitted:
    """A column in another type, and the rows whose values have no place in it."""

    column: pl.Series
    lost: pl.Series


def _fitted(column: pl.Series, target: pl.DataType) -> _Fitted | None:
    """None where the types have nothing in common."""
    given = column.dtype
    if given in {target, pl.Null}:
        held = column if given == target else _nulls(column, target)
        return _Fitted(held, _each(column, value=False))
    match given, target:
        case pl.Categorical() | pl.Enum(), _:
            made = _fitted(column.cast(pl.String), target)
        case pl.Array(), _:
            made = _fitted(column.arr.to_list(), target)
        case pl.List(), pl.List():
            made = _list(column, _instance(target.inner))
        case pl.Struct(), pl.Struct():
            made = _struct(column, target)
        case pl.Struct(), pl.Map():
            made = _map(column, target)
        case pl.Map(), pl.Map():
            made = _entries(column, target)
        case _:
            made = _plain(column, target)
    return made


def _instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    return dtype() if isinstance(dtype, DataTypeClass) else dtype


def _each(column: pl.Series, *, value: bool) -> pl.Series:
    return pl.repeat(value, n=len(column), eager=True, dtype=pl.Boolean)


def _nulls(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    return pl.repeat(None, len(column), dtype=dtype, eager=True).alias(column.name)


# === Nested ===


def _list(column: pl.Series, inner: pl.DataType) -> _Fitted | None:
    lists = column.to_arrow()
    made = _fitted(pl.Series(column.name, pl.from_arrow(lists.flatten())), inner)
    if made is None:
        return None
    rows = pc.list_parent_indices(lists).to_numpy()
    lost = np.zeros(len(column), dtype=bool)
    lost[rows[made.lost.to_numpy()]] = True
    ends = np.concatenate([[0], np.cumsum(column.list.len().fill_null(0).to_numpy().astype(np.int64))])
    held = pa.LargeListArray.from_arrays(pa.array(ends), made.column.to_arrow(), mask=lists.is_null())
    return _Fitted(pl.Series(column.name, pl.from_arrow(held), dtype=pl.List(inner)), pl.Series(lost))


def _fields(column: pl.Series, dtypes: Mapping[str, pl.DataType]) -> dict[str, _Fitted]:
    """These fields of structs in these types; none where one has nothing in common with its type."""
    made = {name: _fitted(column.struct.field(name), dtype) for name, dtype in dtypes.items()}
    fields = {name: each for name, each in made.items() if each is not None}
    return fields if len(fields) == len(made) else {}


def _any_lost(column: pl.Series, fields: Mapping[str, _Fitted]) -> pl.Series:
    """The rows of structs that lost a value of a field."""
    lost = _each(column, value=False)
    for field in fields.values():
        lost |= field.lost
    return lost


def _struct(column: pl.Series, target: pl.Struct) -> _Fitted | None:
    """Fields go by their names; a value of a field that the table does not have has no place."""
    known = {field.name: _instance(field.dtype) for field in target.fields}
    given = frozenset(column.struct.fields)
    fields = _fields(column, {name: dtype for name, dtype in known.items() if name in given})
    if not fields:
        return None
    lost = _any_lost(column, fields)
    for name in given - known.keys():
        lost |= column.struct.field(name).is_not_null()
    whole = [
        (fields[name].column if name in fields else _nulls(column, dtype)).alias(name) for name, dtype in known.items()
    ]
    return _Fitted(_null_as(column, pl.DataFrame(whole).to_struct(column.name)), lost)


def _map(column: pl.Series, target: pl.Map) -> _Fitted | None:
    """Structs as maps from the names of their fields to those values that are not null."""
    if target.key != pl.String:
        return None
    value = _instance(target.value)
    fields = _fields(column, dict.fromkeys(column.struct.fields, value))
    if not fields:
        return None
    pairs = [
        pl.when(pl.col(name).is_not_null()).then(pl.struct(pl.lit(name).alias("key"), pl.col(name).alias("value")))
        for name in fields
    ]
    frame = pl.DataFrame([each.column.alias(name) for name, each in fields.items()])
    entries = frame.select(pl.concat_list(pairs).list.drop_nulls().alias(column.name)).to_series()
    return _Fitted(_null_as(column, entries).cast(target), _any_lost(column, fields))


def _entries(column: pl.Series, target: pl.Map) -> _Fitted | None:
    """Maps by their entries, each of which is a struct of `key` and `value`."""
    given: pl.Map = column.dtype  # type: ignore[assignment]  # it is one
    entries = column.cast(pl.List(pl.Struct({"key": given.key, "value": given.value})))
    made = _list(entries, pl.Struct({"key": target.key, "value": target.value}))
    return None if made is None else _Fitted(made.column.cast(target), made.lost)


def _null_as(column: pl.Series, made: pl.Series) -> pl.Series:
    """Null where the column is."""
    return made.zip_with(column.is_not_null(), pl.Series(made.name, [None], dtype=made.dtype))


# === Plain values ===


def _plain(column: pl.Series, target: pl.DataType) -> _Fitted | None:
    made = _cast(column, target)
    return None if made is None else _Fitted(made, ~_same(column, made))


def _cast(column: pl.Series, target: pl.DataType) -> pl.Series | None:
    """The column in another type, null where a value has no place in it; None where types have nothing in common."""
    given = column.dtype
    if pl.String in {given, target}:
        return from_text(column, target) if given == pl.String else to_text(column)
    if given.is_temporal() != target.is_temporal() or given.is_nested() or target.is_nested():
        return None
    try:
        return _in_zone(column, target).cast(target, strict=False)
    except PolarsError:
        return None


def _in_zone(column: pl.Series, target: pl.DataType) -> pl.Series:
    """Times with a zone where the other type has one, and without where it has none; without one they are UTC."""
    if not isinstance(column.dtype, pl.Datetime) or not isinstance(target, pl.Datetime):
        return column
    moments = column.dt.replace_time_zone("UTC") if column.dtype.time_zone is None else column
    return moments.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if target.time_zone is None else moments


def _same(given: pl.Series, made: pl.Series) -> pl.Series:
    """Whether each value is the same in another type."""
    if given.dtype.is_float() and made.dtype.is_float():
        return given.is_infinite().fill_null(value=False) == made.is_infinite().fill_null(value=False)
    if pl.String in {given.dtype, made.dtype}:
        return given.is_null() == made.is_null()  # texts are looked at as they are read and written
    back = _cast(made, given.dtype)
    return _each(given, value=False) if back is None else back.eq_missing(given)
