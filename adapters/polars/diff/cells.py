"""Cells of matched rows: which have another value than in some frame."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from foreset.adapters.shared.frames.arrow_types import dtype_name, plain_dtype, polars_frame
from foreset.adapters.shared.rows.key_values import key_values
from foreset.adapters.shared.rows.row_changes import bits
from foreset.application.ports.diff import Cells
from foreset.application.ports.tables import ArrowStream
from foreset.domain.dtypes import NANOSECONDS, joined_key, time_unit, widens

_ROW = "row"
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
Places = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class MatchedRows:
    """The rows of both sides that are matched, in b's order: row i of the one is row i of the other.

    `spine` are the columns of b's spine.
    """

    a: pl.DataFrame
    b: pl.DataFrame
    spine: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many they are."""
        return self.b.height


@dataclass(frozen=True)
class PolarsCells:
    """Cells by column: a mask over `rows`, places in `matched`, each of which has a cell in some column.

    `target` has the values that they are held against, a row for each of `rows`.
    """

    matched: MatchedRows
    rows: Places
    masks: Mapping[str, Mask]
    target: pl.DataFrame

    @property
    def count(self) -> int:
        """How many they are."""
        return sum(int(mask.sum()) for mask in self.masks.values())

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that have any."""
        return tuple(name for name, mask in self.masks.items() if mask.any())

    @property
    def spine_columns(self) -> tuple[str, ...]:
        """The columns of b's spine."""
        return self.matched.spine

    def spine(self, columns: tuple[str, ...]) -> pl.DataFrame:
        """These columns of b's spine, of the rows that have any of the cells."""
        return self.matched.b.select(columns)[self.rows]

    def of(self, columns: Iterable[str]) -> "PolarsCells":
        """Those in some columns."""
        return self._having({name: self.masks[name] for name in columns if name in self.masks})

    def touched(self, changed: ArrowStream, keys: tuple[tuple[str, str], ...]) -> "PolarsCells":
        """Those of rows whose key is one of the changed rows of a table."""
        table = polars_frame(changed)
        if not keys:
            return self if table.height else self._having({})
        spine = self.spine(tuple(name for name, _ in keys))
        kinds = [joined_key(dtype_name(spine[name].dtype), dtype_name(table[column].dtype)) for name, column in keys]
        if None in kinds:
            return self
        asked, there = (_keys(frame, [pair[side] for pair in keys], kinds) for side, frame in enumerate((spine, table)))
        near = asked.with_row_index(_ROW).join(there.unique(), on=there.columns, how="semi")[_ROW]
        mask = np.zeros(len(self.rows), dtype=np.bool_)
        mask[near.to_numpy()] = True
        return self._having({name: held & mask for name, held in self.masks.items()})

    def differing(self, parts: Iterable[ArrowStream] | None) -> "PolarsCells":
        """Those that have another value in a frame."""
        values = None if parts is None else _whole(parts)
        return self._having(
            {
                name: mask & differ(self.target[name], None if values is None else values[name])
                for name, mask in self.masks.items()
            }
        )

    def against(self, parts: Iterable[ArrowStream] | None) -> "PolarsCells":
        """The same cells, held against the values in a frame."""
        names = list(self.masks)
        nulls = pl.DataFrame({name: pl.repeat(None, len(self.rows), eager=True) for name in names})
        return PolarsCells(self.matched, self.rows, self.masks, nulls if parts is None else _whole(parts).select(names))

    def before(self) -> pl.DataFrame:
        """The values that they have in a."""
        return self.matched.a.select(list(self.masks))[self.rows]

    def without(self, others: Cells) -> "PolarsCells":
        """Those that are not among others, which are some of these."""
        assert isinstance(others, PolarsCells)  # noqa: S101  # cells are of one adapter
        left = dict(self.masks)
        at = np.searchsorted(self.rows, others.rows)
        for name, mask in others.masks.items():
            left[name] = self.masks[name].copy()
            left[name][at] &= ~mask
        return self._having(left)

    def _having(self, masks: Mapping[str, Mask]) -> "PolarsCells":
        """These of the cells, and the rows that have any."""
        kept = {name: mask for name, mask in masks.items() if mask.any()}
        near = np.zeros(len(self.rows), dtype=np.bool_)
        for mask in kept.values():
            near |= mask
        return PolarsCells(
            self.matched,
            self.rows[near],
            {name: mask[near] for name, mask in kept.items()},
            self.target.select(list(kept)).filter(pl.Series(near)) if kept else pl.DataFrame(),
        )


