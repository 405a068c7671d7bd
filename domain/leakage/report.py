"""What a training set, or a frame that was made without Foreset, tells of leaks, ages and gaps."""

from datetime import datetime
from typing import Literal

import msgspec

from foreset.domain.finding import counted_findings, findings_card
from foreset.domain.leakage.findings import LeakFinding
from foreset.domain.planning.ages import AgeQuantile, Ages
from foreset.domain.safe_text.notebooks import card
from foreset.domain.table_health.findings import Severity

Role = Literal["key", "time", "target", "spine", "feature"]
"""What a column is for: a join key, the spine's time, the target, anything else of the spine, or a feature."""


class Leads(msgspec.Struct, frozen=True):
    """Rows that hold, or would hold, what was not yet known, and how far ahead the farthest of them was.

    `largest_us` is in microseconds; None where there is no such row, or no created time to tell by.
    """

    rows: int
    largest_us: int | None = None


class ViewReport(msgspec.Struct, frozen=True, kw_only=True):
    """A view in a training set. `served`, `without_match` and `expired` add up to the rows of the set.

    `event_time` and `created_time` are columns of the table; None where the view has no created time. `ttl_us`,
    `known_at` and `closed` are those of `Match`; `valid_until` is the column with the end of validity. `expired` rows
    had a row that only its age or its end kept from serving. `ties` are those of `ViewServed`. `ages` is None, and
    `quantiles` empty, where nothing was served.

    written_later         rows served by a value whose created time is after the row's own time; None without one
    under_event_time      rows whose features `known_at="event_time"` would have served otherwise, and the largest
                          lead of those served now; None where the set was asked so, or there is no created time
    under_later_writes    rows whose features would have been others if later writes were allowed: under no `known_at`
                          at the version read, and for a fixed `known_at` at the newest version; None for a set that
                          allows them
    newest_version        the version that `under_later_writes` looked at
    """

    view: str
    table: str
    version: int
    event_time: str
    created_time: str | None
    ttl_us: int | None
    known_at: int | str | tuple[int, str] | None
    features: tuple[str, ...]
    served: int
    without_match: int
    expired: int
    ties: int
    ages: Ages | None = None
    quantiles: tuple[AgeQuantile, ...] = ()
    written_later: Leads | None = None
    under_event_time: Leads | None = None
    under_later_writes: Leads | None = None
    newest_version: int | None = None
    valid_until: str | None = None
    closed: Literal["right", "left"] = "right"


class ViewCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted of a view's rows: the fields of `ViewReport` that the plan does not say."""

    served: int
    expired: int
    ages: Ages | None
    quantiles: tuple[AgeQuantile, ...]
    written_later: Leads | None
    under_event_time: Leads | None
    under_later_writes: Leads | None


class ColumnReport(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a training set. `view` is None for the spine's.

    `constant`: it has values, and they are all the same, nulls left out. `distinct` counts different values, nulls left
    out; None where they were not counted. `equals_target`: it has the target's value wherever both are known, which is
    in `equal_rows`.
    `target_share` is how much of the target's uncertainty it takes away, from 0 to 1, on the sampled rows: a hint.
    None where it was not looked at. `after_time` counts rows of a time column that are later than the spine's time.
    """

    name: str
    dtype: str
    role: Role
    view: str | None = None
    nulls: int = 0
    constant: bool = False
    distinct: int | None = None
    equals_target: bool = False
    equal_rows: int = 0
    target_share: float | None = None
    after_time: int | None = None


class LeakReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a training set tells of itself. The findings stand worst first.

    `time` is the spine's time column. `sample_rows` is how many rows the columns' `target_share` rests on, None where
    no target was named.
    """

    id: str
    at: datetime
    rows: int
    time: str
    target: str | None
    views: tuple[ViewReport, ...]
    columns: tuple[ColumnReport, ...]
    findings: tuple[LeakFinding, ...] = ()
    sample_rows: int | None = None

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding, None where there is none."""
        return self.findings[0].severity if self.findings else None

    def __repr__(self) -> str:
        """The set, and how many findings there are."""
        return f"LeakReport({self.id}, {self.rows:,} rows, {counted_findings(self.findings)})"

    def _repr_html_(self) -> str:
        """The same for notebooks, with the findings."""
        return card(
            repr(self),
            columns=("view", "served", "without match", "expired", "ties", "written later"),
            rows=[
                (
                    v.view,
                    v.served,
                    v.without_match,
                    v.expired,
                    v.ties,
                    "" if v.written_later is None else v.written_later.rows,
                )
                for v in self.views
            ],
            body=findings_card(self.findings),
        )


class ViewAudit(msgspec.Struct, frozen=True, kw_only=True):
    """A view's columns in an outside frame, row by row, beside what serves. The six counts add up to the rows.

    same             all of the view's features are what serves
    from_the_future  they are not, and no row by then had them: the key has a row with them, of a later event time
    not_yet_written  the same, of an event time by then that was written later
    out_of_date      a row that was known by then has them, and it is not the one that serves
    empty            all of them are null, and something serves
    unexplained      no row of the key has them

    `lead` is the largest by which such values were ahead of their row: of event times for `from_the_future`, of created
    times for `not_yet_written`; in microseconds, None where there is none.
    """

    view: str
    features: tuple[str, ...]
    same: int
    from_the_future: int
    not_yet_written: int
    out_of_date: int
    empty: int
    unexplained: int
    future_lead_us: int | None = None
    written_lead_us: int | None = None


class ColumnAudit(msgspec.Struct, frozen=True, kw_only=True):
    """A feature in an outside frame: rows that differ from what serves, and how they do.

    `filled` rows have a value where nothing serves, `missing` rows have none where something serves, and `other` rows
    have another one.
    """

    name: str
    view: str
    differ: int
    filled: int
    missing: int
    other: int


class FrameAudit(msgspec.Struct, frozen=True, kw_only=True):
    """An outside frame held against the training set `id` of the same spec and spine. Findings stand worst first.

    `differ`, `from_the_future` and `not_yet_written` count rows where any view's features are so. `absent` are features
    that the frame has not; `unknown` are columns of it that the training set has not.
    """

    id: str
    at: datetime
    rows: int
    time: str
    differ: int
    from_the_future: int
    not_yet_written: int
    views: tuple[ViewAudit, ...]
    columns: tuple[ColumnAudit, ...]
    absent: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    findings: tuple[LeakFinding, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding, None where there is none."""
        return self.findings[0].severity if self.findings else None

    def __repr__(self) -> str:
        """The set that it was compared with, and how many rows differ."""
        return f"FrameAudit({self.id}, {self.differ:,} of {self.rows:,} rows differ, {counted_findings(self.findings)})"

    def _repr_html_(self) -> str:
        """The same for notebooks, with the findings."""
        return card(
            repr(self),
            columns=("view", "same", "from the future", "not yet written"),
            rows=[(v.view, v.same, v.from_the_future, v.not_yet_written) for v in self.views],
            body=findings_card(self.findings),
        )
