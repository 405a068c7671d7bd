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
from foreset.entrypoints.store.parts.feast import StoreFeast
from foreset.entrypoints.store.parts.keys import StoreKeys
from foreset.entrypoints.store.parts.log import StoreLog
from foreset.entrypoints.store.parts.models import StoreModels
from foreset.entrypoints.store.parts.online import StoreOnline
from foreset.entrypoints.store.parts.past import PastLog, PastModels, PastTables, PastTrainingSets
from foreset.entrypoints.store.parts.tables import StoreTables
from foreset.entrypoints.store.parts.training_sets import StoredTrainingSets
from foreset.entrypoints.store.past_store import PastStore
from foreset.entrypoints.store.training_set_part import TrainingSetPart

NOON: Final = datetime(2024, 5, 1, 12, tzinfo=UTC)
CITY: Final = EntitySpec("city", ["city"])
RAIN: Final = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
ASKED: Final = TrainingSetSpec(["rain:mm"])
PARTS: Final = (StoredTrainingSets, StoreTables, StoreLog, StoreModels, StoreOnline, StoreFeast, StoreKeys)
PAST_PARTS: Final = (PastTrainingSets, PastTables, PastLog, PastModels)
HOLDERS: Final = (
    FeatureStore,
    *PARTS,
    PastStore,
    *PAST_PARTS,
    TrainingSet,
    TrainingSetPart,
    TableChanges,
    FeastManager,
)
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
        self.store.tables.write(rows(), "rain").unwrap()
        self.store.tables.write(rows().head(1), "rain").unwrap()
        self.store.register(CITY, RAIN).unwrap()
        foreset.generate("classification_data", n_samples=20, n_features=3)
        return self.store.training_set(ASKED, labels()).unwrap().id

    @cached_property
    def store(self) -> FeatureStore:
        return FeatureStore.open(self.folder / "store").unwrap()

    @cached_property
    def id(self) -> str:
        events = (recorded.event for recorded in self.store.log.events().unwrap())
        return next(event.id for event in events if isinstance(event, TrainingSetRetrieved))

    @cached_property
    def past(self) -> PastStore:
        return self.store.at(len(self.store.log.events().unwrap())).unwrap()

    @cached_property
    def made(self) -> TrainingSet:
        return self.store.training_set(ASKED, labels()).unwrap()

    @cached_property
    def many(self) -> TrainingSet:
        spine = pl.concat([labels().with_columns(rainy=pl.Series([1, 0]))] * 10)
        return self.store.training_set(ASKED, spine).unwrap()

    @cached_property
    def part(self) -> TrainingSetPart:
        return self.many.split(by="city", test_size=0.5)[0]

    @cached_property
    def changes(self) -> TableChanges:
        return self.store.tables.changes("rain", 0).unwrap()

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
    return world.store.training_sets.report_page(
        world.store.training_sets.report(world.id).unwrap(), world.file("page.html")
    )


def _unpinned(world: World) -> Any:
    world.store.training_sets.pin(world.id).unwrap()
    return world.store.training_sets.unpin(world.id)


def _moved(world: World) -> Any:
    return FeatureStore.open(world.file("small")).unwrap().log.move(world.file("moved"))


def _trained(world: World) -> Any:
    return world.store.models.train(world.many, foreset.ModelSpec("DummyClassifier"), target="rainy")


def _workflow(_: World) -> Any:
    X, y = foreset.load_data("classification_data")
    return foreset.run_ml_workflow(X=X, y=y).metrics.keys()


