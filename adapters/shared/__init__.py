"""What several adapters need: frames, files, Parquet, rows. Its folders do not import the vendors' folders."""
