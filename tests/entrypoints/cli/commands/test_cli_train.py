"""`foreset train`: workflow files, and the whole way from a file to a recorded model."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from returns.result import Success

from foreset.domain.definitions.models import FeatureSpec, ModelSpec, Split
from foreset.domain.definitions.workflow import FeatureStoreSpec
from foreset.entrypoints.cli import main
from foreset.entrypoints.spec_files.workflows import Workflow, read_workflow

FLOW = """
feature_store: {dataset_name: classification_data, n_features: 4, timestamp: 2025-11-01}
features:
  - {columns: [feature_0, feature_1], preprocessing: standard}
  - {columns: [feature_2]}
model:
  estimator: LogisticRegression
  params: {C: 0.5}
  split: {kind: stratified, test_size: 0.2}
  metrics: [roc_auc]
  name: first
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("FORESET_STORE", "FORESET_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def read(text: str, **options: Any) -> Any:
    Path("flow.yaml").write_text(text)
    return read_workflow("flow.yaml", **options)


def test_a_workflow_file() -> None:
    assert read(FLOW, repo_path="elsewhere").unwrap() == Workflow(
        feature_store=FeatureStoreSpec(
            enabled=True, repo_path="elsewhere", n_features=4, timestamp=datetime(2025, 11, 1, tzinfo=UTC)
        ),
        features=(FeatureSpec(["feature_0", "feature_1"], "standard"), FeatureSpec(["feature_2"])),
        model=ModelSpec("LogisticRegression", {"C": 0.5}, Split("stratified", 0.2), metrics=["roc_auc"], name="first"),
    )


def test_every_section_may_be_left_out() -> None:
    flow = read("model: {estimator: Ridge}\n").unwrap()
    assert flow == Workflow(feature_store=FeatureStoreSpec(enabled=True), features=None, model=ModelSpec("Ridge"))


def test_only_the_caller_allows_packages() -> None:
    assert "a file cannot allow packages" in str(read("model: {allowed_packages: [os]}").failure())
    assert read("model: {estimator: a.B}", allow=["a"]).unwrap().model.allowed_packages == ("sklearn", "a")


MISTAKES = [
    (
        "featurs: []",
        "flow.yaml has no field 'featurs'. Next: Did you mean features? The fields are: feature_store, feat",
    ),
    ("features: {columns: [a]}", "flow.yaml, features: it is a mapping of names to values, and a list is wanted."),
    (
        "features: [{colums: [a]}]",
        "flow.yaml, features[0] has no field 'colums'. Next: Did you mean columns? The fields",
    ),
    ("features: [{columns: []}]", "flow.yaml, features[0]: FeatureSpec: columns is empty."),
    ("feature_store: here", "flow.yaml, feature_store: it is text, and a mapping of names to values is wanted."),
    (
        "feature_store: {datset_name: x}",
        "flow.yaml, feature_store has no field 'datset_name'. Next: Did you mean dataset",
    ),
    ("feature_store: {dataset_name: ../x}", "flow.yaml, feature_store: FeatureStoreSpec: '../x' is not a dataset name"),
    ("feature_store: {n_features: 0}", "flow.yaml, feature_store: FeatureStoreSpec: n_features is 0."),
    ("model: LogisticRegression", "flow.yaml, model: it is text, and a mapping of names to values is wanted."),
    (
        "model: {estimatr: x}",
        "flow.yaml, model has no field 'estimatr'. Next: Did you mean estimator? The fields are: e",
    ),
    (
        "model: {split: {kindd: time}}",
        "flow.yaml, model.split has no field 'kindd'. Next: Did you mean kind? The fields",
    ),
    (
        "model: {split: sideways}",
        "flow.yaml, model: Split: kind is 'sideways'. Next: give one of 'random', 'stratified', 'time'.",
    ),
    ("model: {split: {test_size: 2}}", "flow.yaml, model.split: Split: its test_size 2.0 is no share."),
    ("- model", "flow.yaml: it is a list, and a mapping with feature_store, features and model is wanted."),
    ("model: {name: a}\n---\nmodel: {name: b}\n", "The spec file flow.yaml cannot be read: it holds 2 documents, and"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_told_with_its_path(text: str, message: str) -> None:
    result = read(text)
    assert not isinstance(result, Success)
    assert str(result.failure()).startswith(message)


@pytest.mark.slow
def test_train_records_the_model_against_its_training_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "classification_data", "--rows", "200", "--features", "4"]) == 0
    Path("flow.yaml").write_text(FLOW)
    capsys.readouterr()
    assert main(["train", "flow.yaml", "--store", "wf", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["rows"], answer["features"]) == (200, 4)
    assert 0.5 < answer["metrics"]["roc_auc"] <= 1
    assert main(["show", answer["training_set_id"], "--store", "wf", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert (model["name"], model["metrics"], model["params"]["C"]) == ("first", answer["metrics"], 0.5)
    assert main(["rebuild", answer["training_set_id"], "--store", "wf"]) == 0
    assert main(["log", "--store", "wf"]) == 0
    assert f"trained first on {answer['training_set_id']}: roc_auc 0." in capsys.readouterr().out
    estimator_of_another_package(capsys)


def estimator_of_another_package(capsys: pytest.CaptureFixture[str]) -> None:
    Path("flow.yaml").write_text("feature_store: {n_features: 4}\nmodel: {estimator: subprocess.Popen}\n")
    assert main(["train", "flow.yaml", "--store", "wf"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: The estimator 'subprocess.Popen' is from 'subprocess'; only these packages are impor")
    assert "Traceback" not in err


@pytest.mark.slow
def test_publish_fills_the_feast_registry_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "classification_data", "--rows", "20"]) == 0
    source = "{table: classification_data, timestamp_field: ingested_at}"
    view = f"views: [{{name: v, entities: [sample], source: {source}, features: [feature_0]}}]"
    Path("features.yaml").write_text(f"entities: [{{name: sample, join_keys: [sample_index]}}]\n{view}\n")
    assert main(["apply", "features.yaml"]) == 0
    capsys.readouterr()
    for changed in (2, 0):
        assert main(["publish"]) == 0
        told = f"{changed} definitions changed in the Feast registry of feature_repo. It stands at event 2.\n"
        assert capsys.readouterr().out == told
    assert Path("feature_repo/data/registry.db").is_file()
    assert main(["publish", "--project", "other"]) == 2
    assert "has project: ml_workflow, and the call asks for other" in capsys.readouterr().err
