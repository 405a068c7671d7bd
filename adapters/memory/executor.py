"""The reference executor: every spine row is judged by `foreset.domain.planning.point_in_time`, in plain Python.

Rows are looked up by their key, because rows of another key never qualify; nothing else is done for speed.
"""

from collections.abc import Sequence
from typing import Literal, cast

import polars as pl
from returns.result import Result, Success

from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype
from foreset.application.ports.engine import Retrieved
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.domain.dtypes import NANOSECONDS, column_unit, epoch_limits, is_epoch
from foreset.domain.errors.problem import ForesetError, raised, refuse
from foreset.domain.errors.tables import EpochOutOfRange, TableError
from foreset.domain.planning.ages import ages_of
from foreset.domain.planning.measurements import ViewServed, Work
from foreset.domain.planning.nodes import POSITION, Gather, Match, Scan
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.point_in_time import Key, Label, Row, Terms, expired, rivals, serving_row

_NANOSECONDS_PER_MICROSECOND = NANOSECONDS["us"]


class MemoryExecutor:
    """Runs plans slowly and rightly: what other executors are held against. Any `TableStore` will do."""

    def __init__(self, tables: TableStore) -> None:
        """Read from `tables`."""
        self._tables = tables

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, TableError]:
        """The columns that the plan gathers, in one frame. Advice in the plan is not taken, nor its bounds."""
        try:
            return self._execute(plan, pl.DataFrame(spine))
        except ForesetError as fault:
            if isinstance(fault.error, EpochOutOfRange):
                return refuse(fault.error)
            raise

    def _execute(self, plan: RetrievalPlan, rows: pl.DataFrame) -> Result[Retrieved, TableError]:
        served: list[pl.Series] = []
        views: list[ViewServed] = []
        for gather, match, scan in plan.gathers:
            read = self._read(scan)
            if not isinstance(read, Success):
                return refuse(read.failure())
            table = pl.DataFrame(read.unwrap()).rechunk()
            answers = _Answers(match, rows, plan.spine.time, (scan.table, table))
            served += answers.gathered(gather)
            views.append(answers.served(match.view, gather))
        return Success(Retrieved(iter([pl.DataFrame(served)]), lambda: Work(views=tuple(views))))

    def _read(self, scan: Scan) -> Result[ArrowStream, TableError]:
        return self._tables.observe(scan.table, scan.version, partition_time_zone=scan.partition_time_zone).bind(
            lambda snapshot: snapshot.read(scan.columns)
        )


