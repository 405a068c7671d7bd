"""The chain of hashes: whatever is changed in a log is found, and named for what it is."""

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from foreset.adapters.memory import MemoryEventStore
from foreset.domain.event_log.chain_audit import BODY, ENVELOPE, LogReport, audit
from foreset.domain.event_log.chain_findings import (
    EventAdded,
    EventChanged,
    EventLogFinding,
    HeadChanged,
    HeadLost,
    OtherThanNoted,
)
from foreset.domain.event_log.hash_chain import EMPTY, START, Head, Row, StoredLog, chained, digest_of, link
from foreset.domain.event_log.receipts import TableWritten
from tests.tampering import TOLD, partner

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
CASES = 150


def event(number: int) -> TableWritten:
    return TableWritten(table="weather", version=number, mode="append", rows=1)


def log_of(events: int) -> StoredLog:
    store = MemoryEventStore()
    for number in range(events):
        store.append(f"stream-{number % 3}", (event(number),), expected=None, at=AT, actor="ann").unwrap()
    return store.stored().unwrap()


def put(log: StoredLog, position: int, **changes: object) -> StoredLog:
    rows = tuple(replace(row, **changes) if row.position == position else row for row in log.rows)
    return replace(log, rows=rows)


def found(log: StoredLog, noted: Head | None = None) -> tuple[EventLogFinding, ...]:
    return audit(log, noted).findings


@pytest.mark.parametrize("events", [0, 1, 2, 30])
def test_a_log_that_nobody_touched_is_whole(events: int) -> None:
    log = log_of(events)
    assert log.head is not None
    assert audit(log) == LogReport(events=events, head=log.head, redacted=(), findings=())
    assert audit(log).whole
    assert found(log, log.head) == ()
    assert found(log, EMPTY) == ()


def test_a_link_is_a_sha_256_over_json() -> None:
    row = Row(1, "tables", 1, "2024-05-01T12:00:00.000000+00:00", "zoë", "table-written.v1", "{}", "s", "d", "")
    assert link(START, row) == "e5a9ac2085820641d2e7cbd501e5b36851fb6d0ff4eacc3d292e0d8b63d33481"


# === One change ===


def without(log: StoredLog, position: int) -> StoredLog:
    return replace(log, rows=tuple(row for row in log.rows if row.position != position))


def renumbered(log: StoredLog) -> StoredLog:
    return replace(log, rows=tuple(replace(row, position=n) for n, row in enumerate(log.rows, start=1)))


def swapped(log: StoredLog, position: int) -> StoredLog:
    other = partner(len(log.rows), position)
    places = {position: other, other: position}
    rows = (replace(row, position=places.get(row.position, row.position)) for row in log.rows)
    return replace(log, rows=tuple(sorted(rows, key=lambda row: row.position)))


def with_one_more(log: StoredLog, position: int, *, hashed: bool) -> StoredLog:
    before, after = log.rows[: position - 1], log.rows[position - 1 :]
    new = Row(0, "tables", 99, "2024-05-01T12:00:00.000000+00:00", "eve", "table-written.v1", "{}", "s", "", "")
    if hashed:
        (new,) = chained([new], before[-1].hash if before else START)
    return renumbered(replace(log, rows=(*before, new, *after)))


CHANGES: dict[str, Callable[[StoredLog, int], StoredLog]] = {
    "stream": lambda log, n: put(log, n, stream="other"),
    "version": lambda log, n: put(log, n, version=77),
    "time": lambda log, n: put(log, n, at="2024-05-02T12:00:00.000000+00:00"),
    "actor": lambda log, n: put(log, n, actor="eve"),
    "type": lambda log, n: put(log, n, type="table-written.v2"),
    "body": lambda log, n: put(log, n, body='{"type":"table-written.v1"}'),
    "digest": lambda log, n: put(log, n, digest=digest_of("s", "other")),
    "body and digest": lambda log, n: put(log, n, body="other", salt="s", digest=digest_of("s", "other")),
    "hash": lambda log, n: put(log, n, hash="f" * 64),
    "delete": without,
    "delete and renumber": lambda log, n: renumbered(without(log, n)),
    "swap": swapped,
    "truncate": lambda log, n: replace(log, rows=log.rows[: n - 1]),
    "insert": lambda log, n: with_one_more(log, n, hashed=False),
    "insert with the right hash": lambda log, n: with_one_more(log, n, hashed=True),
    "salt": lambda log, n: put(log, n, salt="no salt"),
    "no text": lambda log, n: put(log, n, body="\udcff"),
}
EXPECTED = {**TOLD, "insert with the right hash": TOLD["insert"], "no text": TOLD["body"]}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_found_at_every_position_and_named(kind: str) -> None:
    log = log_of(9)
    for position in range(1, 10):
        assert list(found(CHANGES[kind](log, position))) == EXPECTED[kind](9, position), position