def changed_cells(matched: MatchedRows, columns: Iterable[str]) -> PolarsCells:
    """The cells in some columns that differ between the sides, held against b's values."""
    names = list(columns)
    everywhere = {name: np.ones(matched.rows, dtype=np.bool_) for name in names}
    rows = np.arange(matched.rows, dtype=np.int64)
    return PolarsCells(matched, rows, everywhere, matched.b.select(names)).differing([matched.a.select(names)])


def _whole(parts: Iterable[ArrowStream]) -> pl.DataFrame:
    return pl.concat([polars_frame(part) for part in parts])


def _keys(frame: pl.DataFrame, names: Sequence[str], dtypes: Sequence[str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            key_values(frame[name], dtype or "").alias(f"key{at}")
            for at, (name, dtype) in enumerate(zip(names, dtypes, strict=True))
        ]
    )


# === Values ===


def differ(x: pl.Series, y: pl.Series | None) -> Mask:
    """Where the values of two columns are not the same; None is a column of nulls."""
    if y is None or pl.Null in {x.dtype, y.dtype}:
        return (x.is_not_null() if y is None else x.is_not_null() | y.is_not_null()).to_numpy()
    alike = _alike(x, y)
    if alike is None:
        return (x.is_not_null() | y.is_not_null()).to_numpy()
    left, right = alike
    frame = pl.DataFrame([left.alias("x"), right.alias("y")])
    other = bits(pl.col("x"), left.dtype).ne_missing(bits(pl.col("y"), right.dtype))
    if left.dtype.is_float():
        other &= ~(pl.col("x").is_nan() & pl.col("y").is_nan()).fill_null(value=False)
    return frame.select(other).to_series().to_numpy()


def _alike(x: pl.Series, y: pl.Series) -> tuple[pl.Series, pl.Series] | None:
    """Both in the type that holds the values of both; None where neither does."""
    old, new = dtype_name(x.dtype), dtype_name(y.dtype)
    if old == new:
        return _plain(x), _plain(y)
    if widens(old, new):
        return x.cast(y.dtype), y
    if widens(new, old):
        return x, y.cast(x.dtype)
    if isinstance(x.dtype, pl.Decimal) and isinstance(y.dtype, pl.Decimal):
        return _scaled(x, y, max(x.dtype.scale, y.dtype.scale))
    if time_unit(old) is None or time_unit(new) is None or "date" in {old, new}:
        return None
    return exact_time(x), exact_time(y)


def _plain(column: pl.Series) -> pl.Series:
    return column.cast(plain_dtype(column.dtype))


def _scaled(x: pl.Series, y: pl.Series, scale: int) -> tuple[pl.Series, pl.Series] | None:
    """Decimals with so many digits behind the point; None where those are too many for a value."""
    left, right = (column.cast(pl.Decimal(38, scale), strict=False) for column in (x, y))
    whole = left.null_count() == x.null_count() and right.null_count() == y.null_count()
    return (left, right) if whole else None


def exact_time(column: pl.Series) -> pl.Series:
    """Times of any unit, or dates, as whole nanoseconds since the epoch, which do not overflow; naive ones are UTC."""
    step = NANOSECONDS[time_unit(dtype_name(column.dtype)) or "ns"]
    ticks = pl.lit(column.to_physical()).cast(pl.Int128)
    return pl.select((ticks * pl.lit(step, pl.Int128)).alias(column.name)).to_series()
