"""What is told of a column of two training sets: how many cells changed, why, and how its values are spread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from foreset.adapters.polars.diff.cells import MatchedRows, Places, PolarsCells
from foreset.adapters.polars.diff.shift import shift
from foreset.adapters.polars.diff.text import plain
from foreset.adapters.shared.frames.arrow_types import exact_name
from foreset.application.ports.diff import Found
from foreset.domain.diff.parts import Attributed, Cause, ColumnDiff, Example, Row

_NONE = -1


@dataclass(frozen=True)
class Laid:
    """Matched rows with the causes of their changed cells, found in stages; `row` tells of a matched row."""

    matched: MatchedRows
    stages: Sequence[Sequence[Found]]
    row: Callable[[int], Row]

    @cached_property
    def causes(self) -> list[tuple[Cause, ...]]:
        """All causes that cells were found by, those of a stage after another."""
        return [causes for stage in self.stages for causes, _ in stage]

    def of(self, column: str) -> tuple[Places, pl.DataFrame]:
        """The rows of a column's changed cells, in order, and by stage the numbers of what they were found by."""
        offset = 0
        found: dict[str, Places] = {}
        for at, stage in enumerate(self.stages):
            numbers = np.full(self.matched.rows, _NONE, dtype=np.int64)
            for number, (_, cells) in enumerate(stage, offset):
                assert isinstance(cells, PolarsCells)  # noqa: S101  # cells are of one adapter
                if column in cells.masks:
                    numbers[cells.rows[cells.masks[column]]] = number
            found[str(at)] = numbers
            offset += len(stage)
        rows = np.flatnonzero(np.logical_or.reduce([numbers != _NONE for numbers in found.values()]))
        return rows, pl.DataFrame({at: numbers[rows] for at, numbers in found.items()})

    def named(self, numbers: Sequence[int]) -> tuple[Cause, ...]:
        """The causes of these numbers."""
        return tuple(cause for number in numbers if number != _NONE for cause in self.causes[number])


def column_diff(laid: Laid, old: pl.Series, new: pl.Series, *, is_feature: bool, examples: int) -> ColumnDiff | None:
    """What differs in a column; None where nothing does."""
    rows, numbers = laid.of(old.name)
    moved = shift(old, new) if is_feature else None
    types = exact_name(old.dtype), exact_name(new.dtype)
    stays = moved is None or (moved.a == moved.b and not moved.distance)
    if not len(rows) and types[0] == types[1] and stays:
        return None
    before, after = laid.matched.a[old.name][rows], laid.matched.b[new.name][rows]
    return ColumnDiff(
        name=old.name,
        is_feature=is_feature,
        dtype_a=types[0],
        dtype_b=types[1],
        changed=len(rows),
        filled=before.null_count(),
        emptied=after.null_count(),
        causes=_attributed(laid, numbers),
        examples=tuple(
            Example(
                row=laid.row(int(rows[at])),
                old=plain(before, at),
                new=plain(after, at),
                causes=laid.named(numbers.row(at)),
            )
            for at in range(min(examples, len(rows)))
        ),
        shift=moved,
    )


def _attributed(laid: Laid, numbers: pl.DataFrame) -> tuple[Attributed, ...]:
    """The causes with their cells, the most first."""
    cells: dict[tuple[Cause, ...], int] = {}
    counted = numbers.group_by(numbers.columns, maintain_order=True).len("cells")
    for *found, count in counted.iter_rows():
        causes = laid.named(found)
        cells[causes] = cells.get(causes, 0) + count
    return tuple(
        Attributed(causes=causes, cells=count) for causes, count in sorted(cells.items(), key=lambda one: -one[1])
    )
