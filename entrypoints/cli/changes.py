"""`changes`: the rows that changed between two versions of a table, and what it costs to find them."""

import argparse
from pathlib import Path

import msgspec
from returns.result import Result, Success

from foreset.domain.errors.problem import Problem
from foreset.entrypoints.cli.files import output_place, write
from foreset.entrypoints.cli.output import Answer
from foreset.entrypoints.datasets import tables_in
from foreset.entrypoints.table_changes import TableChanges
from foreset.entrypoints.wiring import data_directory


def changes(args: argparse.Namespace) -> Result[Answer, Problem]:
    """What changed after one version of a table, up to another."""
    place = Success(None) if args.output is None else output_place(args.output)
    return Result.do(
        _told(TableChanges(found), where)
        for where in place
        for found in tables_in(data_directory()).changes(args.table, args.first, args.last)
    )


def _told(found: TableChanges, place: Path | None) -> Answer:
    counts = found.counts()
    written = None if place is None else write(found, place)
    told = ", ".join(f"{count:,} {change}" for change, count in counts.items() if count)
    where = [] if written is None else [f"They lie at {written}."]
    data = {**msgspec.to_builtins(found.facts), "changes": counts, "output": written}
    return Answer(data, [found.explain(), f"changed rows: {told or 'none'}", *where])
