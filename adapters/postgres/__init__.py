"""The event log, and the frames that are kept, in a PostgreSQL database.

`writing` writes events, `events` is the store, `database` reconnects and looks up commits whose answer was lost.
"""

from foreset.adapters.postgres.blobs import PostgresBlobs
from foreset.adapters.postgres.database import Database
from foreset.adapters.postgres.events import PostgresEventStore

__all__ = ["Database", "PostgresBlobs", "PostgresEventStore"]
