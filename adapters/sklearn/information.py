"""How much single columns tell of a target, by mutual information on a sample: a hint, not a proof."""

import math
from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.feature_selection import mutual_info_regression
from sklearn.metrics import mutual_info_score

from foreset.adapters.sklearn.neighbours import NEIGHBOURS, of_classes
from foreset.application.table_ports import ArrowStream

_FEW: Final = 20
"""So many different whole numbers are taken for classes; more are taken for amounts."""
_LEAST_ROWS: Final = 10
_SEED: Final = 0

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class MutualInformation:
    """What columns tell of a target, as scikit-learn estimates it.

    Classes are counted; amounts are compared by the nearest neighbours of their ranks (Kraskov et al. 2004, Ross
    2014). Of a target of classes the share is that of its entropy; of one of amounts it is 1 - exp(-2 I), which for a
    normal distribution is the share of its variance. That a value is missing counts as something that a column tells.
    """

    def shares(self, sample: ArrowStream, target: str, columns: Collection[str]) -> Mapping[str, float]:
        """The share of the target's uncertainty that each column takes away, 0 to 1, in nine decimals."""
        rows = pl.DataFrame(sample)
        goal = _values(rows[target])
        if goal is None or rows.height < _LEAST_ROWS:
            return {}
        found = {name: _share(values, goal) for name in columns if (values := _values(rows[name])) is not None}
        return {name: round(min(max(share, 0.0), 1.0), 9) for name, share in found.items()}


def _values(column: pl.Series) -> "pl.Series | None":
    """Classes as whole numbers; amounts as their ranks, which tell as much and have no bounds; None for other types."""
    dtype = column.dtype
    if dtype.is_temporal():
        column = column.to_physical()
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.String | pl.Boolean):
        return _classes(column.cast(pl.String))
    if not column.dtype.is_numeric():
        return None
    if column.dtype.is_integer() and column.drop_nulls().n_unique() <= _FEW:
        return _classes(column)
    return (column.fill_nan(None) if column.dtype.is_float() else column).rank("average").cast(pl.Float64)


def _classes(column: pl.Series) -> pl.Series:
    return column.rank("dense").cast(pl.Int64)


def _share(column: pl.Series, goal: pl.Series) -> float:
    missing = column.is_null()
    if goal.dtype == pl.Int64:
        entropy = float(mutual_info_score(goal.to_numpy(), goal.to_numpy()))
        return 0.0 if entropy == 0.0 else _of_classes(column, goal, missing) / entropy
    return 1 - math.exp(-2 * max(_of_amounts(column, goal, missing), 0.0))


def _of_classes(column: pl.Series, goal: pl.Series, missing: pl.Series) -> float:
    """Mutual information with a target of classes, in nats."""
    if column.dtype == pl.Int64:
        return _counted(column.fill_null(0).to_numpy(), goal.to_numpy())
    known, of_known = column.filter(~missing), goal.filter(~missing)
    told = _counted(missing.cast(pl.Int64).to_numpy(), goal.to_numpy())
    if _alone(of_known):
        return told
    return told + known.len() / column.len() * of_classes(known.to_numpy(), of_known.to_numpy())


def _alone(goal: pl.Series) -> bool:
    """Whether there is nothing to tell apart."""
    return goal.len() < _LEAST_ROWS or goal.n_unique() < 2  # noqa: PLR2004  # two of them


def _counted(column: Codes, goal: Codes) -> float:
    """Mutual information of classes, less what as many classes of pure chance show (Miller 1955)."""
    chance = (np.unique(column).size - 1) * (np.unique(goal).size - 1) / (2 * column.size)
    return max(float(mutual_info_score(column, goal)) - chance, 0.0)


def _of_amounts(column: pl.Series, goal: pl.Series, missing: pl.Series) -> float:
    """Mutual information with a target of amounts, in nats."""
    told = _nearest(mutual_info_regression, missing.cast(pl.Int64), goal, classes=True) if missing.any() else 0.0
    if column.dtype == pl.Int64:
        return _nearest(mutual_info_regression, column.fill_null(0), goal, classes=True)
    known, of_known = column.filter(~missing), goal.filter(~missing)
    if _alone(of_known):
        return told
    return told + known.len() / column.len() * _nearest(mutual_info_regression, known, of_known)


def _nearest(estimate: Any, column: pl.Series, goal: pl.Series, *, classes: bool = False) -> float:
    values = column.to_numpy().reshape(-1, 1)
    found = estimate(values, goal.to_numpy(), discrete_features=classes, n_neighbors=NEIGHBOURS, random_state=_SEED)
    return float(found[0])
