"""Feast repositories and registries: read as messages, written through Feast, and their objects to and from specs."""
