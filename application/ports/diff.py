"""What comparing training sets needs of an engine of frames."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from foreset.application.ports.tables import ArrowStream
from foreset.domain.diff.parts import Cause, ColumnDiff, RowsMatched


@dataclass(frozen=True)
class Side:
    """A training set's rows, and which of its columns are its spine's: all of them, its keys, and its time."""

    frame: ArrowStream
    spine: tuple[str, ...]
    keys: tuple[str, ...]
    time: str


class Cells(Protocol):
    """Some cells of matched rows, each with the value that it is held against. Immutable."""

    @property
    def count(self) -> int:
        """How many they are."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that have any."""
        ...

    @property
    def spine_columns(self) -> tuple[str, ...]:
        """The columns of b's spine."""
        ...

    def spine(self, columns: tuple[str, ...]) -> ArrowStream:
        """These columns of b's spine, of the rows that have any of the cells, in their order."""
        ...

    def of(self, columns: Iterable[str]) -> "Cells":
        """Those in some columns."""
        ...

    def touched(self, changed: ArrowStream, keys: tuple[tuple[str, str], ...]) -> "Cells":
        """Those of rows whose key is one of the changed rows of a table; `keys` are pairs of spine's and table's."""
        ...

    def differing(self, parts: Iterable[ArrowStream] | None) -> "Cells":
        """Those that have another value in a frame, which has a row for each row of `spine`; None: nulls all over.

        The values of a column are compared in the wider of the two types; where neither holds all values of the other,
        values are all different. Floats are compared by their bits, but for NaN, which is NaN.
        """
        ...

    def against(self, parts: Iterable[ArrowStream] | None) -> "Cells":
        """The same cells, held against the values in such a frame."""
        ...

    def before(self) -> ArrowStream:
        """The values that they have in a, in such a frame."""
        ...

    def without(self, others: "Cells") -> "Cells":
        """Those that are not among others, which are some of these."""
        ...


Found = tuple[tuple[Cause, ...], Cells]
"""Cells, and what caused them to change."""


class Comparison(Protocol):
    """Two training sets, their rows matched."""

    def rows(self, examples: int) -> RowsMatched:
        """Which rows are in both, and the first ones that are not."""
        ...

    def changed(self) -> Cells:
        """The cells of features that differ, held against b's values."""
        ...

    def columns(self, stages: Sequence[Sequence[Found]], examples: int) -> tuple[ColumnDiff, ...]:
        """The columns that differ in a cell, in their type, or in how their values are spread.

        In each stage a cell is found once at most; its causes are those of all stages. `examples` are given of each.
        """
        ...


class Comparer(Protocol):
    """Compares training sets."""

    def compare(self, a: Side, b: Side, *, by_place: bool) -> Comparison:
        """Match the rows of both: by their place, or by the keys that both spines have, time and occurrence."""
        ...
