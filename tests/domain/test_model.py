"""Model specs and the workflow's spec: validation, decoding, and the builder."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from foreset.domain.definitions.models import FeatureSpec, ModelSpec, ModelTrained, Split
from foreset.domain.definitions.workflow import FeatureStoreSpec, FeatureStoreSpecBuilder
from foreset.domain.errors.problem import CallerError


@pytest.mark.parametrize(
    ("spec", "fields", "text"),
    [
        (FeatureSpec, {"columns": []}, "FeatureSpec: columns is empty. Next: name at least one in columns."),
        (
            FeatureSpec,
            {"columns": ["a", "a"]},
            "FeatureSpec: columns names 'a' twice. Next: name it once in columns.",
        ),
        (
            FeatureSpec,
            {"columns": ["a"], "preprocessing": "pca"},
            (
                "FeatureSpec: preprocessing is 'pca'. "
                "Next: give one of 'auto', 'standard', 'minmax', 'robust', 'one_hot', 'ordinal', 'passthrough'."
            ),
        ),
        (Split, {"kind": "group"}, "Split: kind is 'group'. Next: give one of 'random', 'stratified', 'time'."),
        (Split, {"test_size": 1.0}, "Split: its test_size 1.0 is no share. Next: give a number between 0 and 1."),
        (ModelSpec, {"split": 3}, "ModelSpec: its split is 3 (int). Next: give a Split, or its kind."),
        (
            ModelSpec,
            {"split": "never", "name": "late"},
            "Split: kind is 'never'. Next: give one of 'random', 'stratified', 'time'.",
        ),
        (ModelSpec, {"estimator": ""}, "ModelSpec: its estimator is empty. Next: name an estimator, or leave it out."),
        (
            FeatureStoreSpec,
            {"dataset_name": "../secret"},
            (
                "FeatureStoreSpec: '../secret' is not a dataset name: names have letters, digits, '_', '-' and '.', "
                "and do not begin with '.'. Next: give the name alone; the folder is set by FORESET_DATA_DIR."
            ),
        ),
        (
            FeatureStoreSpec,
            {"n_features": 0},
            "FeatureStoreSpec: n_features is 0. Next: give a whole number of 1 or more.",
        ),
        (
            FeatureStoreSpec,
            {"timestamp": "soon"},
            "FeatureStoreSpec: timestamp is 'soon' (str). Next: give a time in ISO 8601, such as 2025-11-01T00:00:00.",
        ),
        (
            FeatureStoreSpec,
            {"timestamp": pd.NaT},
            "FeatureStoreSpec: timestamp is NaT (NaTType). Next: give a datetime, or None for everything.",
        ),
        (
            FeatureStoreSpec,
            {"sample_indices": []},
            "FeatureStoreSpec: sample_indices is empty. Next: name at least one sample, or give None for all.",
        ),
        (
            FeatureStoreSpec,
            {"sample_indices": [1, 2.5]},
            (
                "FeatureStoreSpec: sample_indices[1] is 2.5 (float), which is not a whole number. "
                "Next: give whole numbers, such as [0, 10, 20] or range(100)."
            ),
        ),
        (
            FeatureStoreSpec,
            {"sample_indices": "0,1"},
            (
                "FeatureStoreSpec: sample_indices[0] is '0,1' (str), which is not a whole number. "
                "Next: give whole numbers, such as [0, 10, 20] or range(100)."
            ),
        ),
        (
            FeatureStoreSpec,
            {"repo_path": " "},
            "FeatureStoreSpec: repo_path is ' '. Next: give a repo_path that is not empty.",
        ),
    ],
)
def test_a_spec_that_contradicts_itself_says_so(spec: type, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(CallerError) as caught:
        spec(**fields)
    assert str(caught.value) == text


def test_a_split_is_given_by_its_kind_or_whole_and_decoded_alike() -> None:
    assert ModelSpec(split="time").split == Split("time", 0.25, 0)
    decoded = msgspec.json.decode(b'{"split": {"kind": "stratified", "seed": 7}, "metrics": ["f1"]}', type=ModelSpec)
    assert decoded == ModelSpec(split=Split("stratified", seed=7), metrics=("f1",))
    assert msgspec.json.decode(msgspec.json.encode(decoded), type=ModelSpec) == decoded


def test_a_single_name_is_a_tuple_of_one() -> None:
    assert FeatureSpec("age").columns == ("age",)
    assert ModelSpec(metrics="r2").metrics == ("r2",)


def test_the_event_survives_the_log() -> None:
    event = ModelTrained(
        training_set_id="ts-1", estimator="sklearn.linear_model.Ridge", params={"alpha": 1.0}, metrics={"r2": 0.5},
        rows_train=3, rows_test=1, fingerprint="ab",
    )  # fmt: skip
    encoded = msgspec.json.encode(event)
    assert msgspec.json.decode(encoded)["type"] == "model-trained.v1"
    assert msgspec.json.decode(encoded, type=ModelTrained) == event


def test_the_defaults_are_those_of_the_guide() -> None:
    spec = FeatureStoreSpecBuilder().build()
    assert spec == FeatureStoreSpec(
        enabled=False,
        repo_path="feature_repo",
        project_name="ml_workflow",
        dataset_name="classification_data",
        n_features=20,
        offline_store_type="delta",
        feature_view_name="classification_features",
        initialize_on_start=True,
        timestamp=None,
        sample_indices=None,
    )


def test_every_setter_gives_a_new_builder_and_sets_its_field_only() -> None:
    setters: dict[str, tuple[str, tuple[Any, ...], Any]] = {
        "enable": ("enabled", (), True),
        "set_repo_path": ("repo_path", (Path("my/repo"),), str(Path("my/repo"))),
        "set_project_name": ("project_name", ("p",), "p"),
        "set_dataset_name": ("dataset_name", ("regression_data",), "regression_data"),
        "set_n_features": ("n_features", (15,), 15),
        "set_offline_store": ("offline_store_type", ("file",), "file"),
        "set_feature_view": ("feature_view_name", ("v",), "v"),
        "set_initialize_on_start": ("initialize_on_start", (False,), False),
        "set_timestamp": ("timestamp", (datetime(2025, 11, 1),), datetime(2025, 11, 1, tzinfo=UTC)),  # noqa: DTZ001  # a time without a zone is the case
        "set_sample_indices": ("sample_indices", ([0, 10],), (0, 10)),
    }
    start = FeatureStoreSpecBuilder()
    for name, (field, arguments, value) in setters.items():
        built = getattr(start, name)(*arguments).build()
        assert getattr(built, field) == value
        assert built == msgspec.structs.replace(FeatureStoreSpec(), **{field: value})
        assert start.build() == FeatureStoreSpec()
    assert start.enable().disable().build() == FeatureStoreSpec()


def test_a_setter_refuses_at_once() -> None:
    with pytest.raises(CallerError, match=r"n_features is -1"):
        FeatureStoreSpecBuilder().set_n_features(-1)


@pytest.mark.parametrize("indices", [range(3), np.arange(3), (np.int32(0), 1, np.uint8(2)), pd.Series([0, 1, 2])])
def test_sample_indices_of_any_kind_of_whole_number(indices: Any) -> None:
    kept = FeatureStoreSpec(sample_indices=indices).sample_indices
    assert kept == (0, 1, 2)
    assert isinstance(kept, tuple)
    assert {type(index) for index in kept} == {int}


@pytest.mark.parametrize(
    "given",
    [
        datetime(2025, 1, 1, 12),  # noqa: DTZ001  # naive is the point
        datetime(2025, 1, 1, 21, tzinfo=timezone(timedelta(hours=9))),
        pd.Timestamp("2025-01-01 21:00", tz="Asia/Tokyo"),
        "2025-01-01T12:00:00",
    ],
)
def test_a_timestamp_is_kept_in_utc(given: Any) -> None:
    kept = FeatureStoreSpec(timestamp=given).timestamp
    assert kept == datetime(2025, 1, 1, 12, tzinfo=UTC)
    assert type(kept) is datetime
    assert kept.tzinfo is UTC
