"""`FeatureStore` and what it returns: training sets, table changes, reports, the store as it was."""
