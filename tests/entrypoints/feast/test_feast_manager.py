# ruff: noqa: N806  # X is the field's own name

import warnings
from datetime import timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from feast import Entity, FeatureView, Field, FileSource
from feast.data_format import DeltaFormat, ParquetFormat
from feast.types import Float64, Int64, String
from feast.value_type import ValueType

from foreset import (
    FeastManager,
    FeatureStore,
    ForesetError,
    create_entity,
    create_feast_manager,
    create_feature_view,
    create_file_source,
    create_schema,
    generate,
    get_delta_path,
    load_data,
    write_to_delta_lake,
)

FEATURES = [f"feature_{i}" for i in range(20)]
VIEW = "classification_features"


@pytest.fixture(autouse=True)
def _sample(workspace: Path) -> None:
    assert workspace.exists()
    generate("classification_data", n_samples=100)


@pytest.fixture
def manager() -> FeastManager:
    return create_feast_manager()


def sample_view(name: str = VIEW, **options: object) -> FeatureView:
    source = create_file_source(get_delta_path("classification_data"), "ingested_at", source_name=f"{name}_source")
    schema = [*create_schema(FEATURES), Field(name="target", dtype=Int64)]
    return create_feature_view(name, source, schema, create_entity("sample", ["sample_index"]), **options)  # type: ignore[arg-type]  # wrong or loose on purpose


def spine(indices: list[int], at: str = "2025-10-01") -> pd.DataFrame:
    return pd.DataFrame({"sample_index": indices, "event_timestamp": pd.to_datetime([at] * len(indices))})


def test_the_repository_is_made(workspace: Path) -> None:
    create_feast_manager(repo_path="feature_repo", project_name="ml_workflow")
    assert (workspace / "feature_repo" / "feature_store.yaml").exists()
    assert (workspace / "feature_repo" / "data" / "registry.db").stat().st_size > 0


def test_the_guides_flow_gives_every_row_in_order(manager: FeastManager) -> None:
    entity = create_entity(name="sample", join_keys=["sample_index"])
    manager.store.apply([entity])
    manager.register_feature_view(sample_view())
    indices = manager.get_entity_values("sample_index", "classification_data")
    entity_df = pd.DataFrame({"sample_index": indices[::-1], "event_timestamp": [pd.Timestamp.now()] * len(indices)})
    X, y = manager.get_training_data(entity_df, FEATURES, "target")
    direct_X, direct_y = load_data("classification_data")
    pd.testing.assert_frame_equal(X, direct_X[::-1].reset_index(drop=True))
    pd.testing.assert_series_equal(y, direct_y[::-1].reset_index(drop=True))


def test_a_view_registered_without_its_entity_gives_every_row_and_no_warning(manager: FeastManager) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        manager.register_feature_view(sample_view())
    assert [field.name for field in manager.store.get_feature_view(VIEW).entity_columns] == ["sample_index"]
    assert manager.store.get_entity("sample").join_key == "sample_index"
    result = manager.get_features(spine([3, 1, 3, 777]), ["feature_0", f"{VIEW}:target"])
    assert list(result.columns) == ["sample_index", "event_timestamp", "feature_0", "target"]
    assert result["sample_index"].tolist() == [3, 1, 3, 777]
    assert result["feature_0"].isna().tolist() == [False, False, False, True]


def test_a_plain_feast_view_takes_its_key_from_the_entity_that_feast_knows(manager: FeastManager) -> None:
    entity = Entity(
        name="thing", join_keys=["sample_index"], value_type=ValueType.INT64, tags={"team": "x"}, owner="me"
    )
    source = FileSource(
        path=str(get_delta_path("classification_data")), timestamp_field="ingested_at", file_format=DeltaFormat()
    )
    manager.store.apply([entity])
    manager.register_feature_view(FeatureView(name="plain", entities=[entity], source=source))
    catalog = manager.features.catalog().unwrap()
    assert catalog.entities["thing"].spec.tags == {"team": "x"}
    assert [field.name for field in catalog.views["plain"].spec.fields] == [*FEATURES, "target"]
    assert catalog.views["plain"].spec.source.table == "classification_data"
    assert manager.get_features(spine([5]), ["feature_7"]).shape == (1, 3)


