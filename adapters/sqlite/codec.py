"""Events as rows of the log, and back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, get_args

import msgspec

from foreset.adapters.sqlite.faults import Damage
from foreset.domain.errors.problem import because, told
from foreset.domain.errors.store import LogCorrupt, LogTooNew
from foreset.domain.receipt import Event, Recorded

Row = tuple[int, str, int, str, str, str, str]
"""Position, stream, version, time (ISO 8601, UTC, microseconds), actor, tag, body (JSON)."""

_TAGS: Final = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Event))
_DECODER: Final = msgspec.json.Decoder(Event)
_ENCODER: Final = msgspec.json.Encoder()


def as_row(recorded: Recorded) -> Row:
    """The row that holds an event."""
    body = _ENCODER.encode(recorded.event).decode()
    at = recorded.at.isoformat(timespec="microseconds")
    tag = str(recorded.event.__struct_config__.tag)
    return recorded.position, recorded.stream, recorded.version, at, recorded.actor, tag, body


def as_recorded(row: Row, path: Path) -> Recorded:
    """The event that a row holds; raises `Damage` where it holds none that this Foreset knows."""
    position, stream, version, at, actor, tag, body = row
    if tag not in _TAGS:
        found, supported = f"the event {tag!r} at position {position}", f"{len(_TAGS)} other kinds of event"
        raise Damage(LogTooNew(path=str(path), found=found, supported=supported))
    try:
        event, when = _DECODER.decode(body), datetime.fromisoformat(at)
    except (msgspec.MsgspecError, TypeError, ValueError) as fault:
        problem = f"the event at position {position} cannot be decoded ({told(fault)})"
        raise Damage(because(LogCorrupt(path=str(path), problem=problem), fault)) from fault
    return Recorded(
        position=position, stream=stream, version=version, at=when.astimezone(UTC), actor=actor, event=event
    )
