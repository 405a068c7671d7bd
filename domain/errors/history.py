"""What can be wrong with looking back, and with telling others of it."""

from foreset.domain.errors.problem import CallerFault, WorldFault


class UnknownName(CallerFault, frozen=True, kw_only=True):
    """A name that no event of the log has."""

    name: str
    known: tuple[str, ...]
    says = "Nothing in this store's log has the name {name!r}. It has: {known}."
    then = (
        "{hint}Mend the name: a view, table, entity, model or training set, also as view:NAME, table:NAME@VERSION; "
        "`foreset log` tells what happened."
    )
    hint = ("name", "known")


class PastIsReadOnly(CallerFault, frozen=True, kw_only=True):
    """A change that was asked of a store as it was."""

    what: str
    at: str
    says = "The store as it was at {at} can be looked at and retrieved from; {what} would change it."
    then = "ask the store as it is: FeatureStore.open(...), without .at(...)."


class BeforeFirstEvent(CallerFault, frozen=True, kw_only=True):
    """A time before the store's first event."""

    at: str
    first: str
    says = "At {at} nothing had happened in this store: {first}."
    then = "name a later time; `foreset log` lists the events."


class NotYet(CallerFault, frozen=True, kw_only=True):
    """A time that has not come."""

    at: str
    now: str
    says = "The store cannot be told as it will be at {at}: it is only {now}."
    then = "name a time that has passed, or use the store as it is."


class PositionMissing(CallerFault, frozen=True, kw_only=True):
    """A position that the log does not have."""

    position: int
    last: int
    says = "The event log has no position {position}: its events are counted from 1, and the last is {last}."
    then = "name one of these, which `foreset log` lists, or a time."


class ClientMissing(WorldFault, frozen=True, kw_only=True):
    """The package that speaks to others is not installed."""

    package: str
    extra: str
    says = "Lineage is sent by the package {package}, which is not installed."
    then = "install it: pip install 'foreset[{extra}]'."


class LineageUnsent(WorldFault, frozen=True, kw_only=True):
    """A file or service that did not take an event. `position` is the last one that was sent."""

    target: str
    problem: str
    position: int
    says = "{target} did not take the lineage: {problem}. What is up to position {position} of the log was sent."
    then = "mend the place or the service, then send the rest: foreset lineage --openlineage ... --after {position}."


PastError = BeforeFirstEvent | NotYet | PositionMissing
"""Why a store cannot be told as it was."""

SendError = ClientMissing | LineageUnsent
"""Why lineage cannot be sent."""
