"""The event store in memory."""

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.adapters.shared.event_log.event_rows import (
    Damage,
    as_recorded,
    as_rows,
    check_same_kinds,
    columns_of,
    in_utc,
    recorded_after,
    redaction,
)
from foreset.domain.errors.event_log import LogMoved, LogTaken, StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.event_log.erasures import REDACTIONS
from foreset.domain.event_log.hash_chain import Head, Row, StoredLog, head_of
from foreset.domain.event_log.receipts import Event, Recorded
from foreset.domain.unreadable import UnreadableEvent

_PLACE = "in memory"


class MemoryEventStore:
    """An event log that lives as long as this object. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin an empty log."""
        self._log: list[Recorded] = []
        self._rows: list[Row] = []
        self._versions: Counter[str] = Counter()
        self._moved_to: str | None = None
        self._lock = threading.RLock()

    @property
    def place(self) -> str:
        """Nowhere that can be named."""
        return _PLACE

    def read(self, stream: str | None = None, after: int = 0) -> Result[tuple[Recorded, ...], StoreError]:
        """Events in their order: of a stream after a version of it, or of the whole log after a position."""
        with self._lock:
            if stream is None:
                return Success(tuple(self._log[after:]))
            if self._versions[stream] <= after:
                return Success(())
            return Success(tuple(r for r in self._log if r.stream == stream and r.version > after))

    def append(
        self, stream: str, events: tuple[Event, ...], *, expected: int | None, at: datetime, actor: str
    ) -> Result[tuple[Recorded, ...], StaleWrite | StoreError]:
        """Append all or nothing."""
        if not events:
            return Success(())
        with self._lock:
            version, position = self._versions[stream], len(self._log)
            if self._moved_to is not None:
                return refuse(LogMoved(path=_PLACE, moved_to=self._moved_to))
            if expected is not None and expected != version:
                return refuse(StaleWrite(stream=stream, expected=expected, actual=version))
            recorded = recorded_after(position, version, stream=stream, events=events, at=in_utc(at), actor=actor)
            try:
                rows = as_rows(recorded, self._head().hash)
            except Damage as damage:
                return refuse(damage.error)
            self._take(recorded, rows)
        return Success(recorded)

    def redact(
        self, bodies: Mapping[int, Event], *, expected: int | None, at: datetime, actor: str, reason: str = ""
    ) -> Result[Recorded, StaleWrite | StoreError]:
        """Replace what events say, and record that; all or nothing."""
        with self._lock:
            check_same_kinds(bodies, {row.position: row.type for row in self._rows if row.position in bodies})
            try:
                new = redaction(bodies, reason)
            except Damage as damage:
                return refuse(damage.error)
            done = self.append(REDACTIONS, (new.event,), expected=expected, at=at, actor=actor)
            if isinstance(done, Success):
                for position, (salt, body) in new.bodies.items():
                    self._replace(position, bodies[position], salt, body)
            return done.map(lambda recorded: recorded[0])

    def sweep(self) -> Result[None, StoreError]:
        """Nothing is left in memory."""
        return Success(None)

    def stored(self, after: int = 0) -> Result[StoredLog, StoreError]:
        """The log as rows."""
        with self._lock:
            return Success(StoredLog(tuple(self._rows[after:]), self._head(), self._moved_to))

    def extend(
        self, rows: tuple[Row, ...], after: Head, redacted: tuple[Row, ...] = ()
    ) -> Result[None, LogTaken | StoreError]:
        """Take over rows of another log."""
        recorded = tuple(as_recorded(columns_of(row)) for row in rows)
        replaced = tuple(as_recorded(columns_of(row)) for row in redacted)
        with self._lock:
            if self._head() != after:
                return refuse(LogTaken(place=_PLACE, events=len(self._log)))
            for known, row in zip(replaced, redacted, strict=True):
                self._replace(known.position, known.event, row.salt, row.body)
            self._take(recorded, rows)
            self._moved_to = None
        return Success(None)

    def seal(self, head: Head, moved_to: str) -> Result[Head, StoreError]:
        """Take no more events, for the log was moved, unless its head is another."""
        with self._lock:
            if self._head() == head:
                self._moved_to = moved_to
            return Success(self._head())

    def close(self) -> None:
        """There is nothing to let go; the log stays readable."""

    def _head(self) -> Head:
        return head_of(self._rows)

    def _replace(self, position: int, event: Event | UnreadableEvent, salt: str, body: str) -> None:
        self._log[position - 1] = replace(self._log[position - 1], event=event)
        self._rows[position - 1] = replace(self._rows[position - 1], body=body, salt=salt)

    def _take(self, recorded: tuple[Recorded, ...], rows: tuple[Row, ...]) -> None:
        self._log.extend(recorded)
        self._rows.extend(rows)
        self._versions.update(r.stream for r in recorded)
