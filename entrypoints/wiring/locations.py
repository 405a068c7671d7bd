"""Where a store keeps its event log and its frames: in a folder, or in a database by its URL."""

import os
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from tempfile import gettempdir

from returns.result import Result, Success

from foreset.adapters.shared.files.places import is_not_a_place
from foreset.application.ports.event_log import EventStore, KeptFrames
from foreset.domain.errors.event_log import DriverMissing, NoLog, RepositoryNeeded, StoreError, UnknownLocation
from foreset.domain.errors.problem import because, refuse
from foreset.domain.safe_text.addresses import is_address, is_postgres, without_secrets


@dataclass(frozen=True)
class Location:
    """The log and the frames of a store, and the folder for results that do not fit in memory."""

    events: EventStore
    kept: KeptFrames
    spilled: Path


def location(path_or_url: str | PathLike[str], *, create: bool = True) -> Result[Location, StoreError]:
    """A folder, or `postgresql://user@host:port/database`; with `create` a log is made where there is none."""
    place = str(path_or_url)
    if is_not_a_place(place):
        return refuse(UnknownLocation(location=without_secrets(place)))
    if is_postgres(place):
        return _in_postgres(place, create=create)
    if is_address(place) or not place or "\0" in place:
        return refuse(UnknownLocation(location=without_secrets(place) if place else place))
    folder = Path(place).absolute()
    return _in_folder(folder) if create or is_log_there(place) else refuse(NoLog(place=str(folder)))


def is_log_there(place: str) -> bool:
    """Whether there is an event log in a folder; a database is looked at when it is opened."""
    return is_address(place) or (Path(place) / "events.db").exists()


def spill_folder() -> Path:
    """Where results that do not fit in memory are kept, of stores that have no folder: one for each user."""
    return Path(gettempdir()) / f"foreset-{os.getuid()}"


def _in_folder(folder: Path) -> Result[Location, StoreError]:
    from foreset.adapters.polars.frames.kept import ParquetFrames
    from foreset.adapters.shared.files.blobs import FolderBlobs  # vendors stay off the import of foreset
    from foreset.adapters.sqlite.events import SqliteEventStore

    kept = ParquetFrames(FolderBlobs(folder, ".parquet"))
    return SqliteEventStore.open(folder).map(lambda events: Location(events, kept, folder / "spilled"))


def _in_postgres(url: str, *, create: bool) -> Result[Location, StoreError]:
    try:
        from foreset.adapters.postgres import Database, PostgresBlobs, PostgresEventStore
    except ImportError as fault:  # psycopg, or the libpq that it binds to
        return refuse(because(DriverMissing(address=without_secrets(url), problem=str(fault)), fault))
    from foreset.adapters.polars.frames.kept import ParquetFrames

    opened = Database.open(url, create=create)
    if not isinstance(opened, Success):
        return refuse(opened.failure())
    database = opened.unwrap()
    kept = ParquetFrames(PostgresBlobs(database))
    return Success(Location(PostgresEventStore(database), kept, spill_folder()))


def feast_folder(place: str | None) -> Result[str, RepositoryNeeded]:
    """The folder of a Feast repository; `place` is None for that of a store in memory."""
    if place is None or is_address(place) or is_not_a_place(place):
        return refuse(RepositoryNeeded(place="in memory" if place is None else without_secrets(place)))
    return Success(place)
