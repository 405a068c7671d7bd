"""The laws, in naive Python over rows: the executable specification that every executor is held against.

Times are whole nanoseconds since 1970-01-01 UTC (Python integers, so no unit loses precision). A row's
position in the tuple of table rows is its position in the snapshot's order.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Key = tuple[object, ...]


class Label(NamedTuple):
    """A spine row: its key and its time."""

    key: Key
    time: int


class Row(NamedTuple):
    """A table row: its key, its event time, when it was written (None: unknown, and so the oldest)."""

    key: Key
    event_time: int | None
    created_time: int | None


class Terms(NamedTuple):
    """The ttl in nanoseconds (None: no limit), and what must have been known: by a time, each label's, both, or all."""

    ttl: int | None = None
    known_at: int | Literal["event_time"] | tuple[int, Literal["event_time"]] | None = None


def serving_row(label: Label, rows: Sequence[Row], terms: Terms) -> int | None:
    """The position of the row that serves `label`, or None.

    Of the rows that qualify (laws 2, 3, 5, 6) the latest event time wins, then the latest created time, then the
    last position (law 4).

    >>> serving_row(Label((1,), 10), [Row((1,), 5, None), Row((1,), 5, 3), Row((1,), 11, 3)], Terms())
    1
    """
    best: tuple[int, bool, int, int] | None = None
    for position, row in enumerate(rows):
        if qualifies(label, row, terms):
            rank = (row.event_time or 0, row.created_time is not None, row.created_time or 0, position)
            best = rank if best is None else max(best, rank)
    return best[3] if best else None


def qualifies(label: Label, row: Row, terms: Terms) -> bool:
    """Whether a row may serve a label: its key is equal and not null, and it is of its time and known."""
    if None in label.key or row.key != label.key or row.event_time is None:
        return False
    if row.event_time > label.time:
        return False
    if terms.ttl is not None and row.event_time < label.time - terms.ttl:
        return False
    if terms.known_at is None or row.created_time is None:
        return True
    times = terms.known_at if isinstance(terms.known_at, tuple) else (terms.known_at,)
    return all(row.created_time <= (label.time if time == "event_time" else time) for time in times)


def expired(label: Label, rows: Sequence[Row], terms: Terms) -> bool:
    """Whether nothing serves a label, and only their ages keep rows from it.

    >>> expired(Label((1,), 10), [Row((1,), 5, None)], Terms(ttl=4)), expired(Label((1,), 10), [], Terms(ttl=4))
    (True, False)
    """
    ageless = Terms(None, terms.known_at)
    return serving_row(label, rows, terms) is None and any(qualifies(label, row, ageless) for row in rows)


def rivals(position: int, rows: Sequence[Row]) -> tuple[int, ...]:
    """The rows that only the snapshot's order told apart from the one that served: equal key and times."""
    return tuple(i for i, row in enumerate(rows) if i != position and row == rows[position])
