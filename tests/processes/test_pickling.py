"""What is sent to another process: stores and training sets by their place, values as they are, and no secret."""

# ruff: noqa: S301  # what is unpickled was pickled here

import copy
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cloudpickle
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success
from sklearn.linear_model import LinearRegression

from docs.error_examples import EXAMPLES
from foreset import (
    CallerError,
    FeatureStore,
    ForesetError,
    SpineReference,
    TrainingSet,
    TrainingSetSpec,
    WorkflowResult,
)
from foreset.domain.errors.event_log import NoLog
from foreset.domain.errors.problem import Problem, raised, refuse
from foreset.domain.errors.system import NotPickled
from foreset.entrypoints.wiring.openings import checked, opening
from tests.processes import runner
from tests.processes.entry_points import ASKED, CALLS, CITY, RAIN, World, labels, rows

ROOT: Final = Path(__file__).parents[2]
WAYS: Final[dict[str, Callable[[Any], Any]]] = {
    **{
        f"pickle {protocol}": lambda value, protocol=protocol: pickle.loads(pickle.dumps(value, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "cloudpickle": lambda value: cloudpickle.loads(cloudpickle.dumps(value)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORESET_DATA_DIR", "")  # which a world sets
        made = World(tmp_path_factory.mktemp("pickling"))
        made.prepare()
        yield made


@pytest.mark.parametrize("way", WAYS)
def test_a_store_is_opened_again_by_its_place(world: World, way: str) -> None:
    again = WAYS[way](world.store)
    assert again is not world.store
    assert again.catalog() == world.store.catalog()
    assert again.training_set(ASKED, labels()).unwrap().id == world.id


@pytest.mark.parametrize("way", WAYS)
def test_a_training_set_is_the_same_again(world: World, way: str) -> None:
    made = world.store.training_set(ASKED, labels()).unwrap()
    again = WAYS[way](made)
    assert isinstance(again, TrainingSet)
    assert (again.id, again.features, again.receipt) == (made.id, made.features, made.receipt)
    assert again.frame.equals(made.frame)
    assert again.report().unwrap().findings == made.report().unwrap().findings


def test_training_sets_of_one_store_share_it_again(world: World) -> None:
    made = world.store.training_set(ASKED, labels()).unwrap()
    store, first, second = pickle.loads(pickle.dumps((world.store, made, made)))
    assert first is second
    assert first._reporter.store is store


def test_a_deep_copy_is_not_changed_with_its_original(world: World) -> None:
    made = world.store.training_set(ASKED, labels()).unwrap()
    copied = copy.deepcopy(made)
    made.frame.insert_column(0, pl.Series("more", [1, 2]))
    assert copied.frame.columns == ["city", "event_timestamp", "mm"]


def test_unpickling_a_training_set_is_recorded_as_a_rebuild(world: World) -> None:
    made = world.store.training_set(ASKED, labels()).unwrap()
    before = len(world.store.log.events(training_set=made.id).unwrap())
    pickle.loads(pickle.dumps(made))
    assert len(world.store.log.events(training_set=made.id).unwrap()) == before + 1


def test_a_store_by_a_relative_path_is_found_from_anywhere(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.folder)
    store = FeatureStore.open("store", data_dir="data", files_from=["elsewhere"], memory="4GB").unwrap()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORESET_DATA_DIR", str(tmp_path))
    again = pickle.loads(pickle.dumps(store))
    assert again.training_set(ASKED, labels()).unwrap().id == world.id
    assert again.opened == store.opened
    assert again.opened.files_from == (str(world.folder / "elsewhere"),)
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_gone_is_not_made(world: World, tmp_path: Path) -> None:
    sent = pickle.dumps(FeatureStore.open(tmp_path / "store").unwrap())
    (tmp_path / "store").rename(tmp_path / "moved")
    with pytest.raises(CallerError, match=r"There is no event log at .*store") as refused:
        pickle.loads(sent)
    assert isinstance(refused.value.error, NoLog)
    assert not (tmp_path / "store").exists()
    del world


def _in_memory(_: World) -> object:
    return FeatureStore.in_memory({"rain": rows()})


def _set_in_memory(world: World) -> object:
    store = FeatureStore.in_memory({"rain": rows()})
    store.register(CITY, RAIN).unwrap()
    del world
    return store.training_set(ASKED, labels()).unwrap()


def _without_spine(world: World) -> object:
    return world.store.training_set(ASKED, labels(), keep_spine=False).unwrap()


def _past(world: World) -> object:
    return world.past


def _changes(world: World) -> object:
    return world.changes


def _manager(world: World) -> object:
    return world.manager


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_in_memory, "A store in memory cannot be pickled: .* Next: make it in the process that uses it"),
        (_set_in_memory, "The training set ts-.* its store is in memory.* Next: send its rows: to_arrow"),
        (
            _without_spine,
            "The training set ts-.* its spine was not kept.* Next: retrieve it without keep_spine=False",
        ),
        (_past, r"The store as of position \d+ cannot be pickled.* Next: .* call .at\(\d+\)"),
        (_changes, r"The changes of rain .* Next: .*store.tables.changes\('rain', 0, 1\)"),
        (_manager, r"FeastManager\('.*repo'\) .* Next: .*create_feast_manager\('.*repo', 'ml_workflow'\)"),
    ],
)
@pytest.mark.parametrize("way", ["pickle 4", "cloudpickle"])
def test_what_has_no_place_is_refused(world: World, make: Callable[[World], object], says: str, way: str) -> None:
    with pytest.raises(CallerError, match=says) as refused:
        WAYS[way](make(world))
    assert isinstance(refused.value.error, NotPickled)


# === Secrets ===

SECRET: Final = "hunter2-Zx81"  # noqa: S105  # of nobody
ADDRESSES: Final = (
    "postgresql://ann:{}@db/features",
    "postgresql://ann@db/features?password={}",
    "postgresql://ann@db/features?sslmode=require&sslpassword={}",
    "postgresql://ann:{}/x@db/features",
    "postgres://{}:x@y:z@db/features",
)


@given(
    address=st.sampled_from([*ADDRESSES, "postgresql://ann@db/features", "store"]),
    options=st.sampled_from([None, "duckdb", {"type": "duckdb"}, {"type": "postgres", "password": SECRET}]),
    places=st.lists(st.sampled_from(["/srv/a", "s3://bucket/x", f"s3://KEY:{SECRET}@bucket/x"]), max_size=2),
)
def test_no_secret_is_in_what_is_sent(address: str, options: Any, places: list[str]) -> None:
    known = opening(
        address.format(SECRET),
        data_dir=None,
        memory=None,
        threads=None,
        offline_store=options,
        accept=(),
        places=places,
        verify=None,
    )
    assert SECRET not in repr(known)
    assert SECRET.encode() not in pickle.dumps(known)
    secrets = "{}" in address or (isinstance(options, dict) and len(options) > 1) or any(SECRET in p for p in places)
    if secrets:
        with pytest.raises(
            CallerError, match=r"was opened with .* Next: open it in the process that uses it"
        ) as refused:
            checked(known)
        assert SECRET not in str(refused.value)
    else:
        assert checked(known) == known


def test_a_training_set_is_sent_without_its_rows_and_options(world: World) -> None:
    made = world.store.training_set(ASKED, labels()).unwrap()
    sent = pickle.dumps(made)
    assert b"Oslo" not in sent
    assert b"storage_options" not in sent
    assert len(sent) < 1000


# === Values and errors ===


@pytest.mark.parametrize("name", sorted(name for name in CALLS if name.startswith(("FeatureStore.", "PastStore."))))
def test_the_answers_of_a_store_are_equal_again(world: World, name: str) -> None:
    if name == "FeatureStore.import_feast":
        _ = world.manager
    answer = CALLS[name](world)
    value = answer.value_or(None) if isinstance(answer, (Success, Failure)) else answer
    if isinstance(value, (FeatureStore, TrainingSet)) or type(value).__name__ in {"PastStore", "TableChanges"}:
        return
    for way in ("pickle 4", "cloudpickle", "deepcopy"):
        assert WAYS[way](answer) == answer


@pytest.mark.parametrize(
    "value", [CITY, RAIN, ASKED, SpineReference("rain"), TrainingSetSpec(["a:b"], versions={"a": 1})]
)
def test_specs_are_equal_again(value: object) -> None:
    assert all(way(value) == value for way in WAYS.values())


def test_the_result_of_a_workflow_is_the_same_again() -> None:
    X, y = rows().select("mm").to_pandas(), rows()["mm"].to_pandas()
    made = WorkflowResult(model=LinearRegression().fit(X, y), metrics={"r2": 1.0}, X=X, y=y, training_set_id="ts-1")
    again = pickle.loads(pickle.dumps(made))
    assert (again.metrics, again.training_set_id, list(again.X["mm"])) == (made.metrics, "ts-1", [2.0, 9.0])
    assert list(again.model.predict(X)) == list(made.model.predict(X))


@pytest.mark.parametrize("problem", EXAMPLES, ids=lambda problem: type(problem).__name__)
def test_every_error_comes_back_from_another_process(problem: Problem) -> None:
    for way in WAYS.values():
        error = way(raised(problem))
        assert (type(error), error.error, str(error)) == (type(raised(problem)), problem, problem.message)
        refusal = way(refuse(problem))
        assert (refusal.failure(), str(refusal)) == (problem, str(refuse(problem)))


@pytest.mark.parametrize("problem", EXAMPLES[:5], ids=lambda problem: type(problem).__name__)
def test_what_unwrap_raises_comes_back_as_the_class_of_its_fault(problem: Problem) -> None:
    with pytest.raises(ForesetError) as refused:
        refuse(problem).unwrap()
    again = pickle.loads(pickle.dumps(refused.value))
    assert (type(again), again.error) == (type(raised(problem)), problem)


# === In another process ===


@pytest.mark.parametrize(
    ("situation", "outcome"),
    [("sent by spawn", "2 rows"), ("sent by loky", "2 rows"), ("sent by fork", "ForkedProcess")],
)
def test_a_store_and_a_training_set_work_in_the_workers_of_a_pool(world: World, situation: str, outcome: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, runner.__file__, str(world.folder), situation],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=world.folder,
    )
    assert done.returncode == 0, done.stderr
    assert dict(json.loads(line) for line in done.stdout.splitlines()) == {"store": outcome, "training set": outcome}
