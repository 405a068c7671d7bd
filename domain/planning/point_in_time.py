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
    """A table row: its key, its event time, when it was written (None: unknown, and so the oldest).

    `valid_until` is its end of validity, None where it has none.
    """

    key: Key
    event_time: int | None
    created_time: int | None
    valid_until: int | None = None


class Terms(NamedTuple):
    """The ttl in nanoseconds (None: no limit), and what must have been known: by a time, each label's, both, or all.

    `closed`: whether a row serves at its own instant (`"right"`) or only later labels (`"left"`).
    """

    ttl: int | None = None
    known_at: int | Literal["event_time"] | tuple[int, Literal["event_time"]] | None = None
    closed: Literal["right", "left"] = "right"


def serving_row(label: Label, rows: Sequence[Row], terms: Terms) -> int | None:
    """The position of the row that serves `label`, or None.

    Of the rows that qualify (laws 2, 3, 5, 6 and the law of validity) the latest event time wins, then the latest
    created time, then the last position (law 4). So an older row that still holds serves where a later one has ended.

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
    """Whether a row may serve a label: its key is equal and not null, and it is of its time, valid and known."""
    if not has_begun(label, row, terms) or row.event_time is None:
        return False
    if row.valid_until is not None and label.time >= row.valid_until:
        return False
    return terms.ttl is None or row.event_time >= label.time - terms.ttl


def has_begun(label: Label, row: Row, terms: Terms) -> bool:
    """Whether a row of a label's key is of its past and known, be it too old or ended.

    >>> [has_begun(Label((1,), 5), Row((1,), 5, None), Terms(closed=closed)) for closed in ("right", "left")]
    [True, False]
    """
    if None in label.key or row.key != label.key or row.event_time is None:
        return False
    if row.event_time > label.time or (terms.closed == "left" and row.event_time == label.time):
        return False
    if terms.known_at is None or row.created_time is None:
        return True
    times = terms.known_at if isinstance(terms.known_at, tuple) else (terms.known_at,)
    return all(row.created_time <= (label.time if time == "event_time" else time) for time in times)


def expired(label: Label, rows: Sequence[Row], terms: Terms) -> bool:
    """Whether nothing serves a label, and only their ages or their ends keep rows from it.

    >>> expired(Label((1,), 10), [Row((1,), 5, None)], Terms(ttl=4)), expired(Label((1,), 10), [], Terms(ttl=4))
    (True, False)
    >>> expired(Label((1,), 10), [Row((1,), 5, None, 10)], Terms())
    True
    """
    return serving_row(label, rows, terms) is None and any(has_begun(label, row, terms) for row in rows)


def rivals(label: Label, position: int, rows: Sequence[Row], terms: Terms) -> tuple[int, ...]:
    """The rows that only the snapshot's order set apart from the one that served: equal key and times, and qualifying.

    >>> rivals(Label((1,), 5), 1, [Row((1,), 4, None), Row((1,), 4, None)], Terms())
    (0,)
    """
    served = rows[position][:3]
    return tuple(
        i for i, row in enumerate(rows) if i != position and row[:3] == served and qualifies(label, row, terms)
    )
