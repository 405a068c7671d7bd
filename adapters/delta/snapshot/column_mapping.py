"""The names and types under which a table's files hold its columns, where they are not the table's own."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from foreset.adapters.delta.log.folders import folder, holding
from foreset.adapters.delta.log.paths import decoded
from foreset.adapters.delta.snapshot.schema import FIELD_ID, PHYSICAL_NAME, TYPE_CHANGES, Field, dtype_of
from foreset.adapters.shared.frames.arrow_types import dtype_name, quoted
from foreset.adapters.shared.frames.file_types import storage_of
from foreset.domain.facts import Column

ArrowSchema = Any
"""A `pyarrow.Schema`; pyarrow has no types."""
_AT_ONCE = 8
"""A footer is a small read that waits, above all for an object store."""


def schemas_of(root: str, paths: Sequence[str], options: Mapping[str, str]) -> list[ArrowSchema]:
    """The schema of each file of a table, with field ids. Raises `OSError` or `ArrowException` for what has none."""
    place = folder(decoded(root), options)

    def schema_of(path: str) -> ArrowSchema:
        where, inside = holding(place, path, options)
        with where.open(inside) as file:
            return pq.read_schema(file)

    with ThreadPoolExecutor(_AT_ONCE) as workers:
        return list(workers.map(schema_of, paths))


ArrowField = Any
"""A `pyarrow.Field`; pyarrow has no types."""
_ID_IN_FILE = b"PARQUET:field_id"
_NO_COLUMN = "\0"
"""What no column of a file is called: a name that begins so is one that the file lacks."""


class ColumnMapping(Struct, frozen=True):
    """How columns are found in files: the fields of the table's schema, and `none`, `name` or `id`."""

    fields: tuple[Field, ...]
    mode: str

    def by_name(self) -> dict[str, Column]:
        """The columns that all files hold under other names, by the schema alone."""
        if self.mode == "none":
            return {}
        return {field["name"]: Column(physical_name(field), self._dtype(field["type"])) for field in self.fields}

    def partition(self, column: str) -> str:
        """The name under which the log has a partition column."""
        found = next((field for field in self.fields if field["name"] == column), None)
        return column if found is None or self.mode == "none" else physical_name(found)

    def needs_footers(self, columns: Sequence[str]) -> bool:
        """Whether only the files tell how they hold some of these columns."""
        asked = [field for field in self.fields if field["name"] in columns]
        return bool(asked) and (self.mode == "id" or any(_was_widened(field) for field in asked))

    def by_footer(self, schema: ArrowSchema) -> dict[str, Column] | None:
        """The columns that a file of this schema holds under other names or types; None where it has no field ids."""
        held = list(schema)
        if self.mode == "id" and not any(_id_of(field) for field in held):
            return None
        return {field["name"]: self._in_file(field, held) for field in self.fields}

    def _in_file(self, field: Field, held: Iterable[ArrowField]) -> Column:
        name, dtype = self._found(field, held)
        return Column(name, self._dtype(field["type"], dtype, widened=_was_widened(field)))

    def _found(self, field: Field, held: Iterable[ArrowField]) -> tuple[str, Any]:
        """What a file calls a field, and its type there; no type where the file has it not."""
        if self.mode == "id":
            wanted = str(field["metadata"][FIELD_ID])
            found = next((f for f in held if _id_of(f) == wanted), None)
            return (_NO_COLUMN + wanted, None) if found is None else (found.name, found.type)
        found = next((f for f in held if f.name == physical_name(field)), None)
        return physical_name(field), None if found is None else found.type

    def _dtype(self, delta: Any, held: Any = None, *, widened: bool = False) -> str:
        """The dtype of a Delta type with a file's names, and its types where the table's were widened."""
        if isinstance(delta, str):
            return _older(held, dtype_of(delta)) if widened and held is not None else dtype_of(delta)
        match delta["type"]:
            case "array":
                item = None if held is None else held.value_type
                return f"list<{self._dtype(delta['elementType'], item, widened=widened)}>"
            case "map":
                key, value = (None, None) if held is None else (held.key_type, held.item_type)
                key_dtype = self._dtype(delta["keyType"], key, widened=widened)
                return f"map<{key_dtype}, {self._dtype(delta['valueType'], value, widened=widened)}>"
            case _:
                return f"struct<{', '.join(self._fields(delta['fields'], held, widened=widened))}>"

    def _fields(self, fields: Iterable[Field], held: Any, *, widened: bool) -> Iterable[str]:
        for field in fields:
            inside = [] if held is None else [held.field(index) for index in range(held.num_fields)]
            name, dtype = (physical_name(field), None) if held is None else self._found(field, inside)
            yield f"{quoted(name)}: {self._dtype(field['type'], dtype, widened=widened)}"


def physical_name(field: Field) -> str:
    """The name by which the log, and files that are mapped by name, have a column."""
    return str(field.get("metadata", {}).get(PHYSICAL_NAME, field["name"]))


def _id_of(field: ArrowField) -> str | None:
    found = (field.metadata or {}).get(_ID_IN_FILE)
    return None if found is None else found.decode()


def _was_widened(delta: Any) -> bool:
    """Whether the type of a field, or of one inside it, was another in older files."""
    if isinstance(delta, list):
        return any(map(_was_widened, delta))
    if not isinstance(delta, dict):
        return False
    return TYPE_CHANGES in (delta.get("metadata") or {}) or any(
        _was_widened(delta.get(part)) for part in ("type", "fields", "elementType", "keyType", "valueType")
    )


def _older(held: Any, dtype: str) -> str:
    """A file's type of a value. Times are asked for in the table's type, into which all kinds of them are decoded."""
    polars = pl.DataFrame(pa.table({"held": pa.array([], held)})).dtypes[0]
    found = dtype_name(storage_of(polars))
    return dtype if found.startswith("timestamp") or dtype in {"string", "binary"} else found
