"""Parquet files as a table: one file, or all files of a folder, as they are now. Such a table has no history."""
