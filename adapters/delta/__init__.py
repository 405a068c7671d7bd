"""Delta tables, by the deltalake library and their raw logs: the table store, and the files that a vacuum deletes."""
