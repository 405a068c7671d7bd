"""What a table is to be after a write, and the frame in its columns and types."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import time_ns
from typing import Any
from uuid import uuid4

import polars as pl
from deltalake import Schema
from msgspec.structs import replace
from returns.result import Result, Success

from foreset.adapters.delta.commit.base_version import PinnedTable
from foreset.adapters.delta.commit.data_file_writer import Shape
from foreset.adapters.delta.commit.file_columns import FileColumns
from foreset.adapters.delta.commit.statistics import indexed
from foreset.adapters.delta.log.faults import WRITE_FAULTS
from foreset.adapters.delta.snapshot.column_mapping import ColumnMapping
from foreset.adapters.delta.snapshot.schema import Field, columns_of, mapping_mode
from foreset.adapters.delta.writing.not_null import forbidden_null
from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype
from foreset.adapters.shared.frames.fitting import as_known, as_new, row_shown
from foreset.adapters.shared.rows.partitions import unfit_partition
from foreset.domain.errors.problem import because, listed, refuse, told
from foreset.domain.errors.table_writes import RowRefused, UnwritableTable
from foreset.domain.errors.tables import SchemaMismatch
from foreset.domain.facts import Column
from foreset.domain.tables.delta_commit import TableSettings
from foreset.domain.tables.delta_log import Protocol
from foreset.domain.tables.write_options import TARGET_BYTES, WriteMode, WriteOptions
from foreset.domain.tables.writer_features import needed

_SIGNED: Mapping[pl.DataType, pl.DataType] = {
    pl.UInt8(): pl.Int16(),
    pl.UInt16(): pl.Int32(),
    pl.UInt32(): pl.Int64(),
    pl.UInt64(): pl.Int64(),
    pl.Float16(): pl.Float32(),
}


@dataclass(frozen=True)
class Target:
    """A table as a write leaves it, and what of that is new."""

    settings: TableSettings
    protocol: Protocol
    new_settings: TableSettings | None = None
    new_protocol: Protocol | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its columns."""
        return columns_of(self.settings.fields)

    @property
    def shape(self) -> Shape:
        """How its rows are put into files."""
        by = self.settings.partition_columns
        stored = [column.name for column in self.columns if column.name not in by and column.dtype != "null"]
        configuration = self.settings.configuration
        size = configuration.get("delta.targetFileSize", "")
        columns = FileColumns(ColumnMapping(tuple(self.settings.fields), mapping_mode(configuration)))
        return Shape(columns, by, indexed(stored, configuration), int(size) if size.isdecimal() else TARGET_BYTES)


def target_of(
    table: str, frame: pl.DataFrame, base: PinnedTable | None, mode: WriteMode, options: WriteOptions
) -> Result[tuple[Target, pl.DataFrame], SchemaMismatch | RowRefused | UnwritableTable]:
    """The table that the write makes of `base`, None where it makes a new one, and the frame in its types.

    A table that maps its columns keeps them: new ones would need ids of their own.
    """
    anew = base is None or (mode == "overwrite" and options.schema_mode == "overwrite")
    widen = options.schema_mode == "merge"
    return Result.do(
        (target, fitted)
        for fitted in (
            as_new(table, frame, stored_as)
            if base is None or anew
            else as_known(table, frame, _dtypes(base), stored_as, widen=widen)
        )
        for _ in _told_apart(table, fitted)
        for target in (_anew(table, fitted, base, options) if base is None or anew else _widened(table, fitted, base))
        for _ in _keeps_columns(table, target)
        for _ in _fits(table, fitted, target, options)
    )


def stored_as(dtype: pl.DataType) -> pl.DataType:
    """The type in which Delta stores a type."""
    match dtype:
        case pl.Datetime(time_zone=zone):
            return pl.Datetime("us", "UTC" if zone else None)
        case pl.Categorical() | pl.Enum():
            return pl.String()
        case pl.List(inner=pl.DataType() as inner) | pl.Array(inner=pl.DataType() as inner):
            return pl.List(stored_as(inner))
        case pl.Map(key=pl.DataType() as key, value=pl.DataType() as value):
            return pl.Map(stored_as(key), stored_as(value))
        case pl.Struct(fields=fields):
            inner_types = {f.name: f.dtype for f in fields}
            return pl.Struct({n: stored_as(t) if isinstance(t, pl.DataType) else t for n, t in inner_types.items()})
        case _:
            return _SIGNED.get(dtype, dtype)


def fields_for(table: str, frame: pl.DataFrame) -> Result[list[Field], SchemaMismatch]:
    """The fields of Delta's schema JSON for a frame."""
    for name, dtype in frame.schema.items():
        if _has_no_type(dtype):
            problem = f"column {name!r} is {dtype_name(dtype)}, for which Delta tables have no type"
            remedy = f"cast the column {name!r}, for example to whole numbers or text, or leave it out"
            return refuse(SchemaMismatch(table=table, problem=problem, remedy=remedy))
    try:
        schema = Schema.from_arrow(frame.clear().to_arrow().schema)
    except WRITE_FAULTS as fault:
        return refuse(because(SchemaMismatch(table=table, problem=told(fault)), fault))
    fields: list[Field] = json.loads(schema.to_json())["fields"]
    untold = next((column.name for column in columns_of(fields) if "null" in re.findall(r"\w+", column.dtype)), None)
    if untold is not None:
        problem = f"column {untold!r} holds nothing but nulls, which do not tell its type"
        return refuse(SchemaMismatch(table=table, problem=problem))
    return Success(fields)


