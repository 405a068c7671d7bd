"""What the footer of a Parquet file tells: its columns, its rows, and the ranges of their values."""

from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.adapters.shared.frames.file_types import storage_of
from foreset.adapters.shared.parquet.scan import READ_FAULTS, statistics_range
from foreset.domain.facts import Range


class Footer(Struct, frozen=True):
    """A file's columns with their dtypes, its rows, and the least and greatest value of columns where it knows them."""

    dtypes: dict[str, str]
    rows: int
    ranges: dict[str, Range]


def footer_of(opened: Any) -> Footer:
    """The footer of an open file, or of a path. Raises `OSError` or `ArrowException` for what has none."""
    with pq.ParquetFile(opened) as file:
        metadata, schema = file.metadata, file.schema_arrow
    columns = {field.name: _dtype(field) for field in schema}
    places: dict[str, list[int]] = {}
    for index in range(metadata.num_columns):
        places.setdefault(metadata.schema.column(index).path, []).append(index)
    old = {name for name in columns if name in places and _is_int96(metadata, places[name][0])}
    dtypes = {name: "timestamp[us]" if name in old else dtype for name, dtype in columns.items()}
    ranges = {name: known for name in columns if name in places and (known := _range(metadata, places[name]))}
    return Footer(dtypes, int(metadata.num_rows), ranges)


def _dtype(field: Any) -> str:
    """The type of a column as it is served; Arrow's name for it where it is not, which is the name of no dtype."""
    if "decimal256" in str(field.type):  # polars has a name for it, and no values
        return str(field.type)
    try:
        dtype = pl.DataFrame(pa.table({"x": pa.array([], field.type)})).schema["x"]
    except (*READ_FAULTS, pa.ArrowException, ValueError):
        return str(field.type)
    return dtype_name(storage_of(dtype))


def _is_int96(metadata: Any, place: int) -> bool:
    """Whether a column has times of the kind that is decoded to microseconds, for they reach far."""
    return str(metadata.schema.column(place).physical_type) == "INT96"


def _range(metadata: Any, places: list[int]) -> Range | None:
    """The range of a column over all row groups, None where one does not know it."""
    if len(places) != 1:
        return None
    found = [
        statistics_range(metadata.row_group(n).column(places[0]).statistics) for n in range(metadata.num_row_groups)
    ]
    known = [bounds for bounds in found if bounds is not None]
    if not known or len(known) < len(found):
        return None
    return min(least for least, _ in known), max(greatest for _, greatest in known)
