"""A frame in a table's types wherever its values allow: for callers whose types say less than their values.

pandas makes 64-bit numbers of what a table holds in 32 bits, numbers with a fraction of whole ones with gaps, and
nanoseconds of any time. Whole numbers and times are cast where every value comes back as it was; numbers with a
fraction are rounded to the table's precision, as any writer of such a column does, also inside lists and structs. A
dict becomes a map of texts; Arrow does not tell a key that is missing from one whose value is null: neither is kept.
"""

from collections.abc import Sequence

import polars as pl
from polars.datatypes import DataTypeClass
from polars.exceptions import PolarsError
from returns.result import Result, Success

from foreset.adapters.arrow_types import dtype_name, polars_dtype
from foreset.adapters.fitting import shown
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import SchemaMismatch
from foreset.domain.facts import Column


def by_value(table: str, frame: pl.DataFrame, columns: Sequence[Column]) -> Result[pl.DataFrame, SchemaMismatch]:
    """The frame with those of the table's columns that it has in the table's types; other columns stay as they are."""
    fitted: dict[str, pl.Series] = {}
    for column in columns:
        if column.name not in frame.columns:
            continue
        given, target = frame[column.name], polars_dtype(column.dtype)
        made = given if given.dtype == target else _cast(given, target)
        if made is None:
            return refuse(_unfit(table, given, column.dtype))
        lossy = _first_lost(given, made)
        if lossy is not None:
            return refuse(_unfit(table, given, column.dtype, f": {shown(given, lossy)} at row {lossy}"))
        fitted[column.name] = made
    return Success(frame.with_columns(fitted.values()))


def _unfit(table: str, column: pl.Series, dtype: str, where: str = "") -> SchemaMismatch:
    problem = f"column {column.name!r} is {dtype_name(column.dtype)}, and the table's {dtype} does not hold it{where}"
    return SchemaMismatch(table=table, problem=problem)


def _cast(column: pl.Series, target: pl.DataType) -> pl.Series | None:
    """The column in another type, null where a value has no place in it; None where types have nothing in common."""
    given = column.dtype
    if isinstance(given, pl.Categorical | pl.Enum):
        return _cast(column.cast(pl.String), target)
    if isinstance(given, pl.Struct) and isinstance(target, pl.Map):
        return _as_map(column, target)
    if given.is_temporal() != target.is_temporal() and given != pl.Null:
        return None
    if (given == pl.String) != (target == pl.String) and pl.Null not in {given, target}:
        return None
    try:
        return _in_zone(column, target).cast(target, strict=False)
    except PolarsError:
        return None


def _as_map(column: pl.Series, target: pl.Map) -> pl.Series | None:
    """Structs as maps from the names of their fields to those values that are not null."""
    if target.key != pl.String:
        return None
    fields = [_cast(column.struct.field(field.name), _instance(target.value)) for field in column.dtype.fields]  # type: ignore[attr-defined]  # a struct
    if any(field is None for field in fields):
        return None
    pairs = [
        pl.when(pl.col(field.name).is_not_null())
        .then(pl.struct(pl.lit(field.name).alias("key"), pl.col(field.name).alias("value")))
        .otherwise(None)
        for field in fields
        if field is not None
    ]
    frame = pl.DataFrame([field for field in fields if field is not None])
    entries = frame.select(pl.concat_list(pairs).list.drop_nulls().alias(column.name)).to_series()
    return entries.zip_with(column.is_not_null(), pl.Series([None], dtype=entries.dtype)).cast(target)


def _instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    return dtype() if isinstance(dtype, DataTypeClass) else dtype


def _in_zone(column: pl.Series, target: pl.DataType) -> pl.Series:
    """Times with a zone where the other type has one, and without where it has none; without one they are UTC."""
    if not isinstance(column.dtype, pl.Datetime) or not isinstance(target, pl.Datetime):
        return column
    moments = column.dt.replace_time_zone("UTC") if column.dtype.time_zone is None else column
    return moments.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if target.time_zone is None else moments


def _first_lost(given: pl.Series, made: pl.Series) -> int | None:
    """The first row whose value is another one now, rounding left aside."""
    match given.dtype, made.dtype:
        case pl.Array(), _:
            return _first_lost(given.arr.to_list(), made)
        case pl.Categorical() | pl.Enum(), _:
            return _first_lost(given.cast(pl.String), made)
        case pl.List(), pl.List():
            return _first_lost_inside(given, made)
        case pl.Struct(), pl.Struct():
            return _first_lost_field(given, made)
        case _:
            same = _same(given, made)
    return None if same.all() else same.arg_min()


def _same(given: pl.Series, made: pl.Series) -> pl.Series:
    """Whether each plain value is the same in another type."""
    if given.dtype.is_float() and made.dtype.is_float():
        return given.is_infinite().fill_null(value=False) == made.is_infinite().fill_null(value=False)
    back = given if isinstance(made.dtype, pl.Map) else _cast(made, given.dtype)
    return pl.repeat(value=False, n=len(given), eager=True) if back is None else back.eq_missing(given)


def _first_lost_field(given: pl.Series, made: pl.Series) -> int | None:
    names = given.struct.fields
    if sorted(names) != sorted(made.struct.fields):
        return 0 if len(given) else None
    lost = (_first_lost(given.struct.field(name), made.struct.field(name)) for name in names)
    return min((row for row in lost if row is not None), default=None)


def _first_lost_inside(given: pl.Series, made: pl.Series) -> int | None:
    """The first row of lists in which an element is another one now."""
    if not given.list.len().eq_missing(made.list.len()).all():
        return given.list.len().eq_missing(made.list.len()).arg_min()
    rows = pl.DataFrame({"given": given, "made": made}).with_row_index("row").explode("given", "made")
    lost = _first_lost(rows["given"], rows["made"])
    return None if lost is None else int(rows["row"][lost])
