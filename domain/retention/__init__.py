"""Which files of a table a vacuum deletes, which training sets rest on them, and which rows that affects."""