class _Answers:
    """For each spine row the table row that serves it."""

    def __init__(self, match: Match, spine: pl.DataFrame, time: str, named: tuple[str, pl.DataFrame]) -> None:
        name, self._table = named
        self._rows = rows_of(match, self._table, name)
        self._by_key: dict[Key, list[int]] = {}
        for position, row in enumerate(self._rows):
            self._by_key.setdefault(row.key, []).append(position)
        self._terms = terms_of(match)
        self._labels = labels_of(match, spine, time)
        self._asked = [label.key for label in self._labels if None not in label.key]
        self._serving = [self._serve(label, self._terms) for label in self._labels]

    def _serve(self, label: Label, terms: Terms) -> int | None:
        positions = self._by_key.get(label.key, [])
        found = serving_row(label, self._of_key(label), terms)
        return None if found is None else positions[found]

    def served(self, view: str, gather: Gather) -> ViewServed:
        """What was done. Every spine row is judged against every table row of its key."""
        pairs = sum(len(self._by_key.get(key, [])) for key in self._asked)
        rows = sum(len(self._by_key.get(key, [])) for key in set(self._asked))
        served = sum(position is not None for position in self._serving)
        return ViewServed(
            view=view,
            rows=rows,
            pairs=pairs,
            served=served,
            ties=self.ties(gather),
            expired=sum(expired(label, self._of_key(label), self._terms) for label in self._labels),
            ages=ages_of(self._ages()),
        )

    def _of_key(self, label: Label) -> list[Row]:
        return [self._rows[position] for position in self._by_key.get(label.key, [])]

    def _ages(self) -> list[int]:
        """The ages of the rows that serve, in microseconds."""
        served = ((label, self._rows[p]) for label, p in zip(self._labels, self._serving, strict=True) if p is not None)
        return [(label.time - (row.event_time or 0)) // _NANOSECONDS_PER_MICROSECOND for label, row in served]

    def gathered(self, gather: Gather) -> list[pl.Series]:
        """The asked columns, named as in the result."""
        found: list[pl.Series] = []
        for output in gather.columns:
            values = self._column(output.source).cast(polars_dtype(output.dtype))
            # A null to point at, because an empty column has no row that a null index could be read against.
            padded = values.extend_constant(None, 1)
            at = [values.len() if p is None else p for p in self._serving]
            found.append(padded.gather(at).alias(output.name))
        return found

    def _column(self, source: str) -> pl.Series:
        if source == POSITION:
            return pl.int_range(self._table.height, eager=True)
        return self._table[source]

    def ties(self, gather: Gather) -> int:
        """How many spine rows were served by order alone, where another row would have given other values."""
        values = comparable(self._table.select(gather.sources))
        served = zip(self._labels, self._serving, strict=True)
        return sum(self._is_tied(label, position, values) for label, position in served if position is not None)

    def _is_tied(self, label: Label, position: int, values: Sequence[object]) -> bool:
        positions = self._by_key[label.key]
        others = rivals(label, positions.index(position), self._of_key(label), self._terms)
        return any(values[positions[other]] != values[position] for other in others)


# === From columns to the values of the laws ===


def terms_of(match: Match) -> Terms:
    """What a match asks."""
    ttl = None if match.ttl_us is None else match.ttl_us * _NANOSECONDS_PER_MICROSECOND
    own: Literal["event_time"] | None = "event_time" if match.known_by_each_row else None
    closed: Literal["right", "left"] = "left" if match.closed == "left" else "right"
    if match.known_by_us is None:
        return Terms(ttl, own, closed)
    at = match.known_by_us * _NANOSECONDS_PER_MICROSECOND
    return Terms(ttl, at if own is None else (at, own), closed)


def labels_of(match: Match, spine: pl.DataFrame, time: str) -> list[Label]:
    """The rows of a spine."""
    times = cast("list[int]", _nanoseconds(spine[time]))  # planning refuses null times
    keys = _keys([(spine[key.spine], key.dtype) for key in match.keys], spine.height)
    return [Label(key, at) for key, at in zip(keys, times, strict=True)]


def rows_of(match: Match, table: pl.DataFrame, name: str = "") -> list[Row]:
    """The rows of a table, which has this name."""
    keys = _keys([(table[key.table], key.dtype) for key in match.keys], table.height)

    def times(column: str | None) -> list[int | None]:
        if column is None:
            return [None] * table.height
        return _nanoseconds(table[column], match.epoch_unit, name)

    columns = (times(column) for column in (match.event_time, match.created_time, match.ends))
    return [Row(*row) for row in zip(keys, *columns, strict=True)]


def _keys(columns: list[tuple[pl.Series, str]], rows: int) -> list[Key]:
    if not columns:
        return [()] * rows
    return list(zip(*(_key_values(column, dtype) for column, dtype in columns), strict=True))


def _key_values(column: pl.Series, dtype: str) -> list[object]:
    """The values as they are compared; dates as days, since polars has dates that Python has not.

    Python compares whole numbers and decimals of any scale by value, and instants are whole nanoseconds.
    """
    if dtype.startswith("decimal"):
        return column.to_list()
    if dtype.startswith("timestamp"):
        return list(_nanoseconds(column))
    cast_ = column.cast(polars_dtype(dtype))
    return (cast_.to_physical() if dtype == "date" else cast_).to_list()


def _nanoseconds(column: pl.Series, epoch_unit: str | None = None, table: str = "") -> list[int | None]:
    """Times as whole nanoseconds since the epoch, in Python's integers, which do not overflow."""
    dtype = dtype_name(column.dtype)
    unit = column_unit(dtype, epoch_unit)
    assert unit is not None  # noqa: S101  # planning refuses other columns
    step = NANOSECONDS[unit]
    values: list[int | None] = column.to_physical().to_list()
    if epoch_unit is not None and is_epoch(dtype):
        least, greatest = epoch_limits(epoch_unit)
        for value in values:
            if value is not None and not least <= value <= greatest:
                raise raised(EpochOutOfRange(table=table, column=column.name, value=value, unit=epoch_unit))
    return [None if value is None else value * step for value in values]


def comparable(frame: pl.DataFrame) -> list[object]:
    """Each row as a value that equals another exactly when all of its columns do, NaN being equal to NaN."""
    columns = [[_canonical(value) for value in column.to_physical().to_list()] for column in frame]
    return list(zip(*columns, strict=True))


def _canonical(value: object) -> object:
    match value:
        case float() if value != value:  # noqa: PLR0124  # only NaN differs from itself
            return "NaN", None
        case list():
            return [_canonical(item) for item in value]
        case dict():
            return {name: _canonical(item) for name, item in value.items()}
        case _:
            return value
