"""Register and remove definitions, and keep the catalog up to date with the event log."""
