"""Times of all years are compared exactly, also where a finer unit than the spine's does not reach them."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec

FAR, LONG_AGO = datetime(2366, 3, 29), datetime(2, 1, 1)  # noqa: DTZ001  # times without a zone are UTC


@pytest.mark.parametrize("unit", ["ns", "us", "ms"])
@pytest.mark.parametrize("of_spine", ["ns", "us", "ms"])
def test_a_value_lasts_to_years_that_its_own_unit_does_not_reach(tmp_path: Any, unit: Any, of_spine: Any) -> None:
    at = datetime(2024, 1, 1)  # noqa: DTZ001  # as above
    label = datetime(2262, 1, 1) if of_spine == "ns" else FAR  # noqa: DTZ001  # as above
    assert served(tmp_path, pl.Series([at], dtype=pl.Datetime(unit)), None, label, of_spine) == [1.0]


@pytest.mark.parametrize("unit", ["ns", "us", "ms"])
def test_an_unknown_created_time_is_older_than_every_label(tmp_path: Any, unit: Any) -> None:
    event = pl.Series([datetime(1, 1, 2)], dtype=pl.Datetime("us"))  # noqa: DTZ001  # as above
    assert served(tmp_path, event, pl.Series([None], dtype=pl.Datetime(unit)), LONG_AGO, "us") == [1.0]


def served(folder: Any, event: pl.Series, created: pl.Series | None, label: datetime, unit: Any) -> list[float | None]:
    rows = pl.DataFrame({"k": [1], "at": event, "x": [1.0]})
    if created is not None:
        rows = rows.with_columns(created.alias("written"))
    rows.write_parquet(folder / "t.parquet")
    store = FeatureStore.open(folder / "store", data_dir=folder).unwrap()
    source = DeltaSource(f"parquet:{folder}/t.parquet", "at", None if created is None else "written")
    view = FeatureViewSpec("v", ["k"], source, ["x"], ttl=timedelta(days=3_000_000))
    store.apply(EntitySpec("k", ["k"]), view).unwrap()
    spine = pl.DataFrame(
        {"k": [1], "event_timestamp": [label]}, schema_overrides={"event_timestamp": pl.Datetime(unit)}
    )
    spec = TrainingSetSpec(["v:x"], known_at="event_time" if created is not None else None)
    return store.training_set(spec, spine).unwrap().frame["x"].to_list()
