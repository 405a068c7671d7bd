"""Model training by scikit-learn, and fitted pipelines on disk by skops."""
