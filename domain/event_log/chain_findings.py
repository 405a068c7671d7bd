"""What can be wrong with the event log of a store."""

from foreset.domain.finding import Finding, Severity

_RESTORE = "restore the log from a backup, and find out who can write it"


class EventChanged(Finding, frozen=True, kw_only=True):
    """An event that is not what its hash covers. `part` says what of it."""

    severity: Severity = "error"
    position: int
    part: str
    says = "The event at position {position} was changed: {part} is not what the chain of hashes covers."
    then = f"{_RESTORE}."


class EventsMissing(Finding, frozen=True, kw_only=True):
    """Events between others that are gone. Of the event after them only what it says can be proved."""

    severity: Severity = "error"
    first: int
    last: int
    says = "The events at positions {first} to {last} are missing."
    then = f"{_RESTORE}."


class EventsCutOff(Finding, frozen=True, kw_only=True):
    """Events at the end that are gone, by the head of the log."""

    severity: Severity = "error"
    first: int
    last: int
    says = "The log was cut off: the events at positions {first} to {last} are missing."
    then = f"{_RESTORE}."


class EventsMoved(Finding, frozen=True, kw_only=True):
    """Events that stand at other positions than they were written at."""

    severity: Severity = "error"
    first: int
    last: int
    was: int
    says = "The order of events was changed: those at positions {first} to {last} were written from position {was} on."
    then = f"{_RESTORE}."


class EventAdded(Finding, frozen=True, kw_only=True):
    """An event that is no part of the chain."""

    severity: Severity = "error"
    position: int
    says = "The event at position {position} was put in: it is no part of the chain of hashes."
    then = f"{_RESTORE}."


class HeadChanged(Finding, frozen=True, kw_only=True):
    """A head that is not of the last event."""

    severity: Severity = "error"
    head: str
    end: str
    says = "The head of the log is {head}, and the log ends with {end}."
    then = f"{_RESTORE}. Until then no event is recorded."


class HeadLost(Finding, frozen=True, kw_only=True):
    """A log without a head: whether it was cut off cannot be told."""

    severity: Severity = "error"
    end: str
    says = "The log has no head, so that nothing tells whether events after {end} were cut off."
    then = f"{_RESTORE}. Until then no event is recorded."


class OtherThanNoted(Finding, frozen=True, kw_only=True):
    """A log that is not the one of which a head was noted."""

    severity: Severity = "error"
    noted: str
    found: str
    says = "The head {noted} was noted of this log, which has {found} there: it was rewritten or cut off."
    then = f"{_RESTORE}; if the head was noted of another log, give the right one."


class EventUndecodable(Finding, frozen=True, kw_only=True):
    """An event that was not changed, and that this Foreset cannot decode."""

    severity: Severity = "error"
    position: int
    event: str
    problem: str
    says = "The event {event!r} at position {position} cannot be decoded: {problem}. The chain of hashes covers it."
    then = (
        "register the definition of which it is again, or build the training set again; all else of the log works. "
        "If a newer Foreset wrote the event, upgrade this one."
    )


EventLogFinding = (
    EventChanged
    | EventsMissing
    | EventsCutOff
    | EventsMoved
    | EventAdded
    | HeadChanged
    | HeadLost
    | OtherThanNoted
    | EventUndecodable
)
"""Everything that can be wrong with the event log."""
