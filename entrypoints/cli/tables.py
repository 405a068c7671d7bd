"""`generate`, `tables` and `optimize`: what lies in the data folder."""

import argparse
from pathlib import Path

import msgspec
from returns.result import Result, Success

from foreset.domain.errors.problem import ForesetError, Problem, because, refuse, told
from foreset.domain.errors.store import StoreUnwritable
from foreset.domain.explaining import amount, size
from foreset.domain.facts import TableFacts
from foreset.domain.writing import Compaction
from foreset.entrypoints.cli.output import Answer, Table
from foreset.entrypoints.cli.stores import store_is_there, store_to_write
from foreset.entrypoints.cli.words import moment
from foreset.entrypoints.datasets import TableInfo, get_table_info, tables_in
from foreset.entrypoints.limits import size_of
from foreset.entrypoints.raising import given
from foreset.entrypoints.wiring import data_directory


def generate(args: argparse.Namespace) -> Result[Answer, Problem]:
    """Write a sample table."""
    from foreset.entrypoints import samples  # loads scikit-learn

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
        return refuse(because(StoreUnwritable(path=str(folder), problem=told(fault)), fault))
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
    return Result.do(done for store in store_to_write(args) for done in store.optimize(table, target_size=target_size))


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
