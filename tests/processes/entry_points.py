"""Every public entry point, with a call of it: what it answers in one process, it must answer in another.

`offered` lists them from the code, so that an entry point without a call here fails the tests.
"""

import inspect
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import pandas as pd
import polars as pl
from returns.result import Failure

import foreset
from foreset import (
    DeltaSource,
    EntitySpec,
    FeastManager,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TableChanges,
    TrainingSet,
    TrainingSetSpec,
)
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.entrypoints.store.past_store import PastStore

NOON: Final = datetime(2024, 5, 1, 12, tzinfo=UTC)
CITY: Final = EntitySpec("city", ["city"])
RAIN: Final = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
ASKED: Final = TrainingSetSpec(["rain:mm"])
HOLDERS: Final = (FeatureStore, PastStore, TrainingSet, TableChanges, FeastManager)
"""The classes whose objects do something; the other public names are values, errors and what builds them."""
VALUES: Final = frozenset({"FeatureStoreSpecBuilder"})


def labels() -> pl.DataFrame:
    """Two rows, of which one has a value."""
    return pl.DataFrame({"city": ["Rome", "Oslo"], "event_timestamp": [NOON, NOON]})


def entities() -> pd.DataFrame:
    """The same, made without polars."""
    return pd.DataFrame({"city": ["Rome", "Oslo"], "event_timestamp": [NOON, NOON]})


def rows() -> pl.DataFrame:
    """The rows of the table that the view is over."""
    return pl.DataFrame({"city": ["Rome", "Rome"], "at": [NOON - timedelta(days=1), NOON], "mm": [2.0, 9.0]})


@dataclass
class World:
    """A store in a folder, and what was made from it; each part is made when it is first asked for."""

    folder: Path

    def __post_init__(self) -> None:
        os.environ["FORESET_DATA_DIR"] = str(self.folder / "data")

    def prepare(self) -> str:
        """Write tables, definitions and a training set, whose id is given."""
        self.store.write(rows(), "rain").unwrap()
        self.store.write(rows().head(1), "rain").unwrap()
        self.store.register(CITY, RAIN).unwrap()
        foreset.generate("classification_data", n_samples=20, n_features=3)
        return self.store.training_set(ASKED, labels()).unwrap().id

    @cached_property
    def store(self) -> FeatureStore:
        return FeatureStore.open(self.folder / "store").unwrap()

    @cached_property
    def id(self) -> str:
        events = (recorded.event for recorded in self.store.history().unwrap())
        return next(event.id for event in events if isinstance(event, TrainingSetRetrieved))

    @cached_property
    def past(self) -> PastStore:
        return self.store.at(len(self.store.history().unwrap())).unwrap()

    @cached_property
    def made(self) -> TrainingSet:
        return self.store.training_set(ASKED, labels()).unwrap()

    @cached_property
    def changes(self) -> TableChanges:
        return self.store.changes("rain", 0).unwrap()

    @cached_property
    def manager(self) -> FeastManager:
        manager = foreset.create_feast_manager(self.folder / "repo")
        manager.register(CITY, RAIN)
        return manager

    def file(self, name: str) -> str:
        """A path that nothing was written to."""
        return str(self.folder / f"{os.getpid()}-{name}")


def _feast_view() -> Any:
    source = foreset.create_file_source("rain", "at")
    entity = foreset.create_entity("town", ["city"])
    return foreset.create_feature_view("rain_view", source, foreset.create_schema(["mm"]), entity)


def _page(world: World) -> Any:
    return world.store.report_page(world.store.report(world.id).unwrap(), world.file("page.html"))


def _unpinned(world: World) -> Any:
    world.store.pin(world.id).unwrap()
    return world.store.unpin(world.id)


def _moved(world: World) -> Any:
    return FeatureStore.open(world.file("small")).unwrap().move_log(world.file("moved"))


def _workflow(_: World) -> Any:
    X, y = foreset.load_data("classification_data")
    return foreset.run_ml_workflow(X=X, y=y).metrics.keys()


