"""Nulls where a table's schema allows none, also inside of structs, lists and maps."""

from typing import Any

import polars as pl

from foreset.adapters.delta.snapshot.schema import Field

_ROW = "row"
_VALUE = "value"


def forbidden_null(frame: pl.DataFrame, fields: list[Field]) -> tuple[str, int] | None:
    """The first column with such a null, and the first row that has one; None where there is none."""
    for field in fields:
        rows = pl.DataFrame({_ROW: pl.Series(range(frame.height), dtype=pl.Int64), _VALUE: frame[field["name"]]})
        row = _first(rows, field["type"], nullable=field.get("nullable", True)) if _forbids(field) else None
        if row is not None:
            return str(field["name"]), row
    return None


def _forbids(delta: Any) -> bool:
    """Whether a field or a type allows no null somewhere."""
    match delta:
        case {"nullable": False} | {"containsNull": False} | {"valueContainsNull": False}:
            return True
        case dict():
            return any(map(_forbids, delta.values()))
        case list():
            return any(map(_forbids, delta))
        case _:
            return False


def _first(rows: pl.DataFrame, delta: Any, *, nullable: bool) -> int | None:
    """The first row with a null that is not allowed, of values of a type with the rows that they are in."""
    nulls = rows[_ROW].filter(rows[_VALUE].is_null())
    if not nullable and len(nulls):
        return int(nulls[0])
    held = rows.filter(pl.col(_VALUE).is_not_null())
    match delta:
        case {"type": "struct", "fields": fields}:
            found = [
                _first(_inside(held, field["name"]), field["type"], nullable=field.get("nullable", True))
                for field in fields
            ]
        case {"type": "array"}:
            found = [_first(_items(held), delta["elementType"], nullable=delta.get("containsNull", True))]
        case {"type": "map"}:
            items = _items(held.with_columns(pl.col(_VALUE).to_physical()))
            names = items[_VALUE].struct.fields
            found = [
                _first(_inside(items, names[0]), delta["keyType"], nullable=False),
                _first(_inside(items, names[1]), delta["valueType"], nullable=delta.get("valueContainsNull", True)),
            ]
        case _:
            return None
    return min((row for row in found if row is not None), default=None)


def _inside(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    return rows.select(_ROW, pl.col(_VALUE).struct.field(name).alias(_VALUE))


def _items(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col(_VALUE).list.len() > 0).explode(_VALUE)
