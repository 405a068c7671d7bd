"""A frame in a table's columns and types, where no value is lost by it.

A cast is allowed where the wider type holds every value of the narrower one, or where the table's type is the one in
which a table stores the frame's; and only if each value comes back as it was.
"""

from collections.abc import Callable, Iterable, Mapping

import polars as pl
from polars.datatypes import DataTypeClass
from polars.exceptions import PanicException, PolarsError
from returns.result import Result, Success

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.adapters.shared.frames.file_types import Dtype, Leaf, as_wanted
from foreset.domain.dtypes import widens
from foreset.domain.errors.problem import listed, refuse
from foreset.domain.errors.tables import ADAPT, REPLACE, SchemaMismatch

Stored = Callable[[pl.DataType], pl.DataType]
"""The type in which a table stores a type."""
_LONGEST = 80


def as_new(table: str, frame: pl.DataFrame, stored: Stored) -> Result[pl.DataFrame, SchemaMismatch]:
    """The frame in the types of a new table."""
    if not frame.width:
        return refuse(SchemaMismatch(table=table, problem="it has no columns"))
    return _cast(table, frame, {name: stored(dtype) for name, dtype in frame.schema.items()}, stored)


def as_known(
    table: str, frame: pl.DataFrame, known: Mapping[str, pl.DataType], stored: Stored, *, widen: bool
) -> Result[pl.DataFrame, SchemaMismatch]:
    """The frame with the columns of a table, in their order and types. Fields of structs go by their names.

    With `widen` columns and fields that the frame lacks are nulls, and those that it has beyond the table come last.
    """
    strange = [name for name in frame.columns if name not in known]
    absent = [name for name in known if name not in frame.columns]
    if not widen:
        for name, dtype in known.items():
            inside = _fields_beyond(frame.schema.get(name, dtype), dtype, name)
            strange, absent = [*strange, *inside[0]], [*absent, *inside[1]]
    if (strange or absent) and not widen:
        beyond = f"the table has no column {listed(strange)}" if strange else ""
        lacking = f"the frame has no column {listed(absent)}" if absent else ""
        problem = ", and ".join(filter(None, (beyond, lacking)))
        return refuse(SchemaMismatch(table=table, problem=problem))
    wanted = {name: _widest(dtype, frame.schema.get(name, dtype), stored) for name, dtype in known.items()}
    wanted |= {name: stored(frame.schema[name]) for name in frame.columns if name not in known}
    whole = frame.with_columns(pl.lit(None, pl.Null).alias(name) for name in known if name not in frame.columns)
    return _cast(table, whole, wanted, stored, widen=widen)


def _fields_beyond(given: object, known: object, name: str) -> tuple[list[str], list[str]]:
    """The fields inside a column that the table does not have, and those that the frame does not have."""
    match given, known:
        case ((pl.List(inner=old) | pl.Array(inner=old)), pl.List(inner=new)):
            return _fields_beyond(old, new, name)
        case pl.Map(value=old), pl.Map(value=new):
            return _fields_beyond(old, new, name)
        case pl.Struct(fields=ours), pl.Struct(fields=theirs):
            have, want = {f.name: f.dtype for f in ours}, {f.name: f.dtype for f in theirs}
            strange = [f"{name}.{field}" for field in have if field not in want]
            absent = [f"{name}.{field}" for field in want if field not in have]
            for field in have.keys() & want.keys():
                inside = _fields_beyond(have[field], want[field], f"{name}.{field}")
                strange, absent = [*strange, *inside[0]], [*absent, *inside[1]]
            return strange, absent
        case _:
            return [], []


def _widest(known: pl.DataType, given: pl.DataType, stored: Stored) -> pl.DataType:
    """A table's type with the fields of structs that a frame has beyond it, behind its own."""
    match known, given:
        case (pl.List(inner=pl.DataType() as old), (pl.List(inner=pl.DataType() as new))):
            return pl.List(_widest(old, new, stored))
        case pl.Map(key=key, value=pl.DataType() as old), pl.Map(value=pl.DataType() as new):
            return pl.Map(key, _widest(old, new, stored))
        case pl.Struct(fields=ours), pl.Struct(fields=theirs):
            have = {f.name: f.dtype for f in ours if isinstance(f.dtype, pl.DataType)}
            new_fields = {f.name: f.dtype for f in theirs if isinstance(f.dtype, pl.DataType)}
            widened = {n: _widest(dtype, new_fields.get(n, dtype), stored) for n, dtype in have.items()}
            return pl.Struct(widened | {n: stored(dtype) for n, dtype in new_fields.items() if n not in have})
        case _:
            return known


