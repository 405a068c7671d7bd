"""The chain of hashes over the event log: each event's hash covers the event and the hash before it.

What an event says is covered by its digest, so that it can be redacted and the chain still holds. A position is the
event's depth in the chain, and is covered by that. The hash of the last event is kept beside the log, as its head.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

START: Final = "0" * 64
"""What stands in place of a hash before the first event."""


class Row(msgspec.Struct, frozen=True):
    """An event as it is stored, by the names of its columns.

    `at` is ISO 8601 in UTC with microseconds, `body` the event as JSON, `salt` random, `digest` what `digest_of` gives,
    `hash` what `link` gives. A damaged log may have anything in them.
    """

    position: int
    stream: str
    version: int
    at: str
    actor: str
    type: str
    body: str
    salt: str
    digest: str
    hash: str


class Head(msgspec.Struct, frozen=True):
    """The end of a log: the position and the hash of its last event. Written as `position:hash`."""

    position: int
    hash: str

    def __str__(self) -> str:
        """As `foreset log verify --expect` takes it."""
        return f"{self.position}:{self.hash}"


EMPTY: Final = Head(0, START)
"""The head of a log without events."""


class StoredLog(msgspec.Struct, frozen=True):
    """A log as it is stored, at one moment: its rows by position, its head, and where it was moved to.

    `head` is None where it was lost.
    """

    rows: tuple[Row, ...]
    head: Head | None
    moved_to: str | None = None


def digest_of(salt: str, body: str) -> str:
    """The digest of what an event says: the SHA-256 of its salt, a line feed and its JSON, in UTF-8.

    A digest outlives what is redacted, and the salt does not: so nobody can find out what was said by trying.
    """
    return hashlib.sha256(f"{salt}\n{body}".encode("utf-8", "surrogateescape")).hexdigest()


def link(previous: str, row: Row) -> str:
    """The hash of a row after the hash `previous`: the SHA-256 of that and of the row, but for position, salt and body.

    What is hashed is the JSON array of the previous hash, stream, version, time, actor, type and digest, in ASCII and
    without spaces.
    """
    told = [previous, row.stream, row.version, row.at, row.actor, row.type, row.digest]
    return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode("ascii")).hexdigest()


def chained(rows: Iterable[Row], after: str) -> Iterator[Row]:
    """The rows with their digests and hashes, after the hash `after`; what they had of these is replaced."""
    for row in rows:
        digested = replace(row, digest=digest_of(row.salt, row.body))
        after = link(after, digested)
        yield replace(digested, hash=after)


def head_from(text: str) -> Head | None:
    """The head that a text names as `position:hash`, None where it names none.

    >>> head_from(f"0:{START}") == EMPTY, head_from("7")
    (True, None)
    """
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text.strip().lower())
    return Head(int(found[1]), found[2]) if found else None


def has_head(rows: Sequence[Row], head: Head) -> bool:
    """Whether a log begins with the events up to a head."""
    return head == EMPTY or (0 < head.position <= len(rows) and rows[head.position - 1].hash == head.hash)


def follows(rows: Sequence[Row], after: Head) -> bool:
    """Whether rows are the events after a head, in their order and unchanged."""
    expected = list(chained(rows, after.hash))
    return list(rows) == expected and [row.position for row in rows] == list(
        range(after.position + 1, after.position + 1 + len(expected))
    )


def rewritten(rows: Iterable[Row], copies: Iterable[Row]) -> tuple[Row, ...]:
    """The rows that say something else than their copies do, pairwise: they were redacted since one was made."""
    return tuple(row for row, copy in zip(rows, copies, strict=False) if (row.salt, row.body) != (copy.salt, copy.body))


def head_of(rows: Sequence[Row], before: Head = EMPTY) -> Head:
    """The head of a log that ends with these rows, or as it was before them."""
    return Head(rows[-1].position, rows[-1].hash) if rows else before
