"""The ports of what a store keeps: its event log, frames beside it, and the time that events have."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from returns.result import Result

from foreset.application.ports.tables import ArrowStream
from foreset.domain.errors.event_log import LogTaken, StoreError
from foreset.domain.errors.history import SendError
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.event_log.hash_chain import Head, Row, StoredLog
from foreset.domain.event_log.lineage import LineageSent
from foreset.domain.event_log.receipts import Event, Recorded


class KeptFrames(Protocol):
    """Frames that a store keeps beside its log, by name: spines, and the rows of pins. Names have slashes."""

    def keep(self, name: str, frame: ArrowStream) -> Result[None, StoreError]:
        """Keep a frame, whole and durably or not at all, unless there is one of its name."""
        ...

    def load(self, name: str, columns: Collection[str] | None = None) -> Result[ArrowStream, StoreError]:
        """A frame that was kept, or, where `columns` are named, those of its columns alone.

        A column with a field of such a name, inside structs and lists, is one of them. The others are not read.
        """
        ...

    def names(self, prefix: str) -> Result[tuple[str, ...], StoreError]:
        """The names of the kept frames that begin so, in order."""
        ...

    def size(self, name: str) -> Result[int, StoreError]:
        """How many bytes a kept frame takes where it is kept."""
        ...

    def remove(self, name: str) -> Result[bool, StoreError]:
        """Forget a frame; whether it was there."""
        ...

    def sweep(self) -> Result[None, StoreError]:
        """Delete what processes left that were killed while they kept a frame."""
        ...


class EventStore(Protocol):
    """The event log."""

    @property
    def place(self) -> str:
        """Where the store of the log is: a folder, or an address without a password."""
        ...

    def read(self, stream: str | None = None, after: int = 0) -> Result[tuple[Recorded, ...], StoreError]:
        """Events in their order: of a stream after a version of it, or of the whole log after a position."""
        ...

    def append(
        self, stream: str, events: tuple[Event, ...], *, expected: int | None, at: datetime, actor: str
    ) -> Result[tuple[Recorded, ...], StaleWrite | StoreError]:
        """Append all or nothing, durably. `StaleWrite` where the stream is not at version `expected`.

        With `expected=None` the events go to the stream's end, wherever that is.
        """
        ...

    def redact(
        self, bodies: Mapping[int, Event], *, expected: int | None, at: datetime, actor: str, reason: str = ""
    ) -> Result[Recorded, StaleWrite | StoreError]:
        """Replace what events say, by their positions, each by an event of its kind; all or nothing, durably.

        Gives the `EventsRedacted` that tells of it, which is appended to the stream `REDACTIONS` with it; `expected` is
        of that stream. What was replaced is in no file of the log any more. Another kind of event is a `ValueError`.
        """
        ...

    def stored(self, after: int = 0) -> Result[StoredLog, StoreError]:
        """The log as it is stored after a position, at one moment: nothing is decoded, and nothing proved."""
        ...

    def extend(
        self, rows: tuple[Row, ...], after: Head, redacted: tuple[Row, ...] = ()
    ) -> Result[None, LogTaken | StoreError]:
        """Take over rows of another log as they are, and open this one again if it was moved; all or nothing, durably.

        What rows up to `after` say becomes what `redacted` say, which are those rows as the other log has them. What
        was replaced is in no file of the log any more. `LogTaken` where the log does not end with `after`.
        """
        ...

    def seal(self, head: Head, moved_to: str) -> Result[Head, StoreError]:
        """Take no more events, for the log was moved; unless its head is another. Gives the head that it has."""
        ...

    def sweep(self) -> Result[None, StoreError]:
        """Clear the log's files of what was redacted, where a redaction was cut short after it was recorded."""
        ...

    def close(self) -> None:
        """Close what is open of the log: files, connections. A later call opens it again."""
        ...


class LineageSink(Protocol):
    """Takes lineage for others."""

    def send(self, log: tuple[Recorded, ...], after: int) -> Result[LineageSent, SendError]:
        """Send what was done after a position of the whole log, in its order."""
        ...


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        ...
