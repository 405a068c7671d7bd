"""How a write becomes a version: data files, statistics, and the commit by compare-and-set."""
