"""Sample tables for trying things out: scikit-learn's generated data, written as Delta tables."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from foreset.adapters.shared.processes.fork_guard import needs_threads
from foreset.domain.errors.problem import did_you_mean
from foreset.entrypoints.datasets.datasets import SAMPLE_INDEX, TableInfo, write_to_delta_lake
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.raising import reject

if TYPE_CHECKING:
    import numpy as np

FEATURES: Final = {"classification_data": 20, "regression_data": 15}
"""The samples, and how many features each has by default."""
FIRST: Final = datetime(2025, 9, 1, tzinfo=UTC)
"""When the first row of a sample was ingested; the others follow evenly over 30 days."""
SPAN: Final = timedelta(days=30)
_SEEDS: Final = range(2**32)


@needs_threads
@fitted_arguments
def generate(name: str, *, n_samples: int = 1000, n_features: int | None = None, seed: int = 42) -> TableInfo:
    """Write the sample table `name`: "classification_data" (two classes) or "regression_data".

    Columns: sample_index (int64, 0 ..), feature_0 .. (float64), target (int64, or float64 for regression), ingested_at
    (UTC, spread over September 2025). `n_features` is 20 or 15 by default. The same arguments give the same rows. A
    table that is there gets a new version with these rows; its older versions stay.
    """
    if name not in FEATURES:
        remedy = f"{did_you_mean(name, FEATURES)}The samples are: {', '.join(FEATURES)}"
        reject(f"generate({name!r})", "there is no such sample", remedy)
    features = FEATURES[name] if n_features is None else n_features
    if n_samples < 2 or features < 1:  # noqa: PLR2004  # one row of each class
        reject(f"generate({name!r})", f"n_samples is {n_samples} and n_features is {features}", "use at least 2 and 1")
    if seed not in _SEEDS:
        reject(f"generate({name!r})", f"seed is {seed}", f"use a whole number from 0 to {_SEEDS[-1]}")
    return write_to_delta_lake(_frame(name, n_samples, features, seed), name, mode="overwrite", schema_mode="overwrite")


def _frame(name: str, rows: int, features: int, seed: int) -> Any:  # a polars frame
    import polars as pl  # kept off the import of foreset

    values, target = _values(name, rows, features, seed)
    step = SPAN // rows
    return pl.DataFrame(
        {
            SAMPLE_INDEX: pl.arange(0, rows, eager=True, dtype=pl.Int64),
            **{f"feature_{i}": values[:, i] for i in range(features)},
            "target": target,
            "ingested_at": pl.Series([FIRST + step * i for i in range(rows)], dtype=pl.Datetime("us", "UTC")),
        }
    )


def _values(name: str, rows: int, features: int, seed: int) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    from sklearn.datasets import make_classification, make_regression

    informative = max(1, features // 2)
    if name == "regression_data":
        made: Any = make_regression(
            n_samples=rows, n_features=features, n_informative=informative, noise=10.0, random_state=seed
        )
        return made[0], made[1].astype("float64")
    made = make_classification(
        n_samples=rows,
        n_features=features,
        n_informative=informative,
        n_redundant=min(features // 4, features - informative),
        n_clusters_per_class=1 if informative < 3 else 2,  # noqa: PLR2004  # 2 classes of 2 clusters need 2 features
        random_state=seed,
    )
    return made[0], made[1].astype("int64")
