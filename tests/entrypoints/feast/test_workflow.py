# X is the field's own name

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from foreset import (
    FeatureSpec,
    FeatureStore,
    FeatureStoreSpec,
    FeatureStoreSpecBuilder,
    ForesetError,
    ModelSpec,
    WorkflowResult,
    generate,
    load_data,
    read_delta_table,
    run_ml_workflow,
    write_to_delta_lake,
)
from foreset.domain.definitions.models import ModelTrained

MODEL = ModelSpec(estimator="LogisticRegression", metrics=["accuracy"])
SPEC = FeatureStoreSpecBuilder().enable().set_n_features(4)
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_workspace(workspace: Path) -> None:
    assert workspace.exists()


@pytest.fixture
def sample() -> None:
    generate("classification_data", n_samples=80, n_features=4)


def run(builder: FeatureStoreSpecBuilder = SPEC, model: ModelSpec = MODEL) -> WorkflowResult:
    return run_ml_workflow(model_spec=model, feature_store_spec=builder.build())


@pytest.mark.usefixtures("sample")
def test_every_sample_is_retrieved_trained_on_and_recorded() -> None:
    result = run()
    X, y = load_data("classification_data")
    pd.testing.assert_frame_equal(result.X, X)
    pd.testing.assert_series_equal(result.y, y)
    assert result.model.predict(X).shape == (80,)
    store = FeatureStore.open("feature_repo").unwrap()
    assert result.training_set_id is not None
    events = [recorded.event for recorded in store.log.events().unwrap()]
    trained = events[-1]
    assert isinstance(trained, ModelTrained)
    assert (trained.training_set_id, trained.estimator) == (
        result.training_set_id,
        "sklearn.linear_model.LogisticRegression",
    )
    assert trained.metrics == result.metrics
    assert list(result.metrics) == ["accuracy"]
    assert (trained.rows_train, trained.rows_test) == (60, 20)
    assert store.rebuild(result.training_set_id).unwrap().frame["target"].to_list() == y.tolist()
    assert (Path("feature_repo") / "data" / "registry.db").exists()


@pytest.mark.usefixtures("sample")
def test_running_again_registers_nothing_and_gives_the_same_training_set_and_model() -> None:
    first = run()
    kinds = [type(r.event).__name__ for r in FeatureStore.open("feature_repo").unwrap().log.events().unwrap()]
    second = run()
    again = [type(r.event).__name__ for r in FeatureStore.open("feature_repo").unwrap().log.events().unwrap()]
    assert kinds == ["EntityRegistered", "FeatureViewRegistered", "TrainingSetRetrieved", "ModelTrained"]
    assert again == [*kinds, "TrainingSetRetrieved", "ModelTrained"]
    assert (first.training_set_id, first.metrics) == (second.training_set_id, second.metrics)


@pytest.mark.usefixtures("sample")
def test_at_a_time_only_the_samples_known_then_are_retrieved() -> None:
    times = read_delta_table("classification_data")["ingested_at"]
    result = run(SPEC.set_timestamp(times[39]))
    assert result.X.equals(load_data("classification_data")[0][:40])
    assert run(SPEC.set_timestamp(times[39].replace(tzinfo=None))).training_set_id == result.training_set_id
    assert len(run(SPEC.set_timestamp(datetime(2025, 10, 1))).X) == 80  # noqa: DTZ001  # a time without a zone is the case
    with pytest.raises(
        ForesetError, match=r"'classification_data' had no samples at 2025-08-01 .*Next: set a later timestamp"
    ):
        run(SPEC.set_timestamp(datetime(2025, 8, 1, tzinfo=UTC)))


def test_a_sample_written_twice_is_one_row_with_the_values_of_the_time() -> None:
    rows = [(i, START + timedelta(days=i), float(i), i % 2) for i in range(40)]
    rows += [(i, START + timedelta(days=100 + i), -float(i), i % 2) for i in range(20)]
    frame = pl.DataFrame(rows, schema=["sample_index", "ingested_at", "feature_0", "target"], orient="row")
    write_to_delta_lake(frame, "grown")
    builder = SPEC.set_dataset_name("grown").set_n_features(1).set_feature_view("grown")
    naive = frame.with_columns(pl.col("ingested_at").dt.replace_time_zone(None))
    write_to_delta_lake(naive, "naive")
    newest = run(builder)
    assert run(builder.set_dataset_name("naive")).X.equals(newest.X)
    newest = run(builder)
    assert newest.X["feature_0"].tolist() == [-float(i) for i in range(20)] + [float(i) for i in range(20, 40)]
    before = run(builder.set_timestamp(START + timedelta(days=50)))
    assert before.X["feature_0"].tolist() == [float(i) for i in range(40)]


@pytest.mark.usefixtures("sample")
def test_only_the_asked_samples_in_their_order() -> None:
    indices = list(range(79, 20, -2))
    result = run(SPEC.set_sample_indices(indices))
    assert result.X.equals(load_data("classification_data")[0].iloc[indices].reset_index(drop=True))
    with pytest.raises(
        ForesetError, match="sample_indices has 80, -1, which 'classification_data' does not have at that"
    ):
        run(SPEC.set_sample_indices([80, 1, -1]))
    with pytest.raises(ForesetError, match="sample_indices has 79, which"):
        run(SPEC.set_sample_indices([1, 79]).set_timestamp(datetime(2025, 9, 10, tzinfo=UTC)))


