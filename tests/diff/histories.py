"""Random histories of tables and definitions, with a record of what served each label after each commit.

The record is made by replaying the rows in plain Python, and by `serving_row`: no part of what compares sets is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import polars as pl
from hypothesis import strategies as st

from foreset.domain.planning.point_in_time import Label, Row, Terms, serving_row

HOUR = 3_600_000_000_000
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
SCHEMA = {
    "k": pl.Int64,
    "ts": pl.Datetime("us", "UTC"),
    "made": pl.Datetime("us", "UTC"),
    "x": pl.Int64,
    "y": pl.Float64,
}

TableRow = tuple[int | None, int | None, int | None, int | None, float | None]
"""Key, hour of the event and of its creation, and two values."""
Kind = Literal["append", "merge", "delete", "overwrite", "optimize"]


@dataclass(frozen=True)
class Commit:
    """What a commit does: rows to bring, or a key whose rows go."""

    kind: Kind
    rows: tuple[TableRow, ...] = ()
    key: int = 0

    def replayed(self, rows: Sequence[TableRow]) -> list[TableRow]:
        """The rows of the table after it."""
        match self.kind:
            case "append":
                return [*rows, *self.rows]
            case "merge":
                keys = {row[0] for row in self.rows}
                return [*(row for row in rows if row[0] not in keys), *self.rows]
            case "delete":
                return [row for row in rows if row[0] != self.key]
            case "overwrite":
                return [*self.rows]
            case _:
                return [*rows]

    def write(self, store: Any, table: str) -> None:
        """Make it; where there is nothing to put together, a row of no key, which serves nobody, makes the version."""
        match self.kind:
            case "optimize":
                if not store.tables.optimize(table).unwrap().merged:
                    store.tables.write(frame([(None, 0, 0, 0, 0.0)]), table).unwrap()
            case "delete":
                nothing = frame(()).with_columns(k=pl.lit(self.key, pl.Int64))
                store.tables.write(nothing, table, mode="overwrite", replace_where=f"k = {self.key}").unwrap()
            case "merge":
                store.tables.write(frame(self.rows), table, mode="merge", merge_on=["k"]).unwrap()
            case _:
                store.tables.write(frame(self.rows), table, mode=self.kind).unwrap()


@dataclass(frozen=True)
class Defined:
    """What decides a lookup: the view's ttl, created time and columns, and the known_at of the set."""

    ttl: int | None = None
    with_created: bool = True
    swapped: bool = False
    known_at: int | str | None = None

    @property
    def terms(self) -> Terms:
        known_at: Any = self.known_at * HOUR if isinstance(self.known_at, int) else self.known_at
        return Terms(None if self.ttl is None else self.ttl * HOUR, known_at)


@dataclass(frozen=True)
class History:
    """The commits of each table, the labels of both sets, the definitions in order, and both versions of each table.

    Each definition differs from the one before in one thing; where known_at does, it is the last.
    """

    commits: dict[str, tuple[Commit, ...]]
    labels: tuple[tuple[int | None, int], ...]
    labels_b: tuple[tuple[int | None, int], ...]
    definitions: tuple[Defined, ...]
    versions: dict[str, tuple[int, int]]

    def states(self, table: str) -> list[list[TableRow]]:
        """The rows of a table at each version."""
        found: list[list[TableRow]] = []
        for commit in self.commits[table]:
            found.append(commit.replayed(found[-1] if found else []))
        return found


@dataclass(frozen=True)
class Cell:
    """A cell in both sets, and the definition and the commit, by number, after which it last was another."""

    old: Any
    new: Any
    definition: int | None
    commit: int | None


class Record:
    """What served each label, by a replay of the history, or by the rows that each version has."""

    def __init__(self, history: History, states: Mapping[str, list[list[TableRow]]] | None = None) -> None:
        self._history = history
        self._states = states or {table: history.states(table) for table in history.commits}
        self._cells: dict[tuple[str, int | None, int], tuple[Cell, Cell]] = {}

    def states(self, table: str) -> list[list[TableRow]]:
        """The rows of a table at each version."""
        return self._states[table]

    def cells(self, table: str, key: int | None, at: int) -> tuple[Cell, Cell]:
        """The two cells of a label that a table serves."""
        known = (table, key, at)
        if known not in self._cells:
            self._cells[known] = self._told(table, Label((key,), at * HOUR))
        return self._cells[known]

    def _told(self, table: str, label: Label) -> tuple[Cell, Cell]:
        first, last = self._history.versions[table]
        step = 1 if first <= last else -1
        ahead = list(range(first, last + step, step))
        by_definition = [self.served(table, first, defined, label) for defined in self._history.definitions]
        by_version = [self.served(table, version, self._history.definitions[-1], label) for version in ahead]
        one, other = (
            _cell([values[column] for values in by_definition], [values[column] for values in by_version], ahead)
            for column in (0, 1)
        )
        return one, other

    def served(self, table: str, version: int, defined: Defined, label: Label) -> tuple[Any, Any]:
        state = self._states[table][version]
        rows = [
            Row((k,), _nanoseconds(ts), _nanoseconds(made) if defined.with_created else None)
            for k, ts, made, _, _ in state
        ]
        place = serving_row(label, rows, defined.terms)
        x, y = (None, None) if place is None else state[place][3:]
        return (y, x) if defined.swapped else (x, y)


