"""A report counts what naive Python counts, row by row, on random retrievals."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings

from foreset import FeatureStore
from foreset.adapters.memory import MemoryClock, MemoryExecutor, MemoryTables
from foreset.adapters.memory.executor import comparable, labels_of, rows_of, terms_of
from foreset.adapters.polars.matching.executor import PolarsExecutor
from foreset.adapters.shared.frames.arrow_types import polars_dtype
from foreset.application.ports.engine import PlanExecutor
from foreset.domain.leakage.report import Leads, ViewReport
from foreset.domain.planning.ages import AGE_EDGES_US, QUANTILES
from foreset.domain.planning.nodes import Gather, Match
from foreset.domain.planning.point_in_time import Label, Row, Terms, expired, serving_row
from tests.laws.cases import Case, cases

few = settings(max_examples=25 if settings().max_examples <= 100 else 1_000)


def store_of(case: Case, engine: str) -> FeatureStore:
    """A store whose tables are older than all that is asked."""
    tables = MemoryTables(case.tables, clock=MemoryClock(datetime(2000, 1, 1, tzinfo=UTC)))
    run: PlanExecutor = PolarsExecutor(tables) if engine == "polars" else MemoryExecutor(tables)
    store = FeatureStore(replace(FeatureStore.in_memory().adapters, tables=tables, executor=run, engine=run))
    store.register(*case.specs).unwrap()
    return store


class Naive:
    """What serves the rows of a spine under other terms too, by the law alone."""

    def __init__(self, gather: Gather, match: Match, spine: pl.DataFrame, table: pl.DataFrame) -> None:
        self.labels: list[Label] = labels_of(match, spine, "at")
        self.rows: list[Row] = rows_of(match, table)
        self.terms: Terms = terms_of(match)
        served = [table[out.source].cast(polars_dtype(out.dtype)).alias(out.name) for out in gather.columns]
        self.values: list[object] = [*comparable(pl.DataFrame(served)), comparable(pl.DataFrame(served).clear(1))[0]]

    def serving(self, terms: Terms) -> list[int]:
        """The row that serves each label, -1 where none does."""
        found = [serving_row(label, self.rows, terms) for label in self.labels]
        return [-1 if row is None else row for row in found]

    def leads(self, served: Sequence[int], chosen: Sequence[bool], known_by: Sequence[int]) -> Leads:
        """The chosen labels, and how long after `known_by` the values that serve them were written, at the most."""
        picked = zip(served, chosen, known_by, strict=True)
        created = [(self.rows[row].created_time, by) for row, take, by in picked if take and row >= 0]
        ahead = [(at - by) // 1_000 for at, by in created if at is not None and (at - by) // 1_000 > 0]
        return Leads(sum(chosen), max(ahead, default=None))

    def later(self, served: Sequence[int]) -> list[bool]:
        """Whether the values that serve were written after their labels."""
        times = [self.rows[row].created_time if row >= 0 else None for row in served]
        return [at is not None and at > label.time for at, label in zip(times, self.labels, strict=True)]

    def differ(self, left: Sequence[int], right: Sequence[int]) -> list[bool]:
        """Whether other values serve."""
        return [self.values[one] != self.values[other] for one, other in zip(left, right, strict=True)]


def check(view: ViewReport, naive: Naive, match: Match) -> None:
    served = naive.serving(naive.terms)
    known = [(label, naive.rows[row]) for label, row in zip(naive.labels, served, strict=True) if row >= 0]
    ages = sorted((label.time - (row.event_time or 0)) // 1_000 for label, row in known)
    assert view.served == len(ages)
    assert view.expired == sum(expired(label, naive.rows, naive.terms) for label in naive.labels)
    assert view.served + view.expired + view.without_match == len(naive.labels)
    if ages:
        assert view.ages is not None
        assert (view.ages.least_us, view.ages.greatest_us) == (ages[0], ages[-1])
        assert view.ages.mean_us == sum(ages) // len(ages)
        ends = [*AGE_EDGES_US[1:], 2**64]
        bars = zip(AGE_EDGES_US, ends, strict=True)
        assert view.ages.counts == tuple(sum(start <= age < end for age in ages) for start, end in bars)
        for share, quantile in zip(QUANTILES, view.quantiles, strict=True):
            at_most = [age for age in ages if sum(other <= age for other in ages) >= share * len(ages)]
            assert (quantile.share, quantile.age_us) == (share, at_most[0])
    own = [label.time for label in naive.labels]
    if match.created_time is None:
        assert (view.written_later, view.under_event_time) == (None, None)
    else:
        assert view.written_later == naive.leads(served, naive.later(served), own)
    if match.created_time is not None and not match.known_by_each_row:
        at = match.known_by_us
        by_then = naive.serving(
            naive.terms._replace(known_at="event_time" if at is None else (at * 1_000, "event_time"))
        )
        assert view.under_event_time == naive.leads(served, naive.differ(served, by_then), own)
    if match.known_at is None:
        assert view.under_later_writes is None
        return
    any_time = naive.serving(naive.terms._replace(known_at=None))
    known_by = own
    if match.known_by_us is not None:
        limit = match.known_by_us * 1_000
        known_by = [min(limit, time) if match.known_by_each_row else limit for time in own]
    assert view.under_later_writes == naive.leads(any_time, naive.differ(served, any_time), known_by)


@pytest.mark.parametrize("engine", ["reference", "polars"])
@few
@given(case=cases())
def test_a_report_counts_what_the_law_says(engine: str, case: Case) -> None:
    training_set = store_of(case, engine).training_set(case.spec, case.spine).unwrap()
    report = training_set.report().unwrap()
    for view, (gather, match, scan) in zip(report.views, training_set.receipt.plan.gathers, strict=True):
        check(view, Naive(gather, match, case.spine, case.tables[scan.table]), match)


@few
@given(case=cases())
def test_cheap_counters_are_those_of_the_report(case: Case) -> None:
    training_set = store_of(case, "polars").training_set(case.spec, case.spine).unwrap()
    report = training_set.report().unwrap()
    for view, counted in zip(report.views, training_set.receipt.served, strict=True):
        assert (view.served, view.expired, view.ages) == (counted.served, counted.expired, counted.ages)
