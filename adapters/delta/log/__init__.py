"""A table's raw log: commits, checkpoints, the times of versions, the paths in it, and faults of reading it."""