CALLS: Final[dict[str, Callable[[World], object]]] = {
    "FeatureStore.adapters": lambda w: w.store.adapters.actor,
    "FeatureStore.at": lambda w: w.store.at(1),
    "FeatureStore.audit": lambda w: w.store.audit(labels().with_columns(mm=9.0), ASKED),
    "FeatureStore.catalog": lambda w: w.store.catalog(),
    "FeatureStore.changes": lambda w: w.store.changes("rain", 0),
    "FeatureStore.check": lambda w: w.store.check("rain"),
    "FeatureStore.close": lambda w: w.store.close(),
    "FeatureStore.diff": lambda w: w.store.diff(w.id, w.id),
    "FeatureStore.erase": lambda w: w.store.erase("city", "Nowhere"),
    "FeatureStore.find_key": lambda w: w.store.find_key("city", "Rome"),
    "FeatureStore.history": lambda w: w.store.history(table="rain"),
    "FeatureStore.import_feast": lambda w: w.store.import_feast(w.folder / "repo", register=False),
    "FeatureStore.in_memory": lambda _: FeatureStore.in_memory({"rain": rows()}),
    "FeatureStore.lineage": lambda w: w.store.lineage("rain"),
    "FeatureStore.move_log": _moved,
    "FeatureStore.open": lambda w: FeatureStore.open(w.folder / "store"),
    "FeatureStore.optimize": lambda w: w.store.optimize("rain"),
    "FeatureStore.pin": lambda w: w.store.pin(w.id),
    "FeatureStore.pins": lambda w: w.store.pins(),
    "FeatureStore.plan": lambda w: w.store.plan(ASKED, labels()),
    "FeatureStore.rebuild": lambda w: w.store.rebuild(w.id),
    "FeatureStore.receipt": lambda w: w.store.receipt(w.id),
    "FeatureStore.register": lambda w: w.store.register(CITY),
    "FeatureStore.remove": lambda w: w.store.remove(entities=[]),
    "FeatureStore.report": lambda w: w.store.report(w.id),
    "FeatureStore.report_page": _page,
    "FeatureStore.retention": lambda w: w.store.retention("rain"),
    "FeatureStore.send_lineage": lambda w: w.store.send_lineage(w.file("lineage.json")),
    "FeatureStore.table": lambda w: w.store.table("rain"),
    "FeatureStore.training_set": lambda w: w.store.training_set(ASKED, labels()),
    "FeatureStore.unpin": _unpinned,
    "FeatureStore.vacuum": lambda w: w.store.vacuum("rain", dry_run=True),
    "FeatureStore.verify_log": lambda w: w.store.verify_log(),
    "FeatureStore.write": lambda w: w.store.write(rows(), f"rain-{os.getpid()}"),
    "PastStore.at": lambda w: w.past.at(1),
    "PastStore.catalog": lambda w: w.past.catalog(),
    "PastStore.history": lambda w: w.past.history(table="rain"),
    "PastStore.lineage": lambda w: w.past.lineage("rain"),
    "PastStore.optimize": lambda w: w.past.optimize("rain"),
    "PastStore.plan": lambda w: w.past.plan(ASKED, labels()),
    "PastStore.position": lambda w: w.past.position,
    "PastStore.rebuild": lambda w: w.past.rebuild(w.id),
    "PastStore.receipt": lambda w: w.past.receipt(w.id),
    "PastStore.register": lambda w: w.past.register(),
    "PastStore.remove": lambda w: w.past.remove(),
    "PastStore.table": lambda w: w.past.table("rain"),
    "PastStore.training_set": lambda w: w.past.training_set(ASKED, labels()),
    "PastStore.when": lambda w: w.past.when,
    "PastStore.write": lambda w: w.past.write(None, "rain"),
    "TableChanges.batches": lambda w: next(w.changes.batches()).height,
    "TableChanges.counts": lambda w: w.changes.counts(),
    "TableChanges.explain": lambda w: w.changes.explain(),
    "TableChanges.facts": lambda w: w.changes.facts.how,
    "TableChanges.frame": lambda w: w.changes.frame.height,
    "TableChanges.to_arrow": lambda w: len(w.changes.to_arrow()),
    "TableChanges.to_pandas": lambda w: len(w.changes.to_pandas()),
    "TableChanges.write_delta": lambda w: w.changes.write_delta(w.file("changes")),
    "TableChanges.write_parquet": lambda w: w.changes.write_parquet(w.file("changes.parquet")),
    "TrainingSet.X_y": lambda w: w.made.X_y("mm")[1].size,
    "TrainingSet.audit": lambda w: w.made.audit(w.made.frame),
    "TrainingSet.batches": lambda w: next(w.made.batches()).height,
    "TrainingSet.columns_for": lambda w: w.made.columns_for([], "mm", "X_y")[1].size,
    "TrainingSet.explain": lambda w: w.made.explain(),
    "TrainingSet.features": lambda w: w.made.features,
    "TrainingSet.frame": lambda w: w.made.frame.height,
    "TrainingSet.id": lambda w: w.made.id,
    "TrainingSet.report": lambda w: w.made.report(),
    "TrainingSet.to_arrow": lambda w: len(w.made.to_arrow()),
    "TrainingSet.to_numpy": lambda w: w.made.to_numpy().shape,
    "TrainingSet.to_pandas": lambda w: w.made.to_pandas().shape,
    "TrainingSet.write_delta": lambda w: w.made.write_delta(w.file("set")),
    "TrainingSet.write_parquet": lambda w: w.made.write_parquet(w.file("set.parquet")),
    "FeastManager.check_online": lambda w: w.manager.check_online("rain"),
    "FeastManager.features": lambda w: w.manager.features,
    "FeastManager.get_entity_values": lambda w: w.manager.get_entity_values("city", "rain"),
    "FeastManager.get_features": lambda w: w.manager.get_features(entities(), ["rain:mm"]).shape,
    "FeastManager.get_online_features": lambda w: w.manager.get_online_features(["rain:mm"], [{"city": "Rome"}]),
    "FeastManager.get_training_data": lambda w: w.manager.get_training_data(entities(), [], "rain:mm")[1].size,
    "FeastManager.initialize": lambda w: w.manager.initialize(),
    "FeastManager.materialize": lambda w: w.manager.materialize(),
    "FeastManager.register": lambda w: w.manager.register(CITY),
    "FeastManager.register_feature_view": lambda w: w.manager.register_feature_view(_feast_view()),
    "FeastManager.store": lambda w: w.manager.store.project,
    "DeltaOfflineStore": lambda w: w.manager.store.get_historical_features(entities(), ["rain:mm"]).to_df().shape,
    "FeastManager.cleanup": lambda w: w.manager.cleanup(),
    "create_entity": lambda _: foreset.create_entity("city", ["city"]).name,
    "create_feast_manager": lambda w: foreset.create_feast_manager(w.folder / "repo"),
    "create_feature_view": lambda _: _feast_view().name,
    "create_file_source": lambda _: foreset.create_file_source("rain", "at").name,
    "create_schema": lambda _: foreset.create_schema(["mm"]),
    "generate": lambda _: foreset.generate("regression_data", n_samples=10),
    "get_delta_path": lambda _: foreset.get_delta_path("rain"),
    "get_table_info": lambda _: foreset.get_table_info("rain"),
    "load_data": lambda _: foreset.load_data("classification_data")[0].shape,
    "optimize_table": lambda _: foreset.optimize_table("rain"),
    "read_delta_table": lambda _: foreset.read_delta_table("rain").height,
    "run_ml_workflow": _workflow,
    "write_to_delta_lake": lambda _: foreset.write_to_delta_lake(rows(), f"wet-{os.getpid()}"),
}


