"""What a difference of two training sets is made of: causes, and what changed in specs, views, tables, rows, cells."""

from datetime import datetime

import msgspec

from foreset.domain.tables.commits import TableCommit

Plain = None | bool | int | float | str
"""A cell's value for people and for JSON: other values, NaN and infinities among them, are texts."""


class Change(msgspec.Struct, frozen=True):
    """Something that was one thing in `a` and is another in `b`, as texts; empty where there was or is none."""

    what: str
    old: str
    new: str


# === Causes ===


class ByCommit(msgspec.Struct, frozen=True, kw_only=True, tag="commit"):
    """A commit of a table after which another value serves. `undone`: `a` has it and `b`, of an older version, not."""

    table: str
    commit: TableCommit
    undone: bool = False


class ByCommits(msgspec.Struct, frozen=True, kw_only=True, tag="commits"):
    """One of the commits of the versions `first` to `last`: what is between them cannot be read any more."""

    table: str
    first: int
    last: int
    undone: bool = False


class ByReplacement(msgspec.Struct, frozen=True, tag="replacement"):
    """Another table that stands where the one of `a` stood: what led from the one to the other is in no log."""

    table: str


class ByDefinition(msgspec.Struct, frozen=True, kw_only=True, tag="definition"):
    """A view that was defined anew: the event's place in the log, its time and actor, and what became other by it.

    The place is None where the log has no such event, as for views that are defined in Feast. `undone`: `b` is of the
    older definition.
    """

    view: str
    changed: tuple[Change, ...]
    position: int | None = None
    at: datetime | None = None
    actor: str = ""
    undone: bool = False


class BySpec(msgspec.Struct, frozen=True, kw_only=True, tag="spec"):
    """A field of the training set's spec: `features`, `known_at` or `timestamp_field`."""

    field: str
    old: str
    new: str


class BySpine(msgspec.Struct, frozen=True, tag="spine"):
    """The spine: it has another value in a column of its own."""


Cause = ByCommit | ByCommits | ByReplacement | ByDefinition | BySpec | BySpine
"""What caused cells to change."""


class Attributed(msgspec.Struct, frozen=True, kw_only=True):
    """How many cells changed by these causes together: one, or one of the definitions and then one of the commits.

    Several causes of one kind are named together where what lies between them cannot be told apart.
    """

    causes: tuple[Cause, ...]
    cells: int


# === What differs ===


class SetSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two: what it is, and when and by whom it was last retrieved."""

    id: str
    name: str | None
    at: datetime
    actor: str
    rows: int
    fingerprint: str


class DefinitionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the log that defined a view; `version` is None where it was removed."""

    position: int
    at: datetime
    actor: str
    version: int | None


class ViewChange(msgspec.Struct, frozen=True, kw_only=True):
    """A view of another version, or of one side alone (None on the other), with the events in between."""

    view: str
    version_a: int | None
    version_b: int | None
    events: tuple[DefinitionEvent, ...] = ()
    changed: tuple[Change, ...] = ()


class TableVersions(msgspec.Struct, frozen=True, kw_only=True):
    """A table at another version, or read by one side alone (None on the other), with the commits in between.

    `untold` counts the commits that its log no longer holds. `replaced`: it is another table of the same name.
    """

    table: str
    version_a: int | None
    version_b: int | None
    commits: tuple[TableCommit, ...] = ()
    untold: int = 0
    replaced: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the spine: its place, from 0, in `a` and in `b` (None where it is not there), its keys and its time."""

    a: int | None
    b: int | None
    keys: dict[str, Plain]
    time: str


class RowsMatched(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of both: by their place, where the spines are the same, else by keys, time and number of occurrence.

    `first_only_a` and `first_only_b` are the first ones that the other side has not.
    """

    by_place: bool
    both: int
    only_a: int
    only_b: int
    first_only_a: tuple[Row, ...] = ()
    first_only_b: tuple[Row, ...] = ()


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A changed cell."""

    row: Row
    old: Plain
    new: Plain
    causes: tuple[Cause, ...]


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How the values of a column are spread, over all rows of a side.

    Of numbers and times: least, quartiles and greatest; of numbers also mean and standard deviation, NaN left out. Of
    other values `top` has the most frequent ones with their shares of all rows.
    """

    nulls: float
    mean: float | None = None
    std: float | None = None
    quantiles: tuple[Plain, ...] = ()
    top: tuple[tuple[str, float], ...] = ()


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """How far the values of two columns are spread otherwise: `distance` is from 0 (alike) to 1, None without values.

    Of numbers and times it is the two-sample Kolmogorov-Smirnov statistic, the greatest distance of the distribution
    functions (N. Smirnov, 1939); of other values the total variation distance, half the sum of the differences of
    shares. Nulls are in neither.
    """

    a: Spread
    b: Spread
    measure: str
    distance: float | None


class ColumnDiff(msgspec.Struct, frozen=True, kw_only=True):
    """A column of both sides: how many cells of matched rows changed, from and to null or between values, and why."""

    name: str
    is_feature: bool
    dtype_a: str
    dtype_b: str
    changed: int
    filled: int
    emptied: int
    causes: tuple[Attributed, ...] = ()
    examples: tuple[Example, ...] = ()
    shift: Shift | None = None

    @property
    def replaced(self) -> int:
        """How many cells have one value in `a` and another in `b`."""
        return self.changed - self.filled - self.emptied
