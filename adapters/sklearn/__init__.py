"""Model training by scikit-learn, and fitted pipelines on disk by skops; how much a column says about a target."""
