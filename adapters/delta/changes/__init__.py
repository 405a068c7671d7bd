"""The rows that changed between two versions of a table, read from the log, change data files and data files."""
