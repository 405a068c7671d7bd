"""Mutual information of one amount and a target, by nearest neighbours: scikit-learn's estimates, by sorting.

The estimators are those of `sklearn.feature_selection` (Kraskov et al. 2004, Ross 2014). For a single column the
neighbours are next to one another in its order, so no trees are needed where the target is of classes.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import digamma  # type: ignore[import-untyped]  # it has no stubs
from sklearn.preprocessing import scale

NEIGHBOURS: Final = 3
_SEED: Final = 0
_NOISE: Final = 1e-10

Floats = npt.NDArray[np.float64]


def of_classes(amounts: Floats, classes: npt.NDArray[np.int64]) -> float:
    """Mutual information of amounts and classes, in nats, 0 at the least."""
    values = _apart(amounts)
    radius, counts, nearest = np.zeros(values.size), np.zeros(values.size), np.ones(values.size)
    for label in np.unique(classes):
        places = np.flatnonzero(classes == label)
        counts[places] = places.size
        if places.size > 1:
            nearest[places] = k = min(NEIGHBOURS, places.size - 1)
            radius[places] = np.nextafter(_distance(values[places], k), 0)
    known = counts > 1
    values, radius = values[known], radius[known]
    within = _within(values, radius)
    told = digamma(values.size) + digamma(nearest[known]).mean() - digamma(counts[known]).mean()
    return max(0.0, float(told - digamma(within).mean()))


def _apart(amounts: Floats) -> Floats:
    """Amounts in units of their deviation, with the noise that parts equal ones."""
    values: Floats = scale(amounts.astype(np.float64), with_mean=False)
    noise = np.random.RandomState(_SEED).standard_normal(size=(values.size, 1))[:, 0]
    apart: Floats = values + _NOISE * np.maximum(1, np.mean(np.abs(values))) * noise
    return apart


def _within(values: Floats, radius: Floats) -> npt.NDArray[np.int64]:
    """How many values are no farther from each than its radius, by their differences, which sums would round."""
    ordered = np.concatenate([[-np.inf], np.sort(values), [np.inf]])
    right = np.searchsorted(ordered, values + radius, "right")
    left = np.searchsorted(ordered, values - radius, "left")
    right = right - (ordered[right - 1] - values > radius)
    right = right + (ordered[right] - values <= radius)
    left = left + (values - ordered[left] > radius)
    left = left - (values - ordered[left - 1] <= radius)
    return np.asarray(right - left, np.int64)


def _distance(values: Floats, k: int) -> Floats:
    """How far the k-th nearest other value is from each."""
    order = np.argsort(values, kind="stable")
    padded = np.concatenate([np.full(k, -np.inf), values[order], np.full(k, np.inf)])
    size = values.size
    windows = [
        np.maximum(
            padded[k : k + size] - padded[k - below : k - below + size],
            padded[2 * k - below : 2 * k - below + size] - padded[k : k + size],
        )
        for below in range(k + 1)
    ]
    found = np.empty(size)
    found[order] = np.min(windows, axis=0)
    return found