def test_random_changes_are_all_found() -> None:
    chance = random.Random(11)  # noqa: S311  # no secrets
    for _ in range(CASES):
        log = log_of(chance.randrange(2, 40))
        kinds = chance.choices(list(CHANGES), k=chance.choice([1, 1, 2, 3]))
        changed_log = log
        for kind in kinds:
            if changed_log.rows:
                changed_log = CHANGES[kind](changed_log, chance.randrange(1, len(changed_log.rows) + 1))
        assert bool(found(changed_log)) == (changed_log != log), kinds


# === The head ===


def test_a_head_that_was_changed_is_told() -> None:
    log = log_of(3)
    end = f"3:{log.rows[2].hash}"
    for head in (Head(2, log.rows[2].hash), Head(3, "f" * 64), Head(2, log.rows[1].hash)):
        told = [HeadChanged(head=str(head), end=end)] if head.hash != log.rows[1].hash else [EventAdded(position=3)]
        assert list(found(replace(log, head=head))) == told
    assert found(replace(log, head=None)) == (HeadLost(end=end),)


def test_a_log_that_was_cut_off_with_its_head_is_found_by_a_head_that_was_noted() -> None:
    log = log_of(5)
    assert log.head is not None
    shorter = StoredLog(log.rows[:3], Head(3, log.rows[2].hash))
    assert found(shorter) == ()
    assert found(shorter, Head(2, log.rows[1].hash)) == ()
    assert found(shorter, log.head) == (OtherThanNoted(noted=str(log.head), found="no event"),)


def test_a_log_that_was_rewritten_whole_is_found_by_a_head_that_was_noted() -> None:
    log = log_of(5)
    rows = tuple(chained((replace(row, actor="eve") for row in log.rows), START))
    rewritten = StoredLog(rows, Head(5, rows[-1].hash))
    assert found(rewritten) == ()
    noted = Head(4, log.rows[3].hash)
    assert found(rewritten, noted) == (OtherThanNoted(noted=str(noted), found=f"the hash {rows[3].hash}"),)


# === Redactions ===


@pytest.fixture
def redacted() -> StoredLog:
    """A log of four events, the second redacted by the fourth, and again by the fifth."""
    store = MemoryEventStore()
    for number in range(3):
        store.append("tables", (event(number),), expected=None, at=AT, actor="ann").unwrap()
    store.redact({2: event(70)}, expected=None, at=AT, actor="ann").unwrap()
    store.redact({2: event(71), 3: event(72)}, expected=None, at=AT, actor="ann").unwrap()
    return store.stored().unwrap()


def test_redacted_events_leave_the_log_whole_and_are_told(redacted: StoredLog) -> None:
    report = audit(redacted)
    assert report.whole
    assert report.redacted == (2, 3)


def test_a_redacted_event_that_says_something_else_again_is_found(redacted: StoredLog) -> None:
    before = log_body(1)
    for body in ("other", log_body(70), before):
        assert found(put(redacted, 2, body=body)) == (EventChanged(position=2, part=BODY),)


def log_body(number: int) -> str:
    store = MemoryEventStore()
    store.append("tables", (event(number),), expected=None, at=AT, actor="ann").unwrap()
    return store.stored().unwrap().rows[0].body


def test_a_redaction_that_was_changed_redacts_nothing(redacted: StoredLog) -> None:
    body = redacted.rows[4].body.replace('"3"', '"1"')
    told = found(put(redacted, 5, body=body))
    assert EventChanged(position=5, part=BODY) in told
    assert EventChanged(position=3, part=BODY) in told


def test_what_a_finding_says(redacted: StoredLog) -> None:
    (told,) = found(put(redacted, 1, actor="eve"))
    assert told.what == f"The event at position 1 was changed: {ENVELOPE} is not what the chain of hashes covers."
    assert ENVELOPE == "its stream, version, time, actor, type or digest"
    assert told.next == "restore the log from a backup, and find out who can write it."
