"""`changes`: the rows that changed between two versions of a table, and what it costs to find them."""

import argparse
from pathlib import Path

import msgspec
from returns.result import Result, Success

from foreset.application.table_ports import TableStore
from foreset.domain.changes import ChangesFacts
from foreset.domain.errors.problem import Problem
from foreset.entrypoints.cli.files import holds, output_place, write
from foreset.entrypoints.cli.output import Answer
from foreset.entrypoints.datasets import tables_in
from foreset.entrypoints.sources import of_table, spared
from foreset.entrypoints.table_changes import TableChanges
from foreset.entrypoints.wiring import data_directory


def changes(args: argparse.Namespace) -> Result[Answer, Problem]:
    """What changed after one version of a table, up to another."""
    place = Success(None) if args.output is None else output_place(args.output)
    tables = tables_in(data_directory())
    return Result.do(
        _told(TableChanges(found), where)
        for where in place
        for _ in _spared(where, args, tables)
        for found in tables.changes(args.table, args.first, args.last)
        for _ in _fits(where, found.facts, tables)
    )


def _spared(place: Path | None, args: argparse.Namespace, tables: TableStore) -> Result[None, Problem]:
    """Whether the table itself stays, or is to be replaced."""
    if place is None:
        return Success(None)
    return spared(place, of_table(args.table, f"the table {args.table}", tables), overwrite=args.overwrite)


def _fits(place: Path | None, facts: ChangesFacts, tables: TableStore) -> Result[None, Problem]:
    """Whether a file of text holds the table's columns, asked before the rows are read."""
    if place is None or place.suffix.lower() != ".csv":
        return Success(None)
    return Result.do(
        None
        for seen in tables.observe(facts.table, facts.last)
        for _ in holds(place, [(column.name, column.dtype) for column in seen.facts.columns])
    )


def _told(found: TableChanges, place: Path | None) -> Answer:
    counts = found.counts()
    written = None if place is None else write(found, place)
    told = ", ".join(f"{count:,} {change}" for change, count in counts.items() if count)
    where = [] if written is None else [f"They lie at {written}."]
    data = {**msgspec.to_builtins(found.facts), "changes": counts, "output": written}
    return Answer(data, [found.explain(), f"changed rows: {told or 'none'}", *where])
