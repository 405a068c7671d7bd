"""`import`: a Feast repository's definitions, and the traps that it has."""

import argparse
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from returns.result import Result

from foreset.domain.errors.problem import Problem
from foreset.domain.import_report import ImportReport
from foreset.entrypoints.cli.findings import CODES, as_data, counted, lines
from foreset.entrypoints.cli.output import Answer, Table
from foreset.entrypoints.cli.stores import store_folder, store_is_there, store_to_write
from foreset.entrypoints.feature_store import FeatureStore

_UNABLE: Final = 3


def import_repository(args: argparse.Namespace) -> Result[Answer, Problem]:
    """Register what maps; with `--check` nothing is registered, and the exit code tells what was found."""
    if not args.check:
        return _imported(store_to_write(args), args)
    args.parser.unable = _UNABLE
    if store_is_there(args):
        return _imported(FeatureStore.open(store_folder(args)), args)
    with TemporaryDirectory() as folder:  # a look makes no store
        return _imported(FeatureStore.open(folder), args)


def _imported(opened: Result[FeatureStore, Problem], args: argparse.Namespace) -> Result[Answer, Problem]:
    return Result.do(
        _answer(report)
        for store in opened
        for report in store.import_feast(args.path, register=not args.check, look_rows=args.look_rows)
    )


def _answer(report: ImportReport) -> Answer:
    data = {
        **msgspec.to_builtins(report),
        "changed": report.changed,
        "worst": report.worst,
        "findings": as_data(report.findings),
    }
    code = 0 if report.registered else CODES[report.worst]
    return Answer(data, [_head(report), *_mapped(report), *_unmapped(report), *_traps(report)], code=code)


def _head(report: ImportReport) -> str:
    where = f"{report.path}: project {report.project}, offline store {report.offline_store}"
    return f"{where}, registry {report.registry}."


def _mapped(report: ImportReport) -> list[str | Table]:
    if not report.mapped:
        return ["Nothing in it has a counterpart here."]
    rows = [(item.kind, item.name, item.change, item.table or "", "; ".join(item.notes)) for item in report.mapped]
    done = "Registered" if report.registered else "Would be registered"
    told = f"{done}: {report.changed} changed, {len(report.mapped) - report.changed} as they were."
    return [Table(("maps", "name", "change", "table", "note"), rows), told]


def _unmapped(report: ImportReport) -> list[str | Table]:
    rows = [(item.kind, item.name, item.problem, item.next) for item in report.unmapped]
    return ["", Table(("does not map", "name", "why", "next"), rows)] if rows else []


def _traps(report: ImportReport) -> list[str | Table]:
    return ["", *lines(report.findings), f"Today, on that offline store: {counted(report.findings)}."]
