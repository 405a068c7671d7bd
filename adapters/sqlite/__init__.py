"""The event log in an SQLite file."""

from foreset.adapters.sqlite.events import SqliteEventStore

__all__ = ["SqliteEventStore"]
