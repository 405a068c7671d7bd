"""Reports of training sets, by their numbers and their words."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from returns.result import Result

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSet, TrainingSetSpec
from foreset.adapters.polars.frames.results import PolarsResults
from foreset.adapters.polars.leakage.view_counts import side_by_side
from foreset.adapters.polars.matching.executor import PolarsExecutor
from foreset.application.leakage.report import LEAST_ROWS, SAMPLE_CELLS, SAMPLE_ROWS, sample_rows
from foreset.domain.errors.leakage import ReportColumnMissing
from foreset.domain.errors.retrieval import PlanError
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.facts import Facts
from foreset.domain.leakage.report import ColumnReport, Leads, LeakReport
from foreset.domain.planning.ages import span
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.planner import Selection, plan_for

HOUR = 3_600_000_000
ROWS = 60


def at(hours: float) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hours)


def spine(rows: int = ROWS) -> pl.DataFrame:
    """A row an hour, each of a key of its own; every third is late."""
    return pl.DataFrame(
        {
            "k": range(rows),
            "event_timestamp": [at(hour) for hour in range(rows)],
            "late": [hour % 3 == 0 for hour in range(rows)],
        }
    )


def leaky(rows: int = ROWS, *, share: int = 4) -> pl.DataFrame:
    """A value for each row of the spine, an hour before it; every fourth is mended two days later, by the outcome."""
    first = [(k, at(k - 1), at(k - 1), float(k % 2)) for k in range(rows)]
    mended = [(k, at(k - 1), at(k + 48), 10.0 + (k % 3 == 0)) for k in range(0, rows, share)]
    return pl.DataFrame([*first, *mended], schema=["k", "at", "made", "x"], orient="row")


def store(
    table: pl.DataFrame | None = None, *, created: str | None = "made", ttl: timedelta | None = None
) -> FeatureStore:
    found = FeatureStore.in_memory({"t": leaky() if table is None else table})
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "at", created), ["x"], ttl=ttl)
    found.register(EntitySpec("e", ["k"]), view).unwrap()
    return found


def built(found: FeatureStore, rows: pl.DataFrame | None = None, **asked: object) -> TrainingSet:
    spec = TrainingSetSpec(["v:x"], **asked)  # type: ignore[arg-type]  # what the test asks
    return found.training_set(spec, spine() if rows is None else rows).unwrap()


def column(report: LeakReport, name: str) -> ColumnReport:
    return next(found for found in report.columns if found.name == name)


def messages(report: LeakReport, kind: str) -> list[str]:
    return [found.message for found in report.findings if type(found).__name__ == kind]


# === Values that were written after the label ===


def test_features_written_after_the_label_are_counted_with_their_largest_lead() -> None:
    view = built(store()).report().unwrap().views[0]
    assert view.written_later == Leads(ROWS // 4, 48 * HOUR)
    assert view.under_event_time == Leads(ROWS // 4, 48 * HOUR)
    assert (view.served, view.without_match, view.expired) == (ROWS, 0, 0)


def test_the_finding_of_features_written_later_says_how_many_and_what_to_do() -> None:
    report = built(store()).report().unwrap()
    assert messages(report, "FeatureWrittenLater") == [
        (
            "15 of 60 rows hold values of v that were written to t after the row's own time, up to 2 d later; if only "
            "what was written by then counted, 15 of them would have other values. Next: ask for the training set with "
            '`known_at="event_time"`, which leaves such values out.'
        )
    ]
    assert report.worst == "error"


def test_an_honest_set_has_none_and_tells_what_it_left_out() -> None:
    report = built(store(), known_at="event_time").report().unwrap()
    view = report.views[0]
    assert view.written_later == Leads(0)
    assert view.under_event_time is None
    assert view.under_later_writes == Leads(ROWS // 4, 48 * HOUR)
    assert report.findings == ()


def test_values_that_were_written_again_as_they_were_change_no_row() -> None:
    again = leaky().with_columns(x=pl.lit(1.0))
    report = built(store(again)).report().unwrap()
    view = report.views[0]
    assert (view.written_later, view.under_event_time) == (Leads(ROWS // 4, 48 * HOUR), Leads(0))
    assert report.worst == "warning"


def test_a_set_known_at_a_time_is_held_against_the_newest_version(tmp_path: Path) -> None:
    found = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    found.tables.write(leaky().filter(pl.col("made") == pl.col("at")), "t").unwrap()
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])
    found.register(EntitySpec("e", ["k"]), view).unwrap()
    now = datetime.now(UTC)
    found.tables.write(leaky().filter(pl.col("made") != pl.col("at")), "t").unwrap()
    report = built(found, known_at=now).report().unwrap()
    told = report.views[0]
    assert (told.version, told.newest_version, told.under_later_writes) == (0, 1, Leads(ROWS // 4))
    assert messages(report, "NoCreatedTime") == [
        (
            "The rows of t do not say when they were written, as v is defined: what was known at the time that "
            "was asked is "
            "told by the version alone, which is 0. Next: keep the time of writing in a column of t, and name it as "
            "`created_timestamp_field` of its source."
        )
    ]


def test_a_set_without_created_times_says_so() -> None:
    report = built(store(created=None)).report().unwrap()
    assert (report.views[0].written_later, report.views[0].under_event_time) == (None, None)
    assert "values that were written later cannot be told" in messages(report, "NoCreatedTime")[0]


# === Ages and gaps ===


def test_ages_are_told_by_quantiles_and_a_histogram() -> None:
    ages = built(store(), known_at="event_time").report().unwrap().views[0]
    assert ages.ages is not None
    assert (ages.ages.least_us, ages.ages.mean_us, ages.ages.greatest_us) == (HOUR, HOUR, HOUR)
    assert {quantile.age_us for quantile in ages.quantiles} == {HOUR}
    assert sum(ages.ages.counts) == ROWS
    assert ages.ages.counts[4] == ROWS


def test_rows_that_only_the_ttl_left_without_a_value_are_expired() -> None:
    late = spine().with_columns(pl.col("event_timestamp") + timedelta(hours=5))
    strangers = late.with_columns(pl.col("k") + 50)
    report = built(store(ttl=timedelta(hours=2)), strangers).report().unwrap()
    view = report.views[0]
    assert (view.served, view.expired, view.without_match) == (0, 0, ROWS)
    assert messages(report, "NothingServed")[0].startswith("v serves none of 60 rows.")
    report = built(store(ttl=timedelta(hours=2)), late).report().unwrap()
    assert (report.views[0].served, report.views[0].expired) == (0, ROWS)
    assert messages(report, "MostlyExpired")[0].startswith(
        "60 of 60 rows have no value of v only because theirs is older than its ttl of 2 h."
    )


def test_the_receipt_has_the_cheap_counters_and_an_older_one_has_none() -> None:
    receipt = built(store(), known_at="event_time").receipt
    assert [(view.view, view.served, view.expired) for view in receipt.served] == [("v", ROWS, 0)]
    encoded = msgspec.json.decode(msgspec.json.encode(receipt))
    del encoded["served"]
    assert msgspec.convert(encoded, TrainingSetRetrieved).served == ()


def test_explain_tells_the_counters() -> None:
    told = built(store(ttl=timedelta(hours=2)), known_at="event_time").explain()
    assert "v: mean age of the values" in told
    assert "v: spine rows whose value expired" in told


def test_a_set_that_is_delivered_in_parts_is_reported_as_one_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = built(store(), known_at="event_time").report("late").unwrap()
    adapters = store().adapters
    run = PolarsExecutor(adapters.tables)
    found = FeatureStore(replace(adapters, results=PolarsResults(tmp_path), executor=run, engine=run))
    monkeypatch.setattr("foreset.application.training_sets.plan.plan_for", in_parts_of_seven)
    parted = built(found, known_at="event_time")
    assert [batch.height for batch in parted.batches()] == [7] * 8 + [4]
    report = parted.report("late").unwrap()
    assert report.views == whole.views
    uncounted = [msgspec.structs.replace(one, distinct=None) for one in whole.columns]
    assert list(report.columns) == uncounted


def in_parts_of_seven(
    spec: TrainingSetSpec, selections: tuple[Selection, ...], facts: Facts
) -> Result[RetrievalPlan, PlanError]:
    def parted(plan: RetrievalPlan) -> RetrievalPlan:
        assert plan.result.how is not None
        how = msgspec.structs.replace(plan.result.how, part_rows=7)
        return RetrievalPlan((*plan.nodes[:-1], msgspec.structs.replace(plan.result, how=how)))

    return plan_for(spec, selections, facts).map(parted)


def test_parts_of_several_plans_are_put_side_by_side() -> None:
    left, right = pl.DataFrame({"a": range(10)}), pl.DataFrame({"b": range(10)})
    told = [iter([left[:3], left[3:3], left[3:]]), iter([right[:4], right[4:9], right[9:]])]
    rows = list(side_by_side(told))
    assert [frame.height for frame in rows] == [3, 1, 5, 1]
    assert pl.concat(rows).equals(left.hstack(right))


# === Columns ===


def wide(**columns: Any) -> pl.DataFrame:  # what a Series takes
    return spine().with_columns(**{name: pl.Series(values) for name, values in columns.items()})


def test_a_column_that_is_the_label_is_an_error() -> None:
    report = built(store(), wide(copy=[int(k % 3 == 0) for k in range(ROWS)])).report("late").unwrap()
    assert messages(report, "LabelInFeatures") == [
        (
            "The column 'copy' equals the target 'late' in all 60 rows in which both are known. Next: leave "
            "'copy' out of "
            "the features."
        )
    ]


def test_a_column_that_is_the_label_says_in_how_many_rows_both_are_known() -> None:
    label = [k % 2 == 0 if k < 50 else None for k in range(ROWS)]
    copy = [k % 2 if k % 10 else None for k in range(1, ROWS + 1)]
    report = built(store(), wide(label=label, copy=copy)).report("label").unwrap()
    assert messages(report, "LabelInFeatures")[0].startswith(
        "The column 'copy' equals the target 'label' in all 45 rows in which both are known."
    )


def test_the_sample_is_of_rows_in_which_the_target_is_a_number() -> None:
    report = built(store(), wide(y=[float(k) if k < 50 else math.nan for k in range(ROWS)])).report("y").unwrap()
    assert report.sample_rows == 50


def test_a_column_that_nearly_tells_the_label_is_a_hint_by_mutual_information() -> None:
    told = [f"gate {k % 3}" for k in range(ROWS)]
    report = built(store(), wide(gate=told)).report("late").unwrap()
    late, other = 20 / 60, 40 / 60
    entropy = -late * math.log(late) - other * math.log(other)
    chance = (3 - 1) * (2 - 1) / (2 * ROWS)
    assert column(report, "gate").target_share == pytest.approx((entropy - chance) / entropy)
    assert report.sample_rows == ROWS
    assert "by a sample of 60 rows: a hint, not a proof." in messages(report, "LabelNearlyDetermined")[0]


def test_a_column_that_is_missing_where_the_label_is_tells_it() -> None:
    told = [None if k % 3 == 0 else float(k) for k in range(ROWS)]
    share = column(built(store(), wide(landed_by=told)).report("late").unwrap(), "landed_by").target_share
    assert share is not None
    assert share > 0.9


def test_columns_that_tell_nothing_are_no_hint() -> None:
    share = column(built(store(), wide(noise=[k % 2 for k in range(ROWS)])).report("late").unwrap(), "noise")
    assert share.target_share == 0.0


def test_a_target_of_amounts_is_told_by_amounts() -> None:
    amounts = [math.sin(k) for k in range(ROWS)]
    report = built(store(), wide(y=amounts, twice=[2 * value for value in amounts])).report("y").unwrap()
    share = column(report, "twice").target_share
    assert share is not None
    assert share > 0.9


@pytest.mark.parametrize("far", [math.inf, -math.inf, 1e308, 1e-308])
def test_amounts_without_bounds_are_compared(far: float) -> None:
    columns = wide(
        y=[far * (k % 7) if k else 1.0 for k in range(ROWS)], late_by=[far if k % 3 == 0 else -k for k in range(ROWS)]
    )
    for target in ("y", "late"):
        report = built(store(), columns).report(target).unwrap()
        assert all(found.target_share is not None for found in report.columns if found.role in {"spine", "feature"})
    share = column(report, "late_by").target_share
    assert share is not None
    assert share > 0.8


def test_columns_of_other_types_have_no_share() -> None:
    lists = pl.Series([[k] for k in range(ROWS)])
    report = built(store(), wide(parts=lists, raw=[b"a"] * ROWS, gone=[None] * ROWS)).report("late").unwrap()
    assert [column(report, name).target_share for name in ("parts", "raw", "gone")] == [None] * 3


def test_a_set_of_no_rows_is_reported() -> None:
    report = built(store(), spine().clear()).report("late").unwrap()
    view = report.views[0]
    assert (view.served, view.without_match, view.expired, view.ages, view.quantiles) == (0, 0, 0, None, ())
    assert (report.sample_rows, report.findings) == (0, ())


def test_a_newest_version_of_other_types_is_not_compared(tmp_path: Path) -> None:
    found = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    found.tables.write(leaky(), "t").unwrap()
    found.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])).unwrap()
    training_set = built(found, known_at=datetime.now(UTC))
    found.tables.write(
        leaky().with_columns(pl.col("x").cast(pl.String)), "t", mode="overwrite", schema_mode="overwrite"
    ).unwrap()
    view = training_set.report().unwrap().views[0]
    assert (view.newest_version, view.under_later_writes) == (None, None)


@pytest.mark.parametrize("name", ["<position>", "<event time>", "<created time>", "<at>", "<as asked> x"])
def test_features_of_any_name_are_reported(name: str) -> None:
    training_set = store().training_set(TrainingSetSpec([f"v:x as {name}"]), spine()).unwrap()
    told, plain = (made.report().unwrap().views[0] for made in (training_set, built(store())))
    assert told == msgspec.structs.replace(plain, features=(name,))


def test_constants_and_columns_of_nulls_are_named() -> None:
    report = built(store(), wide(same=[7] * ROWS, empty=pl.Series([None] * ROWS, dtype=pl.Int64))).report().unwrap()
    assert messages(report, "ConstantColumn")[0].startswith("The column 'same' has the same value in all 60 rows")
    assert messages(report, "AllNull") == [
        ("The column 'empty' is null in all 60 rows. Next: leave it out, or look at why nothing serves it.")
    ]
    assert (column(report, "same").constant, column(report, "same").distinct) == (True, 1)


@pytest.mark.parametrize(
    ("name", "values", "why", "severity"),
    [
        (
            "seen",
            [at(k + 1) for k in range(ROWS)],
            "its times are later than the row's own in 60 of 60 rows",
            "warning",
        ),
        ("arrivalDelay", list(range(ROWS)), "its name has the word 'arrival'", "advice"),
        ("speed_after", list(range(ROWS)), "its name has the word 'after'", "advice"),
    ],
)
def test_columns_of_the_spine_from_after_the_fact_are_named(
    name: str, values: list[object], why: str, severity: str
) -> None:
    report = built(store(), wide(**{name: values})).report("late").unwrap()
    assert [message for message in messages(report, "ComputedAfterTheFact") if why in message]
    assert {found.severity for found in report.findings if type(found).__name__ == "ComputedAfterTheFact"} == {severity}


def test_times_before_the_row_and_plain_names_are_no_finding() -> None:
    report = built(store(), wide(booked=[at(k - 5) for k in range(ROWS)], altitude=range(ROWS)), known_at="event_time")
    assert report.report("late").unwrap().findings == ()


def test_an_unknown_target_is_refused() -> None:
    training_set = built(store())
    columns = ("k", "event_timestamp", "late", "x")
    assert training_set.report("lat").failure() == ReportColumnMissing(
        id=training_set.id, column="lat", columns=columns
    )


def test_a_report_by_id_is_that_of_the_set_in_hand_and_records_nothing() -> None:
    found = store()
    training_set = built(found)
    events = found.log.events().unwrap()
    told = msgspec.structs.replace(found.training_sets.report(training_set.id, target="late").unwrap(), at=at(0))
    assert told == msgspec.structs.replace(training_set.report("late").unwrap(), at=at(0))
    assert found.log.events().unwrap() == events


def test_spans_are_told_in_two_units() -> None:
    assert [span(us) for us in (1, HOUR, 25 * HOUR, 400 * 24 * HOUR)] == ["0.001 ms", "1 h", "1 d 1 h", "400 d"]


# === Wide sets ===


@pytest.mark.parametrize("target", [None, "late", "nothing"])
@pytest.mark.parametrize(("rows", "wide"), [(60, 100), (5, 3), (0, 2)])
def test_a_report_says_how_far_it_is_after_each_view_and_each_column(rows: int, wide: int, target: str | None) -> None:
    names = [f"f{number}" for number in range(wide)]
    table = pl.DataFrame({"k": range(60), "at": [at(-1)] * 60, **{name: range(60) for name in names}})
    found = FeatureStore.in_memory({"t": table})
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), names)
    found.register(EntitySpec("e", ["k"]), view).unwrap()
    labels = spine(60).head(rows).with_columns(nothing=pl.lit(None, pl.Float64))
    told: list[tuple[int, int]] = []
    made = found.training_set(TrainingSetSpec(["v:*"]), labels).unwrap()
    made.report(target, progress=lambda done, every: told.append((done, every))).unwrap()
    steps = 1 if target is None else 1 + wide + 1  # the view; the features, and the other column of the spine
    assert told == [(done, steps) for done in range(1, steps + 1)]


@pytest.mark.parametrize("columns", [0, 1, 20, 1_000, 4_000, 60_000])
def test_wide_sets_are_looked_at_in_fewer_rows_so_that_the_work_has_a_bound(columns: int) -> None:
    assert LEAST_ROWS <= sample_rows(columns) <= SAMPLE_ROWS
    assert columns * sample_rows(columns) <= max(SAMPLE_CELLS, columns * LEAST_ROWS)
