"""The event log, and the frames that are kept, in a database of PostgreSQL."""

from foreset.adapters.postgres.blobs import PostgresBlobs
from foreset.adapters.postgres.database import Database
from foreset.adapters.postgres.events import PostgresEventStore

__all__ = ["Database", "PostgresBlobs", "PostgresEventStore"]
