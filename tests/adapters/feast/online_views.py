"""A repository with a view whose online values are looked at, and a clock that can be set."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.feast.repository.registry import FeastRegistry
from foreset.adapters.memory.clock import MemoryClock
from foreset.domain.online.loading import OnlineCheck, ViewMaterialized
from foreset.entrypoints.store.parts.online_views import OnlineViews
from foreset.entrypoints.wiring.build import feast_registry

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
ENTITY = EntitySpec("thing", ["k"])


def day(number: float) -> datetime:
    """A time before `NOW` by so many days, after it where that is negative."""
    return NOW - timedelta(days=number)


def rows(*found: tuple[int | None, float, float | None], made: float = 0) -> pl.DataFrame:
    """Rows of a key, an age of their event time in days, and a value; all were written `made` days before `NOW`."""
    return pl.DataFrame(
        [(key, day(age), day(made), value) for key, age, value in found],
        schema={"k": pl.Int64, "at": pl.Datetime("us", "UTC"), "made": pl.Datetime("us", "UTC"), "x": pl.Float64},
        orient="row",
    )


def view(ttl: timedelta | None = None, **options: Any) -> FeatureViewSpec:
    return FeatureViewSpec("things", ["thing"], DeltaSource("things", "at", "made"), ["x"], ttl=ttl, **options)


@dataclass
class Views:
    """The views of a store, online."""

    store: FeatureStore
    registry: FeastRegistry
    clock: MemoryClock
    online: OnlineViews

    def load(self, *, full: bool = False) -> ViewMaterialized:
        return self.online.materialize(["things"], full=full).unwrap()[0]

    def check(self) -> OnlineCheck:
        return self.online.check("things").unwrap()

    def values(self, *keys: Any) -> list[Any]:
        return self.online.read(["things:x"], {"k": list(keys)}).unwrap().to_dict()["x"]

    def offline(self, *keys: Any) -> list[Any]:
        """The values that serve the keys now, by a training set."""
        now = pl.lit(self.clock.now(), dtype=pl.Datetime("us", "UTC")).alias("event_timestamp")
        spine = pl.DataFrame({"k": list(keys)}, schema={"k": pl.Int64}).with_columns(now)
        return self.store.training_set(TrainingSetSpec(["things:x"]), spine).unwrap().frame["x"].to_list()

    def feasts(self, *keys: Any) -> list[Any]:
        """The values that Feast's own call gives."""
        return self.feasts_of("things:x", [{"k": key} for key in keys])

    def feasts_of(self, feature: str, entity_rows: list[dict[str, Any]]) -> list[Any]:
        found = self.registry.store.get_online_features([feature], entity_rows)
        values: list[Any] = found.to_dict()[feature.partition(":")[2]]
        return values


def opened(folder: Path, online_store: dict[str, Any] | None = None, project: str | None = None) -> Views:
    """The store and the repository in a folder, which are made where they are missing."""
    store = FeatureStore.open(folder / "repo", data_dir=folder / "data").unwrap()
    clock = MemoryClock(NOW)
    store = FeatureStore(replace(store.adapters, clock=clock))
    if online_store is not None:
        feast_registry(folder / "repo", project, data_dir=folder / "data").unwrap().close()
        place = folder / "repo" / "feature_store.yaml"
        place.write_text(yaml.safe_dump({**yaml.safe_load(place.read_text()), "online_store": online_store}))
    registry = feast_registry(folder / "repo", project, data_dir=folder / "data").unwrap()
    return Views(store, registry, clock, OnlineViews(store, registry))