def test_a_view_whose_entity_nobody_knows_is_refused(manager: FeastManager) -> None:
    entity = Entity(name="thing", join_keys=["sample_index"], value_type=ValueType.INT64)
    view = FeatureView(
        name="plain", entities=[entity], source=sample_view().batch_source, schema=create_schema(["feature_0"])
    )
    with pytest.raises(ForesetError, match=r"the join key of its entity 'thing' is not known.*Next: register it first"):
        manager.register_feature_view(view)
    bare = FeatureView(name="plain", source=sample_view().batch_source, schema=create_schema(["feature_0"]))
    with pytest.raises(ForesetError, match="it has no entity"):
        manager.register_feature_view(bare)
    assert manager.features.log.events().unwrap() == ()


def test_registering_twice_changes_nothing(manager: FeastManager) -> None:
    manager.register_feature_view(sample_view())
    events = manager.features.log.events().unwrap()
    registry = manager.repo_path / "data" / "registry.db"
    content = registry.read_bytes()
    manager.register_feature_view(sample_view())
    assert manager.features.log.events().unwrap() == events
    assert registry.read_bytes() == content


def test_the_users_own_schema_is_not_changed() -> None:
    schema = create_schema(["feature_0"])
    source = create_file_source(get_delta_path("classification_data"), "ingested_at")
    view = create_feature_view("v", source, schema, create_entity("sample", ["sample_index"]))
    assert [field.name for field in schema] == ["feature_0"]
    assert view.entity_columns[0].dtype == Int64


def test_the_join_key_has_its_type_in_the_table() -> None:
    write_to_delta_lake(pl.DataFrame({"k": ["a"], "at": [pd.Timestamp("2024-01-01")], "v": [1.0]}), "texts")
    source = create_file_source("texts", "at")
    assert (
        create_feature_view("v", source, create_schema(["v"]), create_entity("e", ["k"])).entity_columns[0].dtype
        == String
    )
    missing = create_file_source("missing", "at")
    assert (
        create_feature_view("v", missing, create_schema(["v"]), create_entity("e", ["k"])).entity_columns[0].dtype
        == Int64
    )
    typed = Entity(name="e", join_keys=["k"], value_type=ValueType.STRING)
    assert create_feature_view("v", missing, create_schema(["v"]), typed).entity_columns[0].dtype == String


def test_objects_that_cannot_be_are_refused(workspace: Path) -> None:
    with pytest.raises(ForesetError, match=r"it has 2 join keys \(a, b\), and Feast takes one"):
        create_entity("pair", ["a", "b"])
    with pytest.raises(ForesetError, match="it has 0 join keys"):
        create_entity("none", [])
    with pytest.raises(ForesetError, match="its ttl is negative"):
        sample_view(ttl=timedelta(days=-1))
    with pytest.raises(ForesetError, match="is not a dataset name"):
        create_file_source("../outside", "at")
    assert create_file_source(Path("data/x"), "at").path == str(workspace / "data" / "x")


def test_a_parquet_source_is_refused(manager: FeastManager, workspace: Path) -> None:
    source = create_file_source(workspace / "x.parquet", "at", file_format=ParquetFormat())
    view = create_feature_view("v", source, create_schema(["a"]), create_entity("e", ["k"]))
    with pytest.raises(ForesetError, match="whose format is parquet, and only Delta is read here"):
        manager.register_feature_view(view)


def test_missing_tables_and_columns_are_named(manager: FeastManager) -> None:
    entity = create_entity("sample", ["sample_index"])
    missing = create_feature_view(
        "v", create_file_source("regression_data", "ingested_at"), create_schema(["f"]), entity
    )
    with pytest.raises(ForesetError, match="foreset generate regression_data"):
        manager.register_feature_view(missing)
    source = create_file_source("classification_data", "ingested_at")
    strange = create_feature_view("v", source, create_schema(["feature_99"]), entity)
    with pytest.raises(
        ForesetError, match="takes its feature 'feature_99' from the column 'feature_99', which the table"
    ):
        manager.register_feature_view(strange)
    assert manager.features.log.events().unwrap() == ()
    assert manager.store.list_feature_views() == []