def _has_no_type(dtype: object) -> bool:
    """Whether Delta has no type for a polars type, or for one inside it."""
    match dtype:
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return _has_no_type(inner)
        case pl.Map(key=key, value=value):
            return _has_no_type(key) or _has_no_type(value)
        case pl.Struct(fields=fields):
            return any(_has_no_type(field.dtype) for field in fields)
        case _:
            return dtype in {pl.Time(), pl.Int128(), pl.UInt128()} or isinstance(dtype, pl.Duration)


def _dtypes(base: PinnedTable) -> dict[str, pl.DataType]:
    return {column.name: polars_dtype(column.dtype) for column in base.snapshot.facts.columns}


def _anew(
    table: str, frame: pl.DataFrame, base: PinnedTable | None, options: WriteOptions
) -> Result[Target, SchemaMismatch]:
    """A new table, or an old one with another schema; one whose columns are those of the frame keeps its schema."""
    fields = fields_for(table, frame)
    if not isinstance(fields, Success):
        return refuse(fields.failure())
    text = json.dumps({"type": "struct", "fields": fields.unwrap()})
    if base is None:
        settings = TableSettings(
            id=str(uuid4()),
            schema_string=text,
            partition_columns=tuple(options.partition_by),
            created_time=time_ns() // 1_000_000,
        )
        protocol = needed(None, fields.unwrap())
        return Success(Target(settings, protocol, settings, protocol))
    same = columns_of(fields.unwrap()) == base.snapshot.facts.columns
    partitions = tuple(options.partition_by) or base.settings.partition_columns
    schema = base.settings.schema_string if same else text
    return Success(_changed(base, replace(base.settings, schema_string=schema, partition_columns=partitions)))


def _widened(table: str, frame: pl.DataFrame, base: PinnedTable) -> Result[Target, SchemaMismatch]:
    """The table with the columns that the frame has beyond it."""
    known, types = base.settings.fields, _dtypes(base)
    beyond = frame.select(name for name, dtype in frame.schema.items() if types.get(name) != dtype)
    if not beyond.width:
        return Success(_changed(base, base.settings))

    def with_new(fields: list[Field]) -> Target:
        new = {field["name"]: field for field in fields}
        old = [{**field, "type": _with_fields(field["type"], new.pop(field["name"], field)["type"])} for field in known]
        text = json.dumps({"type": "struct", "fields": [*old, *new.values()]})
        return _changed(base, replace(base.settings, schema_string=text))

    return fields_for(table, beyond).map(with_new)


def _with_fields(old: Any, new: Any) -> Any:  # Delta's schema JSON: a name or an object
    """A Delta type with the fields of structs that another has beyond it, behind its own, which stay as they are."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return old
    inside = {part: _with_fields(old[part], new[part]) for part in ("elementType", "valueType") if part in old}
    if "fields" not in old:
        return {**old, **inside}
    added = {field["name"]: field for field in new["fields"]}
    kept = [{**f, "type": _with_fields(f["type"], added.pop(f["name"], f)["type"])} for f in old["fields"]]
    return {**old, "fields": [*kept, *added.values()]}


def _changed(base: PinnedTable, settings: TableSettings) -> Target:
    protocol = needed(base.protocol, settings.fields)
    return Target(
        settings,
        protocol,
        None if settings == base.settings else settings,
        None if protocol == base.protocol else protocol,
    )


def _keeps_columns(table: str, target: Target) -> Result[None, UnwritableTable]:
    settings = target.new_settings
    if settings is None or mapping_mode(settings.configuration) == "none":
        return Success(None)
    remedy = "change its columns with an engine that does (for example Spark), and write to them then"
    feature = "column mapping, by which new columns have ids"
    return refuse(UnwritableTable(table=table, feature=feature, remedy=remedy))


def _told_apart(table: str, frame: pl.DataFrame) -> Result[None, SchemaMismatch]:
    """Refuse names that differ only in their capitals: for readers of Delta tables they are one."""
    seen: dict[str, str] = {}
    for name in frame.columns:
        known = seen.setdefault(name.casefold(), name)
        if known != name:
            problem = f"its columns {known!r} and {name!r} differ only in capitals, and readers take them for one"
            return refuse(SchemaMismatch(table=table, problem=problem))
    return Success(None)


def _fits(
    table: str, frame: pl.DataFrame, target: Target, options: WriteOptions
) -> Result[None, SchemaMismatch | RowRefused]:
    """Refuse rows that the table's partitions, or its columns without nulls, do not hold."""
    by = target.settings.partition_columns
    if options.partition_by and tuple(options.partition_by) != by:
        problem = f"the table is partitioned by {listed(by)}, and partition_by is {listed(options.partition_by)}"
        return refuse(SchemaMismatch(table=table, problem=problem))
    unfit = unfit_partition(frame, by)
    if unfit is not None:
        return refuse(SchemaMismatch(table=table, problem=unfit))
    null = forbidden_null(frame, target.settings.fields)
    if null is None:
        return Success(None)
    column, row = null
    values = row_shown(frame, row, [column, *(name for name in frame.columns[:3] if name != column)])
    problem = f"the column {column!r} allows no null"
    return refuse(
        RowRefused(table=table, row=row, values=values, problem=problem, remedy="fill the null, or leave the row out")
    )
