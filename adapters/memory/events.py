"""The event store in memory."""

import threading
from collections import Counter
from datetime import UTC, datetime

from returns.result import Result, Success

from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.errors.store import StoreError
from foreset.domain.receipt import Event, Recorded


class MemoryEventStore:
    """An event log that lives as long as this object. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin an empty log."""
        self._log: list[Recorded] = []
        self._versions: Counter[str] = Counter()
        self._lock = threading.Lock()

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
        when = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        with self._lock:
            version, position = self._versions[stream], len(self._log)
            if expected is not None and expected != version:
                return refuse(StaleWrite(stream=stream, expected=expected, actual=version))
            recorded = tuple(
                Recorded(position=position + n, stream=stream, version=version + n, at=when, actor=actor, event=event)
                for n, event in enumerate(events, start=1)
            )
            self._log.extend(recorded)
            self._versions[stream] += len(recorded)
        return Success(recorded)

    def close(self) -> None:
        """There is nothing to let go; the log stays readable."""
