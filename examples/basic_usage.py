# Example 1 of the guide: Feast's objects in the user's hands, step by step.
import pandas as pd
from feast import Field
from feast.data_format import DeltaFormat
from feast.types import Float64, Int64

from foreset import (
    create_entity,
    create_feast_manager,
    create_feature_view,
    create_file_source,
    create_schema,
    generate,
    get_delta_path,
)

if not get_delta_path("classification_data").exists():  # or: foreset generate classification_data
    generate("classification_data")

# 1. Create manager
manager = create_feast_manager(repo_path="feature_repo", project_name="ml_workflow", initialize=True)

# 2. Create entity
entity = create_entity(name="sample", join_keys=["sample_index"])
manager.store.apply([entity])

# 3. Create data source
delta_path = get_delta_path("classification_data")
source = create_file_source(path=delta_path, timestamp_field="ingested_at", file_format=DeltaFormat())

# 4. Create schema
feature_names = [f"feature_{i}" for i in range(20)]
schema = create_schema(feature_names, default_type=Float64)
schema.append(Field(name="target", dtype=Int64))

# 5. Create and register feature view
feature_view = create_feature_view(view_name="classification_features", source=source, schema=schema, entity=entity)
manager.register_feature_view(feature_view)

# 6. Get training data
sample_indices = manager.get_entity_values(entity_column="sample_index", dataset_name="classification_data")
entity_df = pd.DataFrame(
    {"sample_index": sample_indices, "event_timestamp": [pd.Timestamp.now()] * len(sample_indices)}
)
X, y = manager.get_training_data(
    entity_df=entity_df, feature_names=[f"feature_{i}" for i in range(20)], target_name="target"
)

print(f"Shape: {X.shape}")  # (1000, 20)

# 7. Cleanup
manager.cleanup()
