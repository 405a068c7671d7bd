# Example 3 of the guide: another dataset, with another number of features.
from foreset import FeatureStoreSpecBuilder, generate, get_delta_path, run_ml_workflow

if not get_delta_path("regression_data").exists():  # or: foreset generate regression_data
    generate("regression_data")

# Use different dataset
feature_store_spec = (
    FeatureStoreSpecBuilder()
    .enable()
    .set_dataset_name("regression_data")
    .set_n_features(15)
    .set_feature_view("regression_features")
    .build()
)

results = run_ml_workflow(feature_store_spec=feature_store_spec)

print(f"Shape: {results.X.shape}")  # (1000, 15)
print(f"Metrics: {results.metrics}")
