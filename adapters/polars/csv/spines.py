"""Spines in CSV files: nothing is guessed, and nothing is lost on the way from text to types."""

from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PolarsError
from returns.result import Result, Success

from foreset.adapters.polars.csv.records import Records, records
from foreset.adapters.polars.csv.types import inferred, time_column, typed
from foreset.adapters.shared.files.input_files import require_file
from foreset.adapters.shared.frames.arrow_types import polars_dtype
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.errors.files import CsvCellUnfit, CsvSchemaUnfit, CsvUnfit
from foreset.domain.errors.problem import listed, refuse, told
from foreset.domain.errors.retrieval import SpineUnreadable
from foreset.domain.errors.system import OutOfReach, or_out_of_reach

CsvError = CsvUnfit | CsvCellUnfit | CsvSchemaUnfit | SpineUnreadable | OutOfReach
"""Why a CSV file is not taken."""

_TIME: Final = (
    "write times in ISO 8601, such as 2024-01-31 or 2024-01-31T18:00:00+01:00, or name their format: "
    "SpineReference(path, time_formats={{{column!r}: '%d/%m/%Y'}}), or --spine-format '{column}=%d/%m/%Y'"
)
_TYPE: Final = (
    "correct the cell, or name another type for the column: SpineReference(path, schema={{{column!r}: 'string'}}), "
    "or --spine-schema '{column}=string'"
)
_FORMAT: Final = (
    "correct the cell, or name the column's format: SpineReference(path, time_formats={{{column!r}: '%d/%m/%Y'}}), "
    "or --spine-format '{column}=%d/%m/%Y'"
)


def csv_spine(reference: SpineReference, time: str | None) -> Result[pl.DataFrame, CsvError]:
    """The rows of a CSV file; `time` names its column of times, which must be one in every row."""
    try:
        content = Path(require_file(reference.path)).read_bytes()
    except OSError as fault:
        error = SpineUnreadable(spine=reference.path, problem=told(fault))
        return refuse(or_out_of_reach(error, reference.path, fault))
    return Result.do(
        frame
        for found in records(reference.path, content)
        for _ in _known(reference, found.cells.columns)
        for frame in _typed(reference, found, time)
    )


def _known(reference: SpineReference, columns: list[str]) -> Result[None, CsvSchemaUnfit]:
    unknown = [name for name in (*reference.schema, *reference.time_formats) if name not in columns]
    if not unknown:
        return _zones_known(reference)
    problem = f"the file has no column {unknown[0]!r}, for which a type or a format is named. It has: {listed(columns)}"
    return refuse(CsvSchemaUnfit(spine=reference.path, problem=problem, remedy="name columns of the file"))


def _zones_known(reference: SpineReference) -> Result[None, CsvSchemaUnfit]:
    for column, dtype in reference.schema.items():
        try:
            pl.Series([None], dtype=pl.Datetime("us", "UTC")).cast(polars_dtype(dtype))
        except PolarsError:
            problem = f"the type {dtype} of the column {column!r} has an unknown time zone, or more digits than 38"
            remedy = "name a zone such as UTC or Europe/Paris, and at most 38 digits"
            return refuse(CsvSchemaUnfit(spine=reference.path, problem=problem, remedy=remedy))
    return Success(None)


def _typed(reference: SpineReference, found: Records, time: str | None) -> Result[pl.DataFrame, CsvCellUnfit]:
    columns: list[pl.Series] = []
    for cells in found.cells.get_columns():
        column = _column(reference, cells, time)
        lost = (column.is_null() & cells.is_not_null()).arg_max() if column.null_count() > cells.null_count() else None
        if lost is not None:
            return refuse(_unfit(reference, cells, lost, int(found.lines[lost])))
        columns.append(column.alias(cells.name))
    return Success(pl.DataFrame(columns))


def _column(reference: SpineReference, cells: pl.Series, time: str | None) -> pl.Series:
    named, time_format = reference.schema.get(cells.name), reference.time_formats.get(cells.name)
    if named is not None:
        return typed(cells, polars_dtype(named), time_format)
    return time_column(cells, time_format) if time_format is not None or cells.name == time else inferred(cells)


def _unfit(reference: SpineReference, cells: pl.Series, row: int, line: int) -> CsvCellUnfit:
    name, value = cells.name, str(cells[row])
    named, time_format = reference.schema.get(name), reference.time_formats.get(name)
    if time_format is not None:
        what, remedy = f"{named or 'a time'} in the format {time_format!r}", _FORMAT
    elif named is None:
        what, remedy = "a time in ISO 8601", _TIME
    else:
        what = f"of the type {named} that is named for it"
        remedy = _FORMAT if polars_dtype(named).is_temporal() else _TYPE
    return CsvCellUnfit(
        spine=reference.path, line=line, column=name, value=value, dtype=what, remedy=remedy.format(column=name)
    )
