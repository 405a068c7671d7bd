"""The estimate by sorting is scikit-learn's."""

import numpy as np
import pytest
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

from foreset.adapters.sklearn.neighbours import NEIGHBOURS, of_amounts, of_classes


@pytest.mark.parametrize("seed", range(12))
def test_mutual_information_with_classes_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    classes = random.integers(0, 1 + seed % 5, 300) * (random.random(300) < 0.99) + 7 * (np.arange(300) == 5)
    amounts = np.round(random.normal(size=300) + classes * random.random(), seed % 4)
    theirs = mutual_info_classif(
        amounts.reshape(-1, 1), classes, discrete_features=False, n_neighbors=NEIGHBOURS, random_state=0
    )
    assert of_classes(amounts, classes) == pytest.approx(float(theirs[0]), abs=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_mutual_information_with_amounts_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    goal = np.round(random.normal(size=300), 1 + seed % 4)
    amounts = np.round(random.normal(size=300) + goal * random.random(), seed % 4)
    theirs = mutual_info_regression(
        amounts.reshape(-1, 1), goal, discrete_features=False, n_neighbors=NEIGHBOURS, random_state=0
    )
    assert of_amounts(amounts, goal) == pytest.approx(float(theirs[0]), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_mutual_information_of_classes_with_amounts_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    classes = random.integers(0, 1 + seed, 300)
    goal = np.round(random.normal(size=300) + classes * random.random(), 1 + seed % 3)
    theirs = mutual_info_regression(
        classes.reshape(-1, 1), goal, discrete_features=True, n_neighbors=NEIGHBOURS, random_state=0
    )
    assert of_classes(goal, classes) == pytest.approx(float(theirs[0]), abs=1e-9)
