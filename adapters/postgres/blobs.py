"""Bytes by name in a table of the store's database, in parts, whole and durable."""

from typing import Any, Final, NoReturn

from psycopg import Connection
from returns.result import Result, Success

from foreset.adapters.postgres.database import Database, always
from foreset.adapters.postgres.tables import write_anew
from foreset.domain.errors.event_log import StoreError

PART: Final = 16 * 2**20
"""Bytes of a part: a row holds one."""

_INSERT: Final = "INSERT INTO foreset_frames VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_NAMES: Final = """
    SELECT name FROM foreset_frames WHERE part = 0 AND starts_with(name, %s) ORDER BY name COLLATE "C\""""


class PostgresBlobs:
    """Each name is a row or several. Faults are `OSError`."""

    def __init__(self, database: Database, part: int = PART) -> None:
        """Keep bytes in a database that is open, in parts of so many."""
        self._database = database
        self._part = part

    def place(self, name: str) -> str:
        """The database's address, and the name."""
        return f"{self._database.address}#{name}"

    def write(self, name: str, content: bytes) -> None:
        """Insert all parts in one transaction, unless there is one of the name."""

        def inserted(connection: Connection[Any]) -> Result[None, StoreError]:
            if connection.execute(_INSERT, (name, 0, content[: self._part])).rowcount:
                for number, start in enumerate(range(self._part, len(content), self._part), start=1):
                    connection.execute(_INSERT, (name, number, content[start : start + self._part]))
            return Success(None)

        self._database.write(inserted, always).lash(_raised)

    def size(self, name: str) -> int | None:
        """The bytes of all parts."""
        total = "SELECT sum(octet_length(content)) FROM foreset_frames WHERE name = %s"
        found = self._database.read(lambda connection: connection.execute(total, (name,)).fetchone())
        row = found.lash(_raised).unwrap()
        return None if row is None or row[0] is None else int(row[0])

    def read(self, name: str) -> bytes:
        """The parts, put together."""
        found = self._database.read(lambda connection: _parts(connection, name)).lash(_raised).unwrap()
        if not found:
            message = f"the database has nothing of the name {name}"
            raise FileNotFoundError(message)
        return b"".join(found)

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names that begin so, in order."""
        found = self._database.read(lambda connection: connection.execute(_NAMES, (prefix,)).fetchall())
        return tuple(row[0] for row in found.lash(_raised).unwrap())

    def remove(self, name: str) -> bool:
        """Delete the rows."""
        delete = "DELETE FROM foreset_frames WHERE name = %s"

        def deleted(connection: Connection[Any]) -> Result[int, StoreError]:
            return Success(connection.execute(delete, (name,)).rowcount)

        return self._database.write(deleted, always).lash(_raised).unwrap() > 0

    def sweep(self) -> None:
        """Write the table anew, without what was deleted. Nothing is left of a transaction that was cut short."""
        self._database.read(_cleared).lash(_raised)


def _cleared(connection: Connection[Any]) -> None:
    if problem := write_anew(connection, "foreset_frames"):
        message = f"frames were deleted, and their bytes stay: {problem}"
        raise OSError(message)


def _parts(connection: Connection[Any], name: str) -> list[bytes]:
    found = connection.execute("SELECT content FROM foreset_frames WHERE name = %s ORDER BY part", (name,))
    return [row[0] for row in found]


def _raised(error: StoreError) -> NoReturn:
    raise OSError(getattr(error, "problem", error.message)) from error.cause
