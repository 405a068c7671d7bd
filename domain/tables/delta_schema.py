"""A Delta schema, flattened: its columns without fields of their own, as files and statistics name them."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from foreset.domain.tables.delta_log import Metadata

ITEM, KEY, VALUE = "[]", "{key}", "{value}"
"""What stands in a path for the items of a list, and for the keys and values of a map."""
Path = tuple[str, ...]


class Leaf(msgspec.Struct, frozen=True):
    """A column, or a field within one, that holds plain values.

    `name` is how people call it. `stored` is its path in files: by name, or by `#` and the field id where the table
    maps its columns by id. `recorded` is its path in the log's statistics. `dtype` is a type of the Delta protocol.
    """

    name: str
    stored: Path
    recorded: Path
    dtype: str

    @property
    def repeats(self) -> bool:
        """Whether a row has any number of its values."""
        return not {ITEM, KEY, VALUE}.isdisjoint(self.stored)


def leaves_of(metadata: Metadata) -> tuple[Leaf, ...]:
    """The leaves of a table's schema; a `ValueError` where it is no Delta schema."""
    mode = metadata.configuration.get("delta.columnMapping.mode", "none")
    if not metadata.schema_string:
        problem = "it is empty"
        raise ValueError(problem)
    try:
        schema = json.loads(metadata.schema_string)
        return tuple(_fields(schema, Leaf("", (), (), ""), mode))
    except RecursionError as fault:
        problem = "it is nested too deeply"
        raise ValueError(problem) from fault
    except (AttributeError, KeyError, TypeError) as fault:
        problem = f"it lacks {fault}" if isinstance(fault, KeyError) else "it is no struct of fields"
        raise ValueError(problem) from fault


def _fields(struct: Any, outer: Leaf, mode: str) -> Iterator[Leaf]:
    """The leaves under a struct, which is `outer`."""
    for field in struct["fields"]:
        name, physical, stored = _names(field, mode)
        known = Leaf(
            f"{outer.name}.{name}" if outer.name else name, (*outer.stored, stored), (*outer.recorded, physical), ""
        )
        yield from _leaves(field["type"], known, mode)


def _names(field: Any, mode: str) -> tuple[str, str, str]:
    """A field's name, its physical name, and what tells it in files."""
    metadata, name = field.get("metadata") or {}, str(field["name"])
    physical = str(metadata.get("delta.columnMapping.physicalName", name)) if mode != "none" else name
    number = metadata.get("delta.columnMapping.id")
    return name, physical, f"#{number}" if mode == "id" and number is not None else physical


def _leaves(dtype: Any, known: Leaf, mode: str) -> Iterator[Leaf]:
    if isinstance(dtype, str):
        yield Leaf(known.name, known.stored, known.recorded, dtype)
        return
    match dtype["type"]:
        case "struct":
            yield from _fields(dtype, known, mode)
        case "array":
            yield from _leaves(dtype["elementType"], _under(known, ITEM), mode)
        case "map":
            yield from _leaves(dtype["keyType"], _under(known, KEY), mode)
            yield from _leaves(dtype["valueType"], _under(known, VALUE), mode)
        case other:
            yield Leaf(known.name, known.stored, known.recorded, str(other))


def _under(known: Leaf, step: str) -> Leaf:
    return Leaf(known.name, (*known.stored, step), (*known.recorded, step), "")
