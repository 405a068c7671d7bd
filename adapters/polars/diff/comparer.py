"""Two training sets as polars frames, side by side: their rows matched, their cells compared."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from foreset.adapters.polars.diff.cells import MatchedRows, Places, PolarsCells, changed_cells, exact_time
from foreset.adapters.polars.diff.columns import Laid, column_diff
from foreset.adapters.polars.diff.text import row_at
from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_frame
from foreset.adapters.shared.rows.key_values import key_values
from foreset.application.ports.diff import Found, Side
from foreset.domain.diff.parts import BySpine, ColumnDiff, Row, RowsMatched
from foreset.domain.dtypes import joined_key

_A, _B, _TIME, _NUMBER = "a", "b", "time", "number"


class PolarsComparer:
    """Compares training sets in memory."""

    def compare(self, a: Side, b: Side, *, by_place: bool) -> "PolarsComparison":
        """Match the rows of both: by their place, or by the keys that both spines have, time and occurrence."""
        old, new = polars_frame(a.frame), polars_frame(b.frame)
        places = _same_places(new.height) if by_place else _places(a, old, b, new)
        return PolarsComparison(a, old, b, new, places, by_place=by_place)


class PolarsComparison:
    """Two training sets; `places` has the matched rows, in b's order, as pairs of places in `a` and `b`."""

    def __init__(  # noqa: PLR0913  # two sides, and how they are matched
        self, a: Side, old: pl.DataFrame, b: Side, new: pl.DataFrame, places: pl.DataFrame, *, by_place: bool
    ) -> None:
        """Compare the frames `old` and `new`."""
        self._a, self._b, self._old, self._new = a, b, old, new
        self._by_place = by_place
        self._at: tuple[Places, Places] = (places[_A].to_numpy(), places[_B].to_numpy())
        self._matched = MatchedRows(*((old, new) if by_place else (old[self._at[0]], new[self._at[1]])), b.spine)
        self._common = [name for name in new.columns if name in old.columns]

    def rows(self, examples: int) -> RowsMatched:
        """Which rows are in both, and the first ones that are not."""
        only_a, only_b = (_others(frame.height, at) for frame, at in zip((self._old, self._new), self._at, strict=True))
        return RowsMatched(
            by_place=self._by_place,
            both=len(self._at[0]),
            only_a=len(only_a),
            only_b=len(only_b),
            first_only_a=tuple(
                Row(a=int(at), b=None, **row_at(self._old, self._a, int(at))) for at in only_a[:examples]
            ),
            first_only_b=tuple(
                Row(a=None, b=int(at), **row_at(self._new, self._b, int(at))) for at in only_b[:examples]
            ),
        )

    def _features(self) -> list[str]:
        taken = {*self._a.spine, *self._b.spine}
        return [name for name in self._common if name not in taken]

    def changed(self) -> PolarsCells:
        """The cells of features that differ, held against b's values."""
        return changed_cells(self._matched, self._features())

    def columns(self, stages: Sequence[Sequence[Found]], examples: int) -> tuple[ColumnDiff, ...]:
        """The columns that differ in a cell, in their type, or in how their values are spread."""
        features = self._features()
        of_spine = changed_cells(self._matched, [name for name in self._common if name not in features])
        found = [[*stage] for stage in stages] + [[((BySpine(),), of_spine)]]
        laid = Laid(self._matched, found, self._row)
        told = (
            column_diff(laid, self._old[name], self._new[name], is_feature=name in features, examples=examples)
            for name in self._common
        )
        return tuple(column for column in told if column is not None)

    def _row(self, place: int) -> Row:
        """A matched row."""
        a, b = (int(at[place]) for at in self._at)
        return Row(a=a, b=b, **row_at(self._new, self._b, b))


# === Matching rows ===


def _others(rows: int, at: Places) -> Places:
    """The places of so many rows that are none of these."""
    left = np.ones(rows, dtype=np.bool_)
    left[at] = False
    return np.flatnonzero(left)


def _same_places(rows: int) -> pl.DataFrame:
    return pl.DataFrame({_A: pl.int_range(rows, eager=True), _B: pl.int_range(rows, eager=True)})


def _places(a: Side, old: pl.DataFrame, b: Side, new: pl.DataFrame) -> pl.DataFrame:
    """The places of rows of equal keys, time and number of occurrence."""
    named = {*a.keys, *b.keys}
    keys = [name for name in b.spine if name in named and name in a.spine]
    kinds = [joined_key(dtype_name(old[name].dtype), dtype_name(new[name].dtype)) for name in keys]
    if None in kinds:
        return _same_places(0)
    dtypes = {name: kind or "" for name, kind in zip(keys, kinds, strict=True)}
    left, right = _identified(old, dtypes, a.time, _A), _identified(new, dtypes, b.time, _B)
    on = [name for name in left.columns if name != _A]
    return right.join(left, on=on, how="inner", nulls_equal=True).select(_A, _B).sort(_B)


def _identified(frame: pl.DataFrame, keys: dict[str, str], time: str, place: str) -> pl.DataFrame:
    named = [key_values(frame[name], dtype).alias(f"key {name}") for name, dtype in keys.items()]
    # Nulls are equal here, and a key that does not fit the common type is equal to nothing on the other side.
    named += [frame[name].is_null().alias(f"no {name}") for name in keys]
    rows = pl.DataFrame([*named, exact_time(frame[time]).alias(_TIME)])
    number = pl.int_range(pl.len()).over(rows.columns).alias(_NUMBER)
    return rows.with_columns(number).with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(place))
