"""What a Parquet file's footer says of it."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from foreset.adapters.delta.log.folders import FOLDER_FAULTS, Folder
from foreset.domain.errors.problem import told
from foreset.domain.system_codes import remedy_of
from foreset.domain.table_health.file_audit import FileSeen
from foreset.domain.tables.delta_schema import ITEM, KEY, VALUE, Path

PARQUET_FAULTS: Final = (*FOLDER_FAULTS, pa.ArrowException, MemoryError)
"""What pyarrow raises over a file that is no Parquet, or a damaged one."""
ArrowType = Any
"""A `pyarrow.DataType` or `Field`; pyarrow has no types."""
_ID: Final = b"PARQUET:field_id"
_NAMES: Final = {
    "float": "float32",
    "double": "float64",
    "halffloat": "float16",
    "date32[day]": "date",
    "large_string": "string",
    "string_view": "string",
    "large_binary": "binary",
    "binary_view": "binary",
}
_LISTS: Final = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


def look_at(folder: Folder, path: str, size: int, *, by_id: bool) -> FileSeen:
    """A file of this size, and what its footer says; its columns are told by name or `by_id`."""
    try:
        with folder.open(path) as source:
            file = pq.ParquetFile(source, arrow_extensions_enabled=False)
            columns = {place: stored_type(field) for place, field in leaves(file.schema_arrow, by_id=by_id)}
            return FileSeen(size=size, rows=int(file.metadata.num_rows), columns=columns)
    except FileNotFoundError:
        return FileSeen(missing=True)
    except PARQUET_FAULTS as fault:
        return FileSeen(size=size, problem=told(fault), remedy=remedy_of(fault))


def leaves(schema: ArrowType, *, by_id: bool) -> Iterator[tuple[Path, ArrowType]]:
    """The leaves of a file's schema with their types, in the order of its Parquet columns."""
    for field in schema:
        yield from _leaves(field.type, (_name(field, by_id=by_id),), by_id=by_id)


def _leaves(arrow: ArrowType, place: Path, *, by_id: bool) -> Iterator[tuple[Path, ArrowType]]:
    if pa.types.is_struct(arrow):
        for field in arrow:
            yield from _leaves(field.type, (*place, _name(field, by_id=by_id)), by_id=by_id)
    elif pa.types.is_map(arrow):
        yield from _leaves(arrow.key_type, (*place, KEY), by_id=by_id)
        yield from _leaves(arrow.item_type, (*place, VALUE), by_id=by_id)
    elif any(is_list(arrow) for is_list in _LISTS):
        yield from _leaves(arrow.value_type, (*place, ITEM), by_id=by_id)
    else:
        yield place, arrow


def _name(field: ArrowType, *, by_id: bool) -> str:
    number = (field.metadata or {}).get(_ID)
    return f"#{number.decode()}" if by_id and number is not None else str(field.name)


def stored_type(arrow: ArrowType) -> str:
    """The dtype of a type that pyarrow reads from Parquet."""
    if pa.types.is_dictionary(arrow):
        return stored_type(arrow.value_type)
    if pa.types.is_timestamp(arrow):
        return f"timestamp[{arrow.unit}, {arrow.tz}]" if arrow.tz else f"timestamp[{arrow.unit}]"
    if pa.types.is_decimal(arrow):
        return f"decimal({arrow.precision},{arrow.scale})"
    if pa.types.is_fixed_size_binary(arrow):
        return "binary"
    return _NAMES.get(str(arrow), str(arrow))
