"""People to train on, and training with as few words as a test needs."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from foreset.adapters.sklearn.trainer import SklearnTrainer
from foreset.domain.definitions.models import ModelSpec, Trained

START = datetime(2025, 1, 1)  # noqa: DTZ001  # polars' own default
FEATURES = ("age", "income", "smokes", "city")


def people(rows: int = 240) -> pl.DataFrame:
    chance = np.random.default_rng(7)
    age = chance.normal(50, 12, rows)
    income = chance.normal(3, 1, rows)
    score = (age - 50) / 12 + chance.normal(0, 0.7, rows)
    return pl.DataFrame(
        {
            "age": pl.Series(age).scatter([3, 30], [None, None]),
            "income": income,
            "smokes": pl.Series([None if i % 11 == 0 else i % 3 == 0 for i in range(rows)], dtype=pl.Boolean),
            "city": pl.Series([None if i % 13 == 0 else ("Rome", "Oslo", "Lima")[i % 3] for i in range(rows)]),
            "day": [START + timedelta(days=i // 7) for i in range(rows)],
            "ill": (score > 0).astype(np.int64),
            "kind": pl.Series(["low" if s < -0.5 else "mid" if s < 0.5 else "high" for s in score]),
            "cost": score * 10 + 100,
            "visits": [[i] for i in range(rows)],
        }
    )


def train(frame: pl.DataFrame | None = None, **given: Any) -> Any:
    asked: dict[str, Any] = {
        "features": None,
        "feature_columns": FEATURES,
        "target": "ill",
        "time_column": "day",
        "model": ModelSpec("LogisticRegression"),
    }
    return SklearnTrainer().train(people() if frame is None else frame, **{**asked, **given})


def trained(**given: Any) -> Trained:
    result: Trained = train(**given).unwrap()
    return result


def refusal(**given: Any) -> str:
    return str(train(**given).failure())
