"""SQL conditions on single rows, as polars evaluates them.

Numbers are compared exactly, decimals as decimals. A text beside a date or a timestamp is read as one, in UTC where it
has no zone. What is neither true nor false, for it meets a null, does not hold.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
from polars.exceptions import PolarsError
from returns.result import Result, Success

from foreset.adapters.shared.frames.arrow_types import polars_dtype
from foreset.adapters.shared.frames.fitting import row_shown
from foreset.adapters.shared.rows.condition_bounds import too_long
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.table_writes import RowRefused, UnfitCondition
from foreset.domain.facts import Column

_ROW: Final = "row number of the condition"
_TABLE: Final = "rows of the condition"
_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "Column": (),
    "Literal": (),
    "BinaryExpr": ("left", "right"),
    "Cast": ("expr",),
    "Ternary": ("predicate", "truthy", "falsy"),
    "Function": ("input",),
}
"""The kinds of expressions that look at single rows, and where they hold others."""
_FUNCTIONS: Final = frozenset(
    {"Abs", "Boolean", "Ceil", "Coalesce", "FillNull", "Floor", "MaxHorizontal", "MinHorizontal", "Pow", "Round"}
    | {"Sql", "StringExpr", "TemporalExpr"}
)
_OVER_ROWS: Final = frozenset(
    {"All", "Any", "ConcatVertical", "IsDuplicated", "IsFirstDistinct", "IsLastDistinct", "IsUnique"}
)


@dataclass(frozen=True)
class Condition:
    """A condition that can be told for each row by itself, on a table of this schema. It looks at those `asked`."""

    table: str
    text: str
    schema: Mapping[str, pl.DataType]
    asked: tuple[str, ...]

    def holds(self, frame: pl.DataFrame) -> Result[pl.Series, UnfitCondition]:
        """For each row of a frame whether the condition is true. Columns that the frame lacks are null."""
        absent = [pl.lit(None, self.schema[name]).alias(name) for name in self.asked if name not in frame.columns]
        rows = frame.with_row_index(_ROW).with_columns(absent).select(_ROW, *self.asked)
        query = f'SELECT "{_ROW}" FROM "{_TABLE}" WHERE (\n{self.text}\n)'  # noqa: S608  # polars parsed it as one condition
        try:
            met = pl.SQLContext({_TABLE: rows}).execute(query, eager=True)[_ROW]
        except PolarsError as fault:
            return refuse(because(self.unfit(told(fault)), fault))
        marks = np.zeros(frame.height, dtype=bool)
        marks[met.to_numpy()] = True
        return Success(pl.Series(marks))

    def must_hold(self, frame: pl.DataFrame) -> Result[None, UnfitCondition | RowRefused]:
        """Refuse the first row of a frame for which the condition is not true."""
        holds = self.holds(frame)
        if not isinstance(holds, Success):
            return refuse(holds.failure())
        return Success(None) if holds.unwrap().all() else refuse(self._not_of(frame, holds.unwrap()))

    def _not_of(self, frame: pl.DataFrame, marks: pl.Series) -> RowRefused:
        row = int(marks.arg_min() or 0)
        return RowRefused(
            table=self.table,
            row=row,
            values=row_shown(frame, row, self.asked),
            problem=f"the condition {self.text!r}, by which rows are replaced, is not true for it",
            remedy="leave the row out, or widen replace_where",
        )

    def unfit(self, problem: str) -> UnfitCondition:
        """Why it cannot be used."""
        return UnfitCondition(table=self.table, condition=self.text, problem=problem, columns=tuple(self.schema))


def condition(table: str, text: str, columns: Sequence[Column]) -> Result[Condition, UnfitCondition]:
    """The condition that a text is. It is tried on no rows: a mistake shows before anything is read or written."""
    schema = {column.name: polars_dtype(column.dtype) for column in columns}
    found = Condition(table, text, schema, ())
    if (problem := too_long(text)) is not None:
        return refuse(found.unfit(problem))
    try:
        expression = pl.sql_expr(text)
        told_of = json.loads(expression.meta.serialize(format="json"))
        asked = tuple(dict.fromkeys(expression.meta.root_names()))
    except (PolarsError, RecursionError) as fault:
        return refuse(because(found.unfit(told(fault)), fault))
    several = next(_of_several_rows(told_of), None)
    if several is not None:
        return refuse(found.unfit(f"it looks at more than one row ({several})"))
    if strange := [name for name in asked if name not in schema]:
        return refuse(found.unfit(f"there is no column {strange[0]!r}"))
    used = replace(found, asked=asked)
    return used.holds(pl.DataFrame(schema={name: schema[name] for name in asked})).map(lambda _: used)


def _of_several_rows(node: Any) -> Iterator[str]:
    """The parts of an expression, as polars writes it down, that are not known to look at single rows."""
    ((kind, inside),) = node.items() if isinstance(node, dict) else ((str(node), {}),)
    if kind not in _PARTS:
        yield kind
        return
    if kind == "Function":
        names = _names(inside["function"])
        yield from (name for name in names[:1] if name not in _FUNCTIONS)
        yield from (name for name in names if name in _OVER_ROWS)
    for part in _PARTS[kind]:
        for argument in inside[part] if part == "input" else [inside[part]]:
            yield from _of_several_rows(argument)


def _names(function: Any) -> list[str]:
    """The name of a function, and those inside it."""
    if isinstance(function, dict):
        return [name for key, inner in function.items() for name in (key, *_names(inner))]
    return [function] if isinstance(function, str) else []
