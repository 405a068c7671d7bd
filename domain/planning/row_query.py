"""Rows of a table as they are, by their event time: what fills an online store, and what a saved dataset gives back."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from foreset.domain.dtypes import column_unit
from foreset.domain.errors.specs import MissingColumn, UnfitType
from foreset.domain.facts import TableFacts
from foreset.domain.planning.nodes import Bounds
from foreset.domain.planning.rules.push_time_bounds import time_bounds

Order = Literal["newest first", "newest last", "stored"]


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of `table` whose event time lies from `since_us` to `until_us`, both inclusive, None being open.

    `columns` are those that are given, all if there are none. `of` names what asks. Rows come as they are `stored`, in
    the snapshot's order, or by age: event time, created time (null is oldest) and place in the snapshot, as in law 4;
    then those with a null key are left out. With `latest` there is only the newest of each key; without keys, the
    newest of all. `time_unit` is what times count that are whole numbers; they are given as timestamps.
    """

    of: str
    table: str
    version: int | None = None
    columns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    event_time: str
    created_time: str | None = None
    time_unit: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    latest: bool = False
    order: Order = "newest first"

    def problem(self, facts: TableFacts) -> MissingColumn | UnfitType | None:
        """A column that the table has not, or a time that is none."""
        known = tuple(column.name for column in facts.columns)
        for name, role in self._needed():
            if name not in known:
                return MissingColumn(view=self.of, table=facts.table, column=name, role=role, columns=known)
        for time in filter(None, (self.event_time, self.created_time)):
            dtype = facts.dtype(time) or ""
            if column_unit(dtype, self.time_unit) is None:
                wanted = "a time: a timestamp or a date"
                return UnfitType(view=self.of, column=time, role="time column", dtype=dtype, wanted=wanted)
        return None

    def _needed(self) -> Iterator[tuple[str, str]]:
        yield from ((key, "join key") for key in self.keys)
        yield self.event_time, "event time"
        if self.created_time is not None:
            yield self.created_time, "created time"
        yield from ((column, "values") for column in self.columns)

    def given(self, facts: TableFacts) -> tuple[str, ...]:
        """The columns that are given."""
        return self.columns or tuple(column.name for column in facts.columns)

    def bounds(self, facts: TableFacts) -> tuple[Bounds, ...]:
        """What every row that is given meets, as far as files are told apart by it."""
        if self.since_us is self.until_us is None:
            return ()
        dtype = facts.dtype(self.event_time) or ""
        return (time_bounds(self.event_time, dtype, self.time_unit, self.since_us, self.until_us),)
