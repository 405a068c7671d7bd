"""`generate`, `tables`, `optimize`, `check`, `changes`: tables, what is wrong with them, and what changed in them."""

import argparse
from pathlib import Path

import msgspec
from returns.result import Result, Success

from foreset.application.ports.tables import TableStore
from foreset.domain.errors.event_log import StoreUnwritable
from foreset.domain.errors.problem import ForesetError, Problem, refuse, told
from foreset.domain.errors.system import by_code
from foreset.domain.errors.tables import TableError
from foreset.domain.facts import TableFacts
from foreset.domain.planning.explain import amount, size
from foreset.domain.table_health.report import TableReport
from foreset.domain.tables.changes import ChangesFacts
from foreset.domain.tables.write_options import Compaction
from foreset.entrypoints.cli.files import holds, output_place, write
from foreset.entrypoints.cli.findings import CODES, as_data, counted, lines
from foreset.entrypoints.cli.output import Answer, Table
from foreset.entrypoints.cli.stores import store_is_there, store_to_write
from foreset.entrypoints.cli.words import moment
from foreset.entrypoints.datasets.datasets import TableInfo, get_table_info, tables_in
from foreset.entrypoints.store.sources import of_table, spared
from foreset.entrypoints.store.table_changes import TableChanges
from foreset.entrypoints.wiring.build import data_directory
from foreset.entrypoints.wiring.limits import size_of
from foreset.entrypoints.wiring.raising import given


def generate(args: argparse.Namespace) -> Result[Answer, Problem]:
    """Write a sample table."""
    from foreset.entrypoints.datasets import samples  # loads scikit-learn

    info = samples.generate(args.name, n_samples=args.rows, n_features=args.features, seed=args.seed)
    wrote = f"Wrote {args.name} version {info.version}: {info.num_rows:,} rows, {len(info.columns)} columns."
    return Success(Answer(info, [wrote, f"It lies at {info.path}."]))


def tables(_: argparse.Namespace) -> Result[Answer, StoreUnwritable]:
    """The tables of the data folder; those that cannot be read are named with what is wrong."""
    folder = data_directory()
    try:
        names = sorted(place.name for place in folder.iterdir() if (place / "_delta_log").is_dir())
    except FileNotFoundError:
        names = []
    except OSError as fault:
        return refuse(by_code(StoreUnwritable(path=str(folder), problem=told(fault)), fault))
    found: dict[str, TableInfo] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            found[name] = get_table_info(name)
        except ForesetError as fault:
            problems.append(fault.error)
    return Success(_listed(folder, found, problems))


def optimize(args: argparse.Namespace) -> Result[Answer, Problem]:
    """Put small files of a table together; recorded where there is a store."""
    before = given(tables_in(data_directory()).observe(args.table)).facts
    done = _optimize(args.table, given(size_of("--target-size", args.target_size)), args)
    return done.map(lambda compaction: _optimized(args.table, before, compaction))


def _optimize(table: str, target_size: int, args: argparse.Namespace) -> Result[Compaction, Problem]:
    if not store_is_there(args):
        return tables_in(data_directory()).optimize(table, target_size)
    return Result.do(
        done for store in store_to_write(args) for done in store.tables.optimize(table, target_size=target_size)
    )


def _optimized(table: str, before: TableFacts, done: Compaction) -> Answer:
    after = done.facts
    data = {"table": table, "version": after.version, "merged": done.merged, "into": done.into, "files": after.files}
    if not done.merged:
        return Answer(data, [f"{table}@{after.version} has no small files side by side: nothing was changed."])
    held, now = (amount(facts.files, facts.rows, facts.size_bytes) for facts in (before, after))
    told = f"{table}@{after.version}: {done.merged:,} small files became {done.into:,}. It had {held}, and has {now}."
    return Answer(data, [told, "The rows, their order and the older versions are as they were."])


def _listed(folder: Path, found: dict[str, TableInfo], problems: list[Problem]) -> Answer:
    data = [{"table": name, **msgspec.to_builtins(info)} for name, info in found.items()]
    columns = ("table", "version", "rows", "files", "size", "modified")
    rows = [
        (
            name,
            info.version,
            "unknown" if info.num_rows is None else f"{info.num_rows:,}",
            f"{info.num_files:,}",
            size(info.size_bytes),
            "" if info.modified is None else moment(info.modified),
        )
        for name, info in found.items()
    ]
    empty = f"No Delta tables are in {folder}. Next: `foreset generate classification_data`."
    shown: list[str | Table] = [] if problems else [empty]
    if rows:
        shown = [Table(columns, rows, frozenset({"version", "rows", "files", "size"}))]
    return Answer(data, shown, tuple(problems))


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


def check(args: argparse.Namespace) -> Result[Answer, TableError]:
    """Check a table."""
    return tables_in(data_directory()).check(args.table, deep=args.deep).map(_answer)


def _answer(report: TableReport) -> Answer:
    data = {**msgspec.to_builtins(report), "worst": report.worst, "findings": as_data(report.findings)}
    depth = "The data was read too." if report.deep else "The data itself was not read: --deep does that."
    told = f"{counted(report.findings)}. {depth}"
    return Answer(data, [_head(report), *lines(report.findings), told], code=CODES[report.worst])


def _head(report: TableReport) -> str:
    where = f"{report.table}, which has no version" if report.version is None else f"{report.table}@{report.version}"
    held = amount(report.files, report.rows, report.size_bytes)
    return f"{where}: {report.commits:,} commits in its log, {held}."
