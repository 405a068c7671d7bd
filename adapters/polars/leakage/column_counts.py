"""What a leak report counts of the columns of a training set, and a sample of its rows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from foreset.adapters.polars.leakage.comparing import comparable, without_nan
from foreset.adapters.polars.leakage.instants import instants
from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.domain.dtypes import time_unit
from foreset.domain.leakage.report import ColumnReport, Role

Batches = Callable[[], Iterator[pl.DataFrame]]
"""The rows of a training set, from the first one on each time."""
_SEED: Final = 0
_FEW: Final = 256
"""So many rows are compared with the target before all are."""


def column_counts(
    batches: Batches, roles: Mapping[str, Role], time: str, target: str | None
) -> tuple[ColumnReport, ...]:
    """What is counted of the columns that have a role, in this order."""
    columns: dict[str, _Column] = {}
    parts = 0
    for rows in batches():
        parts += 1
        for name, counts in _counts(rows.select(list(roles))):
            if name not in columns:
                columns[name] = _Column(name, roles[name], rows[name].dtype)
            columns[name].add(counts, rows, time, target)
    return tuple(column.told(whole=parts == 1) for column in columns.values())


@dataclass(frozen=True)
class _Counts:
    """What is counted of a column in some rows. `first` has its first value, if it has one."""

    nulls: int
    distinct: int | None
    first: pl.Series
    varies: bool


def _counts(rows: pl.DataFrame) -> Iterator[tuple[str, _Counts]]:
    """All columns at once where polars compares their types, which is many times faster than one by one."""
    flat = [name for name, dtype in rows.schema.items() if not (dtype.is_nested() or dtype.is_object())]
    known = {name: pl.col(name).drop_nulls() for name in flat}
    nulls = rows.select(pl.col(flat).null_count())
    distinct = rows.select(values.n_unique() for values in known.values())
    firsts = rows.select(values.first() for values in known.values())
    for name in rows.columns:
        if name not in known:
            yield name, _counts_alone(rows[name])
        else:
            count = distinct[name].item()
            yield name, _Counts(nulls[name].item(), count, firsts[name].drop_nulls(), count > 1)


def _counts_alone(column: pl.Series) -> _Counts:
    known = column.drop_nulls()
    varies = known.len() > 1 and bool(known.ne_missing(known.head(1)).any())
    return _Counts(column.null_count(), _distinct(known), known.head(1), varies)


class _Column:
    """A column so far."""

    def __init__(self, name: str, role: Role, dtype: pl.DataType) -> None:
        self._name, self._dtype = name, dtype
        self._role: Role = role
        self._nulls = 0
        self._distinct: int | None = 0
        self._first: pl.Series | None = None
        self._varies = False
        self._differs = False
        self._compared = 0
        self._after: int | None = None

    def add(self, counts: _Counts, rows: pl.DataFrame, time: str, target: str | None) -> None:
        """The next rows, with what is counted of them."""
        self._nulls += counts.nulls
        self._distinct = counts.distinct
        if counts.first.len():
            self._first = counts.first if self._first is None else self._first
            self._varies = self._varies or counts.varies or bool(counts.first.ne_missing(self._first).any())
        if target is not None and target != self._name and not self._differs:
            self._compare(rows[self._name], rows[target])
        if self._role == "spine" and time_unit(dtype_name(self._dtype)) is not None:
            later = pl.DataFrame([instants(rows[self._name], "own"), instants(rows[time], "at")]).filter(
                pl.col("own") > pl.col("at")
            )
            self._after = (self._after or 0) + later.height

    def _compare(self, column: pl.Series, target: pl.Series) -> None:
        """Whether it has the target's values: seen in the first rows of nearly all columns that have others."""
        self._differs = _equal_rows(column.head(_FEW), target.head(_FEW)) is None
        compared = None if self._differs else _equal_rows(column, target)
        self._differs = compared is None
        self._compared += compared or 0

    def told(self, *, whole: bool) -> ColumnReport:
        """All rows together. Distinct values are counted of a set that is in memory."""
        equals = self._compared > 0 and not self._differs
        return ColumnReport(
            name=self._name,
            dtype=dtype_name(self._dtype),
            role=self._role,
            nulls=self._nulls,
            constant=self._first is not None and not self._varies,
            distinct=self._distinct if whole else None,
            equals_target=equals,
            equal_rows=self._compared if equals else 0,
            after_time=self._after,
        )


def _equal_rows(column: pl.Series, target: pl.Series) -> int | None:
    """In how many rows both are known, and equal; None where one row or their types differ."""
    pair = comparable(column, target)
    if pair is None:
        return None
    both = pl.DataFrame([pair[0].alias("own"), pair[1].alias("target")]).drop_nulls()
    return None if both.select((pl.col("own") != pl.col("target")).any()).item() else both.height


def _distinct(known: pl.Series) -> int | None:
    try:
        return known.n_unique()
    except pl.exceptions.PolarsError:  # of a type that polars does not compare
        return None


def sample(batches: Batches, target: str, rows: int) -> pl.DataFrame:
    """Rows in which the target is known, `rows` at the most: those that a seed chooses."""
    known = sum(batch.height - without_nan(batch[target]).null_count() for batch in batches())
    chosen = np.sort(np.random.default_rng(_SEED).permutation(known)[:rows])
    found: list[pl.DataFrame] = []
    done = 0
    for batch in batches():
        here = without_nan(batch[target]).is_not_null().arg_true()
        inside = chosen[(chosen >= done) & (chosen < done + here.len())] - done
        found.append(batch[here[inside]])
        done += here.len()
    return pl.concat(found)
