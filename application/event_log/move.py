"""Move a store's log and frames elsewhere, exactly, so that nothing that is recorded meanwhile is lost.

The old log is closed once the new one has all its events, and only if none was added in between. What is copied stays,
so a move that is cut short is completed by the next.
"""

from collections.abc import Collection

import msgspec
from returns.result import Result, Success

from foreset.application.event_log.erasures import erasures
from foreset.application.ports.event_log import EventStore, KeptFrames
from foreset.domain.errors.event_log import LogBroken, LogMoved, LogTaken, StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.event_log.chain_audit import audit
from foreset.domain.event_log.erasures import EventsRedacted
from foreset.domain.event_log.hash_chain import Head, Row, StoredLog, follows, has_head, head_of, rewritten
from foreset.domain.event_log.pins import PINS
from foreset.domain.event_log.receipts import SPINES

MoveError = LogBroken | LogTaken | StoreError
"""Why a log cannot be moved."""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A log that was moved: how much was copied now, where it is, how many events it has there, and its head."""

    copied_events: int
    copied_frames: int
    place: str
    events: int
    head: Head


def move_log(
    events: EventStore, kept: KeptFrames, to_events: EventStore, to_kept: KeptFrames
) -> Result[Moved, MoveError]:
    """Copy all events and frames to a log that is empty or the beginning of this one, and take no more events here.

    Positions, times, actors and hashes are the same there. `LogBroken` where the log is not whole, `LogTaken` where the
    other has events of its own, `LogMoved` where this one was moved elsewhere. Moved again, it tells what is there.
    """
    if events.place == to_events.place:
        return refuse(_taken(to_events))
    copied = Result.do(
        (head_of(log.rows), new, frames)
        for log in _whole(events)
        for erased in _erased(events)
        for frames in copy_frames(kept, to_kept, erased)
        for there in _whole(to_events)
        for new in _copied(log, there, events, to_events)
    )
    if not isinstance(copied, Success):
        return refuse(copied.failure())
    head, new, frames = copied.unwrap()
    while True:
        sealed = events.seal(head, to_events.place)
        if not isinstance(sealed, Success):
            return refuse(sealed.failure())
        if sealed.unwrap() == head:
            return _ended(kept, to_events, to_kept, new, frames)
        added = _added(events, to_events, head)
        if not isinstance(added, Success):
            return refuse(added.failure())
        new, head = new + added.unwrap().position - head.position, added.unwrap()


def copy_frames(kept: KeptFrames, to_kept: KeptFrames, erased: Collection[str] = ()) -> Result[int, StoreError]:
    """Copy the frames that are not there yet, one at a time, but for those that were erased; gives how many."""
    names = Result.do((ours, frozenset(theirs)) for ours in _names(kept) for theirs in _names(to_kept))
    if not isinstance(names, Success):
        return refuse(names.failure())
    ours, theirs = names.unwrap()
    copied = 0
    for name in ours:
        if name not in theirs and name not in erased:
            done = Result.do(kept_now for frame in kept.load(name) for kept_now in to_kept.keep(name, frame))
            if not isinstance(done, Success):
                return refuse(done.failure())
            copied += 1
    return Success(copied)


def _names(kept: KeptFrames) -> Result[tuple[str, ...], StoreError]:
    """The names of all frames. A store's folder may hold Parquet files of others too, such as those of Delta tables."""
    return Result.do((*spines, *pins) for spines in kept.names(SPINES) for pins in kept.names(PINS))


def _erased(events: EventStore) -> Result[frozenset[str], StoreError]:
    """The names of the frames that erasures took away, or are to take away."""
    return erasures(events).map(lambda known: frozenset(name for _, erased in known for name in erased.frames))


def _cleared(names: Collection[str], to_kept: KeptFrames) -> Result[None, StoreError]:
    """Remove frames that were erased since they were copied."""
    for name in names:
        gone = to_kept.remove(name)
        if not isinstance(gone, Success):
            return refuse(gone.failure())
    return to_kept.sweep() if names else Success(None)


def _whole(events: EventStore) -> Result[StoredLog, LogBroken | StoreError]:
    """The log, if it is whole."""
    stored = events.stored()
    if not isinstance(stored, Success):
        return refuse(stored.failure())
    findings = audit(stored.unwrap()).breaks
    return refuse(LogBroken(place=events.place, problem=findings[0].what.rstrip("."))) if findings else stored


def _copied(log: StoredLog, there: StoredLog, events: EventStore, to_events: EventStore) -> Result[int, MoveError]:
    """Copy the events that are not there yet; gives how many."""
    if log.moved_to is not None and log.moved_to != to_events.place:
        return refuse(LogMoved(path=events.place, moved_to=log.moved_to))
    if there.moved_to is not None and there.moved_to != events.place:
        return refuse(LogMoved(path=to_events.place, moved_to=there.moved_to))
    at = head_of(there.rows)
    if log.moved_to is not None and has_head(there.rows, head_of(log.rows)):
        return Success(0)
    if not has_head(log.rows, at):
        return refuse(_taken(to_events))
    new = log.rows[at.position :]
    return to_events.extend(new, at, rewritten(log.rows, there.rows)).map(lambda _: len(new))


def _added(events: EventStore, to_events: EventStore, head: Head) -> Result[Head, MoveError]:
    """Copy the events that were added after a head; gives the head then."""
    stored = events.stored(after=head.position)
    if not isinstance(stored, Success):
        return refuse(stored.failure())
    rows = stored.unwrap().rows
    if not follows(rows, head):
        return refuse(LogBroken(place=events.place, problem="it was changed while it was moved"))
    return Result.do(
        head_of(rows, head)
        for redacted in _redacted(rows, events, to_events)
        for _ in to_events.extend(rows, head, redacted)
    )


def _redacted(rows: tuple[Row, ...], events: EventStore, to_events: EventStore) -> Result[tuple[Row, ...], StoreError]:
    """The rows that were copied and then redacted, as the last ones may tell."""
    if not any(row.type == EventsRedacted.__struct_config__.tag for row in rows):
        return Success(())
    return Result.do(rewritten(log.rows, there.rows) for log in events.stored() for there in to_events.stored())


def _taken(events: EventStore) -> MoveError:
    """Why a log cannot be moved to one that has events of its own."""
    stored = events.stored()
    if not isinstance(stored, Success):
        return stored.failure()
    return LogTaken(place=events.place, events=len(stored.unwrap().rows))


def _ended(
    kept: KeptFrames, to_events: EventStore, to_kept: KeptFrames, copied_events: int, copied_frames: int
) -> Result[Moved, MoveError]:
    """What is there after a move, proved to be whole."""
    return Result.do(
        Moved(
            copied_events=copied_events,
            copied_frames=copied_frames + frames,
            place=to_events.place,
            events=len(log.rows),
            head=head_of(log.rows),
        )
        for erased in _erased(to_events)
        for frames in copy_frames(kept, to_kept, erased)
        for there in _names(to_kept)
        for _ in _cleared([name for name in there if name in erased], to_kept)
        for log in _opened(to_events)
    )


def _opened(to_events: EventStore) -> Result[StoredLog, MoveError]:
    """The log that was moved to, which is whole and takes events; it does not where it is the one that was moved."""
    there = _whole(to_events)
    if not isinstance(there, Success) or there.unwrap().moved_to is None:
        return there
    again = to_events.extend((), head_of(there.unwrap().rows))
    return refuse(_taken(to_events) if isinstance(again, Success) else again.failure())
