"""A table at one version: schema, files, deleted rows, column mapping. What is not supported is refused here."""
