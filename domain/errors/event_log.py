"""What can be wrong with the store itself: its folder, its event log, what it projects to."""

from foreset.domain.errors.feast import ChoiceError, LoadError
from foreset.domain.errors.problem import CallerFault, DataFault, WorldFault
from foreset.domain.errors.system import OutOfReach


class UnknownLocation(CallerFault, frozen=True, kw_only=True):
    """A store location that is neither a folder nor a database that is known."""

    location: str
    says = "A store cannot be opened at {location!r}: only folders and databases of PostgreSQL are known."
    then = "give the path of a folder, which is made where it is missing, or postgresql://user@host:port/database."


class DataFolderUnfit(CallerFault, frozen=True, kw_only=True):
    """An address in place of the folder in which dataset names are looked up."""

    place: str
    says = "The data folder {place!r} is meant as an address, and dataset names are looked up in a folder."
    then = (
        "give a folder (data_dir=..., --data-dir, FORESET_DATA_DIR), one of such a name with ./ before it; a table in "
        "an object store is named by its own URL."
    )


class StoreUnwritable(WorldFault, frozen=True, kw_only=True):
    """A folder or file of the store that cannot be made or written."""

    path: str
    problem: str
    remedy: str = (
        "give a folder that you may write, or mend its permissions or the disk; in a database, use a role that may"
    )
    says = "The store cannot write {path}: {problem}."
    then = "{remedy}."


class LogCorrupt(WorldFault, frozen=True, kw_only=True):
    """An event log that cannot be read."""

    path: str
    problem: str
    says = "The event log {path} is damaged: {problem}. Nothing was changed."
    then = "restore the file from a backup, or the database; the Delta tables are not affected."


class LogGone(WorldFault, frozen=True, kw_only=True):
    """An event log whose file was deleted, moved or replaced while it was open."""

    path: str
    problem: str
    says = (
        "The event log {path} is not the file that this process opened: {problem}. Nothing was acknowledged, and what "
        "is written or read here would not be what others see."
    )
    then = (
        "put the file back in its place, or restore it from a backup, and then open the store again: "
        "FeatureStore.open(...). A store that was moved is opened at its new place."
    )


class KeptLost(WorldFault, frozen=True, kw_only=True):
    """A spine, or the rows of a pin, that the store kept and that are not there, or not whole."""

    place: str
    problem: str
    says = "{place}, which the store keeps, cannot be read: {problem}."
    then = "restore it from a backup; a spine can also be given again: store.rebuild(id, spine=frame)."


class InvalidFrameName(DataFault, frozen=True, kw_only=True):
    """A name of a kept frame that the store does not give, such as one that leads out of its folder."""

    name: str
    store: str
    says = (
        "The event log names the kept frame {name!r}, which is not a name that the store {store} gives. "
        "Nothing outside of the store was read or deleted."
    )
    then = "find out who wrote to the log: `foreset log verify` compares it with a head that was noted elsewhere."


class LogTooNew(WorldFault, frozen=True, kw_only=True):
    """An event log written by a newer Foreset."""

    path: str
    found: str
    supported: str
    says = "The event log {path} was written by a newer Foreset: it has {found}, and this one knows {supported}."
    then = "upgrade foreset on this machine; the log was left as it is."


class EventUnrecordable(DataFault, frozen=True, kw_only=True):
    """An event that would not be read as it was written, such as one with a number that is not finite."""

    event: str
    problem: str
    says = "The event {event!r} cannot be recorded as it is: {problem}. Nothing was written to the log."
    then = "give plain texts, finite numbers and times in whole microseconds in the call that records it."


class EventUnreadable(WorldFault, frozen=True, kw_only=True):
    """What depends on an event of the log that cannot be decoded."""

    what: str
    event: str
    position: int
    problem: str
    remedy: str
    says = "{what}: the event {event!r} at position {position} of the log cannot be decoded ({problem})."
    then = "{remedy}; if a newer Foreset wrote the event, upgrade this one."


