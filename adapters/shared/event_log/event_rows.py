"""Events as rows of a log, and back, for every event store that keeps rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Final

import msgspec

from foreset.domain.errors.event_log import EventUnrecordable, LogCorrupt, StoreError
from foreset.domain.errors.problem import because, told
from foreset.domain.event_log.decoding import timed
from foreset.domain.event_log.erasures import EventsRedacted
from foreset.domain.event_log.hash_chain import Head, Row, chained, digest_of
from foreset.domain.event_log.receipts import Event, Recorded
from foreset.domain.unreadable import UnreadableEvent

Columns = tuple[int, str, int, str, str, str, str]
"""Position, stream, version, time (ISO 8601, UTC, microseconds), actor, tag, body (JSON): what events are read from."""

_DECODER: Final = msgspec.json.Decoder(Event)
_ENCODER: Final = msgspec.json.Encoder()


class Damage(Exception):  # noqa: N818  # not an error that leaves an adapter
    """Carries a `StoreError` out of a transaction, so that it is rolled back."""

    def __init__(self, error: StoreError) -> None:
        """Carry `error`."""
        super().__init__(error.message)
        self.error = error


def tag_of(event: Event) -> str:
    """The name of an event's kind and version, as rows hold it."""
    return str(event.__struct_config__.tag)


def body_of(event: Event) -> str:
    """What an event says, as JSON. Raises `Damage` where that does not give the same event back when it is read."""
    try:
        body = _ENCODER.encode(event).decode()
        same = _DECODER.decode(body) == event
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as fault:
        raise Damage(because(EventUnrecordable(event=tag_of(event), problem=told(fault)), fault)) from fault
    if not same:
        raise Damage(EventUnrecordable(event=tag_of(event), problem="it would be read as another one"))
    return body


def new_salt() -> str:
    """A salt that nobody can guess."""
    return token_hex(16)


def in_utc(at: datetime) -> datetime:
    """A time in UTC, which it is taken for where it has no zone."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def recorded_after(  # noqa: PLR0913  # what the envelope of an event holds
    position: int, version: int, *, stream: str, events: tuple[Event, ...], at: datetime, actor: str
) -> tuple[Recorded, ...]:
    """New events of a stream, after the log's last position and the stream's last version; `at` in UTC."""
    return tuple(
        Recorded(position=position + n, stream=stream, version=version + n, at=at, actor=actor, event=event)
        for n, event in enumerate(events, start=1)
    )


def as_rows(recorded: tuple[Recorded, ...], after: str) -> tuple[Row, ...]:
    """The rows that hold new events, chained after the hash `after`."""
    return tuple(chained(map(_bare, recorded), after))


def _bare(recorded: Recorded) -> Row:
    """The row of a new event, without its digest and hash."""
    at, event = recorded.at.isoformat(timespec="microseconds"), recorded.event
    if isinstance(event, UnreadableEvent):
        raise TypeError(event)  # nobody appends what was not decoded
    place = (recorded.position, recorded.stream, recorded.version)
    return Row(*place, at, recorded.actor, tag_of(event), body_of(event), new_salt(), "", "")


def columns_of(row: Row) -> Columns:
    """The columns that an event is read from."""
    return row.position, row.stream, row.version, row.at, row.actor, row.type, row.body


def as_recorded(columns: Columns) -> Recorded:
    """The event that a row of the log holds; an `UnreadableEvent` where it or its time cannot be decoded."""
    position, stream, version, at, actor, tag, body = columns
    when, event = timed(position, stream, at, tag, body)
    return Recorded(position=position, stream=stream, version=version, at=when, actor=actor, event=event)


# === Redactions ===


@dataclass(frozen=True)
class Redaction:
    """New bodies by position, each with a salt of its own, and the event that tells of them."""

    bodies: Mapping[int, tuple[str, str]]
    event: EventsRedacted


def redaction(events: Mapping[int, Event], reason: str) -> Redaction:
    """The redaction by which some events stand in the place of those at their positions."""
    bodies = {position: (new_salt(), body_of(events[position])) for position in sorted(events)}
    digests = {position: digest_of(salt, body) for position, (salt, body) in bodies.items()}
    return Redaction(bodies, EventsRedacted(digests=digests, reason=reason))


def check_same_kinds(bodies: Mapping[int, Event], tags: Mapping[int, str]) -> None:
    """That each event takes the place of one of its kind, whose tags are given by position; else it is a bug."""
    strange = [position for position in bodies if tags.get(position) != tag_of(bodies[position])]
    if strange:
        message = f"the events at {sorted(strange)} are not there, or of another kind than what is to stand there"
        raise ValueError(message)


# === Rows that may be damaged ===


def check_gapless(numbers: list[int], stream: str | None, after: int, place: str) -> None:
    """Raise `Damage` where events of a stream, or of the whole log, do not follow one another after a number."""
    if numbers != list(range(after + 1, after + 1 + len(numbers))):
        where = "the log" if stream is None else f"the stream {stream!r}"
        problem = f"{where} lacks events between {after + 1} and {numbers[-1]}"
        raise Damage(LogCorrupt(path=place, problem=problem))


def check_end(head: Head, last: int, hash_there: str | None, place: str) -> None:
    """Raise `Damage` where a log does not end with its head: what is put after it would hide what was cut off."""
    if last != head.position or (last and hash_there != head.hash):
        problem = f"its head is of the event at position {head.position}, and it ends otherwise, at {last}"
        raise Damage(LogCorrupt(path=place, problem=problem))


def stored_row(columns: tuple[Any, ...]) -> Row:
    """A row as it is stored. What has no business in a column takes a form that no text of ours has."""
    position, stream, version, *texts = columns
    return Row(position, _text(stream), version if isinstance(version, int) else _text(version), *map(_text, texts))


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else f"\0{value!r}"