@pytest.mark.parametrize(
    ("store", "reason"),
    [
        ("mssql", "its source names a table and takes no query"),
        ("ray", "plans were never run on it"),
        ("delat", "there is no such store.*Did you mean delta"),
    ],
)
def test_other_offline_stores_are_refused_with_the_reason(store: str, reason: str, workspace: Path) -> None:
    with pytest.raises(
        ForesetError, match=f"offline_store_type='{store}' is refused: .*{reason}.*Use offline_store_type='delta'"
    ):
        create_feast_manager(offline_store_type=store)
    assert not (workspace / "feature_repo").exists()


@pytest.mark.parametrize("store", ["delta", "file"])
def test_our_offline_stores_run_our_engine_inside_feast(store: str) -> None:
    manager = create_feast_manager(offline_store_type=store)
    manager.register_feature_view(sample_view())
    found = manager.store.get_historical_features(spine([9, 2, 9]), [f"{VIEW}:feature_3", f"{VIEW}:target"]).to_df()
    X, y = load_data("classification_data")
    assert found["feature_3"].tolist() == X["feature_3"][[9, 2, 9]].tolist()
    assert found["target"].tolist() == y[[9, 2, 9]].tolist()


def test_training_data_may_take_the_label_from_the_entity_frame(manager: FeastManager) -> None:
    manager.register_feature_view(sample_view())
    entity_df = spine([1, 2]).assign(bought=[True, False])
    X, y = manager.get_training_data(entity_df, ["feature_1", f"{VIEW}:feature_0 as zero"], "bought")
    assert (list(X.columns), y.tolist()) == (["feature_1", "zero"], [True, False])
    with pytest.raises(ForesetError, match="the target 'target' is among the features"):
        manager.get_training_data(entity_df, ["feature_0", "target"], "target")
    with pytest.raises(ForesetError, match="more than one column 'target': the spine, classification_features:target"):
        manager.get_training_data(entity_df.assign(target=1), ["feature_0"], "target")
    with pytest.raises(ForesetError, match="has no feature 'feature_77'"):
        manager.get_features(spine([1]), ["feature_77"])
    with pytest.raises(ForesetError, match="The spine has no column 'sample_index'"):
        manager.get_features(spine([1]).drop(columns="sample_index"), ["feature_0"])


def test_bare_names_mean_the_only_view_or_the_guides(manager: FeastManager) -> None:
    with pytest.raises(ForesetError, match="'classification_features' is not registered"):
        manager.get_features(spine([1]), ["feature_0"])
    manager.register_feature_view(sample_view("one"))
    assert manager.get_features(spine([1]), ["feature_0"]).shape == (1, 3)
    manager.register_feature_view(sample_view("two"))
    with pytest.raises(ForesetError, match=r"several feature views are registered.*one of one, two"):
        manager.get_features(spine([1]), ["feature_0"])
    assert manager.get_features(spine([1]), ["feature_0"], feature_view_name="two").shape == (1, 3)
    manager.register_feature_view(sample_view())
    assert manager.get_features(spine([1]), ["feature_0"]).shape == (1, 3)


def test_what_is_retrieved_can_be_rebuilt_from_its_id(manager: FeastManager) -> None:
    manager.register_feature_view(sample_view())
    frame = manager.get_features(spine([4, 5]), ["feature_0"])
    identifier = manager.last_training_set_id
    assert identifier is not None
    generate("classification_data", n_samples=10, seed=7)
    again = FeatureStore.open("feature_repo").unwrap().rebuild(identifier).unwrap()
    pd.testing.assert_frame_equal(again.to_pandas(), frame)


