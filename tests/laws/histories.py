"""Random bitemporal histories: a table's commits with their times, and what they make of its rows, told in Python."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import polars as pl
from hypothesis import strategies as st

from foreset.application.ports.tables import TableStore
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.errors.problem import Problem
from foreset.domain.errors.retrieval import KnownInFuture, VersionNotKnownYet
from foreset.domain.errors.tables import AmbiguousTime, BeforeFirstVersion
from foreset.domain.facts import bound
from foreset.domain.planning.point_in_time import Label, Row, Terms, serving_row
from foreset.domain.tables.write_options import WriteMode, WriteOptions

START = datetime(2024, 1, 1, tzinfo=UTC)
TIME = pl.Datetime("us", "UTC")
SCHEMA = {"k": pl.Int64, "ts": TIME, "created": TIME, "x": pl.Int64}


class Fact(NamedTuple):
    """A row: its key, its event time, when it was written, its value."""

    k: int | None
    ts: datetime | None
    created: datetime | None
    x: int


class Step(NamedTuple):
    """A commit: rows that are added, that replace all, or those of their key and event time; or keys that go."""

    kind: Literal["append", "overwrite", "correct", "delete"]
    rows: tuple[Fact, ...]
    at: datetime


class Told(NamedTuple):
    """A version: the rows that the table had, in their order, and when it was committed."""

    rows: tuple[Fact, ...]
    at: datetime


@dataclass(frozen=True)
class History:
    """Commits, the question, and the labels. `created` is whether the view says when rows were written."""

    steps: tuple[Step, ...]
    spec: TrainingSetSpec
    labels: tuple[tuple[int | None, datetime], ...]
    ttl: timedelta | None
    created: bool

    @property
    def spine(self) -> pl.DataFrame:
        return pl.DataFrame(self.labels, schema={"k": pl.Int64, "at": TIME}, orient="row")


# === What commits make of a table ===


def after(rows: tuple[Fact, ...], step: Step) -> tuple[Fact, ...]:
    """The rows that a table has after a commit, by what it is said to do."""
    if step.kind == "overwrite":
        return step.rows
    if step.kind == "delete":
        gone = {fact.k for fact in step.rows}
        return tuple(fact for fact in rows if fact.k is None or fact.k not in gone)
    renewed = {(fact.k, fact.ts) for fact in step.rows} if step.kind == "correct" else set[Any]()
    return (*(fact for fact in rows if (fact.k, fact.ts) not in renewed), *step.rows)


def commit(tables: TableStore, step: Step, *, first: bool) -> int:
    """Write a commit; gives the version that the table has then."""
    rows = () if step.kind == "delete" else step.rows
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    mode, options = _write(step)
    return tables.write("t", frame, *(("overwrite", WriteOptions()) if first else (mode, options))).unwrap().version


def _write(step: Step) -> tuple[WriteMode, WriteOptions]:
    match step.kind:
        case "correct":
            return "merge", WriteOptions(merge_on=("k", "ts"))
        case "delete":
            keys = ", ".join(str(fact.k) for fact in step.rows if fact.k is not None) or "-1"
            return "overwrite", WriteOptions(replace_where=f"k IN ({keys})")
        case plain:
            return plain, WriteOptions()


# === What a question is answered by ===


class NotTold(Exception):  # noqa: N818  # no failure
    """The question has no answer, for a reason: the name of the error that says so."""

    def __init__(self, reason: type[Problem]) -> None:
        super().__init__(reason.__name__)


def answers(history: History, versions: dict[int, Told], now: datetime) -> list[int | None]:
    """The value for each label, from the history alone; raises `NotTold`."""
    by, own = history.spec.known_by, history.spec.known_by_each_row
    if by is not None and by > now:
        raise NotTold(KnownInFuture)
    version = history.spec.versions.get("t")
    if by is not None and version is None:
        version = current(versions, by)
    elif by is not None and version is not None and not history.created:
        _check_known(versions, version, by)
    rows = versions[max(versions) if version is None else version].rows
    known: Any = None if by is None else _ns(by)
    if own:
        known = "event_time" if by is None else (known, "event_time")
    terms = Terms(None if history.ttl is None else history.ttl // timedelta(microseconds=1) * 1_000, known)
    table = [Row((fact.k,), _ns(fact.ts), _ns(fact.created) if history.created else None) for fact in rows]
    found = (serving_row(Label((k,), _ns(at) or 0), table, terms) for k, at in history.labels)
    return [None if position is None else rows[position].x for position in found]


def current(versions: dict[int, Told], by: datetime) -> int:
    """The version that was current at a time, where no other could be meant."""
    done = [version for version, told in versions.items() if told.at <= by]
    if done and any(told.at > by for version, told in versions.items() if version < max(done)):
        raise NotTold(AmbiguousTime)
    if not done:
        raise NotTold(BeforeFirstVersion)
    return max(done)


def _check_known(versions: dict[int, Told], version: int, by: datetime) -> None:
    try:
        known = version <= current(versions, by)
    except NotTold:
        known = False
    if not known:
        raise NotTold(VersionNotKnownYet)


def _ns(time: datetime | None) -> int | None:
    us = bound(time)
    return None if us is None else us * 1_000


# === Random ones ===


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


_EVENTS = st.sampled_from([0, 0, 0, 1, 1, 2, 4]).map(hour)
_LABELS = st.sampled_from([0, 1, 1, 2, 2, 3, 4, 5]).map(hour)


@st.composite
def histories(draw: st.DrawFn, *, back: bool = False) -> History:
    """Late rows, corrections, deletions, overwrites; with `back` the clocks of writers may run back."""
    steps: list[Step] = []
    clock = 0
    values = iter(range(1_000))
    for number in range(draw(st.integers(1, 6))):
        clock += draw(st.sampled_from([0, 1, 1, 2, -1] if back else [0, 1, 1, 2]))
        kinds = ["append"] * 3 + ["correct"] * 3 + ["delete", "overwrite"] if number else ["append"]
        steps.append(draw(_steps(draw(st.sampled_from(kinds)), hour(clock), values.__next__)))
    created = draw(st.sampled_from([True, True, True, False]))
    spec = TrainingSetSpec(
        ["v:x"],
        timestamp_field="at",
        known_at=draw(_known_at(steps, own=created)),
        versions=draw(st.sampled_from([{}, {}, {"t": 0}, {"t": max(len(steps) - 2, 0)}])),
    )
    keys = st.sampled_from([1, 1, 1, 1, 2, None])
    labels = draw(st.lists(st.tuples(keys, _LABELS), min_size=draw(st.sampled_from([0, 4, 4, 4])), max_size=8))
    ttl = draw(st.sampled_from([None, None, None, timedelta(hours=2)]))
    return History(tuple(steps), spec, tuple(labels), ttl, created)


@st.composite
def _steps(draw: st.DrawFn, kind: Any, at: datetime, value: Callable[[], int]) -> Step:
    """Rows are written when they are committed, or some other time; their events lie mostly before."""
    rows: dict[Any, Fact] = {}
    for _ in range(draw(st.sampled_from([1, 2, 3, 4, 0 if kind != "delete" else 1]))):
        k = draw(st.sampled_from([1, 1, 1, 2] if kind != "append" else [1, 1, 1, 1, 2, None]))
        ts = draw(_EVENTS if kind != "append" else st.one_of(_EVENTS, _EVENTS, _EVENTS, st.none()))
        created = draw(st.sampled_from([at, at, at, at - timedelta(hours=1), at + timedelta(microseconds=1), None]))
        fact = Fact(k, ts, created, value())
        rows[(k, ts) if kind == "correct" else fact.x] = fact
    return Step(kind, tuple(rows.values()), at)


@st.composite
def _known_at(draw: st.DrawFn, steps: list[Step], *, own: bool) -> object:
    """A time at, just before or between commits, before the first, after the last; each row's own; both; none."""
    near = draw(st.sampled_from([*(step.at for step in steps), steps[-1].at + timedelta(hours=1)]))
    off = draw(st.sampled_from([0, 0, -1, -1, 1, 1_800_000_000]))
    at = near + timedelta(microseconds=off)
    ways: list[object] = [None, at, at, "event_time", "event_time", (at, "event_time"), (at, "event_time")]
    return draw(st.sampled_from(ways if own else [None, at]))
