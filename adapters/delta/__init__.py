"""Delta tables through the deltalake library: the table store."""
