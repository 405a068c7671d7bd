"""`check`: what is wrong with a table, worst first."""

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from returns.result import Result

from foreset.domain.errors.tables import TableError
from foreset.domain.explaining import amount
from foreset.domain.findings import SEVERITIES, Severity, TableFinding
from foreset.domain.table_report import TableReport
from foreset.entrypoints.cli.output import Answer
from foreset.entrypoints.datasets import tables_in
from foreset.entrypoints.wiring import data_directory

_CODES: Final[dict[Severity | None, int]] = {None: 0, "advice": 0, "warning": 1, "error": 2}
_OF_A_KIND: Final = 20  # findings that are shown; --json has them all


def check(args: argparse.Namespace) -> Result[Answer, TableError]:
    """Check a table."""
    return tables_in(data_directory()).check(args.table, deep=args.deep).map(_answer)


def _answer(report: TableReport) -> Answer:
    data: dict[str, Any] = msgspec.to_builtins(report)
    data["worst"] = report.worst
    data["findings"] = [
        {**fields, "what": finding.what, "next": finding.next}
        for fields, finding in zip(data["findings"], report.findings, strict=True)
    ]
    return Answer(data, [_head(report), *_lines(report), _sum(report)], code=_CODES[report.worst])


def _head(report: TableReport) -> str:
    where = f"{report.table}, which has no version" if report.version is None else f"{report.table}@{report.version}"
    held = amount(report.files, report.rows, report.size_bytes)
    return f"{where}: {report.commits:,} commits in its log, {held}."


def _lines(report: TableReport) -> Iterator[str]:
    """Each finding with what to do next; of a kind of which there are many, the first of them."""
    shown: Counter[type[TableFinding]] = Counter()
    many = Counter(type(finding) for finding in report.findings)
    for finding in report.findings:
        kind = type(finding)
        shown[kind] += 1
        if shown[kind] <= _OF_A_KIND:
            yield f"{finding.severity}: {finding.what}\n  Next: {finding.next}"
        elif shown[kind] == many[kind]:
            yield f"and {many[kind] - _OF_A_KIND:,} more of the same kind; --json tells them all."


def _sum(report: TableReport) -> str:
    counted = Counter(finding.severity for finding in report.findings)
    told = ", ".join(_counted(counted[severity], severity) for severity in SEVERITIES if counted[severity])
    depth = "The data was read too." if report.deep else "The data itself was not read: --deep does that."
    return f"{told or 'Nothing is wrong'}. {depth}"


def _counted(count: int, severity: Severity) -> str:
    if severity == "advice":
        return "1 piece of advice" if count == 1 else f"{count:,} pieces of advice"
    return f"1 {severity}" if count == 1 else f"{count:,} {severity}s"
