"""Feast's online store: written, read and compared, with values as Feast's messages."""
