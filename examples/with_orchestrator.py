# Example 2 of the guide: the whole workflow in one call.
from foreset import FeatureSpec, FeatureStoreSpecBuilder, ModelSpec, generate, get_delta_path, run_ml_workflow

if not get_delta_path("classification_data").exists():  # or: foreset generate classification_data
    generate("classification_data")

feature_specs = [FeatureSpec([f"feature_{i}" for i in range(20)], preprocessing="standard")]
model_spec = ModelSpec(estimator="LogisticRegression", split="stratified")

# Configure feature store
feature_store_spec = (
    FeatureStoreSpecBuilder()
    .enable()
    .set_repo_path("feature_repo")
    .set_project_name("ml_workflow")
    .set_dataset_name("classification_data")
    .set_n_features(20)
    .set_initialize_on_start(True)
    .build()
)

# Run workflow (feature store loads data automatically)
results = run_ml_workflow(
    feature_specs=feature_specs,
    model_spec=model_spec,
    X=None,  # Feature store loads
    y=None,
    feature_store_spec=feature_store_spec,
)

print(f"Shape: {results.X.shape}")  # (1000, 20)
print(f"Training set: {results.training_set_id}")
print(f"Metrics: {results.metrics}")
