# Example 4 of the guide: the features as they were known at a time.
from datetime import datetime

from foreset import FeatureStoreSpecBuilder, generate, get_delta_path, run_ml_workflow

if not get_delta_path("classification_data").exists():  # or: foreset generate classification_data
    generate("classification_data")

# Get historical features
timestamp = datetime(2025, 10, 1)  # noqa: DTZ001  # UTC, as every time without a zone
feature_store_spec = FeatureStoreSpecBuilder().enable().set_timestamp(timestamp).build()

results = run_ml_workflow(feature_store_spec=feature_store_spec)

print(f"Shape: {results.X.shape}")  # (1000, 20): the sample's rows were ingested in September 2025
print(f"Metrics: {results.metrics}")
