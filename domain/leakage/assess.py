"""From what a report counted to what it finds, worst first."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from foreset.domain.leakage.findings import (
    AllNull,
    ComputedAfterTheFact,
    ConstantColumn,
    FeatureWrittenLater,
    LabelInFeatures,
    LabelNearlyDetermined,
    LeakFinding,
    MostlyEnded,
    MostlyExpired,
    NoCreatedTime,
    NothingServed,
    ValuesFromTheFuture,
    ValuesNotYetWritten,
)
from foreset.domain.leakage.report import ColumnReport, ViewAudit, ViewReport
from foreset.domain.planning.ages import span
from foreset.domain.table_health.findings import SEVERITIES, Severity

NEARLY: Final = 0.8
"""From this share of the target's uncertainty on, a column is said to tell nearly all of it."""
_MOSTLY: Final = 0.5
_AFTER: Final = (
    "actual after arrival arrived canceled cancelled churned closed completed converted delivered departed ended final "
    "finished future label landed later next outcome paid post realised realized resolved result returned settled "
    "target"
)
_WORDS: Final = frozenset(_AFTER.split())
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


def findings(
    views: Iterable[ViewReport], columns: Iterable[ColumnReport], rows: int, target: str | None, sample: int | None
) -> tuple[LeakFinding, ...]:
    """What views and columns of a training set of so many rows show."""
    found = [finding for view in views for finding in of_view(view, rows)]
    found += [finding for column in columns for finding in of_column(column, rows, target, sample)]
    return worst_first(found)


def worst_first(found: Iterable[LeakFinding]) -> tuple[LeakFinding, ...]:
    """Findings by severity, otherwise in their order."""
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def of_view(view: ViewReport, rows: int) -> Iterator[LeakFinding]:
    """What a view shows."""
    later = view.written_later
    if later is not None and later.rows:
        changed = view.under_event_time.rows if view.under_event_time is not None else 0
        lead = span(later.largest_us or 0)
        severity: Severity = "error" if changed else "warning"
        yield FeatureWrittenLater(
            severity=severity, view=view.view, table=view.table, rows=later.rows, of=rows, changed=changed, lead=lead
        )
    if view.created_time is None:
        yield NoCreatedTime(view=view.view, table=view.table, means=_told_by(view))
    if rows and not view.served:
        yield NothingServed(view=view.view, rows=rows)
    if view.expired > _MOSTLY * (view.served + view.expired):
        yield _mostly_expired(view)


def _mostly_expired(view: ViewReport) -> LeakFinding:
    of = view.served + view.expired
    if view.valid_until is None:
        return MostlyExpired(view=view.view, rows=view.expired, of=of, ttl=span(view.ttl_us or 0))
    ttl = "" if view.ttl_us is None else f", or are older than its ttl of {span(view.ttl_us)}"
    return MostlyEnded(view=view.view, rows=view.expired, of=of, column=view.valid_until, ttl=ttl)


def _told_by(view: ViewReport) -> str:
    if view.known_at is None:
        return "values that were written later cannot be told from those that were there"
    return f"what was known at the time that was asked is told by the version alone, which is {view.version}"


def of_audit(view: ViewAudit, rows: int) -> Iterator[LeakFinding]:
    """What a view's columns in an outside frame show."""
    if view.from_the_future:
        lead = span(view.future_lead_us or 0)
        yield ValuesFromTheFuture(view=view.view, rows=view.from_the_future, of=rows, lead=lead)
    if view.not_yet_written:
        lead = span(view.written_lead_us or 0)
        yield ValuesNotYetWritten(view=view.view, rows=view.not_yet_written, of=rows, lead=lead)


def of_column(column: ColumnReport, rows: int, target: str | None, sample: int | None) -> Iterator[LeakFinding]:
    """What a column shows."""
    name = column.name
    if column.role in {"key", "time"}:
        return
    if rows and column.nulls == rows:
        yield AllNull(column=name, rows=rows)
    if column.constant:
        yield ConstantColumn(column=name, rows=rows - column.nulls)
    if column.role == "target":
        return
    why = _after_the_fact(column, rows - column.nulls)
    if why is not None:
        yield why
    if column.equals_target and target is not None:
        yield LabelInFeatures(column=name, target=target, rows=column.equal_rows)
    elif column.target_share is not None and column.target_share >= NEARLY and target is not None and sample:
        share = f"{column.target_share:.0%}".replace("%", " %")
        yield LabelNearlyDetermined(column=name, target=target, share=share, rows=sample)


def _after_the_fact(column: ColumnReport, known: int) -> ComputedAfterTheFact | None:
    """A column of the spine that is of later than its rows: for sure by its times, perhaps by its name."""
    if column.role != "spine":
        return None
    if column.after_time is not None and column.after_time > _MOSTLY * known:
        why = f"its times are later than the row's own in {column.after_time:,} of {known:,} rows"
        return ComputedAfterTheFact(column=column.name, why=why)
    words = [word for word in _WORD.findall(column.name) if word.lower() in _WORDS]
    if not words:
        return None
    return ComputedAfterTheFact(column=column.name, why=f"its name has the word {words[0]!r}", severity="advice")
