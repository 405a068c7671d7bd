"""An audit tells of each row of an outside frame what naive Python tells, on random retrievals and random joins."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from foreset import TrainingSet
from foreset.adapters.memory.executor import labels_of, rows_of, terms_of
from foreset.adapters.shared.frames.arrow_types import polars_dtype
from foreset.domain.leakage.report import ViewAudit
from foreset.domain.planning.nodes import Gather, Match
from foreset.domain.planning.point_in_time import Label, Row, Terms, has_begun, serving_row
from tests.laws.cases import Case, cases
from tests.laws.test_reports import store_of

few = settings(max_examples=20 if settings().max_examples <= 100 else 1_000)
Values = tuple[object, ...]


def plain(frame: pl.DataFrame) -> list[Values]:
    """Rows of values in which NaN is null, as pandas has it."""
    return [tuple(None if value != value else value for value in row) for row in frame.rows()]  # noqa: PLR0124


def as_served(gather: Gather, table: pl.DataFrame) -> pl.DataFrame:
    """The features of all rows of a table."""
    return pl.DataFrame([table[out.source].cast(polars_dtype(out.dtype)).alias(out.name) for out in gather.columns])


@st.composite
def joined(draw: st.DrawFn, case: Case, training_set: TrainingSet) -> pl.DataFrame:
    """The spine with features of any rows of the tables, or none: what a careless join may give."""
    frame = case.spine
    for gather, _, scan in training_set.receipt.plan.gathers:
        values = as_served(gather, case.tables[scan.table])
        rows = st.sampled_from([None, *range(values.height)])
        places = draw(st.lists(rows, min_size=frame.height, max_size=frame.height))
        picked = pl.concat([values, values.clear(1)])[[values.height if place is None else place for place in places]]
        frame = frame.hstack(picked)
    return frame


class Naive:
    """Where the values of a view in an outside frame come from."""

    def __init__(self, case: Case, gather: Gather, match: Match, table: pl.DataFrame, frame: pl.DataFrame) -> None:
        self.labels: list[Label] = labels_of(match, case.spine, "at")
        self.rows: list[Row] = rows_of(match, table)
        self.terms: Terms = terms_of(match)
        self.values = [*plain(as_served(gather, table)), (None,) * len(gather.columns)]
        self.given = plain(frame.select(output.name for output in gather.columns))

    def kind(self, index: int) -> tuple[str, int | None]:
        """What a row's values are, and how far ahead in microseconds."""
        label, given = self.labels[index], self.given[index]
        serving = serving_row(label, self.rows, self.terms)
        if given == self.values[-1 if serving is None else serving]:
            return "same", None
        if all(value is None for value in given):
            return "empty", None
        dated = [row for row, values in zip(self.rows, self.values, strict=False) if values == given]
        own = [row for row in dated if None not in label.key and row.key == label.key and row.event_time is not None]
        if not own:
            return "none", None
        if any(has_begun(label, row, self.terms) for row in own):
            return "old", None
        ageless = self.terms._replace(known_at=None)
        by_then = [row for row in own if has_begun(label, row, ageless)]
        if not by_then:
            return "future", min((row.event_time or 0) - label.time for row in own) // 1_000
        return "unwritten", min((row.created_time or 0) - self.known_by(label) for row in by_then) // 1_000

    def known_by(self, label: Label) -> int:
        """By when a value must have been written."""
        times = self.terms.known_at if isinstance(self.terms.known_at, tuple) else (self.terms.known_at,)
        return min(label.time if not isinstance(time, int) else time for time in times)


def check(view: ViewAudit, naive: Naive) -> list[str]:
    found = [naive.kind(index) for index in range(len(naive.labels))]
    kinds = [kind for kind, _ in found]
    assert view.same == kinds.count("same")
    assert view.from_the_future == kinds.count("future")
    assert view.not_yet_written == kinds.count("unwritten")
    assert view.out_of_date == kinds.count("old")
    assert view.empty == kinds.count("empty")
    assert view.unexplained == kinds.count("none")
    assert view.future_lead_us == max((lead or 0 for kind, lead in found if kind == "future"), default=None)
    assert view.written_lead_us == max((lead or 0 for kind, lead in found if kind == "unwritten"), default=None)
    return kinds


@few
@given(st.data(), cases())
def test_an_audit_tells_where_values_come_from(data: st.DataObject, case: Case) -> None:
    store = store_of(case, "polars")
    training_set = store.training_set(case.spec, case.spine).unwrap()
    frame = data.draw(joined(case, training_set))
    audit = store.training_sets.audit(frame, case.spec).unwrap()
    assert audit.id == training_set.id
    kinds: list[list[str]] = []
    for view, (gather, match, scan) in zip(audit.views, training_set.receipt.plan.gathers, strict=True):
        kinds.append(check(view, Naive(case, gather, match, case.tables[scan.table], frame)))
    rows = list(zip(*kinds, strict=True))
    assert audit.from_the_future == sum("future" in row for row in rows)
    assert audit.not_yet_written == sum("unwritten" in row for row in rows)
    assert audit.differ == sum(set(row) != {"same"} for row in rows)


@few
@given(st.data(), cases())
def test_an_audit_counts_cells_that_differ(data: st.DataObject, case: Case) -> None:
    store = store_of(case, "polars")
    training_set = store.training_set(case.spec, case.spine).unwrap()
    frame = data.draw(joined(case, training_set))
    for column in store.training_sets.audit(frame, case.spec).unwrap().columns:
        given, honest = plain(frame.select(column.name)), plain(training_set.frame.select(column.name))
        pairs = [(one[0], other[0]) for one, other in zip(given, honest, strict=True) if one != other]
        assert column.differ == len(pairs)
        assert column.filled == sum(other is None for _, other in pairs)
        assert column.missing == sum(one is None for one, _ in pairs)
        assert column.other == column.differ - column.filled - column.missing


@few
@given(cases())
def test_the_training_set_itself_differs_nowhere(case: Case) -> None:
    store = store_of(case, "polars")
    audit = store.training_sets.audit(store.training_set(case.spec, case.spine).unwrap().frame, case.spec).unwrap()
    assert (audit.differ, audit.from_the_future, audit.not_yet_written) == (0, 0, 0)
    assert not audit.findings
