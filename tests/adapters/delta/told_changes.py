"""The changes of a table, held against full reads of both versions."""

from typing import Any

import polars as pl

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.shared.rows.row_changes import TOLD, difference
from foreset.domain.errors.problem import Problem

FEED = {"delta.enableChangeDataFeed": "true"}
ROWS = pl.DataFrame({"k": [1, 2, 3], "g": ["a b", "ü%20", None], "x": [0.5, -0.0, None]})
COME = ("insert", "update_postimage")


def rows(tables: DeltaTables, table: str, version: int | None = None) -> pl.DataFrame:
    snapshot = tables.observe(table, version).unwrap()
    return pl.DataFrame(snapshot.read(tuple(column.name for column in snapshot.facts.columns)).unwrap())


def changes(tables: DeltaTables, table: str, first: int, last: int | None = None) -> tuple[str, pl.DataFrame]:
    """How they are told, and the changed rows, which keep the law wherever both versions have the same columns."""
    found = tables.changes(table, first, last).unwrap()
    frame = found.read().unwrap()
    after = rows(tables, table, last)
    assert frame.columns == [*after.columns, *TOLD]
    assert frame.select(after.columns).schema == after.schema
    before = rows(tables, table, first)
    if before.schema == after.schema:
        assert difference(applied(before, frame), after).is_empty()
    return found.facts.how, frame


def applied(before: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows, with the changes applied to them; what is taken away must be there."""
    come = frame["_change_type"].is_in(COME)
    whole = pl.concat([before, frame.filter(come).select(before.columns)])
    left = difference(frame.filter(~come).select(before.columns), whole)
    assert left.filter(_change_type="delete").is_empty()
    return left.select(before.columns)


def told(frame: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(frame.select(*columns, "_change_type", "_commit_version").rows(), key=repr)


def refusal(tables: DeltaTables, table: str, first: int, last: int | None = None) -> Problem:
    problem: Problem = tables.changes(table, first, last).bind(lambda found: found.read()).failure()
    assert " Next: " in str(problem)
    return problem
