"""What a training set, or a frame held against one, tells of leaks and gaps."""

from foreset.domain.finding import Finding, Severity


class FeatureWrittenLater(Finding, frozen=True, kw_only=True):
    """Rows served by values that were written after the row's own time; a warning where they change nothing."""

    severity: Severity = "error"
    view: str
    table: str
    rows: int
    of: int
    changed: int
    lead: str
    says = (
        "{rows:,} of {of:,} rows hold values of {view} that were written to {table} after the row's own time, up to "
        "{lead} later; if only what was written by then counted, {changed:,} of them would have other values."
    )
    then = 'ask for the training set with `known_at="event_time"`, which leaves such values out.'


class ValuesFromTheFuture(Finding, frozen=True, kw_only=True):
    """Rows of an outside frame that hold values of later event times."""

    severity: Severity = "error"
    view: str
    rows: int
    of: int
    lead: str
    says = (
        "{rows:,} of {of:,} rows hold values of {view} that no row of their key had by then: their event time is after "
        "the row's own time, by up to {lead}."
    )
    then = "train on the training set instead: what a model learns from these values is not there when it predicts."


class ValuesNotYetWritten(Finding, frozen=True, kw_only=True):
    """Rows of an outside frame that hold values which were written later."""

    severity: Severity = "error"
    view: str
    rows: int
    of: int
    lead: str
    says = (
        "{rows:,} of {of:,} rows hold values of {view} that were written after the row's own time, by up to {lead}, "
        "though their event time is before it."
    )
    then = "train on the training set instead: a model in service would not have had them yet."


class LabelInFeatures(Finding, frozen=True, kw_only=True):
    """A column that is the target."""

    severity: Severity = "error"
    column: str
    target: str
    rows: int
    says = "The column {column!r} equals the target {target!r} in all {rows:,} rows in which both are known."
    then = "leave {column!r} out of the features."


class ComputedAfterTheFact(Finding, frozen=True, kw_only=True):
    """A column of the spine that was known only after the row's time, by its own times or by its name."""

    severity: Severity = "warning"
    column: str
    why: str
    says = "The column {column!r} of the spine looks as if it was known only after the row's time: {why}."
    then = "keep {column!r} out of the features, unless you know that it was there by then."


class LabelNearlyDetermined(Finding, frozen=True, kw_only=True):
    """A column that tells nearly all of the target; a hint."""

    severity: Severity = "warning"
    column: str
    target: str
    share: str
    rows: int
    says = (
        "The column {column!r} alone takes away {share} of the uncertainty of the target {target!r}, by a sample of "
        "{rows:,} rows: a hint, not a proof."
    )
    then = "look at what {column!r} is made from; a value that is made from the outcome must not be a feature."


class NoCreatedTime(Finding, frozen=True, kw_only=True):
    """A view whose rows do not say when they were written."""

    severity: Severity = "warning"
    view: str
    table: str
    means: str
    says = "The rows of {table} do not say when they were written, as {view} is defined: {means}."
    then = "keep the time of writing in a column of {table}, and name it as `created_timestamp_field` of its source."


class NothingServed(Finding, frozen=True, kw_only=True):
    """A view that gives no row a value."""

    severity: Severity = "warning"
    view: str
    rows: int
    says = "{view} serves none of {rows:,} rows."
    then = "compare its keys and its event times with the spine's: see `foreset plan`."


class MostlyExpired(Finding, frozen=True, kw_only=True):
    """A view whose ttl keeps values from most of the rows that have one."""

    severity: Severity = "warning"
    view: str
    rows: int
    of: int
    ttl: str
    says = "{rows:,} of {of:,} rows have no value of {view} only because theirs is older than its ttl of {ttl}."
    then = "look at how often the table is written; register the view with a longer ttl if older values are good."


class MostlyEnded(Finding, frozen=True, kw_only=True):
    """A view whose rows have ended for most of the rows that have one."""

    severity: Severity = "warning"
    view: str
    rows: int
    of: int
    column: str
    ttl: str = ""
    says = (
        "{rows:,} of {of:,} rows have no value of {view} only because theirs have ended "
        "(valid_until_field {column!r}){ttl}."
    )
    then = "look at the ends of validity in the table; null says that a row has none, and the end itself is exclusive."


class AllNull(Finding, frozen=True, kw_only=True):
    """A column without values."""

    severity: Severity = "warning"
    column: str
    rows: int
    says = "The column {column!r} is null in all {rows:,} rows."
    then = "leave it out, or look at why nothing serves it."


class ConstantColumn(Finding, frozen=True, kw_only=True):
    """A column of one value."""

    severity: Severity = "advice"
    column: str
    rows: int
    says = "The column {column!r} has the same value in all {rows:,} rows in which it is known."
    then = "leave it out: a model learns nothing from it."


LeakFinding = (
    FeatureWrittenLater
    | ValuesFromTheFuture
    | ValuesNotYetWritten
    | LabelInFeatures
    | ComputedAfterTheFact
    | LabelNearlyDetermined
    | NoCreatedTime
    | NothingServed
    | MostlyExpired
    | MostlyEnded
    | AllNull
    | ConstantColumn
)
"""What a leak report finds."""
