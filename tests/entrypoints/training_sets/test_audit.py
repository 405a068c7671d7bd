"""Frames that were made without Foreset, held against the training set of their rows."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from foreset import DeltaSource, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.polars.frames.results import PolarsResults
from foreset.adapters.polars.leakage.comparing import comparable
from foreset.adapters.polars.matching.executor import PolarsExecutor
from foreset.domain.errors.leakage import AuditRowsDiffer, AuditTypeMismatch, NoFeaturesToAudit
from tests.entrypoints.training_sets.test_report import HOUR, ROWS, at, built, in_parts_of_seven, leaky, spine, store


def careless() -> pl.DataFrame:
    """What a join by key alone gives: the last row of each key."""
    last = leaky().unique("k", keep="last", maintain_order=True).select("k", "x")
    return spine().join(last, on="k", how="left", maintain_order="left")


def test_values_written_later_are_found_in_a_careless_join() -> None:
    audit = store().training_sets.audit(careless(), TrainingSetSpec(["v:x"], known_at="event_time")).unwrap()
    view = audit.views[0]
    assert (view.same, view.not_yet_written, view.from_the_future) == (45, 15, 0)
    assert view.written_lead_us == 48 * HOUR
    assert (audit.differ, audit.not_yet_written) == (15, 15)
    assert [found.message for found in audit.findings] == [
        (
            "15 of 60 rows hold values of v that were written after the row's own time, by up to 2 d, though "
            "their event "
            "time is before it. Next: train on the training set instead: a model in service would not have had "
            "them yet."
        )
    ]


def test_values_of_the_future_are_found_in_a_join_with_pandas() -> None:
    early = spine().with_columns(pl.col("event_timestamp") - timedelta(hours=3)).to_pandas()
    frame = early.merge(leaky().unique("k", keep="first").select("k", "x").to_pandas(), on="k", how="left")
    audit = store().training_sets.audit(frame, TrainingSetSpec(["v:x"]), spine=early).unwrap()
    assert (audit.views[0].from_the_future, audit.views[0].future_lead_us) == (ROWS, 2 * HOUR)
    assert (audit.columns[0].filled, audit.columns[0].other) == (ROWS, 0)


def test_of_several_rows_by_then_the_first_that_was_written_is_the_lead() -> None:
    table = pl.DataFrame(
        [(1, at(0), at(9), 5.0), (1, at(1), at(7), 5.0), (1, at(9), at(9), 5.0)],
        schema=["k", "at", "made", "x"],
        orient="row",
    )
    frame = pl.DataFrame({"k": [1], "event_timestamp": [at(3)], "x": [5.0]})
    audit = store(table).training_sets.audit(frame, TrainingSetSpec(["v:x"], known_at="event_time")).unwrap()
    assert (audit.views[0].not_yet_written, audit.views[0].written_lead_us) == (1, 4 * HOUR)


@pytest.mark.parametrize(
    ("frame", "given", "error"),
    [
        (spine(), None, NoFeaturesToAudit(features=("x",), columns=("k", "event_timestamp", "late"))),
        (
            careless(),
            spine(59),
            AuditRowsDiffer(frame_rows=60, spine_rows=59, problem="it has another number of rows"),
        ),
        (
            careless().reverse(),
            spine(),
            AuditRowsDiffer(frame_rows=60, spine_rows=60, problem="row 0 has another 'k'"),
        ),
        (
            careless().with_columns(pl.col("k").cast(pl.String)),
            spine(),
            AuditRowsDiffer(frame_rows=60, spine_rows=60, problem="its 'k' is string, and not int64"),
        ),
        (
            careless().with_columns(pl.col("x").cast(pl.String)),
            None,
            AuditTypeMismatch(column="x", dtype="string", served="float64"),
        ),
    ],
)
def test_frames_that_cannot_be_audited_are_refused(
    frame: pl.DataFrame, given: pl.DataFrame | None, error: object
) -> None:
    assert store().training_sets.audit(frame, TrainingSetSpec(["v:x"]), spine=given).failure() == error


def test_an_audit_beside_a_set_that_is_delivered_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapters = store().adapters
    run = PolarsExecutor(adapters.tables)
    found = FeatureStore(replace(adapters, results=PolarsResults(tmp_path), executor=run, engine=run))
    monkeypatch.setattr("foreset.application.training_sets.plan.plan_for", in_parts_of_seven)
    training_set = built(found, known_at="event_time")
    assert len(list(training_set.batches())) > 1
    audit = training_set.audit(careless()).unwrap()
    assert (audit.views[0].same, audit.views[0].not_yet_written) == (45, 15)


def decimals(*digits: str, scale: int) -> pl.Series:
    return pl.Series([Decimal(number) for number in digits], dtype=pl.Decimal(20, scale))


NEARLY_ONE = 1 - 2**-26  # is 1 in 32 bits


@pytest.mark.parametrize(
    ("served", "given", "same"),
    [
        (decimals("2.50", "2.00", scale=2), pl.Series([2, 2]), [False, True]),
        (decimals("2.50", "100.00", scale=2), decimals("2.9", "100", scale=1), [False, True]),
        (decimals("1", "0", scale=0), pl.Series([True, True]), [True, False]),
        (decimals("2.50", "2.00", scale=2), pl.Series([2.5, 2.5]), [True, False]),
        (pl.Series([0.1, 0.2], dtype=pl.Float32), pl.Series([0.1, 0.3]), [True, False]),
        (pl.Series([0.1, 0.2]), pl.Series([0.1, 0.3], dtype=pl.Float32), [True, False]),
        (pl.Series([1, 2**24 + 1]), pl.Series([1.0, 2**24], dtype=pl.Float32), [True, False]),
        (pl.Series([1.0, NEARLY_ONE]), pl.Series([1, 1]), [True, False]),
    ],
)
def test_numbers_of_different_types_are_compared_by_what_they_mean(
    served: pl.Series, given: pl.Series, same: list[bool]
) -> None:
    times = {"k": [0, 1], "at": [at(0), at(0)], "made": [at(0), at(0)]}
    frame = pl.DataFrame({"k": [0, 1], "event_timestamp": [at(1), at(1)], "x": given})
    audit = store(pl.DataFrame({**times, "x": served})).training_sets.audit(frame, TrainingSetSpec(["v:x"])).unwrap()
    assert (audit.views[0].same, audit.views[0].unexplained) == (sum(same), 2 - sum(same))


def test_lengths_of_time_are_compared_in_any_unit() -> None:
    longest = pl.Series([2**62, 1], dtype=pl.Duration("us"))
    pair = comparable(longest, pl.Series([0, 1000], dtype=pl.Duration("ns")))
    assert pair is not None
    assert (pair[0] == pair[1]).to_list() == [False, True]


def test_lists_of_a_view_without_entities_are_compared() -> None:
    table = pl.DataFrame({"at": [at(0)], "x": [[1, 2]]})
    found = FeatureStore.in_memory({"t": table})
    found.register(FeatureViewSpec("v", [], DeltaSource("t", "at"), ["x"])).unwrap()
    frame = pl.DataFrame({"event_timestamp": [at(1), at(2)], "x": [[1, 2], [9]]})
    view = found.training_sets.audit(frame, TrainingSetSpec(["v:x"])).unwrap().views[0]
    assert (view.same, view.unexplained) == (1, 1)
