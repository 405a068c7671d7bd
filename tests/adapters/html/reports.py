"""Reports, receipts and lineage for the tests of the page."""

from datetime import UTC, datetime
from typing import Any, Final

from foreset.adapters.html.page import Place, page
from foreset.domain.event_log.lineage import Lineage, lineage_of
from foreset.domain.event_log.receipts import Recorded, TrainingSetRetrieved
from foreset.domain.leakage.findings import AllNull, ConstantColumn, FeatureWrittenLater, LabelInFeatures
from foreset.domain.leakage.report import ColumnReport, Leads, LeakReport, ViewReport
from foreset.domain.planning.ages import QUANTILES, AgeQuantile, Ages
from tests.domain.happenings import LOG

DAY: Final = 86_400_000_000
AGES: Final = Ages(
    rows=800, least_us=0, greatest_us=41 * DAY, mean_us=2 * DAY, counts=(0, 0, 1, 0, 99, 200, 400, 0, 100, 0, 0, 0)
)
WHOLE: Final = lineage_of(LOG)
LONG: Final = "transactions_of_the_last_ninety_days_by_merchant_category_and_country_and_currency"


def view(name: str = "stats", **fields: Any) -> ViewReport:
    usual: dict[str, Any] = {
        "view": name,
        "table": "trips",
        "version": 7,
        "event_time": "at",
        "created_time": "written",
        "ttl_us": 2 * DAY,
        "known_at": None,
        "features": ("rate", "trips"),
        "served": 800,
        "without_match": 150,
        "expired": 50,
        "ties": 12,
        "ages": AGES,
        "quantiles": tuple(AgeQuantile(share, int(41 * DAY * share)) for share in QUANTILES),
        "written_later": Leads(12, 5 * DAY),
        "under_event_time": Leads(11, 5 * DAY),
    }
    return ViewReport(**{**usual, **fields})


COLUMNS: Final = (
    ColumnReport(name="driver_id", dtype="int32", role="key", distinct=42),
    ColumnReport(name="event_timestamp", dtype="timestamp[ns]", role="time", distinct=900),
    ColumnReport(name="label", dtype="bool", role="target", distinct=2),
    ColumnReport(name="outcome", dtype="bool", role="spine", distinct=2, equals_target=True, after_time=7),
    ColumnReport(name="rate", dtype="float64", role="feature", view="stats", nulls=200, target_share=0.031),
    ColumnReport(name="source", dtype="string", role="feature", view="stats", nulls=1_000, constant=True),
)
FINDINGS: Final = (
    FeatureWrittenLater(view="stats", table="trips", rows=12, of=1_000, changed=11, lead="5 d"),
    LabelInFeatures(column="outcome", target="label", rows=1_000),
    AllNull(column="source", rows=1_000),
    ConstantColumn(column="source", rows=1_000),
)


def report(**fields: Any) -> LeakReport:
    usual: dict[str, Any] = {
        "id": "ts-aa1",
        "at": datetime(2026, 11, 24, 13, 5, tzinfo=UTC),
        "rows": 1_000,
        "time": "event_timestamp",
        "target": "label",
        "views": (view(),),
        "columns": COLUMNS,
        "findings": FINDINGS,
        "sample_rows": 1_000,
    }
    return LeakReport(**{**usual, **fields})


def receipt() -> TrainingSetRetrieved:
    return next(r.event for r in LOG if isinstance(r.event, TrainingSetRetrieved) and r.event.id == "ts-aa1")


def around(lineage: Lineage = WHOLE) -> Lineage:
    return lineage.around(lineage.find("ts-aa1"))


def html(
    told: LeakReport | None = None,
    of: TrainingSetRetrieved | None = None,
    lineage: Lineage | None = None,
    place: Place = Place("/home/ann/feature_repo", "/data/lake"),  # noqa: B008  # frozen
    more: tuple[Recorded, ...] = (),
) -> str:
    own = [r for r in (*LOG, *more) if getattr(r.event, "id", None) == "ts-aa1"]
    return page(told or report(), of or receipt(), own, lineage or around(), place)
