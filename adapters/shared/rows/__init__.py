"""Rows of writes: merge keys, partitions, SQL conditions, and changed rows as a frame."""
