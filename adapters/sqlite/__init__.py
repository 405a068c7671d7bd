"""The event log in an SQLite file, with its older formats and what a damaged file holds."""

from foreset.adapters.sqlite.events import SqliteEventStore

__all__ = ["SqliteEventStore"]