def _cast(
    table: str, frame: pl.DataFrame, wanted: Mapping[str, pl.DataType], stored: Stored, *, widen: bool = False
) -> Result[pl.DataFrame, SchemaMismatch]:
    columns: list[pl.Series] = []
    for name, dtype in wanted.items():
        given = frame[name]
        column = given if given.dtype == dtype else _in_type(given, dtype, stored)
        lossy = None if column is None else _first_other(given, column)
        if column is None or lossy is not None:
            remedy = _remedy(name, dtype, lossy, widen=widen)
            row = _first_lost(given, dtype) if lossy is None else lossy
            return refuse(SchemaMismatch(table=table, problem=_unfit(given, dtype, row), remedy=remedy))
        columns.append(column)
    return Success(pl.DataFrame(columns))


def _remedy(name: str, dtype: pl.DataType, lossy: int | None, *, widen: bool) -> str:
    if lossy is not None:
        return f"change the value, leave its row out, or cast the column {name!r} to {dtype_name(dtype)} yourself"
    if widen:
        return f"cast the column {name!r} to {dtype_name(dtype)}; {REPLACE}"
    return ADAPT


def _in_type(column: pl.Series, dtype: pl.DataType, stored: Stored) -> pl.Series | None:
    """The column in another type, null where a value has no place in it; None where types have nothing in common."""

    def leaf(value: pl.Expr, held: Dtype, wanted: Dtype) -> pl.Expr | None:
        return value.cast(wanted, strict=False) if _may_become(_instance(held), _instance(wanted), stored) else None

    return _by(leaf, column, dtype)


def _by(leaf: Leaf, column: pl.Series, dtype: pl.DataType) -> pl.Series | None:
    value = as_wanted(pl.col(column.name), column.dtype, dtype, leaf)
    if value is None:
        return None
    try:
        return column.to_frame().select(value.alias(column.name)).to_series()
    except PolarsError:
        return None


def _cast_any(value: pl.Expr, _: Dtype, wanted: Dtype) -> pl.Expr | None:
    return value.cast(wanted, strict=False)


def _first_lost(column: pl.Series, dtype: pl.DataType) -> int | None:
    """The first row whose value has no equal one in a type that has nothing in common with the column's."""
    cast = _by(_cast_any, column, dtype)
    return None if cast is None else _first_other(column, cast)


def _instance(dtype: Dtype) -> pl.DataType:
    return dtype() if isinstance(dtype, DataTypeClass) else dtype


def _may_become(given: pl.DataType, wanted: pl.DataType, stored: Stored) -> bool:
    """Whether values of one type may have equal ones in another; each value is looked at then."""
    if isinstance(given, pl.Categorical | pl.Enum) and wanted == pl.String:
        return True
    if given == pl.Null or stored(given) == wanted or widens(dtype_name(given), dtype_name(wanted)):
        return True
    if given.is_integer() and (wanted.is_integer() or isinstance(wanted, pl.Decimal)):
        return True
    return isinstance(given, pl.Decimal) and isinstance(wanted, pl.Decimal)


def _first_other(column: pl.Series, cast: pl.Series) -> int | None:
    """The first row whose value does not come back from the cast as it was."""
    if cast.dtype == column.dtype:
        return None
    back = _by(_cast_any, cast, column.dtype)
    if back is None:
        return 0 if len(column) else None
    same = back.eq_missing(column)
    return None if same.all() else same.arg_min()


def _unfit(column: pl.Series, dtype: pl.DataType, lossy: int | None) -> str:
    where = "" if lossy is None else f": {shown(column, lossy)} at row {lossy}"
    given, held = dtype_name(column.dtype), dtype_name(dtype)
    return f"column {column.name!r} is {given}, and the table's {held} does not hold it{where}"


def shown(column: pl.Series, row: int) -> str:
    """A value for a message, cut where it is long. Nanoseconds, which Python's times do not have, are shown."""
    if getattr(column.dtype, "time_unit", "") == "ns":
        return str(column.gather([row]).dt.to_string("iso")[0])
    try:
        value: object = column[row]
    except (PanicException, OverflowError, ValueError):  # a time that no calendar has
        value = column.to_physical()[row]
    text = repr(value.to_list()) if isinstance(value, pl.Series) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def first_null(frame: pl.DataFrame, names: Iterable[str]) -> tuple[str, int] | None:
    """The first column of these that has a null, and the row of its first one."""
    for name in names:
        if frame[name].null_count():
            return name, int(frame[name].is_null().arg_max() or 0)
    return None


def row_shown(frame: pl.DataFrame, row: int, names: Iterable[str]) -> str:
    """Some values of a row for a message.

    >>> row_shown(pl.DataFrame({"k": [1, 2], "s": ["a", "b"]}), 1, ["s", "k"])
    "s='b', k=2"
    """
    return ", ".join(f"{name}={shown(frame[name], row)}" for name in names)
