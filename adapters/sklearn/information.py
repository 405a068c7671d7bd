"""How much single columns tell of a target, by mutual information on a sample: a hint, not a proof."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from foreset.adapters.sklearn.neighbours import Codes, Floats, of_amounts, of_classes
from foreset.application.ports.tables import ArrowStream

_FEW: Final = 20
"""So many different whole numbers are taken for classes; more are taken for amounts."""
_LEAST_ROWS: Final = 10
_AT_ONCE: Final = 256
"""So many columns are ranked together, in parallel."""


class MutualInformation:
    """What columns tell of a target, as scikit-learn estimates it.

    Classes are counted; amounts are compared by the nearest neighbours of their ranks (Kraskov et al. 2004, Ross
    2014). Of a target of classes the share is that of its entropy; of one of amounts it is 1 - exp(-2 I), which for a
    normal distribution is the share of its variance. That a value is missing counts as something that a column tells.
    """

    def shares(
        self, sample: ArrowStream, target: str, columns: Collection[str], looked: Callable[[], None]
    ) -> Mapping[str, float]:
        """The share of the target's uncertainty that each column takes away, 0 to 1, in nine decimals."""
        rows = pl.DataFrame(sample)
        goal = next(values for _, values in _values(rows, [target]))
        found: dict[str, float] = {}
        target_of = None if goal is None or rows.height < _LEAST_ROWS else _Target(goal)
        for name, values in _values(rows, list(columns)):
            if values is not None and target_of is not None:
                found[name] = round(min(max(target_of.share(values), 0.0), 1.0), 9)
            looked()
        return found


# === Columns ===


@dataclass(frozen=True)
class _Classes:
    """Classes as whole numbers, 0 for null."""

    codes: Codes


@dataclass(frozen=True)
class _Amounts:
    """Amounts as their ranks, which tell as much and have no bounds; NaN for null."""

    ranks: Floats


Values = _Classes | _Amounts


def _values(rows: pl.DataFrame, columns: Sequence[str]) -> Iterator[tuple[str, Values | None]]:
    """The values of each column, None for other types."""
    for first in range(0, len(columns), _AT_ONCE):
        part = rows.select(columns[first : first + _AT_ONCE]).with_columns(pl.selectors.temporal().to_physical())
        whole = part.select(pl.selectors.integer().drop_nulls().n_unique())
        few = {column.name for column in whole if column.item() <= _FEW}
        ranked = [_ranked(name, dtype, few) for name, dtype in part.schema.items()]
        values = part.select(rank for rank in ranked if rank is not None)
        known = frozenset(values.columns)
        for name in part.columns:
            yield name, _arrays(values[name]) if name in known else None


def _arrays(ranked: pl.Series) -> Values:
    return _Classes(ranked.to_numpy()) if ranked.dtype == pl.Int64 else _Amounts(ranked.to_numpy())


def _ranked(name: str, dtype: pl.DataType, few: Collection[str]) -> pl.Expr | None:
    column = pl.col(name)
    if name in few:
        return _classes(column)
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.String | pl.Boolean):
        return _classes(column.cast(pl.String))
    if not dtype.is_numeric():
        return None
    known = column.fill_nan(None) if dtype.is_float() else column
    return known.rank("average").cast(pl.Float64).fill_null(float("nan"))


def _classes(column: pl.Expr) -> pl.Expr:
    return column.rank("dense").cast(pl.Int64).fill_null(0)


# === Information, in nats ===


@dataclass(frozen=True)
class _Entropy:
    """The entropy of classes, and how many they are."""

    nats: float
    classes: int


def _entropy(codes: Codes) -> _Entropy:
    _, counts = np.unique(codes, return_counts=True)
    shares = counts / codes.size
    return _Entropy(float(-(shares * np.log(shares)).sum()), counts.size)


class _Target:
    """A target that is known in every row."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._entropy = _entropy(values.codes) if isinstance(values, _Classes) else _Entropy(0.0, 0)

    def share(self, column: Values) -> float:
        """The share of its uncertainty that a column takes away."""
        if isinstance(self._values, _Amounts):
            return 1 - math.exp(-2 * _of_amounts(column, self._values.ranks))
        if self._entropy.classes == 1:
            return 0.0
        return _of_classes(column, self._values.codes, self._entropy) / self._entropy.nats


def _of_classes(column: Values, goal: Codes, entropy: _Entropy) -> float:
    if isinstance(column, _Classes):
        return _counted(column.codes, goal, entropy)
    known = ~np.isnan(column.ranks)
    told = 0.0 if known.all() else _counted(known.astype(np.int64), goal, entropy)
    if _alone(goal[known]):
        return told
    return told + float(known.mean()) * of_classes(column.ranks[known], goal[known])


def _of_amounts(column: Values, goal: Floats) -> float:
    if isinstance(column, _Classes):
        return of_classes(goal, column.codes)
    known = ~np.isnan(column.ranks)
    told = 0.0 if known.all() else of_classes(goal, known.astype(np.int64))
    if _alone(goal[known]):
        return told
    return told + float(known.mean()) * of_amounts(column.ranks[known], goal[known])


def _alone(goal: Codes | Floats) -> bool:
    """Whether there is nothing to tell apart."""
    return goal.size < _LEAST_ROWS or bool((goal == goal[0]).all())


def _counted(column: Codes, goal: Codes, entropy: _Entropy) -> float:
    """Mutual information of classes, less what as many classes of pure chance show (Miller 1955)."""
    own, both = _entropy(column), _entropy(column * (int(goal.max()) + 1) + goal)
    chance = (own.classes - 1) * (entropy.classes - 1) / (2 * column.size)
    return max(own.nats + entropy.nats - both.nats - chance, 0.0)