def offered() -> Iterator[str]:
    """The names of all public functions, and of all that objects of public classes offer."""
    for name in foreset.__all__:
        value = getattr(foreset, name)
        if inspect.isfunction(value):
            yield name
    for holder in HOLDERS:
        yield from (f"{holder.__name__}.{name}" for name in members(holder))


def members(kind: type) -> list[str]:
    """What the objects of a class offer."""
    return [name for name in dir(kind) if not name.startswith("_")]


def offered_to_feast(world: World) -> dict[str, Callable[[World], object]]:
    """All that Feast finds in the offline store and in its jobs, asked without arguments, which a refusal precedes."""
    from foreset.adapters.feast.offline.jobs import DeltaRetrievalJob  # noqa: PLC0415  # loads Feast: seconds
    from foreset.adapters.feast.offline_store import DeltaOfflineStore  # noqa: PLC0415  # as above

    job = world.manager.store.get_historical_features(entities(), ["rain:mm"])
    job.to_df()
    objects = {DeltaOfflineStore: DeltaOfflineStore(), DeltaRetrievalJob: job}
    return {
        f"{kind.__name__}.{name}": partial(_asked, thing, name)
        for kind, thing in objects.items()
        for name in members(kind)
    }


def _asked(thing: object, name: str, _: World) -> object:
    member = getattr(thing, name)
    return member() if callable(member) else member


def outcomes(world: World, calls: dict[str, Callable[[World], object]] = CALLS) -> Iterator[tuple[str, str]]:
    """What each call gives: `done`, or the kind of the failure. The name comes before, so that a hang has a name."""
    for name, call in calls.items():
        yield name, "begun"
        yield name, _outcome(call, world)


def _outcome(call: Callable[[World], object], world: World) -> str:
    try:
        given = call(world)
    except ForesetError as fault:
        return type(fault.error).__name__
    return type(given.failure()).__name__ if isinstance(given, Failure) else "done"
