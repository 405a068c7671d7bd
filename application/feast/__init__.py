"""Import a Feast repository, and publish the catalog to Feast's registry."""