def test_nothing_works_before_initialize_or_after_cleanup() -> None:
    manager = create_feast_manager(initialize=False)
    for use in (lambda: manager.store, lambda: manager.get_features(spine([1]), ["feature_0"])):
        with pytest.raises(ForesetError, match=r"it is not initialized. Next: call manager.initialize\(\) first"):
            use()
    with manager:
        manager.initialize()
        manager.register_feature_view(sample_view())
    manager.cleanup()
    with pytest.raises(ForesetError, match="it is not initialized"):
        manager.register_feature_view(sample_view())
    manager.initialize()
    assert manager.get_features(spine([1]), ["feature_0"]).shape == (1, 3)


def test_entity_values_are_distinct_and_in_the_tables_order(manager: FeastManager) -> None:
    write_to_delta_lake(pl.DataFrame({"k": ["b", "a", None, "b"]}), "texts")
    assert manager.get_entity_values("k", "texts") == ["b", "a"]
    with pytest.raises(ForesetError, match="the table has no column 'q'"):
        manager.get_entity_values("q", "texts")


@pytest.mark.parametrize("damage", [None, b"", b"garbage that is no registry", b"\x0a\x05ab"])
def test_a_missing_or_damaged_registry_is_built_again_from_the_log(manager: FeastManager, damage: bytes | None) -> None:
    manager.register_feature_view(sample_view())
    manager.cleanup()
    registry = manager.repo_path / "data" / "registry.db"
    registry.unlink()
    if damage is not None:
        registry.write_bytes(damage)
    with create_feast_manager() as again:
        assert [view.name for view in again.store.list_feature_views()] == [VIEW]
        assert [field.name for field in again.store.get_feature_view(VIEW).entity_columns] == ["sample_index"]
    kept = registry.with_name("registry.db.damaged")
    assert (kept.read_bytes() if kept.exists() else None) == damage


def test_a_repository_that_says_something_else_is_left_and_refused(manager: FeastManager) -> None:
    yaml = manager.repo_path / "feature_store.yaml"
    before = yaml.read_text()
    with pytest.raises(ForesetError, match="has project: ml_workflow, and the call asks for other"):
        create_feast_manager(project_name="other")
    yaml.write_text(before.replace("foreset.adapters.feast.offline_store.DeltaOfflineStore", "dask"))
    with pytest.raises(ForesetError, match="has offline_store: dask, and the call asks for foreset"):
        create_feast_manager()
    yaml.write_text("project: [")
    with pytest.raises(ForesetError, match=r"cannot be opened by .*did not find expected node content"):
        create_feast_manager()
    yaml.write_text(before)
    with pytest.raises(ForesetError, match="only the local provider is known"):
        create_feast_manager(provider="gcp")


def test_a_registry_in_a_database_serves_as_well(workspace: Path) -> None:
    with create_feast_manager():
        pass
    yaml = workspace / "feature_repo" / "feature_store.yaml"
    database = f"{{registry_type: sql, path: 'sqlite:///{workspace}/registry.sqlite'}}"
    yaml.write_text(yaml.read_text().replace("registry: data/registry.db", f"registry: {database}"))
    with create_feast_manager() as manager:
        manager.register_feature_view(sample_view())
        assert manager.get_features(spine([3, 1]), ["feature_0"]).shape == (2, 3)
    assert (workspace / "registry.sqlite").exists()
    with create_feast_manager() as again:
        assert again.store.get_feature_view(VIEW).entity_columns[0].name == "sample_index"


def test_a_repository_that_cannot_be_written_is_refused(workspace: Path) -> None:
    (workspace / "file").write_text("in the way")
    with pytest.raises(ForesetError, match="Next: "):
        create_feast_manager(repo_path=workspace / "file")


def test_a_wrong_type_is_refused_at_registration(manager: FeastManager) -> None:
    source = create_file_source("classification_data", "ingested_at")
    schema = [Field(name="target", dtype=Float64)]
    view = create_feature_view("v", source, schema, create_entity("sample", ["sample_index"]))
    with pytest.raises(ForesetError, match="is int64 in its table, which does not fit the declared float64"):
        manager.register_feature_view(view)