@pytest.mark.usefixtures("sample")
def test_a_split_by_time_goes_by_when_samples_were_ingested() -> None:
    result = run(model=ModelSpec(estimator="LogisticRegression", split="time", metrics=["accuracy"]))
    X, y = load_data("classification_data")
    assert result.metrics == {"accuracy": result.model.score(X[60:], y[60:])}


@pytest.mark.usefixtures("sample")
def test_the_features_that_are_asked_are_those_that_are_trained_on() -> None:
    result = run_ml_workflow(
        [FeatureSpec(["feature_1"], preprocessing="standard")], MODEL, feature_store_spec=SPEC.build()
    )
    assert result.X.shape == (80, 4)
    assert result.model[-1].coef_.shape == (1, 1)
    with pytest.raises(ForesetError, match="no column 'feature_9'"):
        run_ml_workflow([FeatureSpec(["feature_9"])], MODEL, feature_store_spec=SPEC.build())


def test_a_regression_dataset() -> None:
    generate("regression_data", n_samples=60)
    builder = SPEC.set_dataset_name("regression_data").set_n_features(15).set_feature_view("regression_features")
    result = run_ml_workflow(feature_store_spec=builder.build())
    assert result.X.shape == (60, 15)
    assert result.y.dtype == np.float64


@pytest.mark.usefixtures("sample")
def test_more_features_than_the_table_has_are_refused_with_the_name() -> None:
    with pytest.raises(
        ForesetError, match="takes its feature 'feature_4' from the column 'feature_4', which the table"
    ):
        run(SPEC.set_n_features(5))
    assert FeatureStore.open("feature_repo").unwrap().log.events().unwrap() == ()


@pytest.mark.usefixtures("sample")
def test_without_initialisation_the_view_must_be_there() -> None:
    builder = SPEC.set_initialize_on_start(False)
    with pytest.raises(ForesetError, match="'classification_features' is not registered"):
        run(builder)
    run()
    assert run(builder).X.shape == (80, 4)
    generate("regression_data", n_samples=60, n_features=4)
    with pytest.raises(ForesetError, match="is over 'classification_data', not 'regression_data'"):
        run(builder.set_dataset_name("regression_data"))


def test_missing_data_is_told_with_the_next_step() -> None:
    with pytest.raises(ForesetError, match="foreset generate classification_data"):
        run()
    write_to_delta_lake(
        pl.DataFrame(
            schema={
                "sample_index": pl.Int64,
                "ingested_at": pl.Datetime("us", "UTC"),
                "feature_0": pl.Float64,
                "target": pl.Int64,
            }
        ),
        "empty",
    )
    with pytest.raises(ForesetError, match="the dataset 'empty' has no rows with a time"):
        run(SPEC.set_dataset_name("empty").set_n_features(1).set_feature_view("empty"))


@pytest.mark.usefixtures("sample")
def test_given_data_is_used_as_it_is_and_nothing_is_recorded() -> None:
    X, y = load_data("classification_data")
    forms = [
        (X, y),
        (pl.DataFrame(X), pl.Series("target", y.to_list())),
        (X.to_numpy(), y.to_numpy()),
        (X, y.to_list()),
    ]
    results = [run_ml_workflow(model_spec=MODEL, X=a, y=b, feature_store_spec=FeatureStoreSpec()) for a, b in forms]
    assert {tuple(result.metrics.items()) for result in results} == {tuple(results[0].metrics.items())}
    assert all(result.training_set_id is None for result in results)
    assert all(result.X.equals(X) for result in results)
    assert not Path("feature_repo").exists()


@pytest.mark.usefixtures("sample")
def test_contradictions_are_refused() -> None:
    X, y = load_data("classification_data")
    cases = [
        ({"X": X, "y": y, "feature_store_spec": SPEC.build()}, "the feature store is to load them too"),
        ({"X": X}, "X or y is missing, and no feature store is enabled"),
        ({}, "X or y is missing, and no feature store is enabled"),
        ({"X": X, "y": y[:3]}, "X has 80 rows and y has 3"),
        ({"X": X.assign(target=1), "y": y}, "X has the target's column 'target' too"),
        ({"X": X.to_numpy()[:, 0], "y": y}, "X has 1 dimensions"),
        ({"X": "X", "y": y}, "it is not a frame"),
    ]
    for arguments, text in cases:
        with pytest.raises(ForesetError, match=text):
            run_ml_workflow(model_spec=MODEL, **arguments)  # type: ignore[arg-type]  # wrong or loose on purpose
    with pytest.raises(ForesetError, match="offline_store_type='ray' is refused"):
        run(SPEC.set_offline_store("ray"))


@pytest.mark.usefixtures("sample")
def test_a_changed_dataset_is_a_new_version_of_the_view() -> None:
    run()
    generate("regression_data", n_samples=60, n_features=4)
    run_ml_workflow(feature_store_spec=SPEC.set_dataset_name("regression_data").build())
    catalog = FeatureStore.open("feature_repo").unwrap().catalog().unwrap()
    assert catalog.views["classification_features"].version == 2
    assert catalog.views["classification_features"].spec.source.table == "regression_data"


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("model", "said"),
    [
        (ModelSpec(estimator="elsewhere.Model"), "only these packages are imported: sklearn"),
        (ModelSpec(estimator="LogisticRegresion"), "Did you mean LogisticRegression?"),
        (ModelSpec(metrics=["acuracy"]), "There is no metric 'acuracy'"),
    ],
)
def test_a_model_that_cannot_be_made_is_refused_before_anything_is_written(model: ModelSpec, said: str) -> None:
    with pytest.raises(ForesetError, match="Next: ") as caught:
        run(model=model)
    assert said in str(caught.value)
    assert not Path("feature_repo").exists()