CALLS: Final[dict[str, Callable[[World], object]]] = {
    "FeatureStore.adapters": lambda w: w.store.adapters.actor,
    "FeatureStore.at": lambda w: w.store.at(1),
    "StoredTrainingSets.audit": lambda w: w.store.training_sets.audit(labels().with_columns(mm=9.0), ASKED),
    "FeatureStore.catalog": lambda w: w.store.catalog(),
    "StoreTables.changes": lambda w: w.store.tables.changes("rain", 0),
    "StoreTables.check": lambda w: w.store.tables.check("rain"),
    "FeatureStore.close": lambda w: w.store.close(),
    "FeatureStore.diff": lambda w: w.store.diff(w.id, w.id),
    "StoreKeys.erase": lambda w: w.store.keys.erase("city", "Nowhere"),
    "StoreKeys.find": lambda w: w.store.keys.find("city", "Rome"),
    "StoreLog.events": lambda w: w.store.log.events(table="rain"),
    "StoreFeast.import_repository": lambda w: w.store.feast.import_repository(w.folder / "repo", register=False),
    "FeatureStore.in_memory": lambda _: FeatureStore.in_memory({"rain": rows()}),
    "StoreLog.lineage": lambda w: w.store.log.lineage("rain"),
    "StoreLog.move": _moved,
    "FeatureStore.open": lambda w: FeatureStore.open(w.folder / "store"),
    "StoreTables.optimize": lambda w: w.store.tables.optimize("rain"),
    "StoredTrainingSets.pin": lambda w: w.store.training_sets.pin(w.id),
    "StoredTrainingSets.pins": lambda w: w.store.training_sets.pins(),
    "FeatureStore.plan": lambda w: w.store.plan(ASKED, labels()),
    "FeatureStore.rebuild": lambda w: w.store.rebuild(w.id),
    "FeatureStore.receipt": lambda w: w.store.receipt(w.id),
    "FeatureStore.register": lambda w: w.store.register(CITY),
    "FeatureStore.remove": lambda w: w.store.remove(entities=[]),
    "StoredTrainingSets.report": lambda w: w.store.training_sets.report(w.id),
    "StoredTrainingSets.report_page": _page,
    "StoreTables.retention": lambda w: w.store.tables.retention("rain"),
    "StoreLog.send_lineage": lambda w: w.store.log.send_lineage(w.file("lineage.json")),
    "StoreTables.info": lambda w: w.store.tables.info("rain"),
    "FeatureStore.training_set": lambda w: w.store.training_set(ASKED, labels()),
    "StoredTrainingSets.unpin": _unpinned,
    "StoreTables.vacuum": lambda w: w.store.tables.vacuum("rain", dry_run=True),
    "StoreLog.verify": lambda w: w.store.log.verify(),
    "StoreTables.write": lambda w: w.store.tables.write(rows(), f"rain-{os.getpid()}"),
    "PastStore.at": lambda w: w.past.at(1),
    "PastStore.catalog": lambda w: w.past.catalog(),
    "PastLog.events": lambda w: w.past.log.events(table="rain"),
    "PastLog.lineage": lambda w: w.past.log.lineage("rain"),
    "PastTables.optimize": lambda w: w.past.tables.optimize("rain"),
    "PastStore.plan": lambda w: w.past.plan(ASKED, labels()),
    "PastStore.position": lambda w: w.past.position,
    "PastStore.rebuild": lambda w: w.past.rebuild(w.id),
    "PastStore.receipt": lambda w: w.past.receipt(w.id),
    "PastStore.register": lambda w: w.past.register(),
    "PastStore.remove": lambda w: w.past.remove(),
    "PastTables.info": lambda w: w.past.tables.info("rain"),
    "PastStore.training_set": lambda w: w.past.training_set(ASKED, labels()),
    "PastStore.when": lambda w: w.past.when,
    "PastTables.write": lambda w: w.past.tables.write(None, "rain"),
    "FeatureStore.apply": lambda w: w.store.apply(CITY),
    "FeatureStore.current": lambda w: w.store.current(),
    "FeatureStore.feast": lambda w: repr(w.store.feast),
    "FeatureStore.keys": lambda w: repr(w.store.keys),
    "FeatureStore.log": lambda w: repr(w.store.log),
    "FeatureStore.models": lambda w: repr(w.store.models),
    "FeatureStore.online": lambda w: repr(w.store.online),
    "FeatureStore.reporter": lambda w: w.store.reporter(w.store.catalog().unwrap()).catalog,
    "FeatureStore.repository": lambda w: w.store.repository(),
    "FeatureStore.tables": lambda w: repr(w.store.tables),
    "FeatureStore.training_sets": lambda w: repr(w.store.training_sets),
    "StoredTrainingSets.list": lambda w: w.store.training_sets.list(),
    "StoredTrainingSets.load": lambda w: w.store.training_sets.load(w.id),
    "StoreModels.list": lambda w: w.store.models.list(),
    "StoreModels.record": lambda w: w.store.models.record(w.id, "a model", metrics={"auc": 0.5}),
    "StoreModels.train": _trained,
    "StoreFeast.publish": lambda w: w.store.feast.publish(w.file("repo")),
    "StoreOnline.check": lambda w: w.store.online.check("rain"),
    "StoreOnline.close": lambda w: w.store.online.close(),
    "StoreOnline.materialize": lambda w: w.store.online.materialize(["rain"]),
    "StoreOnline.read": lambda w: w.store.online.read(["rain:mm"], [{"city": "Rome"}]),
    "StoreOnline.repository": lambda w: repr(w.store.online.repository(w.file("repo"))),
    "PastStore.adapters": lambda w: w.past.adapters.actor,
    "PastStore.apply": lambda w: w.past.apply(),
    "PastStore.log": lambda w: type(w.past.log),
    "PastStore.models": lambda w: type(w.past.models),
    "PastStore.past": lambda w: len(w.past.past.events),
    "PastStore.reporter": lambda w: w.past.reporter(w.past.catalog().unwrap()).catalog,
    "PastStore.tables": lambda w: type(w.past.tables),
    "PastStore.training_sets": lambda w: type(w.past.training_sets),
    "PastLog.move": lambda w: w.past.log.move(w.file("moved")),
    "PastModels.list": lambda w: w.past.models.list(),
    "PastModels.record": lambda w: w.past.models.record(w.id, "a model"),
    "PastModels.train": lambda w: w.past.models.train(None, None),
    "PastTables.vacuum": lambda w: w.past.tables.vacuum("rain"),
    "PastTrainingSets.list": lambda w: w.past.training_sets.list(),
    "PastTrainingSets.load": lambda w: w.past.training_sets.load(w.id),
    "PastTrainingSets.pin": lambda w: w.past.training_sets.pin(w.id),
    "PastTrainingSets.unpin": lambda w: w.past.training_sets.unpin(w.id),
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
    "TrainingSet.diff": lambda w: w.made.diff(w.id),
    "TrainingSet.keys": lambda w: w.made.keys,
    "TrainingSet.lazy": lambda w: w.made.lazy().collect().height,
    "TrainingSet.name": lambda w: w.made.name,
    "TrainingSet.pin": lambda w: w.made.pin(),
    "TrainingSet.record_model": lambda w: w.made.record_model("a model"),
    "TrainingSet.split": lambda w: [part.frame.height for part in w.made.split(by="city", test_size=0.5)],
    "TrainingSet.times": lambda w: w.made.times.to_list(),
    "TrainingSet.with_notes": lambda w: pl.DataFrame(w.made.with_notes(w.made.frame)).height,
    "TrainingSetPart.X_y": lambda w: w.part.X_y("mm")[1].size,
    "TrainingSetPart.columns_for": lambda w: w.part.columns_for([], "mm", "X_y")[1].size,
    "TrainingSetPart.features": lambda w: w.part.features,
    "TrainingSetPart.frame": lambda w: w.part.frame.height,
    "TrainingSetPart.keys": lambda w: w.part.keys,
    "TrainingSetPart.lazy": lambda w: w.part.lazy().collect().height,
    "TrainingSetPart.times": lambda w: w.part.times.to_list(),
    "TrainingSetPart.to_arrow": lambda w: w.part.to_arrow().num_rows,
    "TrainingSetPart.to_numpy": lambda w: w.part.to_numpy().shape,
    "TrainingSetPart.to_pandas": lambda w: w.part.to_pandas().shape,
    "TrainingSetPart.with_notes": lambda w: pl.DataFrame(w.part.with_notes(w.part.frame)).height,
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
