"""The page of a training set: one file that needs no network, no script and no other file."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from foreset.adapters.html.charts import bar, stacked_bar
from foreset.adapters.html.lineage_drawing import drawing
from foreset.domain.event_log.lineage import Lineage
from foreset.domain.event_log.lineage_text import as_text
from foreset.domain.event_log.pins import TrainingSetPinned, TrainingSetUnpinned
from foreset.domain.event_log.receipts import Recorded, TrainingSetRebuilt, TrainingSetRetrieved
from foreset.domain.leakage.report import Leads, LeakReport, ViewReport
from foreset.domain.planning.ages import AGE_EDGES_US, Ages, span
from foreset.domain.planning.explain import instant, size
from foreset.domain.safe_text.addresses import redacted
from foreset.domain.safe_text.escaping import escaped
from foreset.domain.table_health.findings import SEVERITIES

_HIGHEST: Final = 0.995  # above this a share is not yet all


@dataclass(frozen=True)
class Place:
    """Where a training set can be rebuilt: the store, and the folder of its tables where that is known."""

    store: str
    data_dir: str | None = None


def page(
    report: LeakReport, receipt: TrainingSetRetrieved, own: Sequence[Recorded], lineage: Lineage, place: Place
) -> str:
    """The page. `own` are the events of the training set, `lineage` is what is around it."""
    template = _environment().get_template("page.html")
    return template.render(
        report=report,
        receipt=receipt,
        counted=_counted(report),
        built=[told for told in own if isinstance(told.event, TrainingSetRetrieved)],
        rebuilt=[told for told in own if isinstance(told.event, TrainingSetRebuilt)],
        pin=_pin(own),
        drawing=drawing(lineage),
        lineage=as_text(lineage),
        plan=receipt.plan.explain(),
        command=_command(receipt, place),
        call=_call(receipt, place),
        **_WORDS,
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("foreset.adapters.html", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_public,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _public(value: object) -> object:
    """What is put into the page: texts without credentials, and without what a browser acts on unseen."""
    if not isinstance(value, str):
        return value
    public = escaped(redacted(str(value)), lines=True)
    return Markup(public) if isinstance(value, Markup) else public  # noqa: S704  # it was markup before


def _pin(own: Sequence[Recorded]) -> TrainingSetPinned | None:
    """The pin that the training set has now."""
    pins = [told.event for told in own if isinstance(told.event, (TrainingSetPinned, TrainingSetUnpinned))]
    return pins[-1] if pins and isinstance(pins[-1], TrainingSetPinned) else None


# === Words and numbers ===


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def share(part: int, whole: int) -> str:
    """A part of a whole in percent, never rounded to none or all.

    >>> share(0, 9), share(1, 3), share(1, 10**6), share(999_999, 10**6), share(9, 9), share(0, 0)
    ('0 %', '33 %', '<1 %', '>99 %', '100 %', '0 %')
    """
    if part in {0, whole}:
        return "100 %" if part else "0 %"
    of_it = part / whole
    if of_it < 1 - _HIGHEST:
        return "<1 %"
    return ">99 %" if of_it >= _HIGHEST else f"{of_it * 100:.0f} %"


def prose(text: str) -> Markup:
    """A sentence whose parts between backticks are code.

    >>> str(prose("use `a < b` here"))
    'use <code>a &lt; b</code> here'
    """
    code = Markup("<code>{}</code>").format
    return Markup().join(code(part) if number % 2 else part for number, part in enumerate(text.split("`")))


def _lead(leads: Leads | None, rows: int) -> str:
    if leads is None:
        return "not told"
    most = "" if leads.largest_us is None or not leads.rows else f", up to {span(leads.largest_us)}"
    return f"{leads.rows:,} rows ({share(leads.rows, rows)}){most}"


def _known_at(known_at: object) -> str:
    """What counts as known, for people; several conditions hold together."""
    if known_at is None:
        return "all that its version holds"
    if isinstance(known_at, int):
        return f"what was written by {instant(known_at)}"
    if isinstance(known_at, str):
        return "what was written by each row's own time"
    parts = [_known_at(part) for part in known_at] if isinstance(known_at, (list, tuple)) else [str(known_at)]
    return ", and ".join(parts)


def _counted(report: LeakReport) -> list[tuple[str, int]]:
    """How many findings there are of each severity, the worst first."""
    counts = [(severity, sum(found.severity == severity for found in report.findings)) for severity in SEVERITIES]
    return [(severity, count) for severity, count in counts if count]


# === Charts ===


def _served_bar(view: ViewReport) -> Any:
    alt = f"{view.served:,} rows served, {view.expired:,} expired, {view.without_match:,} without a match"
    parts = [("served", view.served), ("expired", view.expired), ("without", view.without_match)]
    return stacked_bar(parts, alt)


def histogram(ages: Ages) -> list[tuple[str, int, float]]:
    """The bars from the first that has rows to the last: what ages it holds, its rows, its length from 0 to 1."""
    filled = [number for number, count in enumerate(ages.counts) if count]
    most = max(ages.counts)
    return [
        (_bucket(number), ages.counts[number], ages.counts[number] / most)
        for number in range(min(filled), max(filled) + 1)
    ]


def _bucket(number: int) -> str:
    least = span(AGE_EDGES_US[number])
    beyond = number + 1 == len(AGE_EDGES_US)
    return f"{least} or more" if beyond else f"{least} to {span(AGE_EDGES_US[number + 1])}"


# === Rebuilding ===


def _command(receipt: TrainingSetRetrieved, place: Place) -> str:
    options = ["--store", place.store, *(["--data-dir", place.data_dir] if place.data_dir else [])]
    needed = ["--spine", "SPINE"] if _needs_spine(receipt) else []
    return shlex.join(["foreset", *options, "rebuild", receipt.id, *needed, "-o", f"{receipt.id}.parquet"])


def _call(receipt: TrainingSetRetrieved, place: Place) -> str:
    return "\n".join(_lines(receipt, place))


def _lines(receipt: TrainingSetRetrieved, place: Place) -> Iterator[str]:
    data_dir = f", data_dir={place.data_dir!r}" if place.data_dir else ""
    spine = ", spine=spine" if _needs_spine(receipt) else ""
    yield "from foreset import FeatureStore"
    yield ""
    yield f"store = FeatureStore.open({place.store!r}{data_dir}).unwrap()"
    yield f"frame = store.rebuild({receipt.id!r}{spine}).unwrap().frame"


def _needs_spine(receipt: TrainingSetRetrieved) -> bool:
    return not receipt.spine.kept and receipt.spine.reference is None


_WORDS: Final[dict[str, Any]] = {
    "bar": bar,
    "count": "{:,}".format,
    "histogram": histogram,
    "known_at": _known_at,
    "lead": _lead,
    "moment": _moment,
    "prose": prose,
    "served_bar": _served_bar,
    "share": share,
    "size": size,
    "span": span,
}
"""What the template calls."""
