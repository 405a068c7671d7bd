"""Read the event log: history, lineage, erasures; verify it; move it elsewhere."""
