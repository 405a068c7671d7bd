"""Every argument of every call of stores and training sets is taken or refused by name, and the log stays whole."""

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from returns.result import Result, Success

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TrainingSet,
    TrainingSetSpec,
)
from foreset.domain.unreadable import UnreadableEvent
from foreset.entrypoints.store.parts.feast import StoreFeast
from foreset.entrypoints.store.parts.keys import StoreKeys
from foreset.entrypoints.store.parts.log import StoreLog
from foreset.entrypoints.store.parts.models import StoreModels
from foreset.entrypoints.store.parts.tables import StoreTables
from foreset.entrypoints.store.parts.training_sets import StoredTrainingSets
from tests.domain.test_ill_typed_specs import VALUES

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2], "at": [DAY] * 2, "x": [1.0, 2.0], "y": [0, 1]})
LABELS = pl.DataFrame({"k": [1, 2], "event_timestamp": [DAY] * 2})
OUTSIDE = LABELS.with_columns(x=pl.lit(1.0))
SPEC = TrainingSetSpec(["v:x"])
FEW = VALUES[::2]
Made = tuple[FeatureStore, TrainingSet]
OPEN_KINDS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("calls"))
        store = FeatureStore.open("s", data_dir="data").unwrap()
        store.tables.write(ROWS, "t").unwrap()
        view = FeatureViewSpec("v", ["k"], DeltaSource("t", "at"), ["x", "y"])
        store.register(EntitySpec("k", ["k"]), view).unwrap()
        yield store, store.training_set(SPEC, LABELS).unwrap()
        again = FeatureStore.open("s", data_dir="data").unwrap()
        assert not [r for r in again.log.events().unwrap() if isinstance(r.event, UnreadableEvent)]
        assert again.log.verify().unwrap().whole
        assert again.training_set(SPEC, LABELS.tail(1)).unwrap().frame["x"].to_list() == [2.0]  # of 1 all was erased


def calls(made: TrainingSet) -> dict[str, dict[str, Any]]:
    one, table = {"id": made.id}, {"table": "t"}
    return {
        "open": {"path_or_url": "s", "create": False},
        "in_memory": {},
        "remove": {},
        "repository": {},
        "training_sets.list": {},
        "training_sets.load": one,
        "models.list": {},
        "models.record": {"training_set": made.id, "model": "a rule"},
        "plan": {"spec": SPEC, "spine": LABELS},
        "training_set": {"spec": SPEC, "spine": LABELS},
        "rebuild": one,
        "diff": {"a": made.id, "b": made.id},
        "receipt": one,
        "log.lineage": {},
        "log.send_lineage": {"target": "lineage.json"},
        "training_sets.report_page": {"report": made.report().unwrap(), "path": "p.html"},
        "at": {"when": 1},
        "tables.info": table,
        "tables.check": table,
        "tables.changes": {**table, "from_version": 0},
        "tables.write": {"frame": ROWS, "table": "w"},
        "tables.optimize": table,
        "training_sets.pin": one,
        "training_sets.unpin": one,
        "tables.retention": table,
        "tables.vacuum": {**table, "dry_run": True},
        "training_sets.report": one,
        "training_sets.audit": {"frame": OUTSIDE, "spec": SPEC},
        "log.verify": {},
        "keys.find": {"entity": "k", "key": 9},
        "keys.erase": {"entity": "k", "key": 9},
    }


OF_SETS: dict[str, dict[str, Any]] = {
    "report": {},
    "audit": {"frame": OUTSIDE},
    "X_y": {"target": "x"},
    "diff": {"other": "v"},
    "record_model": {"model": "a rule"},
    "split": {"by": "k", "test_size": 0.5},
    "columns_for": {"features": ["x"], "target": "k", "call": "X_y"},
    "write_parquet": {"path": "out.parquet"},
    "write_delta": {"path": "out"},
}
OTHERS = {"apply", "register", "reporter", "log.events", "log.move", "models.train", "feast.import_repository"}
"""With specs or names that have tests of their own; not for users; moves the log; trains; loads Feast."""
GROUPS = {"training_sets": StoredTrainingSets, "tables": StoreTables, "log": StoreLog, "models": StoreModels}
FURTHER = {"keys": StoreKeys, "feast": StoreFeast}
OF_FEAST = {"feast.publish"}
"""Whose arguments are tried with Feast: see the tests of its groups."""


def names_of(kind: type) -> list[str]:
    calls = (name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name)))
    return [name for name in calls if set(inspect.signature(getattr(kind, name)).parameters) - {"self"}]


def names_in_store() -> list[str]:
    groups = {**GROUPS, **FURTHER}
    of_groups = [f"{group}.{name}" for group, kind in groups.items() for name in names_of(kind)]
    return sorted({*names_of(FeatureStore), *of_groups} - OTHERS - OF_FEAST)


@pytest.mark.parametrize("name", names_in_store())
def test_an_argument_of_a_store_is_taken_or_refused(made: Made, name: str) -> None:
    store, training_set = made
    try_all(attrgetter(name)(store), calls(training_set)[name])


@pytest.mark.parametrize("name", [name for name in names_of(TrainingSet) if name != "with_notes"])
def test_an_argument_of_a_training_set_is_taken_or_refused(made: Made, name: str) -> None:
    _, training_set = made
    try_all(getattr(training_set, name), OF_SETS[name])


def test_a_log_is_moved_to_places_alone(made: Made) -> None:
    store, _ = made
    for value in VALUES:
        if not isinstance(value, (str, Path)):
            assert str(store.log.move(value).failure()).startswith("store.log.move: to is ")


def try_all(call: Callable[..., Any], given: dict[str, Any]) -> None:
    for argument, parameter in inspect.signature(call).parameters.items():
        for value in FEW if parameter.kind not in OPEN_KINDS else ():
            if argument == "progress" and callable(value):
                continue  # it would be called
            refused = tried(call, {**given, argument: value})
            assert refused is None or " Next: " in str(refused), argument


def tried(call: Callable[..., Any], given: dict[str, Any]) -> ForesetError | Exception | None:
    """The failure of a call that gives a `Result`, or what a call that gives none raises; any other fault is raised."""
    gives_result = "Result" in str(inspect.signature(call).return_annotation)
    try:
        found = call(**given)
    except ForesetError as raised:
        assert not gives_result, "a call that gives a Result raised"
        return raised
    if isinstance(found, Result) and not isinstance(found, Success):
        with pytest.raises(ForesetError) as caught:
            found.unwrap()
        return caught.value
    return None


@pytest.mark.parametrize("key", [object(), len, {"k": object()}, 1j, [1]])
def test_a_key_to_erase_is_a_value_that_a_column_may_have(key: object) -> None:
    store = FeatureStore.in_memory({"t": ROWS})
    store.register(EntitySpec("k", ["k"])).unwrap()
    assert "which is not a text, number, date or time" in str(store.keys.erase("k", key).failure())


def test_a_store_in_memory_is_of_frames() -> None:
    with pytest.raises(ForesetError, match="cannot be taken: it is not a frame"):
        FeatureStore.in_memory({"t": 1})
