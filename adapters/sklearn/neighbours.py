"""Mutual information of single columns and a target, by nearest neighbours: scikit-learn's estimates, by sorting.

The estimators are those of `sklearn.feature_selection` (Kraskov et al. 2004, Ross 2014). For a single column the
neighbours are next to one another in its order, so a tree is needed only where the target has amounts too.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import KDTree

NEIGHBOURS: Final = 3
_SEED: Final = 0
_NOISE: Final = 1e-10

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def of_classes(amounts: Floats, classes: Codes) -> float:
    """Mutual information of amounts, shape (rows,), and classes, shape (rows,), in nats, 0 at the least."""
    return _of_classes(_apart(amounts, _noise(amounts.size)[: amounts.size]), classes)


def of_amounts(amounts: Floats, goal: Floats) -> float:
    """Mutual information of amounts, shape (rows,), and a target of amounts, shape (rows,), in nats, 0 at the least."""
    size = amounts.size
    noise = _noise(size)
    both = np.column_stack([_apart(amounts, noise[:size]), _apart(goal, noise[size:])])
    tree = KDTree(both, metric="chebyshev")
    nearest, _ = tree.query(both, k=NEIGHBOURS + 1, sort_results=True)  # each is its own nearest
    radius = np.nextafter(nearest[:, -1], 0)
    digamma = _digamma(size)
    alone = sum(float(digamma[_within(values, radius)].mean()) for values in (both[:, 0], both[:, 1]))
    return max(0.0, float(digamma[size] + digamma[NEIGHBOURS]) - alone)


def _of_classes(values: Floats, classes: Codes) -> float:
    order = np.argsort(values)
    _, codes, sizes = np.unique(classes[order], return_inverse=True, return_counts=True)
    ordered, counts = values[order], sizes[codes]
    known = counts > 1
    ordered, codes, counts = ordered[known], codes[known], counts[known]
    if not ordered.size:
        return 0.0
    nearest = np.minimum(NEIGHBOURS, counts - 1)
    digamma = _digamma(ordered.size)
    within = _within(ordered, np.nextafter(_distance(ordered, codes, nearest), 0))
    terms = digamma[nearest] - digamma[counts] - digamma[within]
    return max(0.0, float(digamma[ordered.size] + terms.mean()))


def _apart(amounts: Floats, noise: Floats) -> Floats:
    """Amounts in units of their deviation, with the noise that parts equal ones."""
    deviation = amounts.std()
    values: Floats = amounts / (deviation if deviation >= 10 * np.finfo(np.float64).eps else 1.0)
    apart: Floats = values + _NOISE * max(1.0, float(np.abs(values).mean())) * noise
    return apart


@lru_cache(maxsize=2)
def _noise(size: int) -> Floats:
    """Two numbers for each row, as scikit-learn draws them."""
    noise: Floats = np.random.RandomState(_SEED).standard_normal(2 * size)
    return noise


@lru_cache(maxsize=2)
def _digamma(size: int) -> Floats:
    """The digamma function of the whole numbers up to `size`, by their places: sums of 1/n less Euler's constant."""
    table: Floats = np.concatenate([[np.nan, 0.0], np.cumsum(1 / np.arange(1, size))]) - np.euler_gamma
    return table


def _within(values: Floats, radius: Floats) -> Codes:
    """How many values are no farther from each than its radius, by their differences, which sums would round."""
    ordered = np.concatenate([[-np.inf], np.sort(values), [np.inf]])
    right = np.searchsorted(ordered, values + radius, "right")
    left = np.searchsorted(ordered, values - radius, "left")
    right = right - (ordered[right - 1] - values > radius)
    right = right + (ordered[right] - values <= radius)
    left = left + (values - ordered[left] > radius)
    left = left - (values - ordered[left - 1] <= radius)
    return np.asarray(right - left, np.int64)


def _distance(ordered: Floats, codes: Codes, nearest: Codes) -> Floats:
    """How far from each of the sorted values the n-th nearest of its class is, for n in `nearest`."""
    small = codes.astype(np.uint16) if codes.max() <= np.iinfo(np.uint16).max else codes  # sorted in linear time
    by_class = np.argsort(small, kind="stable")
    values, groups, wanted = ordered[by_class], codes[by_class], nearest[by_class]
    found = np.full(values.size, np.inf)
    for k in range(1, NEIGHBOURS + 1):
        here = wanted == k
        if here.any():
            found[here] = _window(values, groups, k)[here]
    distance = np.empty(values.size)
    distance[by_class] = found
    return distance


def _window(values: Floats, groups: Codes, k: int) -> Floats:
    """How far the k-th nearest other value of its group is from each; groups are sorted, and so are their values."""
    size = values.size
    edge = np.full(k, np.inf)
    padded = np.concatenate([-edge, values, edge])
    owners = np.concatenate([np.full(k, -1), groups, np.full(k, -1)])
    steps = []
    for at in range(2 * k + 1):  # the neighbour at each place from -k to k
        apart = np.abs(values - padded[at : at + size])
        steps.append(np.where(owners[at : at + size] == groups, apart, np.inf))
    spans = [np.maximum(steps[first], steps[first + k]) for first in range(k + 1)]
    nearest: Floats = np.min(spans, axis=0)
    return nearest
