# The guide's training application: with the feature store, and for comparison straight from the table.
from foreset import (
    FeatureStore,
    FeatureStoreSpecBuilder,
    ModelSpec,
    generate,
    get_delta_path,
    load_data,
    run_ml_workflow,
)

if not get_delta_path("classification_data").exists():  # or: foreset generate classification_data
    generate("classification_data")

model_spec = ModelSpec(estimator="HistGradientBoostingClassifier", split="stratified", name="sample-classifier")

# Configure feature store
feature_store_spec = (
    FeatureStoreSpecBuilder()
    .enable()
    .set_repo_path("feature_repo")
    .set_dataset_name("classification_data")
    .set_n_features(20)
    .set_initialize_on_start(True)
    .build()
)

# Run ML workflow with feature store
results = run_ml_workflow(
    feature_specs=None,  # every feature, prepared by its type
    model_spec=model_spec,
    X=None,  # Loaded by feature store
    y=None,
    feature_store_spec=feature_store_spec,
)
print(f"From the store: {results.X.shape}, {results.metrics}")

# The same rows again, from the id alone, proved equal to what was recorded.
rebuilt = FeatureStore.open("feature_repo").unwrap().rebuild(results.training_set_id).unwrap()
print(f"Rebuilt: {rebuilt}")

# For simple use cases: straight from the table, with nothing recorded.
X, y = load_data("classification_data")
direct = run_ml_workflow(model_spec=model_spec, X=X, y=y)
print(f"From the table: {direct.X.shape}, {direct.metrics}")
