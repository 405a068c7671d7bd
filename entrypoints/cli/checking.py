"""`check`: what is wrong with a table, worst first."""

import argparse

import msgspec
from returns.result import Result

from foreset.domain.errors.tables import TableError
from foreset.domain.explaining import amount
from foreset.domain.table_report import TableReport
from foreset.entrypoints.cli.findings import CODES, as_data, counted, lines
from foreset.entrypoints.cli.output import Answer
from foreset.entrypoints.datasets import tables_in
from foreset.entrypoints.wiring import data_directory


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
