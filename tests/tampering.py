"""Changes that somebody may make to a log, what each is to be called, and the same changes in SQL.

A change is made at a position of a log of `events` events, counted from 1.
"""

from collections.abc import Callable, Sequence

from foreset.domain.event_log.chain_audit import BODY, DIGEST, ENVELOPE, HASH
from foreset.domain.event_log.chain_findings import (
    EventAdded,
    EventChanged,
    EventLogFinding,
    EventsCutOff,
    EventsMissing,
    EventsMoved,
)
from foreset.domain.event_log.hash_chain import digest_of

Told = Callable[[int, int], list[EventLogFinding]]
"""What is to be said, of the number of events and the position."""


def partner(events: int, position: int) -> int:
    """The event that another is swapped with: the next, or the first."""
    return position % events + 1


def changed(part: str) -> Told:
    return lambda _, position: [EventChanged(position=position, part=part)]


def cut_off(events: int, position: int) -> list[EventLogFinding]:
    return [EventsCutOff(first=position, last=events)]


def missing(events: int, position: int) -> list[EventLogFinding]:
    return [EventsMissing(first=position, last=position)] if position < events else cut_off(events, position)


def missing_and_moved(events: int, position: int) -> list[EventLogFinding]:
    moved = EventsMoved(first=position, last=events - 1, was=position + 1)
    return [EventsMissing(first=position, last=position), moved] if position < events else cut_off(events, position)


def added(events: int, position: int) -> list[EventLogFinding]:
    return [EventAdded(position=position), EventsMoved(first=position + 1, last=events + 1, was=position)]


def swapped(events: int, position: int) -> list[EventLogFinding]:
    one, other = sorted((position, partner(events, position)))
    return [EventsMoved(first=one, last=one, was=other), EventsMoved(first=other, last=other, was=one)]


TOLD: dict[str, Told] = {
    "stream": changed(ENVELOPE),
    "version": changed(ENVELOPE),
    "time": changed(ENVELOPE),
    "actor": changed(ENVELOPE),
    "type": changed(ENVELOPE),
    "body": changed(BODY),
    "salt": changed(BODY),
    "digest": changed(DIGEST),
    "body and digest": changed(ENVELOPE),
    "hash": changed(HASH),
    "delete": missing,
    "delete and renumber": missing_and_moved,
    "swap": swapped,
    "truncate": cut_off,
    "insert": added,
}


# === In SQL ===


def _set(column: str, value: str) -> Callable[[int, int], Sequence[str]]:
    return lambda _, n: [f"UPDATE {{events}} SET {column} = {value} WHERE position = {n}"]  # noqa: S608  # a test's own


def _renumber(first: int, by: int) -> Sequence[str]:
    """In two steps, for no two events may have a position even for a moment."""
    return [
        f"UPDATE {{events}} SET position = -(position + {by}) WHERE position >= {first}",  # noqa: S608  # as above
        "UPDATE {events} SET position = -position WHERE position < 0",
    ]


def _swap(events: int, n: int) -> Sequence[str]:
    other = partner(events, n)
    return [
        f"UPDATE {{events}} SET position = -{other} WHERE position = {n}",  # noqa: S608  # as above
        f"UPDATE {{events}} SET position = {n} WHERE position = {other}",  # noqa: S608  # as above
        "UPDATE {events} SET position = -position WHERE position < 0",
    ]


SQL: dict[str, Callable[[int, int], Sequence[str]]] = {
    "stream": _set("stream", "'other'"),
    "version": _set("version", "version + 1000"),
    "time": _set("at", "'2031-01-01T00:00:00.000000+00:00'"),
    "actor": _set("actor", "'eve'"),
    "type": _set("type", "'table-written.v9'"),
    "body": _set("body", "replace(body, 'weather', 'whether')"),
    "salt": _set("salt", "'no salt'"),
    "digest": _set("digest", "'0' || substr(digest, 2, 62) || 'x'"),
    "body and digest": lambda events, n: [
        *_set("body", "'{{}}'")(events, n),
        *_set("salt", "'s'")(events, n),
        *_set("digest", f"'{digest_of('s', '{}')}'")(events, n),
    ],
    "hash": _set("hash", "digest"),
    "delete": lambda _, n: [f"DELETE FROM {{events}} WHERE position = {n}"],  # noqa: S608  # as above
    "delete and renumber": lambda _, n: [f"DELETE FROM {{events}} WHERE position = {n}", *_renumber(n, -1)],  # noqa: S608  # as above
    "swap": _swap,
    "truncate": lambda _, n: [f"DELETE FROM {{events}} WHERE position >= {n}"],  # noqa: S608  # as above
    "insert": lambda _, n: [
        *_renumber(n, 1),
        f"INSERT INTO {{events}} VALUES ({n}, 'tables', 9999, 'now', 'eve', 'a.v1', '{{{{}}}}', 's', 'd', 'h')",  # noqa: S608  # as above
    ],
}
"""Statements, with `{events}` for the name of the table."""
