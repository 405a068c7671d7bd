"""How the values of two columns are spread, and how far apart that is."""

from typing import Final

import numpy as np
import polars as pl

from foreset.adapters.polars.diff.cells import exact_time
from foreset.adapters.polars.diff.text import plain
from foreset.domain.diff.parts import Shift, Spread

_QUANTILES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_TOP: Final = 5
_Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


def shift(old: pl.Series, new: pl.Series) -> Shift | None:
    """How far the values of two columns are spread otherwise; None for lists, structs and maps, and for two kinds."""
    kinds = {_kind(old.dtype), _kind(new.dtype)}
    match sorted(kinds):
        case ["number"] | ["time"]:
            left, right = _spread(old), _spread(new)
            distance = _greatest_distance(_ordered(old), _ordered(new))
            return Shift(a=left, b=right, measure="Kolmogorov-Smirnov", distance=distance)
        case ["other"] | ["bytes"]:
            a, b = (_shares(column if kinds == {"bytes"} else column.cast(pl.String)) for column in (old, new))
            return Shift(
                a=_frequent(old, a), b=_frequent(new, b), measure="total variation", distance=_total_variation(a, b)
            )
        case _:
            return None


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "number"
    if dtype.is_temporal():
        return "time"
    if isinstance(dtype, pl.Binary):
        return "bytes"
    return "nested" if dtype.is_nested() else "other"


def _nulls(column: pl.Series) -> float:
    return column.null_count() / max(len(column), 1)


def _spread(column: pl.Series) -> Spread:
    known = column.drop_nulls().drop_nans() if column.dtype.is_float() else column.drop_nulls()
    if known.is_empty():
        return Spread(nulls=_nulls(column))
    ordered = known.sort()
    places = [round(share * (len(ordered) - 1)) for share in _QUANTILES]
    quantiles = tuple(plain(ordered, place) for place in places)
    if _kind(column.dtype) == "time":
        return Spread(nulls=_nulls(column), quantiles=quantiles)
    values = known.cast(pl.Float64).to_numpy()
    with np.errstate(all="ignore"):  # infinities among the values
        mean, std = float(values.mean()), float(values.std())
    return Spread(nulls=_nulls(column), mean=_finite(mean), std=_finite(std), quantiles=quantiles)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _ordered(column: pl.Series) -> _Numbers:
    """The values as numbers, in their order, without nulls and NaN."""
    known = column.drop_nulls()
    numbers = (exact_time(known) if known.dtype.is_temporal() else known).cast(pl.Float64).drop_nans()
    return numbers.sort().to_numpy()


def _greatest_distance(a: _Numbers, b: _Numbers) -> float | None:
    """The greatest distance of two empirical distribution functions."""
    if not len(a) or not len(b):
        return None
    at = np.concatenate([a, b])
    shares = [np.searchsorted(of, at, side="right") / len(of) for of in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max())


# === Values without an order ===


def _shares(column: pl.Series) -> pl.DataFrame:
    """Each value with its share of those that are not null, the most frequent first."""
    counted = column.drop_nulls().alias("value").value_counts(name="count")
    return counted.with_columns(share=pl.col("count") / pl.col("count").sum()).sort(
        ["count", "value"], descending=[True, False]
    )


def _frequent(column: pl.Series, shares: pl.DataFrame) -> Spread:
    first, known = shares.head(_TOP), 1 - _nulls(column)
    top = tuple((str(plain(first["value"], at)), first["share"][at] * known) for at in range(first.height))
    return Spread(nulls=_nulls(column), top=top)


def _total_variation(a: pl.DataFrame, b: pl.DataFrame) -> float | None:
    if a.is_empty() or b.is_empty():
        return None
    both = a.join(b, on="value", how="full", coalesce=True)
    apart = (both["share"].fill_null(0.0) - both["share_right"].fill_null(0.0)).abs().sum()
    return float(apart) / 2
