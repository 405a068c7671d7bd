"""Events as the log's rows say them, decoded; one that cannot be decoded keeps its place as `UnreadableEvent`."""

from datetime import UTC, datetime
from typing import Final, get_args

import msgspec

from foreset.domain.errors.problem import ForesetError, told
from foreset.domain.event_log.receipts import Event
from foreset.domain.unreadable import UnreadableEvent, unreadable

TAGS: Final = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Event))
"""The kinds of event that this Foreset knows, with their versions."""

_DECODER: Final = msgspec.json.Decoder(Event)
_FAULTS: Final = (msgspec.MsgspecError, ForesetError, TypeError, ValueError, ArithmeticError, RecursionError)


_NO_TIME: Final = datetime.min.replace(tzinfo=UTC)
"""The time of an event whose row has none: before all others, so that no state of the log is cut off at it."""


def timed(position: int, stream: str, at: object, tag: str, body: str) -> tuple[datetime, Event | UnreadableEvent]:
    """The time (UTC) and the event of a row; an `UnreadableEvent` of the first year where its time cannot be read."""
    try:
        when = datetime.fromisoformat(at).astimezone(UTC)  # type: ignore[arg-type]  # whatever a file holds
    except (TypeError, ValueError, OverflowError) as fault:  # the last at the ends of the calendar
        return _NO_TIME, unreadable(position, stream, tag, body, f"its time {at!r} cannot be read ({told(fault)})")
    return when, decoded(position, stream, tag, body)


def decoded(position: int, stream: str, tag: str, body: str) -> Event | UnreadableEvent:
    """The event of a row, by its tag and body (JSON)."""
    if tag not in TAGS:
        problem = f"a newer Foreset wrote it: {tag!r} is not one of the {len(TAGS)} kinds of event that this one knows"
        return unreadable(position, stream, tag, body, problem)
    try:
        event: Event = _DECODER.decode(body)
    except _FAULTS as fault:
        return unreadable(position, stream, tag, body, told(fault))
    if event.__struct_config__.tag != tag:
        problem = f"its row says {tag!r}, and its text {event.__struct_config__.tag!r}"
        return unreadable(position, stream, tag, body, problem)
    return event
