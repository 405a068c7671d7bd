"""The names and field ids by which new files hold a table's columns.

Delta protocol, "Column Mapping", "Writer Requirements": files and the log have physical names, and files have field
ids, whether columns are mapped by name or by id.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from foreset.adapters.delta.snapshot.column_mapping import ColumnMapping
from foreset.adapters.delta.snapshot.schema import FIELD_ID, Field
from foreset.adapters.shared.frames.arrow_types import as_named, polars_dtype
from foreset.domain.facts import Column

_ID_IN_FILE = b"PARQUET:field_id"


@dataclass(frozen=True)
class FileColumns:
    """How new files of a table hold its columns."""

    mapping: ColumnMapping

    def in_log(self, name: str) -> str:
        """The name by which the log has a column."""
        return self.mapping.by_name().get(name, Column(name, "")).name

    def arrow(self, frame: pl.DataFrame) -> Any:
        """The rows as a file has them: a `pyarrow.Table`. Columns beyond the table's keep their names."""
        stored = self.mapping.by_name()
        if not stored:
            return frame.to_arrow()
        held = {name: stored.get(name, Column(name, "")) for name in frame.columns}
        types = {name: polars_dtype(c.dtype) if c.dtype else frame.schema[name] for name, c in held.items()}
        renamed = frame.select(
            as_named(pl.col(name), frame.schema[name], types[name]).alias(column.name) for name, column in held.items()
        )
        table = renamed.to_arrow()
        fields = {field["name"]: field for field in self.mapping.fields}
        known = ((fields.get(name), table.schema.field(column.name)) for name, column in held.items())
        return table.cast(pa.schema([field if delta is None else _with_id(field, delta) for delta, field in known]))


def _with_id(field: Any, delta: Field) -> Any:
    """A field of a file with its id, and those of the fields inside it. pyarrow has no types."""
    metadata = {_ID_IN_FILE: str(delta["metadata"][FIELD_ID]).encode()}
    return pa.field(field.name, _inside(field.type, delta["type"]), field.nullable, metadata)


def _inside(dtype: Any, delta: Any) -> Any:
    match delta:
        case {"type": "struct", "fields": fields}:
            return pa.struct([_with_id(dtype.field(at), field) for at, field in enumerate(fields)])
        case {"type": "array", "elementType": element}:
            kind = pa.large_list if pa.types.is_large_list(dtype) else pa.list_
            return kind(
                pa.field(dtype.value_field.name, _inside(dtype.value_type, element), dtype.value_field.nullable)
            )
        case {"type": "map", "keyType": key, "valueType": value}:
            return pa.map_(_inside(dtype.key_type, key), _inside(dtype.item_type, value))
        case _:
            return dtype
