"""`report` and `audit`: what leaks, what is missing, how old values are."""

import argparse
from pathlib import Path

import msgspec
from returns.result import Result, Success

from foreset.application.leakage.audit import AuditError
from foreset.application.leakage.report import ReportError
from foreset.domain.errors.problem import Problem, listed
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.leakage.report import ColumnReport, FrameAudit, Leads, LeakReport, ViewAudit, ViewReport
from foreset.domain.planning.ages import AgeQuantile, span
from foreset.entrypoints.cli.commands.training_sets import asked, given_spine
from foreset.entrypoints.cli.findings import CODES, as_data, counted, lines
from foreset.entrypoints.cli.output import Answer, Table
from foreset.entrypoints.cli.progress import shown
from foreset.entrypoints.cli.stores import store_to_read
from foreset.entrypoints.spec_files.specs import SpecFileError
from foreset.entrypoints.store.feature_store import FeatureStore
from foreset.entrypoints.store.report_page import page_place

_NONE = "-"
_OLDEST, _MEDIAN = 1.0, 0.5


def report(args: argparse.Namespace) -> Result[Answer, InvalidSpec | ReportError | Problem]:
    """What a training set tells of leaks."""
    with shown("columns") as progress:
        return Result.do(
            _reported(told, page)
            for place in _place(args.output)
            for spine in given_spine(args)
            for store in store_to_read(args)
            for told in store.training_sets.report(args.id, target=args.target, spine=spine, progress=progress)
            for page in _page(store, told, place)
        )


def _place(output: str | None) -> Result[Path | None, Problem]:
    """Where the page is to be written, if one is asked for."""
    none: Result[Path | None, Problem] = Success(None)
    return none if output is None else page_place(output)


def _page(store: FeatureStore, told: LeakReport, place: Path | None) -> Result[Path | None, Problem]:
    """The report as a page, where one is asked for."""
    none: Result[Path | None, Problem] = Success(None)
    return none if place is None else store.training_sets.report_page(told, place)


def audit(args: argparse.Namespace) -> Result[Answer, InvalidSpec | SpecFileError | AuditError]:
    """What a frame of somebody else's holds beside what serves."""
    return Result.do(
        _audited(told)
        for spine in given_spine(args)
        for spec in asked(args)
        for store in store_to_read(args)
        for told in store.training_sets.audit(args.file, spec, spine=spine)
    )


# === Reports ===


def _reported(told: LeakReport, page: Path | None) -> Answer:
    data = {
        **msgspec.to_builtins(told),
        "worst": told.worst,
        "findings": as_data(told.findings),
        "page": None if page is None else str(page),
    }
    goal = "" if told.target is None else f", to predict {told.target}"
    blocks: list[str | Table] = [
        f"{told.id}: {told.rows:,} rows by {told.time}{goal}.",
        "",
        _views(told.views),
        "",
        _columns(told.columns),
        "",
        *lines(told.findings),
        f"{counted(told.findings)}.",
    ]
    if page is not None:
        blocks.append(f"The page lies at {page}.")
    return Answer(data, blocks, code=CODES[told.worst])


def _views(views: tuple[ViewReport, ...]) -> Table:
    rows = [
        (
            view.view,
            f"{view.served:,}",
            f"{view.without_match:,}",
            f"{view.expired:,}",
            _age(view.quantiles, _MEDIAN),
            _age(view.quantiles, _OLDEST),
            _leads(view.written_later),
            _leads(view.under_event_time),
            _leads(view.under_later_writes),
            f"{view.ties:,}",
        )
        for view in views
    ]
    names = (
        "view", "served", "no match", "expired", "median age", "oldest", "written later", "other if known then",
        "other with later writes", "ties",
    )  # fmt: skip
    return Table(names, rows, frozenset(names[1:]))


def _age(quantiles: tuple[AgeQuantile, ...], share: float) -> str:
    return next((span(quantile.age_us) for quantile in quantiles if quantile.share == share), _NONE)


def _leads(leads: Leads | None) -> str:
    if leads is None:
        return _NONE
    return f"{leads.rows:,}" if leads.largest_us is None else f"{leads.rows:,} (by {span(leads.largest_us)})"


def _columns(columns: tuple[ColumnReport, ...]) -> Table:
    rows = [
        (
            column.name,
            column.view or column.role,
            column.dtype,
            f"{column.nulls:,}",
            _NONE if column.distinct is None else f"{column.distinct:,}",
            _NONE if column.target_share is None else f"{column.target_share:.2f}",
        )
        for column in columns
    ]
    return Table(
        ("column", "of", "type", "nulls", "distinct", "tells of the target"),
        rows,
        frozenset({"nulls", "distinct", "tells of the target"}),
    )


# === Audits ===


def _audited(told: FrameAudit) -> Answer:
    data = {**msgspec.to_builtins(told), "worst": told.worst, "findings": as_data(told.findings)}
    beside = f"{told.differ:,} of {told.rows:,} rows differ from the training set {told.id}"
    ahead = f"{told.from_the_future:,} hold values of the future, {told.not_yet_written:,} values not yet written"
    absent = [f"Not in the frame: {listed(told.absent)}."] if told.absent else []
    verdict = "No leak is found" if told.differ and not told.findings else counted(told.findings)
    found = [*lines(told.findings), f"{verdict}."]
    return Answer(data, [f"{beside}: {ahead}.", *absent, "", _audits(told.views), "", *found], code=CODES[told.worst])


def _audits(views: tuple[ViewAudit, ...]) -> Table:
    rows = [
        (
            view.view,
            f"{view.same:,}",
            _leads(Leads(view.from_the_future, view.future_lead_us)),
            _leads(Leads(view.not_yet_written, view.written_lead_us)),
            f"{view.out_of_date:,}",
            f"{view.empty:,}",
            f"{view.unexplained:,}",
        )
        for view in views
    ]
    names = ("view", "same", "from the future", "not yet written", "out of date", "empty", "unexplained")
    return Table(names, rows, frozenset(names[1:]))
