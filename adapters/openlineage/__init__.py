"""Lineage for others, as OpenLineage events; needs the extra `lineage`."""
