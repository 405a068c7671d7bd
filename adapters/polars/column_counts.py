"""What a leak report counts of the columns of a training set, and a sample of its rows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
import polars as pl

from foreset.adapters.arrow_types import dtype_name
from foreset.adapters.polars.comparing import comparable, without_nan
from foreset.adapters.polars.instants import instants
from foreset.domain.dtypes import time_unit
from foreset.domain.leak_report import ColumnReport, Role

Batches = Callable[[], Iterator[pl.DataFrame]]
"""The rows of a training set, from the first one on each time."""
_SEED: Final = 0


def column_counts(
    batches: Batches, roles: Mapping[str, Role], time: str, target: str | None
) -> tuple[ColumnReport, ...]:
    """What is counted of the columns that have a role, in this order."""
    counts: dict[str, _Column] = {}
    parts = 0
    for rows in batches():
        parts += 1
        for name, role in roles.items():
            counts.setdefault(name, _Column(name, role, rows[name].dtype)).add(rows, time, target)
    return tuple(count.told(whole=parts == 1) for count in counts.values())


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

    def add(self, rows: pl.DataFrame, time: str, target: str | None) -> None:
        """The next rows."""
        column = rows[self._name]
        known = column.drop_nulls()
        self._nulls += column.null_count()
        self._distinct = _distinct(known)
        if known.len():
            self._first = known.head(1) if self._first is None else self._first
            self._varies = self._varies or bool(known.ne_missing(self._first).any())
        if target is not None and target != self._name and not self._differs:
            self._compare(column, rows[target])
        if self._role == "spine" and time_unit(dtype_name(self._dtype)) is not None:
            later = pl.DataFrame([instants(column, "own"), instants(rows[time], "at")]).filter(
                pl.col("own") > pl.col("at")
            )
            self._after = (self._after or 0) + later.height

    def _compare(self, column: pl.Series, target: pl.Series) -> None:
        pair = comparable(column, target)
        if pair is None:
            self._differs = True
            return
        both = pl.DataFrame([pair[0].alias("own"), pair[1].alias("target")]).drop_nulls()
        self._compared += both.height
        self._differs = not both.filter(pl.col("own") != pl.col("target")).is_empty()

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
        here = batch.filter(without_nan(batch[target]).is_not_null())
        inside = chosen[(chosen >= done) & (chosen < done + here.height)] - done
        found.append(here[inside])
        done += here.height
    return pl.concat(found)