class LogBusy(WorldFault, frozen=True, kw_only=True):
    """An event log that another process holds locked."""

    path: str
    seconds: float
    says = "The event log {path} was locked by another process for {seconds} seconds. Nothing was written."
    then = "call again when the other process is done."


class LogMoved(WorldFault, frozen=True, kw_only=True):
    """An event log that was moved elsewhere, and takes no more events."""

    path: str
    moved_to: str
    says = "The event log {path} was moved to {moved_to}. Nothing was written."
    then = "use the store there: `--store {moved_to}`, or FORESET_STORE; what is here can still be read."


class LogTaken(CallerFault, frozen=True, kw_only=True):
    """A log in the place that another log is to be moved to."""

    place: str
    events: int
    says = "The event log {place} has {events} events that are not the beginning of the one to move. Nothing was moved."
    then = "give a folder or a database without an event log."


class UnfitAddress(CallerFault, frozen=True, kw_only=True):
    """An address of a database that cannot be read, or asks for what there is not."""

    address: str
    problem: str
    says = "The address {address} of a store cannot be used: {problem}."
    then = "give it as postgresql://user@host:port/database; a password may stand in ~/.pgpass or PGPASSWORD instead."


class LogUnreachable(WorldFault, frozen=True, kw_only=True):
    """A database that does not answer, or lets nobody in."""

    address: str
    problem: str
    says = "The store {address} cannot be reached: {problem}. Nothing was written."
    then = "mend the address, the password or the server, and call again."


class AppendUnsettled(WorldFault, frozen=True, kw_only=True):
    """A write whose commit the database never answered."""

    address: str
    problem: str
    says = "Whether what was to be written is in the store {address} cannot be told: {problem}."
    then = "look with `foreset log` once the database answers, and write again only if it is not there."


class DriverMissing(CallerFault, frozen=True, kw_only=True):
    """A database for which the driver is not installed."""

    address: str
    problem: str
    says = "The store {address} needs the package psycopg, which cannot be loaded: {problem}."
    then = "pip install 'foreset[postgres]'."


class LogBroken(WorldFault, frozen=True, kw_only=True):
    """An event log that cannot be moved, for it is not whole."""

    place: str
    problem: str
    says = "The event log {place} is not whole: {problem}. It was not moved."
    then = "see what `foreset log verify` finds, and restore the log from a backup."


class NoLog(CallerFault, frozen=True, kw_only=True):
    """A place without an event log, where there must be one."""

    place: str
    says = "There is no event log at {place}."
    then = "name the store: --store DIR or a URL, or FORESET_STORE; FeatureStore.open(place) makes one."


class RepositoryNeeded(CallerFault, frozen=True, kw_only=True):
    """A store that is not in a folder, where a folder is needed for Feast's repository."""

    place: str
    says = "The store {place} is not in a folder, and a Feast repository is a folder."
    then = "name the folder of the repository."


class UnfitHead(CallerFault, frozen=True, kw_only=True):
    """A text that is no head of an event log."""

    head: str
    says = "{head!r} is no head of an event log."
    then = "give what `foreset log verify` printed earlier: a position, a colon, and a hash of 64 digits."


class UnfitLimit(CallerFault, frozen=True, kw_only=True):
    """An amount of memory or a number of threads that cannot be kept to."""

    limit: str
    problem: str
    remedy: str
    says = "{limit} cannot be kept to: {problem}."
    then = "{remedy}."


StoreError = (
    UnfitLimit
    | UnknownLocation
    | DataFolderUnfit
    | OutOfReach
    | StoreUnwritable
    | KeptLost
    | InvalidFrameName
    | LogCorrupt
    | LogGone
    | LogTooNew
    | EventUnrecordable
    | EventUnreadable
    | LogBusy
    | LogMoved
    | UnfitAddress
    | LogUnreachable
    | AppendUnsettled
    | DriverMissing
    | NoLog
    | ChoiceError
    | LoadError
)
"""Why the store cannot be opened, read or written."""
