"""Parquet files of a table: scanned in the snapshot's order, written in parts, and verified by their checksums."""
