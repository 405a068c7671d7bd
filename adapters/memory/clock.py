"""A clock that stands still until it is set."""

from datetime import UTC, datetime, timedelta


class MemoryClock:
    """Tells the time that it was set to."""

    def __init__(self, now: datetime = datetime(2024, 1, 1, tzinfo=UTC)) -> None:
        """Stand at `now` (UTC where it has no zone)."""
        self.set(now)

    def now(self) -> datetime:
        """The time that was set, in UTC."""
        return self._now

    def set(self, now: datetime) -> None:
        """Stand at `now` (UTC where it has no zone), be it earlier or later."""
        self._now = now.replace(tzinfo=UTC) if now.tzinfo is None else now.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Go forward."""
        self._now += by
