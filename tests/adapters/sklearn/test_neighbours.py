"""The estimate by sorting is scikit-learn's."""

import numpy as np
import pytest
from sklearn.feature_selection import mutual_info_classif

from foreset.adapters.sklearn.neighbours import NEIGHBOURS, of_classes


@pytest.mark.parametrize("seed", range(12))
def test_mutual_information_with_classes_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    classes = random.integers(0, 1 + seed % 5, 300) * (random.random(300) < 0.99) + 7 * (np.arange(300) == 5)
    amounts = np.round(random.normal(size=300) + classes * random.random(), seed % 4)
    theirs = mutual_info_classif(
        amounts.reshape(-1, 1), classes, discrete_features=False, n_neighbors=NEIGHBOURS, random_state=0
    )
    assert of_classes(amounts, classes) == pytest.approx(float(theirs[0]), abs=1e-9)
