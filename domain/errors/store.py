"""What can be wrong with the store itself: its folder, its event log, what it projects to."""

from foreset.domain.errors.offline_stores import ChoiceError, LoadError
from foreset.domain.errors.problem import CallerFault, WorldFault


class UnknownLocation(CallerFault, frozen=True, kw_only=True):
    """A store location that is no folder."""

    location: str
    says = "A store cannot be opened at {location!r}: only folders are known."
    then = "give the path of a folder; it is made where it is missing."


class StoreUnwritable(WorldFault, frozen=True, kw_only=True):
    """A folder or file of the store that cannot be made or written."""

    path: str
    problem: str
    says = "The store cannot write {path}: {problem}."
    then = "give a folder that you may write, or mend its permissions or the disk."


class LogCorrupt(WorldFault, frozen=True, kw_only=True):
    """An event log that cannot be read."""

    path: str
    problem: str
    says = "The event log {path} is damaged: {problem}. Nothing was changed."
    then = "restore the file from a backup; the Delta tables are not affected."


class KeptLost(WorldFault, frozen=True, kw_only=True):
    """A spine, or the rows of a pin, that the store kept and that are not there, or not whole."""

    place: str
    problem: str
    says = "{place}, which the store keeps, cannot be read: {problem}."
    then = "restore it from a backup; a spine can also be given again: store.rebuild(id, spine=frame)."


class LogTooNew(WorldFault, frozen=True, kw_only=True):
    """An event log written by a newer Foreset."""

    path: str
    found: str
    supported: str
    says = "The event log {path} was written by a newer Foreset: it has {found}, and this one knows {supported}."
    then = "upgrade foreset on this machine; the log was left as it is."


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
    | StoreUnwritable
    | KeptLost
    | LogCorrupt
    | LogTooNew
    | LogBusy
    | LogMoved
    | ChoiceError
    | LoadError
)
"""Why the store cannot be opened, read or written."""
