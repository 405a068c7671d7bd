"""A Parquet file's data, read whole: column by column, row group by row group, a batch at a time.

Every page is decoded, and its checksum verified where it has one. What is in the columns is held against the footer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from foreset.adapters.delta.checking.footer_scan import PARQUET_FAULTS, ArrowType, leaves, stored_type
from foreset.adapters.delta.checking.footer_statistics import claim, footer_of
from foreset.adapters.delta.log.folders import Folder
from foreset.adapters.shared.parquet.thrift import Fields
from foreset.domain.errors.problem import told
from foreset.domain.system_codes import meaning_of
from foreset.domain.table_health.data_findings import PagesBroken
from foreset.domain.table_health.findings import DataFinding
from foreset.domain.table_health.statistics_audit import ColumnSeen, Value, footer_contradictions, together
from foreset.domain.tables.delta_schema import ITEM, KEY, VALUE, Path

pc: Any = pyarrow.compute  # its functions are made as it is loaded, so that no checker sees them
_BATCH: Final = 65_536  # rows
_BUFFER: Final = 1 << 20  # bytes of a column that are fetched at a time
_MICROSECONDS: Final = {"s": (1_000_000, 1), "ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}
"""What a step of each unit is, as a fraction."""
_UNITS: Final = {"milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}
_PLAIN: Final = frozenset({"bool", "float32", "float64", "string", "binary"})


@dataclass(frozen=True)
class DataSeen:
    """What is in a file's columns, by their places, and what is wrong with its pages and footer."""

    columns: Mapping[Path, ColumnSeen]
    findings: tuple[DataFinding, ...]


@dataclass(frozen=True)
class _Column:
    """A Parquet column of a file."""

    index: int
    place: Path
    name: str
    arrow: ArrowType

    @property
    def dtype(self) -> str:
        return stored_type(self.arrow)

    @property
    def repeats(self) -> bool:
        return not {ITEM, KEY, VALUE}.isdisjoint(self.place)


def read_pages(folder: Folder, path: str, named: str, names: Mapping[Path, str], *, by_id: bool) -> DataSeen:
    """Read a file whose footer can be read. `named` is how the table calls it, `names` how it calls columns."""
    columns: dict[Path, ColumnSeen] = {}
    findings: list[DataFinding] = []
    with folder.open(path) as source:
        footer = footer_of(source)
        # Threads of pyarrow outlive an error over a damaged page and can abort the process at its end.
        file = pq.ParquetFile(
            source,
            pre_buffer=False,
            buffer_size=_BUFFER,
            page_checksum_verification=True,
            arrow_extensions_enabled=False,
            coerce_int96_timestamp_unit="us",
        )
        found = leaves(file.schema_arrow, by_id=by_id)
        for index, (place, arrow) in enumerate(found):
            column = _Column(index, place, names.get(place, ".".join(place)), arrow)
            seen = _whole(file, footer, column, named, findings)
            if seen is not None:
                columns[place] = seen
    return DataSeen(columns, tuple(findings))


def _whole(file: Any, footer: Fields, column: _Column, named: str, findings: list[DataFinding]) -> ColumnSeen | None:
    """What is in a column of a file, None where some of it cannot be read."""
    whole: ColumnSeen | None = ColumnSeen(dtype=column.dtype)
    for group in range(file.num_row_groups):
        try:
            seen = _in_group(file, column, group)
        except PARQUET_FAULTS as fault:
            if meaning_of(fault) is not None:
                raise  # it says nothing about the pages
            problem = told(fault)
            findings.append(PagesBroken(file=named, column=column.name, row_group=group, problem=problem))
            whole = None
            continue
        if not column.repeats:
            told_of = claim(footer, group, column.index, column.dtype, _unit(file, column))
            findings.extend(footer_contradictions(named, column.name, group, told_of, seen))
        whole = None if whole is None else together(whole, seen)
    return whole


def _in_group(file: Any, column: _Column, group: int) -> ColumnSeen:
    rows, seen = 0, ColumnSeen(dtype=column.dtype)
    for batch in file.reader.iter_batches(_BATCH, row_groups=[group], column_indices=[column.index], use_threads=False):
        rows += batch.num_rows
        values = batch.column(0)
        values.validate(full=True)
        if not column.repeats:
            seen = together(seen, _seen(values, column.dtype))
    if rows != file.metadata.row_group(group).num_rows:
        problem = f"it holds {rows:,} rows of {file.metadata.row_group(group).num_rows:,}"
        raise ValueError(problem)
    return seen


def _seen(values: Any, dtype: str) -> ColumnSeen:
    """What is in a batch of a column without lists."""
    while pa.types.is_struct(values.type):
        values = pc.struct_field(values, [0])  # the only one that was read; null where the struct is
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_string_view(values.type) or pa.types.is_binary_view(values.type):
        values = values.cast(pa.string() if dtype == "string" else pa.binary())  # views have no order in pyarrow
    nulls, nan = int(values.null_count), False
    if dtype in {"float32", "float64"}:
        wrong = pc.is_nan(values)
        nan = bool(pc.any(wrong).as_py())
        values = values.filter(pc.invert(wrong)) if nan else values
    least, greatest = _bounds(values, dtype)
    return ColumnSeen(dtype=dtype, nulls=nulls, least=least, greatest=greatest, nan=nan)


def _bounds(values: Any, dtype: str) -> tuple[Value | None, Value | None]:
    if dtype == "date":
        values = values.cast(pa.int32())
    elif dtype.startswith("timestamp"):
        unit, values = values.type.unit, values.cast(pa.int64())
        return _microseconds(pc.min(values).as_py(), unit), _microseconds(pc.max(values).as_py(), unit)
    elif not _is_ordered(dtype):
        return None, None
    both = pc.min_max(values)
    return both["min"].as_py(), both["max"].as_py()


def _is_ordered(dtype: str) -> bool:
    return dtype in _PLAIN or dtype.startswith(("int", "uint", "decimal"))


def _microseconds(value: int | None, unit: str) -> int | None:
    times, by = _MICROSECONDS[unit]
    return None if value is None else value * times // by


def _unit(file: Any, column: _Column) -> str:
    """The unit of a column of times in the file, which may be another than pyarrow gives."""
    told = json.loads(file.metadata.schema.column(column.index).logical_type.to_json())
    return _UNITS.get(told.get("timeUnit"), "us")
