"""What a write, merge or compaction does to a table: rows that fit its schema, files to add and remove."""
