"""The way that the hashes of a log lead, followed from its end backwards, past whatever was changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from msgspec.structs import replace

from foreset.domain.event_log.hash_chain import START, Head, Row, StoredLog, digest_of, link

How = Literal["linked", "digest changed", "gap", "broken"]
"""How an event is tied to the one before it: by its hash; by that, but for its digest; positions are missing between
them; or not, and nothing tells why."""

_SEARCHES: Final = 50  # rows for which the one before is looked for everywhere: each takes a hash of every row


@dataclass(frozen=True)
class Step:
    """A row by its index, the way it is tied to the step before, how many events are missing there.

    `hash_changed` where the event's hash is not that which is covered by what comes after it.
    """

    index: int
    how: How
    missing: int = 0
    hash_changed: bool = False


def walk(log: StoredLog) -> tuple[Step, ...]:
    """The steps from the first event to the last; rows that no step has are no part of the chain."""
    return tuple(reversed(list(_Walk(log.rows).back_from(log.head))))


class _Walk:
    def __init__(self, rows: tuple[Row, ...]) -> None:
        self._rows = rows
        self._left = dict.fromkeys(range(len(rows)))
        self._true_hashes: dict[int, str] = {}  # of rows whose hash was changed
        self._searches = 0

    def back_from(self, head: Head | None) -> Iterator[Step]:
        """The steps, the last one first."""
        at = self._end(head)
        while at is not None:
            del self._left[at]
            how, before = self._before(at)
            missing = self._missing(before, at) if how == "gap" else 0
            yield Step(at, how, missing, hash_changed=at in self._true_hashes)
            at = before

    def _end(self, head: Head | None) -> int | None:
        """The last row of the chain: that of the head, else the last one."""
        if not self._rows:
            return None
        last = len(self._rows) - 1
        if head is None:
            return last
        found = next((i for i, row in enumerate(self._rows) if row.hash == head.hash), None)
        if found is None and link(self._hash(last - 1), self._rows[last]) == head.hash:
            self._true_hashes[last] = head.hash
        return last if found is None else found

    def _before(self, at: int) -> tuple[How, int | None]:
        near = self._near(at)
        row, wanted = self._rows[at], self._true_hashes.get(at, self._rows[at].hash)
        if link(self._hash(near), row) == wanted:
            return "linked", near
        if link(self._hash(near), replace(row, digest=digest_of(row.salt, row.body))) == wanted:
            return "digest changed", near
        if near is not None and link(meant := link(self._hash(self._near(near)), self._rows[near]), row) == wanted:
            self._true_hashes[near] = meant
            return "linked", near
        found, elsewhere = self._search(row, wanted)
        if found:
            return "linked", elsewhere
        return ("gap" if self._missing(near, at) else "broken"), near

    def _near(self, at: int) -> int | None:
        """The row that stands before, of those that are left."""
        return next((i for i in range(at - 1, -1, -1) if i in self._left), None)

    def _hash(self, at: int | None) -> str:
        return START if at is None or at < 0 else self._rows[at].hash

    def _search(self, row: Row, wanted: str) -> tuple[bool, int | None]:
        """The row whose hash this one's covers, wherever it stands; None with True where that is the beginning."""
        self._searches += 1
        if self._searches > _SEARCHES:
            return False, None
        if link(START, row) == wanted:
            return True, None
        found = next((i for i in self._left if link(self._rows[i].hash, row) == wanted), None)
        return found is not None, found

    def _missing(self, before: int | None, at: int) -> int:
        """How many positions are between two rows."""
        return max(self._rows[at].position - (0 if before is None else self._rows[before].position) - 1, 0)