def _cell(by_definition: Sequence[Any], by_version: Sequence[Any], versions: Sequence[int]) -> Cell:
    definition = None if same(by_definition[0], by_definition[-1]) else _last_change(by_definition)
    commit = None
    if not same(by_version[0], by_version[-1]):
        at = _last_change(by_version)
        commit = max(versions[at - 1], versions[at])
    return Cell(by_definition[0], by_version[-1], definition, commit)


def _last_change(values: Sequence[Any]) -> int:
    return max(place for place in range(1, len(values)) if not same(values[place - 1], values[place]))


def same(a: Any, b: Any) -> bool:
    return repr(a) == repr(b)


def _nanoseconds(at: int | None) -> int | None:
    return None if at is None else at * HOUR


def hour(at: int | None) -> datetime | None:
    return None if at is None else EPOCH + timedelta(hours=at)


def frame(rows: Sequence[TableRow]) -> pl.DataFrame:
    return pl.DataFrame([(k, hour(ts), hour(made), x, y) for k, ts, made, x, y in rows], schema=SCHEMA, orient="row")


# === Strategies ===

keys = st.sampled_from([1, 1, 2, 3, None])
values = st.tuples(st.sampled_from([None, 0, 1, 2, 3]), st.sampled_from([None, 0.5, 1.5, -0.0, 0.0, float("nan")]))
rows = st.tuples(keys, st.sampled_from([0, 1, 2, 3, None]), st.sampled_from([0, 1, 2, 3, 4, None]), values).map(
    lambda row: (*row[:3], *row[3])
)


@st.composite
def commits(draw: st.DrawFn) -> Commit:
    kind: Kind = draw(st.sampled_from(["append", "append", "append", "merge", "delete", "overwrite", "optimize"]))
    brought = tuple(draw(st.lists(rows, min_size=1, max_size=4)))
    if kind == "merge":
        brought = tuple({row[0]: row for row in brought if row[0] is not None}.values())
        kind = kind if brought else "optimize"
    return Commit(kind, brought if kind in {"append", "merge", "overwrite"} else (), draw(st.sampled_from([1, 2])))


labels = st.tuples(keys, st.sampled_from([0, 1, 2, 3, 4, 5]))


@st.composite
def histories(draw: st.DrawFn, *, tables: int = 2) -> History:
    made = {}
    for table in range(draw(st.integers(1, tables))):
        first = Commit("append", tuple(draw(st.lists(rows, min_size=1, max_size=6))))
        made[f"t{table}"] = (first, *draw(st.lists(commits(), min_size=1, max_size=9)))
    versions = {
        table: (draw(st.integers(0, len(of) - 1)), draw(st.integers(0, len(of) - 1))) for table, of in made.items()
    }
    asked = tuple(draw(st.lists(labels, min_size=1, max_size=16)))
    others = draw(st.permutations([*asked, *draw(st.lists(labels, max_size=3))])) if draw(st.booleans()) else asked
    return History(made, asked, tuple(others), draw(definitions()), versions)


@st.composite
def definitions(draw: st.DrawFn) -> tuple[Defined, ...]:
    known_at: list[Any] = draw(st.sampled_from([[None, None], [None, None], ["event_time"] * 2, [2, 3], [None, 3]]))
    found = [Defined(ttl=draw(st.sampled_from([None, 1, 2])), known_at=known_at[0])]
    things = ["ttl", "swapped", *(["with_created"] if known_at == [None, None] else [])]
    for thing in draw(st.lists(st.sampled_from(things), unique=True, max_size=2)):
        others = {"ttl": [1, 2, 3, None], "swapped": [True], "with_created": [False]}[thing]
        values = [value for value in others if value != getattr(found[-1], thing)]
        found.append(replace(found[-1], **{thing: draw(st.sampled_from(values))}))
    if known_at[0] != known_at[1]:
        found.append(replace(found[-1], known_at=known_at[1]))
    return tuple(found)
