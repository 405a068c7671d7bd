"""Lineage for other systems, as OpenLineage events; needs the extra `lineage`."""
