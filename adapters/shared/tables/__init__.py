"""Table stores over other table stores: by a table's format, as of a time, and without versions."""
