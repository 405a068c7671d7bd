"""Every argument of every call of the Feast-style surface, and of the online calls, is taken or refused by name."""

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from foreset import (
    CallerError,
    DeltaSource,
    EntitySpec,
    FeastManager,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TrainingSetSpec,
    create_entity,
    create_feast_manager,
    create_feature_view,
    create_file_source,
    create_schema,
    generate,
    get_delta_path,
    run_ml_workflow,
    write_to_delta_lake,
)
from foreset.domain.unreadable import UnreadableEvent
from tests.domain.test_ill_typed_specs import VALUES

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2], "at": [DAY] * 2, "x": [1.0, 2.0], "y": [0, 1]})
LABELS = pd.DataFrame({"k": [1, 2], "event_timestamp": [DAY] * 2})
X = pd.DataFrame({"a": range(20)})
Y = pd.Series(range(20), name="late")
Call = tuple[Callable[..., Any], dict[str, Any], list[str]]


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeastManager]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder := tmp_path_factory.mktemp("calls"))
        patch.setenv("FORESET_DATA_DIR", str(folder / "data"))
        write_to_delta_lake(ROWS, "t")
        with create_feast_manager("repo") as made:
            made.register(
                EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], DeltaSource("t", "at"), ["x", "y"], ttl="9999d")
            )
            made.materialize()
            yield made


def calls(manager: FeastManager) -> dict[str, Call]:
    source, entity, schema = create_file_source("t", "at"), create_entity("k", ["k"]), create_schema(["x"])
    view = create_feature_view("v", source, schema, entity)
    unopened = {"initialize": False}
    found: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "FeastManager": (FeastManager, {}),
        "create_feast_manager": (create_feast_manager, unopened),
        "register_feature_view": (manager.register_feature_view, {"feature_view": view}),
        "get_entity_values": (manager.get_entity_values, {"entity_column": "k", "dataset_name": "t"}),
        "get_features": (manager.get_features, {"entity_df": LABELS, "features": ["v:x"]}),
        "get_training_data": (
            manager.get_training_data,
            {"entity_df": LABELS, "feature_names": ["v:x"], "target_name": "v:y"},
        ),
        "materialize": (manager.materialize, {}),
        "get_online_features": (manager.get_online_features, {"features": ["v:x"], "entity_rows": [{"k": 1}]}),
        "check_online": (manager.check_online, {"feature_view_name": "v"}),
        "create_file_source": (create_file_source, {"path": "t", "timestamp_field": "at"}),
        "create_entity": (create_entity, {"name": "k", "join_keys": ["k"]}),
        "create_schema": (create_schema, {"feature_names": ["x"]}),
        "create_feature_view": (
            create_feature_view,
            {"view_name": "v", "source": source, "schema": schema, "entity": entity},
        ),
        "generate": (generate, {"name": "classification_data", "n_samples": 2}),
        "get_delta_path": (get_delta_path, {"name": "t"}),
    }
    every = {name: (call, given, list(inspect.signature(call).parameters)) for name, (call, given) in found.items()}
    return every | {
        "initialize": (FeastManager("repo").initialize, {}, ["provider", "offline_store_type", "accept"]),
        "register": (lambda **given: manager.register(*given.values()), {}, ["spec"]),
        "import_feast": (
            lambda **given: manager.features.feast.import_repository(**{"path": "nowhere", **given}).unwrap(),
            {},
            ["path", "register", "look_rows"],
        ),
        # without y, so that nothing is trained
        "run_ml_workflow": (run_ml_workflow, {"X": X}, ["feature_specs", "model_spec", "feature_store_spec"]),
        "run_ml_workflow with data": (run_ml_workflow, {"X": X, "y": Y}, ["X", "y"]),
    }


NAMES = [
    *("FeastManager", "create_feast_manager", "register_feature_view", "get_entity_values", "get_features"),
    *("get_training_data", "materialize", "get_online_features", "check_online", "create_file_source", "create_entity"),
    *("create_schema", "create_feature_view", "generate", "get_delta_path", "initialize", "register"),
    *("import_feast", "run_ml_workflow", "run_ml_workflow with data"),
]


def test_every_call_is_tried(manager: FeastManager) -> None:
    public = {name for name, _ in inspect.getmembers(FeastManager, inspect.isfunction) if not name.startswith("_")}
    assert public - {"cleanup"} <= set(NAMES)
    assert sorted(calls(manager)) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_argument_of_another_type_is_taken_or_refused_by_its_call(manager: FeastManager, name: str) -> None:
    call, given, arguments = calls(manager)[name]
    for argument in arguments:
        for value in VALUES:
            refused = tried(call, {**given, argument: value})
            if refused is not None:
                assert isinstance(refused, CallerError), argument
                assert " Next: " in str(refused)


def tried(call: Callable[..., Any], given: dict[str, Any]) -> ForesetError | None:
    try:
        call(**given)
    except ForesetError as refused:
        return refused
    return None


def test_no_call_leaves_an_event_that_cannot_be_read(manager: FeastManager) -> None:
    for name in ("register", "materialize", "get_features"):
        call, given, (argument, *_) = calls(manager)[name]
        for value in VALUES:
            tried(call, {**given, argument: value})
    store = FeatureStore.open(Path("repo")).unwrap()
    assert not [r for r in store.log.events().unwrap() if isinstance(r.event, UnreadableEvent)]
    assert store.log.verify().unwrap().whole
    assert store.training_set(TrainingSetSpec(["v:x"]), LABELS).unwrap().frame["x"].to_list() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"k": "12"}, "its column 'k' (str) is '12' (str), which is not a list"),
        ({"k": 1}, "its column 'k' (str) is 1 (int), which is not a list"),
        ({"k": {1: 2}}, "its column 'k' (str) is {1: 2} (dict), which is not a list"),
        ([1, 2], "its rows are not all mappings with the same names"),
        ("k", "it is not a frame"),
    ],
)
def test_rows_of_keys_that_are_none_are_refused_by_column(manager: FeastManager, rows: object, said: str) -> None:
    with pytest.raises(CallerError) as refused:
        manager.get_online_features(["v:x"], rows)
    assert said in str(refused.value)


@pytest.mark.parametrize("keys", [[1, 2], (1, 2), np.array([1, 2]), pd.Series([1, 2]), pl.Series([1, 2]), range(1, 3)])
def test_keys_may_be_in_lists_of_any_kind_and_numbers_of_numpy(manager: FeastManager, keys: Any) -> None:
    for rows in ({"k": keys}, [{"k": key} for key in keys], pd.DataFrame({"k": keys})):
        assert manager.get_online_features(["v:x"], rows).to_dict()["x"] == [1.0, 2.0]


def test_what_is_plainly_meant_is_taken() -> None:
    source, entity, fields = create_file_source(Path("t"), "at"), create_entity("k", "k"), create_schema("x")
    view = create_feature_view("v", source, tuple(fields), entity, ttl="30d", tags={"a": "b"})
    assert view.ttl is not None
    assert view.ttl.days == 30
    assert {field.name for field in view.schema} == {"x", "k"}
